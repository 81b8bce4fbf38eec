// One function a kernel family and question, as in KernelSpec.cpp.
#include "codegen/x86/FamilySpec.h"

#include "codegen/x86/StepParams.h"
#include "codegen/x86/kernel/Lanes.h"
#include "ir/graph/GraphShapes.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace skip;
using namespace skip::codegen;
using plan::ContractionView;
using plan::KernelOp;
using plan::Strides;

static int64_t outputsOfGroup(const ContractionView &view) { return view.outChannels / view.groups; }

static kernel::GroupForm formOf(const ContractionView &view) {
  if (llvm::cast<graph::GeneralConv2dOp>(view.op).hasWholeBlocks(kernel::kLanes))
    return kernel::GroupForm::blocks;
  bool isEven = view.inChannels == outputsOfGroup(view) && kernel::kLanes % view.inChannels == 0;
  return isEven ? kernel::GroupForm::lanes : kernel::GroupForm::gather;
}

/// Blocks of a group's input and output; of groups that are no whole blocks not used.
static int64_t groupBlocks(const ContractionView &view, int64_t channels) {
  return view.groups == 1 ? plan::blocksOf(channels) : std::max<int64_t>(1, channels / kernel::kLanes);
}

kernel::Spec codegen::generalConvSpec(KernelOp kernel, const ContractionView &view, SkipIsa isa) {
  Strides out = outputStrides(kernel);
  kernel::GeneralConvSpec spec;
  spec.form = formOf(view);
  spec.depth = spec.form == kernel::GroupForm::blocks ? 1 : view.inChannels;
  spec.kernelHeight = view.kernelHeight;
  spec.kernelWidth = view.kernelWidth;
  spec.strideRows = view.stride;
  spec.strideColumns = view.strideColumns;
  spec.dilationRows = view.dilationRows;
  spec.dilationColumns = view.dilationColumns;
  spec.bias = bool(view.bias);
  spec.epilogue = kernel::chainOf(kernel).ops;
  spec.lastLanes = out.channels % kernel::kLanes;
  chooseGeneralTile(spec, out.width, groupBlocks(view, outputsOfGroup(view)), isa);
  return spec;
}

void codegen::appendChainStrides(KernelOp kernel, const kernel::Chain &chain, StepShape &step) {
  size_t tensor = 0;
  for (kernel::EpilogueOp op : chain.ops)
    for (unsigned i = 0; i < kernel::operandsOf(op).tensors; ++i) {
      Strides in = inputStrides(kernel, chain.tensors[tensor++]);
      append(step.params, {in.image, in.block, kernel::operandsOf(op).ofImages ? 0 : in.row});
    }
}

StepShape codegen::generalConvStep(KernelOp kernel, const ContractionView &view) {
  kernel::Chain chain = kernel::chainOf(kernel);
  Strides in = inputStrides(kernel, view.input), out = outputStrides(kernel);
  StepShape step{{view.input.getArgNumber(), view.filter.getArgNumber()}, {timesBatch(1)}};
  append(step.params, {out.blocks, out.height, out.width, out.image, out.block, out.row, out.halo,
                       groupBlocks(view, view.inChannels), groupBlocks(view, outputsOfGroup(view)), outputsOfGroup(view),
                       view.outChannels, in.image, in.block, in.row, view.padding, view.paddingLeft});
  if (view.bias)
    step.inputs.push_back(llvm::cast<BlockArgument>(view.bias).getArgNumber());
  for (BlockArgument operand : chain.operands)
    step.inputs.push_back(operand.getArgNumber());
  appendChainStrides(kernel, chain, step);
  return step;
}

static Strides operandStrides(KernelOp kernel, Operation *root, unsigned index) {
  return inputStrides(kernel, llvm::cast<BlockArgument>(root->getOperand(index)));
}

static StepShape avgPoolStep(KernelOp kernel, graph::AvgPoolOp pool) {
  Strides in = operandStrides(kernel, pool, 0), out = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params, {out.blocks, out.height, out.width, in.height, in.width, in.image, in.block, in.row, out.image, out.block,
                       out.row, out.halo});
  for (int64_t pad : pool.getPads())
    step.params.push_back(constant(pad));
  return step;
}

static StepShape concatStep(KernelOp kernel, graph::ConcatOp concat) {
  Strides out = outputStrides(kernel);
  StepShape step{{}, {timesBatch(1)}};
  append(step.params, {out.blocks, out.height, out.width, out.image, out.block, out.row, out.halo});
  for (auto [index, input] : llvm::enumerate(concat.getInputs())) {
    Strides in = operandStrides(kernel, concat, static_cast<unsigned>(index));
    step.inputs.push_back(llvm::cast<BlockArgument>(input).getArgNumber());
    append(step.params, {in.image, in.block, in.row});
  }
  return step;
}

