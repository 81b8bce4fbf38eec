// One function a kernel family: what code is needed, with which operands and over which domain (codegen/nvptx/kernel/Spec.h).
#include "codegen/nvptx/KernelSpec.h"

#include "codegen/kernel/Chain.h"
#include "codegen/nvptx/kernel/Emitters.h"
#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "ir/plan/Statistics.h"
#include "ir/plan/cuda/Shapes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace skip;
using namespace skip::nvptx;
using codegen::StepShape;
using kernel::Chain;
using plan::ContractionView;
using plan::KernelOp;
using plan::LayoutAttr;
using plan::LayoutKind;

namespace {
/// What is known of a kernel in the end.
struct Found {
  Family family;
  llvm::SmallVector<unsigned> inputs; // in the order of the family
  int64_t pointsPerImage = 1;         // of the domain's first axis
  int64_t columns = 1;                // its second axis
  int64_t parts = 1;                  // its third
};
} // namespace

/// What the kernel's activations are stored as; the caller's arrays are f32.
static plan::Element elementOf(KernelOp kernel) {
  for (auto layout : kernel.getLayoutsAttr().getAsRange<LayoutAttr>())
    if (layout.getKind() == LayoutKind::nhwc)
      return layout.getElement();
  return plan::Element::f32;
}

static Picture pictureOf(KernelOp kernel, Type type) {
  llvm::ArrayRef<int64_t> shape = llvm::cast<RankedTensorType>(type).getShape();
  bool isPicture = shape.size() == 4;
  return {shape[1], isPicture ? shape[2] : 1, isPicture ? shape[3] : 1, elementOf(kernel)};
}

static Picture pictureOf(KernelOp kernel, Value value) { return pictureOf(kernel, value.getType()); }

/// The values that a prologue selects from.
static BlockArgument inputBehind(Value value) {
  while (Operation *prologue = value.getDefiningOp())
    value = prologue->getOperand(0);
  return llvm::cast<BlockArgument>(value);
}

static int64_t vectorsOf(const Picture &picture) { return picture.pixels() * picture.vectors(); }

static void appendChain(const Chain &chain, llvm::SmallVector<unsigned> &inputs) {
  for (BlockArgument operand : chain.operands)
    inputs.push_back(operand.getArgNumber());
}

/// A flatten that a linear layer reads through lies in its filter's order: the whole picture is one window.
static Found gemm(KernelOp kernel, llvm::ArrayRef<ContractionView> views, const Chain &chain, const Tile &tile) {
  GemmSpec spec;
  Found found;
  for (const ContractionView &view : views) {
    spec.views.push_back({.input = pictureOf(kernel, view.input),
                          .kernelHeight = view.kernelHeight,
                          .kernelWidth = view.kernelWidth,
                          .stride = view.stride,
                          .padding = view.padding});
    found.inputs.append({view.input.getArgNumber(), view.filter.getArgNumber()});
  }
  for (const ContractionView &view : views)
    if (view.bias) {
      spec.bias = true;
      found.inputs.push_back(llvm::cast<BlockArgument>(view.bias).getArgNumber());
    }
  appendChain(chain, found.inputs);
  spec.result = pictureOf(kernel, kernel.getResult(0));
  spec.epilogue = chain.ops;
  spec.tile = tile;
  spec.parts = found.parts = kernel.getLayouts() ? plan::addendsOf(kernel.outputLayout(0)) : 1;
  found.pointsPerImage = spec.result.pixels();
  found.columns = spec.result.pixelElements();
  found.family = std::move(spec);
  return found;
}

static Found elementwise(KernelOp kernel, const Chain &chain) {
  auto main = llvm::cast<BlockArgument>(kernel.getBody().front().front().getOperand(0));
  Picture picture = pictureOf(kernel, main);
  int64_t parts = plan::addendsOf(kernel.inputLayout(main.getArgNumber()));
  Found found{ElementwiseSpec{picture, chain.ops, parts}, {main.getArgNumber()}, vectorsOf(picture)};
  appendChain(chain, found.inputs);
  return found;
}

