// The sizes that layouts mean, written down a second time: from the index functions in PlanAttrs.td and the comments of the
// kernel families, not from the code that other passes use (ir/plan/Layout.h), and so is which layouts an operation reads and
// how wide a halo (LayoutAware is what other passes ask).
#include "passes/plan/CheckKernel.h"

using namespace mlir;
using namespace skip;
using plan::KernelOp;
using plan::LayoutAttr;
using plan::LayoutKind;

static constexpr int64_t lanes = 16;

static int64_t elementBytes(LayoutAttr layout) {
  return layout.getElement() == plan::Element::f16 || layout.getElement() == plan::Element::bf16 ? 2 : 4;
}

static bool isPerImage(RankedTensorType type) { return type.getRank() > 0 && type.isDynamicDim(0); }

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

namespace {
struct Picture {
  int64_t channels, height, width;
};
} // namespace

static Picture pictureOf(RankedTensorType type) {
  bool isPicture = type.getRank() == 4;
  return {type.getRank() > 1 ? type.getDimSize(1) : 1, isPicture ? type.getDimSize(2) : 1, isPicture ? type.getDimSize(3) : 1};
}

/// Channels whose phases lie side by side in the lanes of one block.
static bool isFewOfStride2(int64_t channels, int64_t stride) { return stride == 2 && channels <= 4; }

/// `[t/group][c/16][(tile + r - 1)^2][t%group][c%16]`
static int64_t windowBytes(const Picture &p, LayoutAttr layout, int64_t images, int64_t batch) {
  int64_t stride = layout.getStride(), kernel = layout.getKernel(), tile = layout.getTile(), group = layout.getGroup();
  auto tilesAlong = [&](int64_t size) { return ceilDiv((size + 2 * layout.getHalo() - kernel) / stride + 1, tile); };
  int64_t tiles = tilesAlong(p.height) * tilesAlong(p.width), points = tile + ceilDiv(kernel, stride) - 1;
  int64_t blocks = isFewOfStride2(p.channels, stride) ? 1 : ceilDiv(p.channels, lanes) * stride * stride;
  int64_t positionVectors = group % 2 ? group : group + 1;
  int64_t copies = batch * tiles <= group ? 2 : 1;
  return copies * ceilDiv(images * tiles, group) * blocks * points * points * positionVectors * lanes * elementBytes(layout);
}

int64_t plan::imageDistance(RankedTensorType type, LayoutAttr layout) {
  if (!isPerImage(type))
    return 0;
  Picture p = pictureOf(type);
  int64_t area = (p.height + 2 * layout.getHalo()) * (p.width + 2 * layout.getHalo());
  switch (layout.getKind()) {
  case LayoutKind::planar:
    return p.channels * area * elementBytes(layout);
  case LayoutKind::blocked:
    return ceilDiv(p.channels, lanes) * lanes * area * elementBytes(layout);
  case LayoutKind::nhwc: // in vectors of 16 bytes
    return ceilDiv(p.channels * elementBytes(layout), 16) * 16 * area;
  case LayoutKind::partial: // f32, in vectors of 8
    return layout.getGroup() * ceilDiv(p.channels, 8) * 8 * 4 * area;
  case LayoutKind::winograd:
  case LayoutKind::filter16:
  case LayoutKind::filter1:
  case LayoutKind::krsc:
  case LayoutKind::vector:
    return 0;
  }
  llvm_unreachable("a layout without a rule");
}

/// Of a parameter, or what has its form: `[oc/16][ic/16][kh][kw][ic%16][oc%16]`, `[oc/16][ic][kh][kw][oc%16]`, `[c]`.
static int64_t parameterBytes(RankedTensorType type, LayoutAttr layout) {
  auto roundUp = [](int64_t channels) { return ceilDiv(channels, lanes) * lanes; };
  int64_t elements = type.getNumElements(), outputs = type.getDimSize(0), inputs = type.getRank() > 1 ? type.getDimSize(1) : 1;
  switch (layout.getKind()) {
  case LayoutKind::planar:
    return elements * elementBytes(layout);
  case LayoutKind::vector:
  case LayoutKind::filter1:
    return elements / outputs * roundUp(outputs) * elementBytes(layout);
  case LayoutKind::filter16:
    return elements / outputs / inputs * roundUp(outputs) * roundUp(inputs) * elementBytes(layout);
  case LayoutKind::blocked:
  case LayoutKind::nhwc:
  case LayoutKind::winograd:
  case LayoutKind::krsc:
  case LayoutKind::partial:
    return 0;
  }
  llvm_unreachable("a layout without a rule");
}

