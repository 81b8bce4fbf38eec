// One function a kernel family and question, as in KernelSpec.cpp.
#include "codegen/x86/TrainingSpec.h"

#include "codegen/kernel/Chain.h"
#include "codegen/x86/StepParams.h"
#include "codegen/x86/kernel/Lanes.h"
#include "ir/plan/x86/FilterGradients.h"

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

/// One of the classes is scheduled, of so many taps as the filter has: the others' tiles are its.
static MaybeSpec transposedConvSpec(KernelOp kernel, graph::Conv2dTransposedOp root, SkipIsa isa) {
  auto filter = llvm::cast<RankedTensorType>(root.getFilter().getType());
  Strides in = operandStrides(kernel, root, 0), out = outputStrides(kernel);
  kernel::TransposedConvSpec spec{.kernelHeight = filter.getDimSize(2),
                                  .kernelWidth = filter.getDimSize(3),
                                  .stride = int64_t(root.getStride()),
                                  .padding = int64_t(root.getPadding()),
                                  .epilogue = kernel::chainOf(kernel).ops,
                                  .lastLanes = out.channels % kernel::kLanes,
                                  .schedule = {}};
  plan::ConvShape shape{.ocBlocks = out.blocks,
                        .inChannels = in.channels,
                        .kernelHeight = spec.kernelHeight,
                        .kernelWidth = spec.kernelWidth,
                        .outHeight = in.height,
                        .outWidth = in.width,
                        .roots = {{spec.kernelHeight, spec.kernelWidth, 1, in.blocks}}};
  spec.schedule = plan::convSchedules(shape, isa).front();
  return spec;
}

static StepShape transposedConvStep(KernelOp kernel, Operation *root) {
  Strides in = operandStrides(kernel, root, 0), out = outputStrides(kernel);
  kernel::Chain chain = kernel::chainOf(kernel);
  StepShape step = stepOf(root, {timesBatch(1)});
  append(step.params, {out.blocks, in.height, in.width, out.image, out.block, out.row, out.pixel, out.halo, in.blocks, in.image,
                       in.block, in.row, in.pixel, 0});
  for (BlockArgument operand : chain.operands)
    step.inputs.push_back(operand.getArgNumber());
  for (BlockArgument tensor : chain.tensors) {
    Strides added = inputStrides(kernel, tensor);
    append(step.params, {added.image, added.block, added.row, added.pixel});
  }
  return step;
}

static plan::WinogradAttr winogradOf(Operation *root) { return root->getAttrOfType<plan::WinogradAttr>(plan::algorithmAttr); }

static MaybeSpec winogradGradFilterSpec(KernelOp kernel, Operation *root, SkipIsa isa) {
  kernel::WinogradGradFilterSpec spec{winogradOf(root).getTile(), winogradOf(root).getGroup()};
  if (kernel.outputLayout(0).getKind() != plan::LayoutKind::filter16)
    return std::nullopt;
  plan::FilterGradientUnit unit = plan::filterGradientUnit(operandStrides(kernel, root, 0).blocks,
                                                           operandStrides(kernel, root, 1).blocks, spec.tile, spec.group);
  spec.outBlocks = unit.outBlocks;
  spec.inBlocks = unit.inBlocks;
  chooseWinogradGradFilterTile(spec, isa);
  return spec;
}

static StepShape winogradGradFilterStep(KernelOp kernel, Operation *root) {
  Strides dy = operandStrides(kernel, root, 0), x = operandStrides(kernel, root, 1);
  auto conv = llvm::cast<graph::Conv2dGradFilterOp>(root);
  int64_t tile = winogradOf(root).getTile(), parts = conv.getParts();
  StepShape step = stepOf(root, {});
  append(step.params, {parts * dy.blocks, x.blocks, 1, parts, dy.blocks});
  step.params.push_back(timesBatch(1));
  append(step.params,
         {llvm::divideCeilSigned(dy.height, tile), llvm::divideCeilSigned(dy.width, tile), dy.height, dy.width, dy.image,
          dy.block, dy.row, x.height, x.width, x.image, x.block, x.row, int64_t(conv.getPadding()), dy.channels, x.channels});
  return step;
}

/// A piece is a pair of blocks of channels.
static StepShape sumPartsStep(KernelOp kernel, Operation *root) {
  auto type = llvm::cast<RankedTensorType>(kernel.getResult(0).getType());
  int64_t floats = plan::bufferBytes(type, kernel.outputLayout(0), 1) / plan::elementBytes(kernel.outputLayout(0));
  int64_t pieces = plan::blocksOf(type.getDimSize(0)) * plan::blocksOf(type.getDimSize(1));
  StepShape step = stepOf(root, {});
  append(step.params,
         {1, pieces, 1, int64_t(llvm::cast<graph::SumPartsOp>(root).getParts()), floats / pieces / kernel::kLanes, floats});
  return step;
}

