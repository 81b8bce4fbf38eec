// One function a kernel family and question: `specOf` says what code is needed, `stepShapeOf` with which operands and sizes it
// is called. The order of operands and parameters is that of the families' headers (codegen/x86/kernel/*.h).
#include "codegen/x86/KernelSpec.h"

#include "codegen/kernel/Chain.h"
#include "codegen/x86/FamilySpec.h"
#include "codegen/x86/StepParams.h"
#include "codegen/x86/TrainingSpec.h"
#include "codegen/x86/kernel/Lanes.h"
#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "ir/plan/x86/Problems.h"
#include "ir/plan/x86/Shapes.h"
#include "ir/plan/x86/Strassen.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace skip;
using namespace skip::codegen;
using kernel::Chain;
using kernel::chainOf;
using plan::ContractionView;
using plan::KernelOp;
using plan::LayoutKind;
using plan::Strides;

/// Of the result's last block, or 0 where it is full.
static int64_t lastLanes(KernelOp kernel) { return outputStrides(kernel).channels % kernel::kLanes; }

/// What x86's kernels compute with.
static bool isFloat32(KernelOp kernel) {
  return llvm::all_of(kernel.getLayouts()->getAsRange<plan::LayoutAttr>(),
                      [](plan::LayoutAttr layout) { return layout.getElement() == plan::Element::f32; });
}

static void appendChainInputs(const Chain &chain, llvm::SmallVector<unsigned> &inputs) {
  for (BlockArgument operand : chain.operands)
    inputs.push_back(operand.getArgNumber());
}

static kernel::Spec convSpec(KernelOp kernel, llvm::ArrayRef<ContractionView> views, plan::X86ConvAttr schedule) {
  kernel::ConvSpec spec;
  for (const ContractionView &view : views) {
    spec.roots.push_back({view.kernelHeight, view.kernelWidth, view.stride, isPlanar(kernel, view.input)});
    spec.bias |= bool(view.bias);
  }
  spec.epilogue = chainOf(kernel).ops;
  spec.lastLanes = lastLanes(kernel);
  spec.imagesAreColumns = plan::imagesAreColumns(kernel);
  spec.schedule = plan::scheduleOf(schedule);
  if (spec.schedule.unitBlocks > 0)
    spec.strassen = plan::strassenUnit(spec.schedule, *plan::convShapeOf(kernel, 1));
  return spec;
}

static int64_t planarChannels(const ContractionView &view) {
  return plan::winogradPlanarChannels({view.kernelHeight, view.stride}, view.inChannels);
}

/// Blocks of channels, or of lanes, that are transformed.
static int64_t winogradInBlocks(const ContractionView &view) {
  return planarChannels(view) ? 1 : plan::blocksOf(view.inChannels);
}

/// The variant's batch: buffers have room for so many images at least.
static int64_t batchOf(KernelOp kernel) {
  auto function = kernel->getParentOfType<func::FuncOp>();
  auto batch = function ? function->getAttrOfType<IntegerAttr>(plan::batchAttr) : nullptr;
  return batch ? batch.getInt() : kernel.getImages().value_or(1);
}

/// The copies of the transformed windows that a kernel reads or writes, and how far they are apart.
static void appendCopies(StepShape &step, RankedTensorType type, plan::LayoutAttr layout, int64_t images, int64_t blocks) {
  int64_t copies = plan::winogradCopies(type, layout, images);
  step.params.push_back(copies > 1 ? timesCopies(blocks) : constant(blocks));
  step.params.push_back(constant(plan::bufferBytes(type, layout, images) / copies / plan::elementBytes(layout)));
}

static kernel::Spec winogradSpec(KernelOp kernel, const ContractionView &view, plan::X86ConvAttr schedule) {
  return kernel::WinogradConvSpec{.tile = view.winograd.getTile(),
                                  .group = view.winograd.getGroup(),
                                  .taps = {view.kernelHeight, view.stride},
                                  .channels = planarChannels(view),
                                  .fusedBlocks = view.winograd.getFused() ? winogradInBlocks(view) : 0,
                                  .bias = bool(view.bias),
                                  .epilogue = chainOf(kernel).ops,
                                  .lastLanes = lastLanes(kernel),
                                  .schedule = plan::scheduleOf(schedule)};
}