static Found padChannels(KernelOp kernel, Operation *root) {
  auto pad = llvm::dyn_cast<graph::PadChannelsOp>(root);
  auto subsample = pad ? pad.getX().getDefiningOp<graph::SubsampleOp>() : llvm::cast<graph::SubsampleOp>(root);
  BlockArgument input = inputBehind(root->getOperand(0));
  PadChannelsSpec spec{.input = pictureOf(kernel, input),
                       .result = pictureOf(kernel, kernel.getResult(0)),
                       .before = pad ? int64_t(pad.getBefore()) : 0,
                       .stride = subsample ? int64_t(subsample.getStride()) : 1};
  return {spec, {input.getArgNumber()}, vectorsOf(spec.result)};
}

static Found relayout(KernelOp kernel) {
  Picture picture = pictureOf(kernel, kernel.getResult(0));
  if (int64_t parts = plan::addendsOf(kernel.inputLayout(0)); parts > 1)
    return {ElementwiseSpec{picture, {}, parts}, {0}, vectorsOf(picture)};
  bool fromPlanar = kernel.inputLayout(0).getKind() == LayoutKind::planar;
  bool toPlanar = kernel.outputLayout(0).getKind() == LayoutKind::planar;
  return {
      RelayoutSpec{picture, fromPlanar, toPlanar}, {0}, toPlanar ? picture.pixels() * picture.channels : vectorsOf(picture)};
}

static unsigned numberOf(Value argument) { return llvm::cast<BlockArgument>(argument).getArgNumber(); }

static Window windowOf(llvm::ArrayRef<int64_t> kernel, llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> pads) {
  return {.kernelHeight = kernel[0],
          .kernelWidth = kernel[1],
          .strideRows = strides[0],
          .strideColumns = strides[1],
          .top = pads[0],
          .left = pads[1]};
}

static Found generalConv(KernelOp kernel, const ContractionView &view, const Chain &chain) {
  auto conv = llvm::cast<graph::GeneralConv2dOp>(view.op);
  GeneralConvSpec spec{.input = pictureOf(kernel, view.input),
                       .result = pictureOf(kernel, kernel.getResult(0)),
                       .window = windowOf({view.kernelHeight, view.kernelWidth}, conv.getStrides(), conv.getPads()),
                       .groups = int64_t(conv.getGroups()),
                       .bias = bool(view.bias),
                       .epilogue = chain.ops};
  spec.window.dilationRows = conv.getDilations()[0];
  spec.window.dilationColumns = conv.getDilations()[1];
  Found found{spec, {view.input.getArgNumber(), view.filter.getArgNumber()}, vectorsOf(spec.result)};
  if (view.bias)
    found.inputs.push_back(numberOf(view.bias));
  appendChain(chain, found.inputs);
  return found;
}

static Found avgPool(KernelOp kernel, graph::AvgPoolOp pool) {
  using Divisor = AvgPoolSpec::Divisor;
  AvgPoolSpec spec{.input = pictureOf(kernel, pool.getX()),
                   .result = pictureOf(kernel, kernel.getResult(0)),
                   .window = windowOf(pool.getKernel(), pool.getStrides(), pool.getPads()),
                   .bottom = pool.getPads()[2],
                   .right = pool.getPads()[3],
                   .divisor = pool.getSum()          ? Divisor::one
                              : pool.getIncludePad() ? Divisor::withPadding
                                                     : Divisor::pixels};
  return {spec, {0}, vectorsOf(spec.result)};
}

static Found concat(KernelOp kernel, graph::ConcatOp concat) {
  ConcatSpec spec{.inputs = {}, .result = pictureOf(kernel, kernel.getResult(0))};
  Found found{.family = {}, .inputs = {}, .pointsPerImage = vectorsOf(spec.result)};
  for (Value input : concat.getInputs()) {
    spec.inputs.push_back(pictureOf(kernel, input));
    found.inputs.push_back(numberOf(input));
  }
  found.family = std::move(spec);
  return found;
}