/// Of a convolution, or of a linear layer: its images are pixels.
static MaybeSpec gradFilterSpec(KernelOp kernel, Operation *root, SkipIsa isa) {
  if (winogradOf(root))
    return winogradGradFilterSpec(kernel, root, isa);
  kernel::GradFilterSpec spec;
  if (auto conv = llvm::dyn_cast<graph::Conv2dGradFilterOp>(root)) {
    spec.kernelHeight = int64_t(conv.getKernelHeight());
    spec.kernelWidth = int64_t(conv.getKernelWidth());
    spec.stride = int64_t(conv.getStride());
  }
  spec.imagesAreColumns = llvm::isa<graph::LinearGradFilterOp>(root);
  spec.planarInput = isPlanar(kernel, llvm::cast<BlockArgument>(root->getOperand(1)));
  if (spec.planarInput != (kernel.outputLayout(0).getKind() == plan::LayoutKind::filter1))
    return std::nullopt;
  chooseGradFilterTile(spec, operandStrides(kernel, root, 0).blocks, operandStrides(kernel, root, 1).blocks, isa);
  return spec;
}

static StepShape gradFilterStep(KernelOp kernel, Operation *root) {
  if (winogradOf(root))
    return winogradGradFilterStep(kernel, root);
  Strides dy = operandStrides(kernel, root, 0), x = operandStrides(kernel, root, 1);
  bool columns = llvm::isa<graph::LinearGradFilterOp>(root);
  auto conv = llvm::dyn_cast<graph::Conv2dGradFilterOp>(root);
  auto spec = std::get<kernel::GradFilterSpec>(*gradFilterSpec(kernel, root, SKIP_ISA_AVX2));
  auto pixel = [&](const Strides &s) { return columns ? s.image : s.pixel; };
  StepShape step = stepOf(root, {});
  append(step.params, {dy.blocks, x.blocks, spec.scalars()});
  step.params.push_back(columns ? constant(1) : timesBatch(1));
  step.params.push_back(constant(dy.height));
  step.params.push_back(columns ? timesBatch(1) : constant(dy.width));
  append(step.params, {dy.image, dy.block, dy.row, pixel(dy), x.image, x.block, x.row, pixel(x),
                       conv ? int64_t(conv.getPadding()) : 0, dy.channels, x.channels});
  return step;
}

static StepShape channelSumsStep(KernelOp kernel, Operation *root) {
  Strides in = operandStrides(kernel, root, 0);
  StepShape step = stepOf(root, {});
  append(step.params, {1, in.blocks, 1});
  step.params.push_back(timesBatch(1));
  append(step.params, {in.height, in.width, in.image, in.block, in.row});
  return step;
}

static StepShape transposeStep(graph::TransposeFilterOp root) {
  auto type = llvm::cast<RankedTensorType>(root.getResult().getType());
  int64_t outputs = type.getDimSize(0), inputs = type.getDimSize(1);
  StepShape step = stepOf(root, {});
  append(step.params, {plan::blocksOf(outputs), plan::blocksOf(inputs), type.getNumElements() / (outputs * inputs),
                       type.getRank() > 2 ? type.getDimSize(3) : 1, int64_t(root.getMargin())});
  return step;
}

static StepShape spreadStep(KernelOp kernel, Operation *root) {
  Strides in = operandStrides(kernel, root, 0), out = outputStrides(kernel);
  StepShape step = stepOf(root, {timesBatch(1)});
  append(step.params,
         {out.blocks, out.height, out.width, in.width, in.image, in.block, in.row, out.image, out.block, out.row, out.halo});
  return step;
}

/// The flat tensor is a planar picture of the result's size.
static StepShape unflattenStep(KernelOp kernel, Operation *root) {
  Strides in = operandStrides(kernel, root, 0), out = outputStrides(kernel);
  StepShape step = stepOf(root, {timesBatch(1)});
  append(step.params, {out.blocks, out.height, out.width, out.channels, in.image, out.height * out.width, out.width, out.image,
                       out.block, out.row, out.halo, 0});
  return step;
}

static StepShape dropoutStep(KernelOp kernel, graph::DropoutTrainOp root) {
  Strides in = operandStrides(kernel, root, 0), out = outputStrides(kernel);
  StepShape step = stepOf(root, {timesBatch(1)});
  append(step.params, {out.blocks, out.height, out.width, int64_t(root.getLayer()), in.image, in.block, in.row, out.image,
                       out.block, out.row, out.halo});
  return step;
}

static StepShape maxPoolGradStep(KernelOp kernel, Operation *root) {
  Strides gradient = operandStrides(kernel, root, 0), in = operandStrides(kernel, root, 1), out = outputStrides(kernel);
  StepShape step = stepOf(root, {timesBatch(1)});
  append(step.params, {out.blocks, 1, gradient.height, gradient.width, out.height, out.width, gradient.image, gradient.block,
                       gradient.row, in.image, in.block, in.row, out.image, out.block, out.row, out.halo});
  return step;
}

static StepShape globalAvgPoolGradStep(KernelOp kernel, Operation *root) {
  Strides in = operandStrides(kernel, root, 0), out = outputStrides(kernel);
  StepShape step = stepOf(root, {timesBatch(1)});
  append(step.params, {out.blocks, out.height, out.width, in.image, out.image, out.block, out.row, out.halo});
  return step;
}

