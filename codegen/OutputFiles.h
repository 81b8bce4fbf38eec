// The files of one build, which appear together or not at all.
#pragma once

#include "support/AtomicFile.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <deque>
#include <vector>

namespace skip::codegen {

/// Files under temporary names in one folder. Outputs get their names in commit(); scratch files never do, they go with the
/// object. Without a commit the folder is as it was, removed again if open() made it.
class OutputFiles {
public:
  OutputFiles() = default;
  ~OutputFiles();
  OutputFiles(const OutputFiles &) = delete;
  OutputFiles &operator=(const OutputFiles &) = delete;

  /// Makes the folder with all folders above it, if need be.
  llvm::Error open(const std::string &folder);

  llvm::Expected<AtomicFile *> output(const std::string &name, unsigned mode = 0666);
  llvm::Expected<AtomicFile *> scratch(const std::string &name);

  struct Output {
    std::string name;
    AtomicFile *file;
  };
  const std::vector<Output> &outputs() const { return named; }

  /// Flushes all outputs to the disk, then renames them in the order in which they were made.
  llvm::Error commit();
  /// The same without flushing, for files that will not outlive this process.
  llvm::Error commitUnflushed();

private:
  std::string folder;
  std::vector<std::string> madeFolders; // outermost first
  std::deque<AtomicFile> files;
  std::vector<Output> named;
};

/// Fills a file through a stream; what `write` returns, or what went wrong on the disk.
llvm::Error writeThrough(AtomicFile &file, llvm::function_ref<llvm::Error(llvm::raw_pwrite_stream &)> write);

llvm::Error writeBytes(AtomicFile &file, llvm::StringRef bytes);

} // namespace skip::codegen
