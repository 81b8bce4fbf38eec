// The processes that share a training.
#pragma once

#include "tools/training/mpi/Mpi.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace skip::tool {

/// This one alone, or all that mpirun started. The first one speaks and writes for all.
class Processes {
public:
  /// Loads MPI where Open MPI's mpirun started this process beside others; fails where there is none.
  static llvm::Expected<std::unique_ptr<Processes>> join();
  ~Processes();
  Processes(const Processes &) = delete;

  bool areSeveral() const { return mpi != nullptr; }
  bool isFirst() const { return process() == 0; }
  int32_t process() const { return mpi ? mpi->process : 0; }
  int32_t count() const { return mpi ? mpi->processes : 1; }
  const skip_mpi *get() const { return mpi; }

  /// Bytes of process `root` come to all.
  llvm::Error broadcast(int32_t root, void *data, size_t bytes) const;
  /// Fails in a process in which `text`, lines of `name=value`, is not that of the first one, with the name of the first line
  /// that is another; `what` is for the message.
  llvm::Error requireSame(const std::string &text, llvm::StringRef what) const;

  /// Ends all processes, who would wait for this one, when `say` has said what is the matter; returns its exit code where it is
  /// alone.
  int fail(llvm::function_ref<int()> say);

private:
  Processes() = default;

  const skip_mpi *mpi = nullptr;
};

/// The name of the first line that differs; empty if none does.
std::string firstDifference(llvm::StringRef one, llvm::StringRef other);

} // namespace skip::tool
