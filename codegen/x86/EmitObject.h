// Kernels to x86-64 object code, each on its own and so in parallel.
#pragma once

#include "codegen/kernel/KernelCache.h"
#include "codegen/x86/kernel/Kernel.h"
#include "runtime/Abi.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace skip::x86 {

/// What a kernel is compiled for: an ISA level (x86-64-v3 or v4), or one CPU by LLVM's names.
struct Target {
  SkipIsa isa = SKIP_ISA_AVX2;
  std::string cpu;      // empty: the level's
  std::string features; // such as "+avx512bf16,-avx512fp16"; empty: none
};

/// One function to be compiled: `symbol` is its external name in the object.
struct Job {
  std::string symbol;
  kernel::Spec spec;
  Target target;
};

/// Relocatable ELF objects, and the most that any of their kernels takes of its thread's stack.
struct Compiled {
  std::vector<std::string> objects;
  uint64_t stackBytes = 0;
};

/// Objects for the jobs, in their order, on up to `threads` threads, of `cache` or compiled now. Position-independent code; the
/// same jobs give the same bytes. An error names the job's symbol and the stage that failed; a kernel that takes more than
/// SKIP_MOST_KERNEL_STACK is one. `onCompiled` is called after each, on any of the threads.
llvm::Expected<Compiled> compileKernels(
    llvm::ArrayRef<Job> jobs, unsigned threads, codegen::KernelCache &cache, llvm::function_ref<void()> onCompiled = [] {});

enum class Stage { Kernel, Llvm, Asm };

/// A job's text at a stage: upstream MLIR dialects, optimised LLVM IR, or assembly.
llvm::Expected<std::string> printKernel(const Job &job, Stage stage);

/// The ISA level, CPU name and features of the machine that this process runs on; an error if it has no AVX2 and FMA. With
/// SKIP_NO_AVX512 in the environment it is taken for a machine without AVX-512.
llvm::Expected<Target> nativeTarget();

} // namespace skip::x86
