// A candidate goes the way of a build for CUDA: plan, tables, PTX, package.
#include "tools/tuning/GpuCandidate.h"

#include "codegen/LowerPlan.h"
#include "codegen/Package.h"
#include "ir/plan/Contractions.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/tuning/CandidateGraph.h"

using namespace skip;

static bool isAsChosen(mlir::ModuleOp module) {
  return llvm::any_of(tool::modelOf(module).getOps<plan::KernelOp>(),
                      [](plan::KernelOp kernel) { return kernel->hasAttr(plan::measuredAttr); });
}

llvm::Expected<bool> tool::writeGpuCandidate(mlir::MLIRContext &context, const plan::CudaProblem &problem,
                                             const plan::CudaChoice &choice, unsigned threads, const std::string &path) {
  auto failure = [&](const llvm::Twine &what) {
    return internalError("tune", plan::problemText(problem) + ", " + plan::choiceText(choice) + ": " + what);
  };
  auto precision = static_cast<plan::Precision>(problem.precision);
  auto planned = planCandidate(context, candidateGraph(problem),
                               {plan::CudaTargetAttr::get(&context, {plan::Architecture::sm_80}, precision),
                                plan::problemText(problem), plan::choiceText(choice), problem.images});
  if (!planned)
    return planned.takeError();
  if (!isAsChosen(**planned))
    return false;
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  mlir::FailureOr<codegen::LoweredModel> lowered = codegen::lowerPlan(**planned, candidateName);
  if (mlir::failed(lowered))
    return failure(message);
  llvm::Expected<std::vector<std::string>> kernels = nvptx::compileKernels(lowered->cudaJobs, threads);
  if (!kernels)
    return failure(llvm::toString(kernels.takeError()));
  codegen::TargetImage &target = lowered->image.targets.front();
  for (SkipCudaColumn column : {SKIP_CUDA_SM_80, SKIP_CUDA_SM_90A})
    if (std::string text = nvptx::joinKernels(column, lowered->cudaJobs, *kernels); !text.empty())
      target.codes.push_back({nvptx::codeOf(column).architecture, /*isText=*/true, column, std::move(text)});
  if (llvm::Error error = codegen::writeSharedLibrary({lowered->image, {}}, path))
    return badInput(llvm::toString(std::move(error)));
  return true;
}
