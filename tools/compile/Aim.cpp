#include "tools/compile/Aim.h"

#include "tools/text/Layers.h"

using namespace skip;

static llvm::Error checkPorts(mlir::func::FuncOp model) {
  size_t ports = model.getNumArguments() + model.getNumResults();
  return ports <= SKIP_MOST_CUDA_PORTS
             ? llvm::Error::success()
             : tool::badInput("model `" + model.getName() + "` has " + llvm::Twine(ports) +
                              " inputs and outputs, for cuda it may have " + llvm::Twine(int(SKIP_MOST_CUDA_PORTS)));
}

static llvm::Error aimAtCuda(mlir::ModuleOp module, const tool::CompileOptions &options, const tool::PlanRequest &request) {
  if (llvm::Error error = checkPorts(tool::modelOf(module)))
    return error;
  llvm::Expected<plan::Precision> precision = precisionFor(options, tool::Target::cuda);
  if (!precision)
    return precision.takeError();
  llvm::Expected<bool> hasSm90a = tool::wantsSm90a(options.objects);
  if (!hasSm90a)
    return hasSm90a.takeError();
  module->setAttr(plan::targetAttr, tool::cudaTargetAttribute(*module->getContext(), *precision, *hasSm90a));
  llvm::Expected<plan::CudaTuning> tuning = loadCudaTuning(options);
  if (!tuning)
    return tuning.takeError();
  tool::attachTuning(module, *tuning, request.batches);
  return llvm::Error::success();
}

llvm::Error tool::aimAtX86(mlir::ModuleOp module, const CompileOptions &options, const PlanRequest &request) {
  llvm::Expected<plan::X86TargetAttr> attribute =
      tool::targetAttribute(*module->getContext(), options.targetCpu, request.bodies);
  if (!attribute)
    return attribute.takeError();
  module->setAttr(plan::targetAttr, *attribute);
  llvm::Expected<plan::TuningTable> tuning = request.tuning ? request.tuning->take() : loadTuning(options);
  if (!tuning)
    return tuning.takeError();
  tool::attachTuning(module, *tuning, request.batches);
  return llvm::Error::success();
}

llvm::Error tool::aimAt(Target target, mlir::ModuleOp module, const CompileOptions &options, const PlanRequest &request) {
  switch (target) {
  case Target::cuda:
    return aimAtCuda(module, options, request);
  case Target::x86:
    return aimAtX86(module, options, request);
  }
  llvm_unreachable("a target that no plan is made for");
}