int64_t plan::bytesNeeded(RankedTensorType type, LayoutAttr layout, int64_t images, int64_t batch) {
  if (!isPerImage(type))
    return parameterBytes(type, layout);
  if (layout.getKind() == LayoutKind::winograd)
    return windowBytes(pictureOf(type), layout, images, batch);
  return images * imageDistance(type, layout);
}

static bool isActivation(LayoutAttr layout) {
  return layout.getKind() == LayoutKind::planar || layout.getKind() == LayoutKind::blocked ||
         layout.getKind() == LayoutKind::nhwc;
}

/// The windows that a Winograd convolution multiplies, or null where it makes them itself or is computed directly.
static LayoutAttr windowsOf(Operation *op) {
  auto conv = llvm::dyn_cast<graph::Conv2dOp>(op);
  auto winograd = op->getAttrOfType<plan::WinogradAttr>(plan::algorithmAttr);
  if (!conv || !winograd || winograd.getFused())
    return {};
  int64_t kernel = llvm::cast<RankedTensorType>(conv.getFilter().getType()).getDimSize(2);
  return LayoutAttr::get(op->getContext(), LayoutKind::winograd, int64_t(conv.getPadding()), winograd.getTile(),
                         winograd.getGroup(), kernel, int64_t(conv.getStride()), plan::Element::f32);
}

/// A fused Winograd kernel of few channels, which looks at the picture's bounds itself.
static bool makesPlanarWindows(Operation *op) {
  auto conv = llvm::dyn_cast<graph::Conv2dOp>(op);
  auto winograd = op->getAttrOfType<plan::WinogradAttr>(plan::algorithmAttr);
  return conv && winograd && winograd.getFused() &&
         isFewOfStride2(llvm::cast<RankedTensorType>(conv.getX().getType()).getDimSize(1), conv.getStride());
}

/// Whether kernels of the operation are written down here.
static bool isReader(Operation *op) {
  return llvm::isa<graph::GeneralConv2dOp, graph::SigmoidOp, graph::SiluOp, graph::GeluOp, graph::HardSigmoidOp,
                   graph::HardSwishOp, graph::MishOp, graph::LeakyReluOp, graph::PreluOp, graph::MulOp, graph::MultiplyOp,
                   graph::ShiftOp, graph::AvgPoolOp, graph::ConcatOp, graph::UpsampleOp, graph::Conv2dOp, graph::LinearOp,
                   graph::ScaleShiftOp, graph::ReluOp, graph::AddOp, graph::MaxPoolOp, graph::GlobalAvgPoolOp,
                   graph::SubsampleOp, graph::PadChannelsOp, graph::FlattenOp, graph::TakeChannelsOp, graph::UnflattenOp,
                   graph::SoftmaxOp, graph::ReflectPadOp, graph::MomentsOp, graph::GroupNormOp, graph::AttentionPoolOp,
                   plan::RelayoutOp>(op);
}

/// The same of a step of training, whose kernels are written for blocked layouts.
static bool isTrainingReader(Operation *op) {
  return llvm::isa<graph::SoftmaxCrossEntropyOp, graph::SoftmaxCrossEntropyGradInputOp, graph::MergeMomentsOp,
                   graph::GradSumsOp, graph::MergeGradSumsOp, graph::ScaleAddOp, graph::Conv2dTransposedOp,
                   graph::Conv2dGradFilterOp, graph::SumPartsOp, graph::LinearGradFilterOp, graph::ChannelSumsOp,
                   graph::ReluGradInputOp, graph::ScaleChannelsOp, graph::MaxPoolGradInputOp, graph::GlobalAvgPoolGradInputOp,
                   graph::SubsampleGradInputOp, graph::SoftmaxGradInputOp, graph::DropoutTrainOp, graph::SigmoidGradInputOp,
                   graph::SiluGradInputOp, graph::GeluGradInputOp, graph::HardSigmoidGradInputOp, graph::HardSwishGradInputOp,
                   graph::MishGradInputOp, graph::LeakyReluGradInputOp, graph::PreluGradInputOp, graph::PreluGradTermsOp,
                   graph::GeneralConv2dGradInputOp, graph::GeneralConv2dGradFilterOp, graph::AvgPoolGradInputOp,
                   graph::UpsampleGradInputOp, graph::ReflectPadGradInputOp>(op);
}

bool plan::sumsOverBatch(Operation *op) {
  return llvm::isa<graph::SoftmaxCrossEntropyOp, graph::SoftmaxCrossEntropyGradInputOp, graph::MergeMomentsOp,
                   graph::MergeGradSumsOp, graph::Conv2dGradFilterOp, graph::GeneralConv2dGradFilterOp, graph::SumPartsOp,
                   graph::LinearGradFilterOp, graph::ChannelSumsOp>(op);
}

