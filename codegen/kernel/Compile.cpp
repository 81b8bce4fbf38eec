// Jobs share nothing, so what they give does not depend on the number of threads.
#include "codegen/kernel/Compile.h"

#include "support/Threads.h"

#include "llvm/Passes/PassBuilder.h"

#include <atomic>

using namespace skip;

/// Of LLVM's default pipeline the passes that kernels profit from, whose loops come vectorised and unrolled as their schedule
/// says: the whole of it takes four times as long, half of a build, for code that is no faster. Without the rotation of loops
/// ResNet-20 is 12 % slower on x86.
static constexpr const char *kPipeline =
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,loop-mssa(loop-rotate,licm),gvn,dse,"
    "instcombine<no-verify-fixpoint>,simplifycfg)";

void codegen::optimizeKernel(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  llvm::cantFail(builder.parsePassPipeline(passes, kPipeline));
  passes.run(module, modules);
}

llvm::Expected<std::vector<codegen::CompiledKernel>>
codegen::compileJobs(size_t count, unsigned threads, llvm::function_ref<llvm::Expected<CompiledKernel>(size_t)> compile,
                     llvm::function_ref<void()> onCompiled) {
  std::vector<CompiledKernel> results(count);
  std::vector<llvm::Error> errors;
  for (size_t i = 0; i < count; ++i)
    errors.push_back(llvm::Error::success());
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i = next++; i < count; i = next++) {
      llvm::Expected<CompiledKernel> result = compile(i);
      if (result)
        results[i] = std::move(*result);
      else
        errors[i] = llvm::joinErrors(std::move(errors[i]), result.takeError());
      onCompiled();
    }
  };
  onThreads(std::min<size_t>(threads, count), work);
  llvm::Error all = llvm::Error::success();
  for (llvm::Error &error : errors)
    all = llvm::joinErrors(std::move(all), std::move(error));
  if (all)
    return all;
  return results;
}
