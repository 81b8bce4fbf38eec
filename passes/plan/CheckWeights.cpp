// Entries by offset: neighbours may not overlap.
#include "passes/plan/CheckWeights.h"

#include "ir/plan/Contractions.h"

using namespace mlir;
using namespace skip;
using plan::CheckWeights;
using plan::KernelOp;
using plan::Segment;
using plan::SlotAttr;

/// `[oc][kh][kw][c]`
static int64_t krscBytes(llvm::ArrayRef<int64_t> dims, int64_t elementBytes) {
  return dims[0] * dims[2] * dims[3] * ((dims[1] * elementBytes + 15) / 16 * 16);
}

static int64_t elementBytesOf(plan::LoadOp load) {
  plan::Element element = load.getLayout().getElement();
  return element == plan::Element::f16 || element == plan::Element::bf16 ? 2 : 4;
}

int64_t plan::entryBytes(plan::LoadOp load) {
  llvm::ArrayRef<int64_t> dims = load.getDims();
  if (load.getLayout().getKind() == plan::LayoutKind::krsc)
    return krscBytes(dims, elementBytesOf(load));
  auto roundUp = [](int64_t channels) { return (channels + 15) / 16 * 16; };
  int64_t depth = load.getLayout().getKind() == plan::LayoutKind::filter16 ? roundUp(dims[1]) : dims[1];
  int64_t factors = load.getBalance() ? depth + 2 * roundUp(dims[0]) + 16 : 0;
  return (roundUp(dims[0]) * depth * dims[2] * dims[3] + factors) * elementBytesOf(load);
}

/// What an entry writes, with the entries that add onto it.
static llvm::SmallVector<Attribute> contentOf(plan::LoadOp load) {
  llvm::SmallVector<Attribute> content{load->getAttrDictionary()};
  for (Operation *user : load->getUsers())
    if (auto sum = llvm::dyn_cast<plan::LoadOp>(user))
      content.push_back(sum->getAttrDictionary());
  return content;
}

static bool isVector(plan::LoadOp load, FlatSymbolRefAttr symbol, int64_t length, SymbolTableCollection &symbols) {
  auto vector = symbols.lookupNearestSymbolFrom<graph::ParameterOp>(load, symbol);
  return vector && vector.getTensorType().getShape() == llvm::ArrayRef(length);
}

/// Whether what is folded in are vectors of the output channels, and the batch norms of a filter's input pairs of vectors of
/// its input channels.
static bool hasVectors(plan::LoadOp load, SymbolTableCollection &symbols) {
  for (FlatSymbolRefAttr symbol :
       {load.getBiasAttr(), load.getGammaAttr(), load.getBetaAttr(), load.getMeanAttr(), load.getVarianceAttr()})
    if (symbol && !isVector(load, symbol, load.getDims()[0], symbols))
      return false;
  ArrayAttr norms = load.getNormsAttr();
  return !norms || (norms.size() % 2 == 0 && llvm::all_of(norms.getAsRange<FlatSymbolRefAttr>(), [&](auto symbol) {
                      return isVector(load, symbol, load.getDims()[1], symbols);
                    }));
}

bool plan::liesWithin(SlotAttr slot, int64_t bytes) {
  return slot.getOffset() >= 0 && slot.getBytes() >= 0 && slot.getOffset() <= bytes &&
         slot.getBytes() <= bytes - slot.getOffset();
}

/// Whether an entry can add to another: the sum of what two of its kind write.
static bool addsTo(plan::LoadOp load, plan::LoadOp base) {
  return load.getSlotAttr() == base.getSlotAttr() && load.getKind() == base.getKind() && load.getDims() == base.getDims() &&
         load.getLayout() == base.getLayout() && load.getLayout().getKind() == plan::LayoutKind::vector;
}

LogicalResult CheckWeights::add(plan::LoadOp load, SymbolTableCollection &symbols) {
  if (!load.getEpsilon().isFinite() || load.getEpsilon().isNegative())
    return load.emitError("check-10: epsilon must be finite and not negative");
  if (!hasVectors(load, symbols))
    return load.emitError("check-10: folds in, or has among its `norms`, what is no vector of its channels");
  SlotAttr slot = load.getSlotAttr();
  if (!slot || slot.getSegment() != Segment::weights || slot.getIndex() != 0 || slot.getOffset() % alignment ||
      !liesWithin(slot, bytes) || slot.getBytes() < entryBytes(load))
    return load.emitError("check-10: an entry of ")
           << entryBytes(load) << " bytes has no room in the weights segment of " << bytes;
  if (auto onto = load.getOnto() ? load.getOnto().getDefiningOp<plan::LoadOp>() : plan::LoadOp())
    return addsTo(load, onto) ? success()
                              : load.emitError("check-10: adds onto an entry that lies elsewhere or is no such vector");
  auto [known, isNew] = entries.try_emplace(slot.getOffset(), load);
  if (!isNew)
    return contentOf(known->second) == contentOf(load) ? success()
                                                       : load.emitError("check-10: two entries are written to one place");
  auto overlaps = [](auto first, auto second) {
    return first->first + plan::LoadOp(first->second).getSlotAttr().getBytes() > second->first;
  };
  auto after = std::next(known);
  if ((after != entries.end() && overlaps(known, after)) || (known != entries.begin() && overlaps(std::prev(known), known)))
    return load.emitError("check-10: two entries share bytes");
  return success();
}