static bool isLabels(Operation *op, unsigned index) {
  return llvm::isa<graph::SoftmaxCrossEntropyOp, graph::SoftmaxCrossEntropyGradInputOp, graph::DropoutTrainOp>(op) &&
         index == 1;
}

/// Convolutions read a planar picture too, with a filter of that kind, beside blocked ones; of all else only copies do.
static bool readsPlanar(Operation *op, unsigned index, LayoutKind native) {
  bool isPicture = (llvm::isa<graph::Conv2dOp>(op) && index == 0) || (llvm::isa<graph::Conv2dGradFilterOp>(op) && index == 1);
  return llvm::isa<plan::RelayoutOp>(op) || (isPicture && native == LayoutKind::blocked);
}

/// As far as the first and the last window reach out of the picture, the farthest of four sides.
static int64_t haloOf(graph::GeneralConv2dOp conv) {
  auto sizesOf = [](Value value) { return llvm::cast<RankedTensorType>(value.getType()).getShape().drop_front(2); };
  int64_t halo = 0;
  for (size_t axis : {0, 1}) {
    int64_t before = conv.getPads()[axis], windows = sizesOf(conv.getY())[axis], taps = sizesOf(conv.getFilter())[axis];
    int64_t last = (windows - 1) * conv.getStrides()[axis] + (taps - 1) * conv.getDilations()[axis] - before;
    halo = std::max({halo, before, last - (sizesOf(conv.getX())[axis] - 1)});
  }
  return halo;
}

/// Convolutions read zeros around a blocked or planar picture; poolings look at its bounds themselves, and so does what reads
/// pixels with their channels side by side.
static int64_t haloOf(Operation *op, unsigned index, LayoutKind native) {
  if (native != LayoutKind::blocked)
    return 0;
  if (auto conv = llvm::dyn_cast<graph::Conv2dOp>(op))
    return index == 0 ? int64_t(conv.getPadding()) : 0;
  if (auto conv = llvm::dyn_cast<graph::Conv2dTransposedOp>(op); conv && index == 0) {
    ArrayRef<int64_t> window = llvm::cast<RankedTensorType>(conv.getFilter().getType()).getShape().drop_front(2);
    int64_t stride = conv.getStride(), padding = conv.getPadding();
    // The first pixel of the result lies under dy's down to -before, the last under those up to `behind` past the last.
    int64_t before = std::max(window[0], window[1]) - 1 - padding, behind = stride - 1 + padding;
    return std::max<int64_t>({0, before / stride, behind / stride});
  }
  if (auto conv = llvm::dyn_cast<graph::GeneralConv2dOp>(op))
    return index == 0 ? haloOf(conv) : 0;
  auto gradient = llvm::dyn_cast<graph::Conv2dGradFilterOp>(op);
  return gradient && index == 1 ? int64_t(gradient.getPadding()) : 0;
}

/// Of two contractions.
static bool addsContractions(Operation *op) {
  return llvm::isa<graph::AddOp>(op) && llvm::all_of(op->getOperands(), [](Value operand) {
           Operation *producer = operand.getDefiningOp();
           return producer && llvm::isa<graph::Contraction>(producer);
         });
}

/// Addends are added up by the first operation of a kernel without contractions, as its first operand; or a copy does nothing
/// else.
static bool readsAddends(OpOperand &use) {
  Operation *op = use.getOwner();
  Block *block = op->getBlock();
  bool isFirst = op == &block->front() && use.getOperandNumber() == 0 && use.get().hasOneUse();
  bool isElementwise = llvm::isa<plan::RelayoutOp, graph::AddOp, graph::ReluOp, graph::ScaleShiftOp, graph::SigmoidOp,
                                 graph::SiluOp, graph::GeluOp, graph::HardSigmoidOp, graph::HardSwishOp, graph::MishOp,
                                 graph::LeakyReluOp, graph::PreluOp, graph::MulOp, graph::MultiplyOp, graph::ShiftOp>(op);
  return isFirst && isElementwise && block->getOps<graph::Contraction>().empty();
}