static Found groupNorm(KernelOp kernel, graph::GroupNormOp norm, const Chain &chain) {
  GroupNormSpec spec{.picture = pictureOf(kernel, kernel.getResult(0)),
                     .groups = int64_t(norm.getGroups()),
                     .epsilon = norm.getEpsilon().convertToDouble(),
                     .epilogue = chain.ops};
  Found found{spec, {}, spec.picture.vectors() * spec.runs()};
  for (Value operand : norm->getOperands())
    found.inputs.push_back(numberOf(operand));
  appendChain(chain, found.inputs);
  return found;
}

/// Of a kernel whose one root is no contraction, with nothing behind it.
static std::optional<Found> movement(KernelOp kernel, Operation *root) {
  Picture result = pictureOf(kernel, kernel.getResult(0));
  if (auto pool = llvm::dyn_cast<graph::MaxPoolOp>(root))
    return Found{
        MaxPoolSpec{pictureOf(kernel, pool.getX()), result, windowOf(pool.getKernel(), pool.getStrides(), pool.getPads())},
        {0},
        vectorsOf(result)};
  if (auto pool = llvm::dyn_cast<graph::AvgPoolOp>(root))
    return avgPool(kernel, pool);
  if (auto joined = llvm::dyn_cast<graph::ConcatOp>(root))
    return concat(kernel, joined);
  if (auto larger = llvm::dyn_cast<graph::UpsampleOp>(root))
    return Found{UpsampleSpec{pictureOf(kernel, larger.getX()), int64_t(larger.getFactor()), larger.getBilinear()},
                 {0},
                 vectorsOf(result)};
  if (auto pad = llvm::dyn_cast<graph::ReflectPadOp>(root))
    return Found{
        ReflectPadSpec{pictureOf(kernel, pad.getX()), result, pad.getPads()[0], pad.getPads()[1]}, {0}, vectorsOf(result)};
  if (auto moments = llvm::dyn_cast<graph::MomentsOp>(root)) {
    Picture input = pictureOf(kernel, moments.getX());
    return Found{MomentsSpec{input}, {0}, input.vectors()};
  }
  if (auto pool = llvm::dyn_cast<graph::AttentionPoolOp>(root))
    return Found{AttentionPoolSpec{pictureOf(kernel, pool.getX())},
                 {numberOf(pool.getX()), numberOf(pool.getLogits())},
                 result.vectors()};
  if (llvm::isa<graph::UnflattenOp>(root))
    return Found{UnflattenSpec{result}, {0}, vectorsOf(result)};
  if (auto taken = llvm::dyn_cast<graph::TakeChannelsOp>(root))
    return Found{
        PadChannelsSpec{pictureOf(kernel, taken.getX()), result, -int64_t(taken.getFirst()), 1}, {0}, vectorsOf(result)};
  if (auto pool = llvm::dyn_cast<graph::GlobalAvgPoolOp>(root))
    return Found{GlobalAvgPoolSpec{pictureOf(kernel, pool.getX())}, {0}, result.vectors()};
  if (llvm::isa<graph::PadChannelsOp, graph::SubsampleOp>(root))
    return padChannels(kernel, root);
  if (llvm::isa<graph::SoftmaxOp>(root))
    return Found{SoftmaxSpec{result}, {0}};
  if (auto flatten = llvm::dyn_cast<graph::FlattenOp>(root))
    return Found{FlattenSpec{pictureOf(kernel, flatten.getX())}, {0}, result.vectors()};
  if (llvm::isa<plan::RelayoutOp>(root))
    return relayout(kernel);
  return std::nullopt;
}

static std::optional<Found> find(KernelOp kernel, const Tile &tile) {
  Chain chain = kernel::chainOf(kernel);
  if (kernel.getNumResults() != 1 || !chain.isComplete || !llvm::all_of(chain.ops, canApply))
    return std::nullopt;
  llvm::SmallVector<ContractionView, 2> views = plan::contractionsOf(kernel);
  if (llvm::any_of(views, [](const ContractionView &view) { return view.isGeneral; }))
    return views.size() == 1 ? std::optional(generalConv(kernel, views[0], chain)) : std::nullopt;
  if (!views.empty())
    return gemm(kernel, views, chain, tile);
  llvm::SmallVector<Operation *, 2> roots = kernel.roots();
  if (roots.empty())
    return elementwise(kernel, chain);
  if (auto norm = llvm::dyn_cast<graph::GroupNormOp>(roots.front()))
    return groupNorm(kernel, norm, chain);
  return chain.ops.empty() ? movement(kernel, roots.front()) : std::nullopt;
}