static kernel::Spec winogradInputSpec(KernelOp kernel) {
  plan::LayoutAttr layout = kernel.outputLayout(0);
  int64_t channels = llvm::cast<RankedTensorType>(kernel.getResult(0).getType()).getDimSize(1);
  return kernel::WinogradInputSpec{.tile = layout.getTile(),
                                   .group = layout.getGroup(),
                                   .taps = plan::winogradTaps(layout),
                                   .channels = plan::winogradPlanarChannels(plan::winogradTaps(layout), channels)};
}

static StepShape winogradStep(KernelOp kernel, const ContractionView &view) {
  Chain chain = chainOf(kernel);
  Strides out = outputStrides(kernel);
  int64_t tile = view.winograd.getTile(), tileRows = (out.height + tile - 1) / tile,
          tileColumns = (out.width + tile - 1) / tile;
  StepShape step{{view.input.getArgNumber(), view.filter.getArgNumber()}, {}};
  append(step.params, {1, out.blocks});
  step.params.push_back(timesBatch(tileRows * tileColumns));
  append(step.params,
         {tileRows, tileColumns, winogradInBlocks(view), out.height, out.width, out.image, out.block, out.row, out.halo});
  if (view.winograd.getFused()) {
    Strides in = inputStrides(kernel, view.input);
    append(step.params, {in.height, in.width, in.image, in.block, in.row, view.padding, 1, 0});
  } else {
    append(step.params, {0, 0, 0, 0, 0, 0});
    appendCopies(step, llvm::cast<RankedTensorType>(view.input.getType()), kernel.inputLayout(view.input.getArgNumber()),
                 batchOf(kernel), 1);
  }
  if (view.bias)
    step.inputs.push_back(llvm::cast<BlockArgument>(view.bias).getArgNumber());
  appendChainInputs(chain, step.inputs);
  for (BlockArgument added : chain.tensors) {
    Strides in = inputStrides(kernel, added);
    append(step.params, {in.image, in.block, in.row});
  }
  return step;
}

static StepShape convStep(KernelOp kernel, llvm::ArrayRef<ContractionView> views) {
  StepShape step;
  Chain chain = chainOf(kernel);
  bool columns = plan::imagesAreColumns(kernel);
  Strides out = outputStrides(kernel);
  auto pixel = [&](const Strides &s) { return columns ? s.image : s.pixel; };

  step.params = {columns ? constant(1) : timesBatch(1), constant(out.blocks), constant(columns ? 1 : out.height),
                 columns ? timesBatch(1) : constant(out.width)};
  append(step.params, {out.image, out.block, out.row, pixel(out), out.halo});
  for (const ContractionView &view : views) {
    step.inputs.append({view.input.getArgNumber(), view.filter.getArgNumber()});
    Strides in = inputStrides(kernel, view.input);
    append(step.params, {in.blocks, in.image, in.block, in.row, pixel(in), view.padding});
  }
  for (const ContractionView &view : views)
    if (view.bias)
      step.inputs.push_back(llvm::cast<BlockArgument>(view.bias).getArgNumber());
  appendChainInputs(chain, step.inputs);
  for (BlockArgument added : chain.tensors) {
    Strides in = inputStrides(kernel, added);
    append(step.params, {in.image, in.block, in.row, pixel(in)});
  }
  return step;
}

static StepShape maxPoolStep(KernelOp kernel, graph::MaxPoolOp op) {
  Strides in = inputStrides(kernel, llvm::cast<BlockArgument>(op.getX())), out = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params, {out.blocks, out.height, out.width, in.height, in.width, in.image, in.block, in.row, out.image, out.block,
                       out.row, out.halo, op.getPads()[0], op.getPads()[1]});
  return step;
}