/// What an operation needs of an activation that it reads, or null if `layout` serves.
static const char *refusalOf(OpOperand &use, LayoutAttr layout, LayoutKind native) {
  Operation *op = use.getOwner();
  if (!isReader(op) && !(isTrainingReader(op) && native == LayoutKind::blocked))
    return "an operation that reads no layout";
  unsigned index = use.getOperandNumber();
  if (isLabels(op, index))
    return layout.getKind() == LayoutKind::planar && layout.getHalo() == 0 ? nullptr : "the caller's labels or draws";
  if (LayoutAttr windows = windowsOf(op); windows && index == 0)
    return layout == windows ? nullptr : "its transformed windows";
  if (layout.getKind() == LayoutKind::partial)
    return readsAddends(use) && native == LayoutKind::nhwc ? nullptr : "whole sums";
  if (!isActivation(layout))
    return "an activation";
  if (layout.getKind() != LayoutKind::planar && layout.getKind() != native)
    return native == LayoutKind::nhwc ? "a layout of its target, planar or nhwc" : "a layout of its target, planar or blocked";
  bool isPlanar = layout.getKind() == LayoutKind::planar;
  if (makesPlanarWindows(op) && index == 0)
    return isPlanar ? nullptr : "a planar picture of few channels";
  if (isPlanar && !readsPlanar(op, index, native))
    return "another layout than planar";
  return layout.getHalo() >= haloOf(op, index, native) ? nullptr : "a wider halo of zeros";
}

/// The layout in which a contraction's picture lies, its prologue passed over.
static LayoutAttr pictureLayout(KernelOp kernel, Operation *contraction) {
  Value x = contraction->getOperand(0);
  while (Operation *prologue = x.getDefiningOp())
    x = prologue->getOperand(0);
  return kernel.inputLayout(llvm::cast<BlockArgument>(x).getArgNumber());
}

/// Of a filter's gradient: that of the picture.
static LayoutAttr gradientPictureLayout(KernelOp kernel, Operation *gradient) {
  return kernel.inputLayout(llvm::cast<BlockArgument>(gradient->getOperand(1)).getArgNumber());
}

/// Of the filter of a general convolution: groups of whole blocks have blocks of input channels, others single channels.
static LayoutKind groupedKind(RankedTensorType filter, int64_t groups) {
  bool areBlocks = filter.getDimSize(1) % lanes == 0 && filter.getDimSize(0) % (lanes * groups) == 0;
  return areBlocks || groups == 1 ? LayoutKind::filter16 : LayoutKind::filter1;
}

/// Blocked pictures want blocks of 16 input channels, planar ones single channels; so do windows of few channels. Beside pixels
/// with their channels side by side, filters lie so too.
static LayoutKind filterKindFor(Operation *contraction, LayoutAttr picture) {
  if (picture.getKind() == LayoutKind::nhwc)
    return LayoutKind::krsc;
  if (auto groups = contraction->getAttrOfType<IntegerAttr>("groups"))
    return groupedKind(llvm::cast<RankedTensorType>(contraction->getOperand(1).getType()), groups.getInt());
  bool isPlanar = picture.getKind() == LayoutKind::planar;
  if (picture.getKind() == LayoutKind::winograd)
    isPlanar =
        isFewOfStride2(llvm::cast<RankedTensorType>(contraction->getOperand(1).getType()).getDimSize(1), picture.getStride());
  return isPlanar ? LayoutKind::filter1 : LayoutKind::filter16;
}

static LogicalResult checkParameter(KernelOp kernel, OpOperand &use, LayoutAttr layout) {
  auto type = llvm::cast<RankedTensorType>(use.get().getType());
  LayoutKind wanted = LayoutKind::vector;
  if (llvm::isa<graph::TransposeFilterOp, graph::SumPartsOp>(use.getOwner())) // parts are of Winograd's gradients alone
    wanted = LayoutKind::filter16;
  else if (type.getRank() > 1)
    wanted = filterKindFor(use.getOwner(), pictureLayout(kernel, use.getOwner()));
  if (layout.getKind() == wanted)
    return success();
  return kernel.emitError("check-7: the parameters that `")
         << use.getOwner()->getName() << "` reads are " << layout << "; its input wants them " << stringifyLayoutKind(wanted);
}

/// Of a result without images: a transposed filter, a gradient in the form of its filter, a vector, or the caller's own array.
static LogicalResult checkSum(KernelOp kernel, Value written, LayoutAttr layout) {
  Operation *op = written.getDefiningOp();
  bool isVector = llvm::cast<RankedTensorType>(written.getType()).getRank() == 1;
  LayoutKind wanted = isVector ? LayoutKind::vector : LayoutKind::filter16;
  if (llvm::isa<graph::Conv2dGradFilterOp>(op) && gradientPictureLayout(kernel, op).getKind() == LayoutKind::planar)
    wanted = LayoutKind::filter1;
  if (auto general = llvm::dyn_cast<graph::GeneralConv2dGradFilterOp>(op))
    wanted = groupedKind(llvm::cast<RankedTensorType>(written.getType()), general.getGroups());
  bool isLoss = llvm::isa<graph::SoftmaxCrossEntropyOp>(op);
  if (layout.getKind() == (isLoss ? LayoutKind::planar : wanted) && layout.getHalo() == 0)
    return success();
  return kernel.emitError("check-8: no kernel writes this result as ") << layout;
}

