// Kernels to PTX, each on its own and so in parallel.
#pragma once

#include "codegen/kernel/KernelCache.h"
#include "codegen/nvptx/kernel/Spec.h"
#include "runtime/Abi.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace skip::nvptx {

/// One kernel to be compiled: `symbol` is its entry's name.
struct Job {
  std::string symbol;
  Spec spec;
};

/// What the text of a column is made for.
struct ColumnCode {
  uint32_t architecture;      // as in SkipCode
  llvm::StringLiteral target; // sm_90a
  llvm::StringLiteral version, feature;
};
const ColumnCode &codeOf(SkipCudaColumn column);

/// PTX for the jobs, in their order, on up to `threads` threads, of `cache` or compiled now, each without a header. The same
/// jobs give the same text. An error names the job's symbol and the stage that failed. `onCompiled` is called after each, on
/// any of the threads.
llvm::Expected<std::vector<std::string>> compileKernels(
    llvm::ArrayRef<Job> jobs, unsigned threads, codegen::KernelCache &cache, llvm::function_ref<void()> onCompiled = [] {});

/// A text that a driver loads.
struct Text {
  SkipCudaColumn column;
  std::string bytes;
};

/// The texts of a library, one of each column that has jobs, the later ones first: a header, and of the jobs' kernels,
/// as compileKernels gives them, those of the column.
std::vector<Text> joinKernels(llvm::ArrayRef<Job> jobs, llvm::ArrayRef<std::string> kernels);

enum class Stage { Kernel, Llvm, Ptx };

/// A job's text at a stage: upstream MLIR dialects, optimised LLVM IR, or PTX with its header.
llvm::Expected<std::string> printKernel(const Job &job, Stage stage);

} // namespace skip::nvptx