/// Where a schedule adds pairs of input channels, each root's filter has factors for them.
static LogicalResult checkBalance(KernelOp kernel, plan::ScheduleModel model) {
  if (!kernel.getSchedules() ||
      llvm::none_of(kernel.getSchedulesAttr(), [&](Attribute schedule) { return model.addsPairs(schedule); }))
    return success();
  int64_t wanted = model.pairDistance(kernel);
  for (const plan::ContractionView &view : plan::contractionsOf(kernel)) {
    auto load = kernel.getInputs()[view.filter.getArgNumber()].getDefiningOp<plan::LoadOp>();
    if (!load || wanted == 0 || static_cast<int64_t>(load.getBalance()) != wanted)
      return kernel.emitError("check-11: adds up input channels whose filter has no factors for it");
  }
  return success();
}

/// The dims of an entry that is read so: a vector's, a filter's, or those of a linear layer's weights, whose inputs are a
/// picture where it reads one through a flatten.
static llvm::SmallVector<int64_t> dimsFor(OpOperand &use) {
  llvm::ArrayRef<int64_t> shape = llvm::cast<RankedTensorType>(use.get().getType()).getShape();
  if (shape.size() == 1)
    return {shape[0], 1, 1, 1};
  if (shape.size() > 2)
    return llvm::to_vector(shape);
  auto flatten = use.getOwner()->getOperand(0).getDefiningOp<graph::FlattenOp>();
  auto picture = flatten ? llvm::cast<RankedTensorType>(flatten.getX().getType()).getShape() : llvm::ArrayRef<int64_t>();
  if (picture.size() == 4)
    return {shape[0], picture[1], picture[2], picture[3]};
  return {shape[0], shape[1], 1, 1};
}

/// Whether the entry's dims are those of what is read, and a filter's source has that shape.
static bool hasSizesOf(plan::LoadOp load, OpOperand &use, SymbolTableCollection &symbols) {
  if (load.getDims() != llvm::ArrayRef(dimsFor(use)))
    return false;
  if (load.getKind() != plan::LoadKind::conv_weight)
    return true;
  auto source =
      load.getSource() ? symbols.lookupNearestSymbolFrom<graph::ParameterOp>(load, load.getSourceAttr()) : graph::ParameterOp();
  return source && source.getTensorType() == use.get().getType();
}

/// What an entry is to be that an operation reads there.
static std::optional<plan::LoadKind> kindFor(OpOperand &use) {
  if (auto contraction = llvm::dyn_cast<graph::Contraction>(use.getOwner()))
    return use.get() == contraction.getFilter() ? plan::LoadKind::conv_weight : plan::LoadKind::bias;
  if (auto affine = llvm::dyn_cast<graph::ScaleShiftOp>(use.getOwner()))
    return use.get() == affine.getScale() ? plan::LoadKind::scale : plan::LoadKind::bias;
  if (llvm::isa<graph::ScaleChannelsOp>(use.getOwner()))
    return plan::LoadKind::scale;
  if (llvm::isa<graph::TransposeFilterOp, graph::GeneralConv2dGradInputOp>(use.getOwner()))
    return plan::LoadKind::conv_weight;
  if (llvm::isa<graph::PreluOp, graph::PreluGradInputOp, graph::GroupNormOp>(use.getOwner()))
    return plan::LoadKind::bias;
  if (llvm::isa<graph::MergeMomentsOp, graph::MergeGradSumsOp, graph::GradSumsOp>(use.getOwner()))
    return plan::LoadKind::bias;
  return std::nullopt;
}

LogicalResult plan::checkParameters(KernelOp kernel, TargetInterface target, SymbolTableCollection &symbols) {
  for (auto [index, input] : llvm::enumerate(kernel.getInputs()))
    if (auto load = input.getDefiningOp<plan::LoadOp>()) {
      for (OpOperand &use : kernel.getBody().getArgument(index).getUses()) {
        if (kindFor(use) != load.getKind())
          return kernel.emitError("check-10: `") << use.getOwner()->getName() << "` reads input " << index << ", which is a "
                                                 << stringifyLoadKind(load.getKind());
        if (!hasSizesOf(load, use, symbols))
          return kernel.emitError("check-10: input ")
                 << index << " is read in other sizes than its entry has, or its parameter";
      }
      if (kernel.inputSlot(index) != load.getSlotAttr() || kernel.inputLayout(index) != load.getLayout())
        return kernel.emitError("check-10: input ") << index << " is read as " << kernel.inputLayout(index) << " from "
                                                    << kernel.inputSlot(index) << ", and was written otherwise";
    }
  return checkBalance(kernel, target);
}