static StepShape upsampleStep(KernelOp kernel, Operation *root) {
  Strides in = operandStrides(kernel, root, 0), out = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params,
         {out.blocks, out.height, in.height, in.width, in.image, in.block, in.row, out.image, out.block, out.row, out.halo});
  return step;
}

static StepShape reflectPadStep(KernelOp kernel, graph::ReflectPadOp pad) {
  Strides in = operandStrides(kernel, pad, 0), out = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params, {out.blocks, out.height, in.height, in.width, in.image, in.block, in.row, out.image, out.block, out.row,
                       out.halo, pad.getPads()[0], pad.getPads()[1], pad.getPads()[3]});
  return step;
}

static StepShape reflectPadGradStep(KernelOp kernel, graph::ReflectPadGradInputOp grad) {
  Strides dy = operandStrides(kernel, grad, 0), out = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params, {out.blocks, out.height, out.width, dy.image, dy.block, dy.row, out.image, out.block, out.row, out.halo});
  for (int64_t pad : grad.getPads())
    step.params.push_back(constant(pad));
  return step;
}

/// The kernel's arguments that are the root's operands, in their order.
static llvm::SmallVector<unsigned> operandsOf(Operation *root) {
  llvm::SmallVector<unsigned> arguments;
  for (Value operand : root->getOperands())
    arguments.push_back(llvm::cast<BlockArgument>(operand).getArgNumber());
  return arguments;
}

static StepShape attentionPoolStep(KernelOp kernel, Operation *root) {
  Strides in = operandStrides(kernel, root, 0), logits = operandStrides(kernel, root, 1), out = outputStrides(kernel);
  StepShape step{operandsOf(root), {timesBatch(1)}};
  append(step.params, {out.blocks, 1, in.height, in.width, in.image, in.block, in.row, logits.image, logits.row, out.image});
  return step;
}

static kernel::GroupNormSpec groupNormSpec(KernelOp kernel, graph::GroupNormOp norm) {
  Strides out = outputStrides(kernel);
  return {.groupChannels = out.channels / int64_t(norm.getGroups()),
          .epsilon = norm.getEpsilon().convertToDouble(),
          .epilogue = kernel::chainOf(kernel).ops,
          .lastLanes = out.channels % kernel::kLanes};
}

static StepShape groupNormStep(KernelOp kernel, graph::GroupNormOp norm) {
  kernel::Chain chain = kernel::chainOf(kernel);
  Strides in = operandStrides(kernel, norm, 0), moments = operandStrides(kernel, norm, 1), out = outputStrides(kernel);
  StepShape step{operandsOf(norm), {timesBatch(1)}};
  append(step.params, {out.blocks, 1, out.height, out.width, out.channels, in.image, in.block, in.row, moments.image,
                       moments.block, out.image, out.block, out.row, out.halo});
  for (BlockArgument operand : chain.operands)
    step.inputs.push_back(operand.getArgNumber());
  appendChainStrides(kernel, chain, step);
  return step;
}

/// Of a general convolution's gradient, whose filter, or filter's gradient, is `filter`.
template <typename Op> static kernel::GeneralWindows generalWindows(Op op, Value filter) {
  llvm::ArrayRef<int64_t> shape = llvm::cast<RankedTensorType>(filter.getType()).getShape();
  return {graph::areWholeBlocks(shape, op.getGroups(), kernel::kLanes),
          shape[2],
          shape[3],
          op.getStrides()[0],
          op.getStrides()[1],
          op.getDilations()[0],
          op.getDilations()[1]};
}

static StepShape generalGradInputStep(KernelOp kernel, graph::GeneralConv2dGradInputOp grad) {
  Strides dy = operandStrides(kernel, grad, 0), out = outputStrides(kernel);
  llvm::ArrayRef<int64_t> filter = llvm::cast<RankedTensorType>(grad.getFilter().getType()).getShape();
  StepShape step{
      {llvm::cast<BlockArgument>(grad.getDy()).getArgNumber(), llvm::cast<BlockArgument>(grad.getFilter()).getArgNumber()},
      {timesBatch(1)}};
  append(step.params, {out.blocks, out.height, out.width, out.channels, dy.height, dy.width, filter[1],
                       filter[0] / int64_t(grad.getGroups()), dy.image, dy.block, dy.row, out.image, out.block, out.row,
                       out.halo, grad.getPads()[0], grad.getPads()[1]});
  return step;
}

