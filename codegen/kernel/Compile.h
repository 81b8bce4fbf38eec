// What compiling kernels is for every target: LLVM's passes, and jobs shared out over threads.
#pragma once

#include "codegen/kernel/KernelCache.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <string>
#include <vector>

namespace skip::codegen {

void optimizeKernel(llvm::Module &module, llvm::TargetMachine &machine);

/// What `compile` makes of each of `count` jobs, in their order, on up to `threads` threads; `onCompiled` is called after each,
/// on any of them. The errors of all that failed are joined in that order too.
llvm::Expected<std::vector<CompiledKernel>> compileJobs(size_t count, unsigned threads,
                                                        llvm::function_ref<llvm::Expected<CompiledKernel>(size_t)> compile,
                                                        llvm::function_ref<void()> onCompiled);

} // namespace skip::codegen