static StepShape globalAvgPoolStep(KernelOp kernel) {
  Strides in = inputStrides(kernel, kernel.getBody().getArgument(0)), out = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params, {out.blocks, 1, in.height, in.width, in.image, in.block, in.row, out.image});
  return step;
}

static StepShape padChannelsStep(KernelOp kernel) {
  Strides in = inputStrides(kernel, kernel.getBody().getArgument(0)), out = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params,
         {out.blocks, out.height, out.width, in.blocks, in.image, in.block, in.row, out.image, out.block, out.row, out.halo});
  return step;
}

static StepShape softmaxStep(KernelOp kernel) {
  Strides in = inputStrides(kernel, kernel.getBody().getArgument(0)), out = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params, {1, 1, in.channels, in.image, out.image});
  return step;
}

static StepShape winogradInputStep(KernelOp kernel, BlockArgument x) {
  plan::LayoutAttr layout = kernel.outputLayout(0);
  plan::WinogradTiles tiles = plan::winogradTiles(llvm::cast<RankedTensorType>(x.getType()), layout);
  Strides from = inputStrides(kernel, x);
  bool isPlanar = plan::winogradPlanarChannels(plan::winogradTaps(layout), from.channels);
  int64_t blocks = isPlanar ? 1 : from.blocks;
  StepShape copies, step{{0}, {timesBatch(1)}};
  appendCopies(copies, llvm::cast<RankedTensorType>(x.getType()), layout, batchOf(kernel), blocks);
  step.params.push_back(copies.params[0]);
  append(step.params,
         {tiles.rows, tiles.columns, from.height, from.width, from.image, from.block, from.row, layout.getHalo(), blocks});
  step.params.push_back(copies.params[1]);
  return step;
}

static StepShape relayoutStep(KernelOp kernel) {
  BlockArgument x = kernel.getBody().getArgument(0);
  if (kernel.outputLayout(0).getKind() == LayoutKind::winograd)
    return winogradInputStep(kernel, x);
  Strides from = inputStrides(kernel, x), to = outputStrides(kernel);
  int64_t blocks = isPlanar(kernel, x) && kernel.outputLayout(0).getKind() == LayoutKind::planar
                       ? from.channels
                       : plan::blocksOf(from.channels);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params, {blocks, from.height, from.width, from.channels, from.image, from.block, from.row, to.image, to.block,
                       to.row, to.halo, 0});
  return step;
}

/// A flatten writes the picture planar, into a vector that is padded to whole blocks.
static StepShape flattenStep(KernelOp kernel) {
  Strides from = inputStrides(kernel, kernel.getBody().getArgument(0)), to = outputStrides(kernel);
  StepShape step{{0}, {timesBatch(1)}};
  append(step.params, {from.blocks, from.height, from.width, from.channels, from.image, from.block, from.row, to.image,
                       from.height * from.width, from.width, 0, to.image - to.channels});
  return step;
}

static StepShape elementwiseStep(KernelOp kernel) {
  Chain chain = chainOf(kernel);
  auto main = llvm::cast<BlockArgument>(kernel.getBody().front().front().getOperand(0));
  Strides in = inputStrides(kernel, main), out = outputStrides(kernel);
  StepShape step{{main.getArgNumber()}, {timesBatch(1)}};
  append(step.params, {out.blocks, out.height, out.width, out.image, out.block, out.row, out.halo, in.image, in.block, in.row});
  appendChainInputs(chain, step.inputs);
  appendChainStrides(kernel, chain, step);
  return step;
}

/// The operation that the kernel's loops are built around, when it is no contraction; null for elementwise chains.
static Operation *otherRoot(KernelOp kernel) {
  llvm::SmallVector<Operation *, 2> roots = kernel.roots();
  return roots.empty() ? nullptr : roots.front();
}

static int64_t prologueStride(Operation *root) {
  auto subsample = root->getOperand(0).getDefiningOp<graph::SubsampleOp>();
  return subsample ? int64_t(subsample.getStride()) : 1;
}