static StepShape generalGradFilterStep(KernelOp kernel, graph::GeneralConv2dGradFilterOp grad) {
  Strides dy = operandStrides(kernel, grad, 0), x = operandStrides(kernel, grad, 1);
  llvm::ArrayRef<int64_t> filter = llvm::cast<RankedTensorType>(grad.getResult().getType()).getShape();
  bool areBlocks = graph::areWholeBlocks(filter, grad.getGroups(), kernel::kLanes);
  StepShape step{
      {llvm::cast<BlockArgument>(grad.getDy()).getArgNumber(), llvm::cast<BlockArgument>(grad.getX()).getArgNumber()}, {}};
  append(step.params, {dy.blocks, areBlocks ? plan::roundUpToBlock(filter[1]) : filter[1], filter[2] * filter[3]});
  step.params.push_back(timesBatch(1));
  append(step.params, {dy.height, dy.width, x.height, x.width, filter[1], filter[0] / int64_t(grad.getGroups()), dy.channels,
                       dy.image, dy.block, dy.row, x.image, x.block, x.row, grad.getPads()[0], grad.getPads()[1]});
  return step;
}

static StepShape avgPoolGradStep(KernelOp kernel, graph::AvgPoolGradInputOp grad) {
  Strides dy = operandStrides(kernel, grad, 0), out = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params, {out.blocks, out.height, out.width, dy.height, dy.width, dy.image, dy.block, dy.row, out.image, out.block,
                       out.row, out.halo});
  for (int64_t pad : grad.getPads())
    step.params.push_back(constant(pad));
  return step;
}

static StepShape upsampleGradStep(KernelOp kernel, Operation *root) {
  Strides dy = operandStrides(kernel, root, 0), out = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params, {out.blocks, out.height, out.width, dy.image, dy.block, dy.row, out.image, out.block, out.row, out.halo});
  return step;
}

static kernel::Spec concatSpec(graph::ConcatOp concat) {
  kernel::ConcatSpec spec;
  for (Value input : concat.getInputs())
    spec.channels.push_back(llvm::cast<RankedTensorType>(input.getType()).getDimSize(1));
  return spec;
}

std::optional<kernel::Spec> codegen::familySpecOf(KernelOp kernel, Operation *root) {
  return llvm::TypeSwitch<Operation *, std::optional<kernel::Spec>>(root)
      .Case([](graph::AvgPoolOp pool) {
        return kernel::AvgPoolSpec{pool.getKernel()[0],  pool.getKernel()[1],  pool.getStrides()[0],
                                   pool.getStrides()[1], pool.getIncludePad(), pool.getSum()};
      })
      .Case([](graph::ConcatOp concat) { return concatSpec(concat); })
      .Case([](graph::UpsampleOp upsample) {
        return kernel::UpsampleSpec{int64_t(upsample.getFactor()), upsample.getBilinear()};
      })
      .Case([](graph::GeneralConv2dGradInputOp grad) {
        return kernel::GeneralGradInputSpec{generalWindows(grad, grad.getFilter())};
      })
      .Case([](graph::GeneralConv2dGradFilterOp grad) {
        return kernel::GeneralGradFilterSpec{generalWindows(grad, grad.getResult())};
      })
      .Case([](graph::AvgPoolGradInputOp grad) {
        return kernel::AvgPoolGradSpec{grad.getKernel()[0],  grad.getKernel()[1],  grad.getStrides()[0],
                                       grad.getStrides()[1], grad.getIncludePad(), grad.getSum()};
      })
      .Case([](graph::UpsampleGradInputOp grad) { return kernel::UpsampleGradSpec{int64_t(grad.getFactor())}; })
      .Case([&](graph::GroupNormOp norm) { return groupNormSpec(kernel, norm); })
      .Case([](graph::AttentionPoolOp) { return kernel::AttentionPoolSpec{}; })
      .Case([](graph::ReflectPadOp) { return kernel::ReflectPadSpec{}; })
      .Case([](graph::ReflectPadGradInputOp) { return kernel::ReflectPadGradSpec{}; })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<StepShape> codegen::familyStepOf(KernelOp kernel, Operation *root) {
  return llvm::TypeSwitch<Operation *, std::optional<StepShape>>(root)
      .Case([&](graph::AvgPoolOp pool) { return avgPoolStep(kernel, pool); })
      .Case([&](graph::ConcatOp concat) { return concatStep(kernel, concat); })
      .Case([&](graph::UpsampleOp) { return upsampleStep(kernel, root); })
      .Case([&](graph::GeneralConv2dGradInputOp grad) { return generalGradInputStep(kernel, grad); })
      .Case([&](graph::GeneralConv2dGradFilterOp grad) { return generalGradFilterStep(kernel, grad); })
      .Case([&](graph::AvgPoolGradInputOp grad) { return avgPoolGradStep(kernel, grad); })
      .Case([&](graph::UpsampleGradInputOp) { return upsampleGradStep(kernel, root); })
      .Case([&](graph::GroupNormOp norm) { return groupNormStep(kernel, norm); })
      .Case([&](graph::AttentionPoolOp) { return attentionPoolStep(kernel, root); })
      .Case([&](graph::ReflectPadOp pad) { return reflectPadStep(kernel, pad); })
      .Case([&](graph::ReflectPadGradInputOp grad) { return reflectPadGradStep(kernel, grad); })
      .Default([](Operation *) { return std::nullopt; });
}