static LogicalResult checkResult(KernelOp kernel, OpResult result, LayoutKind native) {
  LayoutAttr layout = kernel.outputLayout(result.getResultNumber());
  Value written = kernel.getBody().front().getTerminator()->getOperand(result.getResultNumber());
  if (!isPerImage(llvm::cast<RankedTensorType>(result.getType())))
    return checkSum(kernel, written, layout);
  auto relayout = written.getDefiningOp<plan::RelayoutOp>();
  bool canWrite = layout.getKind() == native || (relayout && layout.getKind() == LayoutKind::planar) ||
                  (relayout && layout.getKind() == LayoutKind::winograd && native == LayoutKind::blocked);
  // Contractions write their sums in addends where nothing is done to the sums.
  canWrite |= layout.getKind() == LayoutKind::partial && native == LayoutKind::nhwc &&
              (llvm::isa<graph::Contraction>(written.getDefiningOp()) || addsContractions(written.getDefiningOp()));
  canWrite &= native == LayoutKind::blocked || layout.getHalo() == 0;
  if (!canWrite)
    return kernel.emitError("check-8: no kernel writes this result as ") << layout;
  if (isActivation(layout) && layout.getHalo() > 0 && llvm::cast<RankedTensorType>(result.getType()).getRank() != 4)
    return kernel.emitError("check-8: no kernel writes a halo around ") << result.getType();
  if (layout.getKind() != LayoutKind::winograd)
    return success();
  LayoutAttr from = kernel.inputLayout(0);
  bool isFew = isFewOfStride2(llvm::cast<RankedTensorType>(result.getType()).getDimSize(1), layout.getStride());
  if (from.getKind() != (isFew ? LayoutKind::planar : LayoutKind::blocked) || (!isFew && from.getHalo() < layout.getHalo()))
    return kernel.emitError("check-8: ") << layout << " cannot be made from " << from;
  return success();
}

/// Whether the kernel makes moments of it, or normalises by them.
static bool areMoments(Value value) {
  bool isNormalisedBy = llvm::any_of(value.getUses(), [](OpOperand &use) {
    return llvm::isa<graph::GroupNormOp>(use.getOwner()) && use.getOperandNumber() == 1;
  });
  return isNormalisedBy || value.getDefiningOp<graph::MomentsOp>();
}

/// Pixels with their channels side by side and filters of such are stored as the target says, all else as f32; `value` is the
/// kernel's own, with that layout.
static plan::Element elementFor(Value value, LayoutAttr layout, plan::TargetInterface target) {
  if (areMoments(value))
    return plan::Element::f32;
  if (layout.getKind() == LayoutKind::krsc)
    return target.filterElement();
  return layout.getKind() == LayoutKind::nhwc ? target.element() : plan::Element::f32;
}

LogicalResult plan::checkLayouts(KernelOp kernel, TargetInterface target) {
  LayoutKind native = target.nativeLayout();
  llvm::SmallVector<Value> values(kernel.getBody().getArguments());
  llvm::append_range(values, kernel.getBody().front().getTerminator()->getOperands());
  for (auto [value, layout] : llvm::zip_equal(values, kernel.getLayoutsAttr().getAsRange<LayoutAttr>()))
    if (layout.getElement() != elementFor(value, layout, target))
      return kernel.emitError("check-6: no kernel reads or writes ") << layout;
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    LayoutAttr layout = kernel.inputLayout(argument.getArgNumber());
    bool isParameter = !isPerImage(llvm::cast<RankedTensorType>(argument.getType())); // or lies like one
    for (OpOperand &use : argument.getUses()) {
      if (isParameter) {
        if (failed(checkParameter(kernel, use, layout)))
          return failure();
      } else if (const char *needed = refusalOf(use, layout, native)) {
        return kernel.emitError("check-6: input ")
               << argument.getArgNumber() << " is " << layout << "; `" << use.getOwner()->getName() << "` needs " << needed;
      }
    }
  }
  for (OpResult result : kernel->getResults())
    if (failed(checkResult(kernel, result, native)))
      return failure();
  return success();
}