std::optional<kernel::Spec> codegen::specOf(KernelOp kernel, Attribute schedule, SkipIsa isa) {
  if (!chainOf(kernel).isComplete || !isFloat32(kernel))
    return std::nullopt;
  llvm::SmallVector<ContractionView, 2> views = plan::contractionsOf(kernel);
  bool isTransformed = llvm::any_of(views, [](const ContractionView &view) { return view.winograd != nullptr; });
  if (isTransformed && views.size() > 1) // a transformed sum has registers of its own
    return std::nullopt;
  if (!views.empty() && views.front().isGeneral)
    return views.size() == 1 && llvm::isa<plan::X86LoopAttr>(schedule)
               ? std::optional(generalConvSpec(kernel, views.front(), isa))
               : std::nullopt;
  if (!views.empty()) {
    auto tile = llvm::dyn_cast<plan::X86ConvAttr>(schedule);
    if (tile && views.front().winograd)
      return winogradSpec(kernel, views.front(), tile);
    return tile ? std::optional(convSpec(kernel, views, tile)) : std::nullopt;
  }
  Operation *root = otherRoot(kernel);
  if (!root)
    return kernel::ElementwiseSpec{chainOf(kernel).ops};
  if (auto pool = llvm::dyn_cast<graph::MaxPoolOp>(root))
    return kernel::MaxPoolSpec{pool.getKernel()[0], pool.getKernel()[1], pool.getStrides()[0], pool.getStrides()[1]};
  if (llvm::isa<graph::GlobalAvgPoolOp>(root))
    return kernel::GlobalAvgPoolSpec{};
  if (auto pad = llvm::dyn_cast<graph::PadChannelsOp>(root))
    return kernel::PadChannelsSpec{int64_t(pad.getBefore()), prologueStride(root)};
  if (auto subsample = llvm::dyn_cast<graph::SubsampleOp>(root))
    return kernel::PadChannelsSpec{0, int64_t(subsample.getStride())};
  if (llvm::isa<graph::SoftmaxOp>(root))
    return kernel::SoftmaxSpec{};
  if (llvm::isa<graph::FlattenOp>(root))
    return kernel::RelayoutSpec{false, true};
  if (llvm::isa<plan::RelayoutOp>(root) && kernel.outputLayout(0).getKind() == LayoutKind::winograd)
    return winogradInputSpec(kernel);
  if (llvm::isa<plan::RelayoutOp>(root))
    return kernel::RelayoutSpec{isPlanar(kernel, kernel.getBody().getArgument(0)),
                                kernel.outputLayout(0).getKind() == LayoutKind::planar};
  if (std::optional<kernel::Spec> spec = familySpecOf(kernel, root))
    return spec;
  return trainingSpecOf(kernel, root, isa);
}

StepShape codegen::stepShapeOf(KernelOp kernel) {
  llvm::SmallVector<ContractionView, 2> views = plan::contractionsOf(kernel);
  if (!views.empty() && views.front().isGeneral)
    return generalConvStep(kernel, views.front());
  if (!views.empty())
    return views.front().winograd ? winogradStep(kernel, views.front()) : convStep(kernel, views);
  Operation *root = otherRoot(kernel);
  if (!root)
    return elementwiseStep(kernel);
  if (auto pool = llvm::dyn_cast<graph::MaxPoolOp>(root))
    return maxPoolStep(kernel, pool);
  if (llvm::isa<graph::GlobalAvgPoolOp>(root))
    return globalAvgPoolStep(kernel);
  if (llvm::isa<graph::SoftmaxOp>(root))
    return softmaxStep(kernel);
  if (llvm::isa<graph::FlattenOp>(root))
    return flattenStep(kernel);
  if (llvm::isa<plan::RelayoutOp>(root))
    return relayoutStep(kernel);
  if (llvm::isa<graph::PadChannelsOp, graph::SubsampleOp, graph::TakeChannelsOp>(root))
    return padChannelsStep(kernel);
  if (std::optional<StepShape> step = familyStepOf(kernel, root))
    return std::move(*step);
  return trainingStepOf(kernel, root);
}
