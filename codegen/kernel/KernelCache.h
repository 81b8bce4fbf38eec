// Compiled kernels that are kept in a folder, so that the same compiler does not compile one twice.
#pragma once

#include "mlir/IR/BuiltinOps.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <atomic>
#include <optional>
#include <string>

namespace skip::codegen {

/// An object or text, and what the kernel takes of its thread's stack where it has one.
struct CompiledKernel {
  std::string code;
  uint64_t stackBytes = 0;
};

/// A file a kernel, named by a hash of all that its code is made from: the emitted module, the target, and the compiler with
/// its libraries. A file that is damaged, cut off or another kernel's counts as none, and what cannot be kept (full disk,
/// read-only folder) is compiled again. Any number of processes and threads may share a folder.
class KernelCache {
public:
  /// In `folder`, which is made for the first kernel that is kept. Nothing is found or kept where `folder` is empty or another
  /// user's, or where this compiler has no build id.
  explicit KernelCache(std::string folder = "");
  /// Once in a while, after kernels were kept, removes those that were not used for the longest time.
  ~KernelCache();
  KernelCache(const KernelCache &) = delete;

  /// The code of the emitted `kernel` for `target`, a text of all that it depends on: what was kept, or what `compile` gives,
  /// which is kept then. `compile` may change the module. Its errors are passed on.
  llvm::Expected<CompiledKernel> get(mlir::ModuleOp kernel, llvm::StringRef target,
                                     llvm::function_ref<llvm::Expected<CompiledKernel>()> compile);

  /// How many were found.
  size_t found() const { return foundCount; }

private:
  std::string folder, compiler;
  std::atomic<size_t> foundCount{0}, keptCount{0};
};

/// The bytes of a file for the kernel of this key, and back; nothing if they are not whole, or another key's.
std::string keptBytes(llvm::StringRef key, const CompiledKernel &kernel);
std::optional<CompiledKernel> readKept(llvm::StringRef key, llvm::StringRef bytes);

} // namespace skip::codegen