static StepShape crossEntropyStep(KernelOp kernel, Operation *root) {
  Strides x = operandStrides(kernel, root, 0);
  StepShape step = stepOf(root, {});
  append(step.params, {1, 1, 1});
  step.params.push_back(timesBatch(1));
  append(step.params, {x.channels, x.image, 0, 0});
  return step;
}

/// Of the loss's gradient, or softmax's, whose second operand is a tensor too.
static StepShape classGradStep(KernelOp kernel, Operation *root) {
  Strides x = operandStrides(kernel, root, 0), out = outputStrides(kernel);
  bool hasLabels = llvm::isa<graph::SoftmaxCrossEntropyGradInputOp>(root);
  StepShape step = stepOf(root, {timesBatch(1)});
  append(step.params, {1, 1});
  step.params.push_back(timesBatch(1));
  append(step.params, {x.channels, x.image, hasLabels ? 0 : operandStrides(kernel, root, 1).image, out.image});
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
      .Case([&](graph::Conv2dTransposedOp op) { return transposedConvSpec(kernel, op, isa); })
      .Case<graph::Conv2dGradFilterOp, graph::LinearGradFilterOp>([&](auto) { return gradFilterSpec(kernel, root, isa); })
      .Case([](graph::SumPartsOp) { return kernel::SumPartsSpec{}; })
      .Case([](graph::ChannelSumsOp) { return kernel::ChannelSumsSpec{}; })
      .Case([](graph::TransposeFilterOp) { return kernel::TransposeFilterSpec{}; })
      .Case([](graph::SubsampleGradInputOp op) { return kernel::SpreadSpec{int64_t(op.getStride())}; })
      .Case([&](graph::TakeChannelsOp op) {
        return kernel::PadChannelsSpec{-int64_t(op.getFirst()), 1, int64_t(op.getCount()) % kernel::kLanes};
      })
      .Case([](graph::DropoutTrainOp op) { return kernel::DropoutSpec{valueOf(op.getRate())}; })
      .Case([](graph::UnflattenOp) { return kernel::RelayoutSpec{/*fromPlanar=*/true, /*toPlanar=*/false}; })
      .Case([](graph::MaxPoolGradInputOp op) {
        return kernel::MaxPoolGradSpec{op.getKernel()[0],  op.getKernel()[1], op.getStrides()[0],
                                       op.getStrides()[1], op.getPads()[0],   op.getPads()[1]};
      })
      .Case([](graph::GlobalAvgPoolGradInputOp) { return kernel::GlobalAvgPoolGradSpec{}; })
      .Case([](graph::SoftmaxCrossEntropyOp op) { return kernel::CrossEntropySpec{valueOf(op.getSmoothing())}; })
      .Case([](graph::SoftmaxCrossEntropyGradInputOp op) { return kernel::CrossEntropyGradSpec{valueOf(op.getSmoothing())}; })
      .Case([](graph::SoftmaxGradInputOp) { return kernel::SoftmaxGradSpec{}; })
      .Default(MaybeSpec());
}

StepShape codegen::trainingStepOf(KernelOp kernel, Operation *root) {
  return llvm::TypeSwitch<Operation *, StepShape>(root)
      .Case<graph::MomentsOp, graph::GradSumsOp>([&](auto) { return imageSumsStep(kernel, root); })
      .Case<graph::MergeMomentsOp, graph::MergeGradSumsOp>(
          [&](auto op) { return mergeStep(kernel, root, int64_t(op.getPixels())); })
      .Case([&](graph::Conv2dTransposedOp) { return transposedConvStep(kernel, root); })
      .Case<graph::Conv2dGradFilterOp, graph::LinearGradFilterOp>([&](auto) { return gradFilterStep(kernel, root); })
      .Case([&](graph::SumPartsOp) { return sumPartsStep(kernel, root); })
      .Case([&](graph::ChannelSumsOp) { return channelSumsStep(kernel, root); })
      .Case([&](graph::TransposeFilterOp op) { return transposeStep(op); })
      .Case([&](graph::SubsampleGradInputOp) { return spreadStep(kernel, root); })
      .Case([&](graph::DropoutTrainOp op) { return dropoutStep(kernel, op); })
      .Case([&](graph::UnflattenOp) { return unflattenStep(kernel, root); })
      .Case([&](graph::MaxPoolGradInputOp) { return maxPoolGradStep(kernel, root); })
      .Case([&](graph::GlobalAvgPoolGradInputOp) { return globalAvgPoolGradStep(kernel, root); })
      .Case([&](graph::SoftmaxCrossEntropyOp) { return crossEntropyStep(kernel, root); })
      .Case<graph::SoftmaxCrossEntropyGradInputOp, graph::SoftmaxGradInputOp>([&](auto) { return classGradStep(kernel, root); })
      .Default([](Operation *) -> StepShape { llvm_unreachable("trainingSpecOf knows no such operation"); });
}