/// Whether the layouts are those of the families: nhwc and filters of one element, f32 vectors, and planar where a copy reads
/// or writes the caller's arrays.
static bool hasLayouts(KernelOp kernel) {
  FailureOr<plan::TargetInterface> target = plan::targetOf(kernel);
  plan::Element element = elementOf(kernel);
  auto elementFor = [&](LayoutKind kind) {
    if (kind == LayoutKind::krsc)
      return succeeded(target) ? target->filterElement() : element;
    return kind == LayoutKind::nhwc ? element : plan::Element::f32;
  };
  bool isRelayout = llvm::isa<plan::RelayoutOp>(kernel.getBody().front().front());
  llvm::SmallVector<Value> tensors(kernel.getInputs());
  llvm::append_range(tensors, kernel.getResults());
  for (auto [tensor, attribute] : llvm::zip_equal(tensors, *kernel.getLayouts())) {
    auto layout = llvm::cast<LayoutAttr>(attribute);
    bool isNarrow = layout.getKind() == LayoutKind::nhwc || layout.getKind() == LayoutKind::krsc;
    bool isKnown = isNarrow || layout.getKind() == LayoutKind::vector || layout.getKind() == LayoutKind::partial ||
                   (layout.getKind() == LayoutKind::planar && isRelayout);
    plan::Element element = plan::isStatistic(tensor) ? plan::Element::f32 : elementFor(layout.getKind());
    if (!isKnown || layout.getHalo() != 0 || layout.getElement() != element)
      return false;
  }
  return true;
}

static int64_t batchOf(KernelOp kernel) {
  auto function = kernel->getParentOfType<func::FuncOp>();
  auto batch = function ? function->getAttrOfType<IntegerAttr>(plan::batchAttr) : nullptr;
  return kernel.getImages().value_or(batch ? batch.getInt() : 1);
}

/// Whether a turn's offsets, in elements, and the domain are numbers of 31 bits, which kernels count with, and the grid is one
/// that can be launched.
static bool isCountable(KernelOp kernel) {
  int64_t images = batchOf(kernel), most = (int64_t(1) << 31) - (int64_t(1) << 16); // less what a block counts beyond its end
  int64_t mostChannels = 65535 * plan::leastTileChannels;                           // of a grid along its second axis
  int64_t addends = 1;
  for (auto layout : kernel.getLayouts()->getAsRange<LayoutAttr>())
    addends = std::max(addends, plan::addendsOf(layout));
  auto isSmall = [&](Type type) {
    auto tensor = llvm::cast<RankedTensorType>(type);
    if (!tensor.isDynamicDim(0)) // parameters
      return tensor.getNumElements() * plan::lanesOf(LayoutKind::krsc, elementOf(kernel)) < most;
    Picture picture = pictureOf(kernel, type);
    return picture.channels <= mostChannels && picture.elements() * images * addends < most;
  };
  return llvm::all_of(kernel->getOperandTypes(), isSmall) && llvm::all_of(kernel->getResultTypes(), isSmall);
}

SkipCudaColumn nvptx::columnOf(plan::Architecture architecture) {
  switch (architecture) {
  case plan::Architecture::sm_80:
    return SKIP_CUDA_SM_80;
  case plan::Architecture::sm_90a:
    return SKIP_CUDA_SM_90A;
  }
  llvm_unreachable("an architecture without a column");
}

codegen::Refusal nvptx::refusalOf(KernelOp kernel) {
  if (!isCountable(kernel))
    return {
        "kernels for CUDA count the values that they compute at a time with 31 bits, and this has more; smaller pictures, or "
        "fewer channels, would do",
        true};
  return codegen::noFamilyComputes(kernel);
}

