// A candidate goes the way of a build for CUDA: plan, tables, PTX, package.
#include "tools/tuning/GpuCandidate.h"

#include "codegen/LowerPlan.h"
#include "codegen/Package.h"
#include "codegen/nvptx/KernelSpec.h"
#include "ir/plan/Contractions.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/tuning/CandidateGraph.h"

using namespace skip;

static plan::CudaTargetAttr targetFor(mlir::MLIRContext &context, plan::Architecture architecture, plan::Precision precision) {
  llvm::SmallVector<plan::Architecture, 2> architectures{plan::Architecture::sm_80};
  if (architecture != plan::Architecture::sm_80)
    architectures.push_back(architecture);
  return plan::CudaTargetAttr::get(&context, architectures, precision);
}

/// In the column of the architecture, the last.
static bool isAsChosen(mlir::ModuleOp module) {
  return llvm::any_of(tool::modelOf(module).getOps<plan::KernelOp>(), [](plan::KernelOp kernel) {
    auto measured = kernel->getAttrOfType<mlir::DenseBoolArrayAttr>(plan::measuredAttr);
    return measured && measured.asArrayRef().back();
  });
}

llvm::Expected<bool> tool::writeGpuCandidate(mlir::MLIRContext &context, const plan::CudaProblem &problem,
                                             const plan::CudaChoice &choice, plan::Architecture architecture, unsigned threads,
                                             const std::string &path) {
  auto failure = [&](const llvm::Twine &what) {
    return internalError("tune", plan::problemText(problem) + ", " + plan::choiceText(choice) + ": " + what);
  };
  auto precision = static_cast<plan::Precision>(problem.precision);
  auto planned = planCandidate(
      context, candidateGraph(problem),
      {targetFor(context, architecture, precision), plan::problemText(problem), plan::choiceText(choice), problem.images});
  if (!planned)
    return planned.takeError();
  if (!isAsChosen(**planned))
    return false;
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  mlir::FailureOr<codegen::LoweredModel> lowered = codegen::lowerPlan(**planned, candidateName);
  if (mlir::failed(lowered))
    return failure(message);
  SkipCudaColumn column = nvptx::columnOf(architecture);
  std::vector<nvptx::Job> jobs; // the other column's code does not go along
  llvm::copy_if(lowered->cudaJobs, std::back_inserter(jobs), [&](const nvptx::Job &job) { return job.spec.column == column; });
  codegen::KernelCache none; // most of them no library will have
  llvm::Expected<std::vector<std::string>> kernels = nvptx::compileKernels(jobs, threads, none);
  if (!kernels)
    return failure(llvm::toString(kernels.takeError()));
  for (nvptx::Text &text : nvptx::joinKernels(jobs, *kernels))
    lowered->image.targets.front().codes = {
        {nvptx::codeOf(column).architecture, /*isText=*/true, column, std::move(text.bytes)}};
  if (llvm::Error error = codegen::writeSharedLibrary({lowered->image, {}}, path))
    return badInput(llvm::toString(std::move(error)));
  return true;
}
