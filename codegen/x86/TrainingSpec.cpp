// One function a kernel family and question, as in KernelSpec.cpp.
#include "codegen/x86/TrainingSpec.h"

#include "codegen/x86/StepParams.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace skip;
using namespace skip::codegen;
using plan::KernelOp;
using plan::Strides;

using MaybeSpec = std::optional<kernel::Spec>;

static double valueOf(llvm::APFloat number) { return number.convertToDouble(); }

static Strides operandStrides(KernelOp kernel, Operation *root, unsigned index) {
  return inputStrides(kernel, llvm::cast<BlockArgument>(root->getOperand(index)));
}

/// A step that takes the operation's operands in their order.
static StepShape stepOf(Operation *root, std::vector<SkipParam> params) {
  StepShape step;
  for (Value operand : root->getOperands())
    step.inputs.push_back(llvm::cast<BlockArgument>(operand).getArgNumber());
  step.params = std::move(params);
  return step;
}

/// Each image's sums, of one tensor or of two.
static StepShape imageSumsStep(KernelOp kernel, Operation *root) {
  Strides in = operandStrides(kernel, root, 0), out = outputStrides(kernel);
  StepShape step = stepOf(root, {timesBatch(1)});
  append(step.params, {in.blocks, 1, in.height, in.width, out.image, out.block, in.image, in.block, in.row});
  if (llvm::isa<graph::GradSumsOp>(root)) {
    Strides x = operandStrides(kernel, root, 1);
    append(step.params, {x.image, x.block, x.row});
  }
  return step;
}

static StepShape mergeStep(KernelOp kernel, Operation *root, int64_t pixels) {
  Strides in = operandStrides(kernel, root, 0);
  StepShape step = stepOf(root, {});
  append(step.params, {1, in.blocks, 1});
  step.params.push_back(timesBatch(1));
  append(step.params, {pixels, in.channels, in.image, in.block});
  return step;
}

MaybeSpec codegen::trainingSpecOf(KernelOp kernel, Operation *root, SkipIsa isa) {
  return llvm::TypeSwitch<Operation *, MaybeSpec>(root)
      .Case([](graph::MomentsOp) { return kernel::MomentsSpec{}; })
      .Case([](graph::GradSumsOp) { return kernel::GradSumsSpec{}; })
      .Case([](graph::MergeMomentsOp op) {
        return kernel::MergeMomentsSpec{valueOf(op.getMomentum()), valueOf(op.getEpsilon())};
      })
      .Case([](graph::MergeGradSumsOp op) { return kernel::MergeGradSumsSpec{valueOf(op.getEpsilon())}; })
      .Default(MaybeSpec());
}

StepShape codegen::trainingStepOf(KernelOp kernel, Operation *root) {
  return llvm::TypeSwitch<Operation *, StepShape>(root)
      .Case<graph::MomentsOp, graph::GradSumsOp>([&](auto) { return imageSumsStep(kernel, root); })
      .Case<graph::MergeMomentsOp, graph::MergeGradSumsOp>(
          [&](auto op) { return mergeStep(kernel, root, int64_t(op.getPixels())); });
}