static bool isPort(plan::SlotAttr slot) {
  return slot.getSegment() == plan::Segment::input || slot.getSegment() == plan::Segment::output;
}

/// Without slots, as when a kernel is named before it is placed, whether an operand is a port is told by its layout.
static bool isIndirect(KernelOp kernel, unsigned index) {
  if (auto slots = kernel.getSlots())
    return isPort(llvm::cast<plan::SlotAttr>((*slots)[index]));
  return llvm::cast<LayoutAttr>((*kernel.getLayouts())[index]).getKind() == LayoutKind::planar;
}

static std::optional<Tile> tileOf(Attribute schedule) {
  if (auto gemm = llvm::dyn_cast<plan::CudaGemmAttr>(schedule))
    return plan::tileOf(gemm);
  if (auto mma = llvm::dyn_cast<plan::CudaMmaAttr>(schedule))
    return plan::tileOf(mma);
  if (auto wgmma = llvm::dyn_cast<plan::CudaWgmmaAttr>(schedule))
    return plan::tileOf(wgmma);
  return std::nullopt;
}

static SkipCudaColumn codeColumn(KernelOp kernel, size_t column) {
  FailureOr<plan::TargetInterface> target = plan::targetOf(kernel);
  auto cuda = succeeded(target) ? llvm::dyn_cast<plan::CudaTargetAttr>(*target) : plan::CudaTargetAttr();
  return cuda ? nvptx::columnOf(cuda.getArchitectures()[column]) : SKIP_CUDA_SM_80;
}

std::optional<Spec> nvptx::specOf(KernelOp kernel, size_t column) {
  if (!hasLayouts(kernel) || !isCountable(kernel))
    return std::nullopt;
  Attribute schedule = kernel.getSchedulesAttr()[column];
  if (llvm::isa<plan::CudaGemmAttr>(schedule) && elementOf(kernel) != plan::Element::f32)
    return std::nullopt;
  if (llvm::isa<plan::CudaWgmmaAttr>(schedule) && codeColumn(kernel, column) != SKIP_CUDA_SM_90A)
    return std::nullopt;
  std::optional<Tile> tile = tileOf(schedule);
  auto loop = llvm::dyn_cast<plan::CudaLoopAttr>(schedule);
  std::optional<Found> found = find(kernel, tile.value_or(Tile()));
  if (!found || std::holds_alternative<GemmSpec>(found->family) != tile.has_value() || (!tile && !loop))
    return std::nullopt;
  Spec spec{codeColumn(kernel, column), std::move(found->family), {}, {}};
  if (loop)
    spec.blocks = {loop.getPoints(), loop.getLanes()};
  for (unsigned input : found->inputs)
    spec.isIndirect.push_back(isIndirect(kernel, input));
  spec.isIndirect.push_back(isIndirect(kernel, kernel.getInputs().size()));
  return spec;
}

StepShape nvptx::stepShapeOf(KernelOp kernel) {
  Found found = *find(kernel, {});
  StepShape step{std::move(found.inputs), {}};
  step.params = {{found.pointsPerImage, 0, 0}, {found.columns, -1, 0}, {found.parts, -1, 0}};
  return step;
}

std::optional<LaunchShape> nvptx::launchOf(KernelOp kernel, size_t column) {
  std::optional<Spec> spec = specOf(kernel, column);
  if (!spec)
    return std::nullopt;
  LaunchShape shape{.threads = threadsOf(*spec), .sharedBytes = sharedBytesOf(*spec)};
  if (const auto *gemm = std::get_if<GemmSpec>(&spec->family))
    if (const auto *tile = std::get_if<plan::GemmTile>(&gemm->tile))
      shape.sharedBytes = tile->sharedBytes();
  std::array<int64_t, 3> split = splitOf(*spec);
  for (auto [axis, param] : llvm::enumerate(nvptx::stepShapeOf(kernel).params)) {
    int64_t points = param.value * (param.extent < 0 ? 1 : batchOf(kernel));
    shape.grid[axis] = (points + split[axis] - 1) / split[axis];
  }
  shape.grid[0] = llvm::alignTo(shape.grid[0], clusterOf(*spec));
  return shape;
}
