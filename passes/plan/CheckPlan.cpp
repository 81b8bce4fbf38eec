// Proves from a finished plan alone that every step reads what its values say, as it was written.
//
// The passes before decide by lifetimes and layouts; this one runs the plan without its arithmetic. It takes the sections in
// order, each turn by turn and step by step as the runtime does (runtime/x86/Walk.cpp), and keeps a map of what every byte of
// the workspace and of the caller's arrays holds (PlanMemory.h). A step must find each input, for the images of the turn, in
// the layout that it reads; then its result lies where it is written, whatever lay there before. So a buffer that is reused too
// early, an image at a wrong distance, a value that was never written, or one of another turn shows where it is read:
//
//   relu            writes [0, 2048)    holds relu, images 0 and 1
//   conv1, + relu   reads [0, 2048) through windows and writes [0, 2048)      check-5: while other threads still read
//
// A full batch is looked at. For fewer images the turns are the first of these, the last perhaps shorter: nothing is written
// that is not here, and what is read was written in the same turns.
#include "passes/plan/Passes.h"

#include "passes/plan/CheckKernel.h"
#include "passes/plan/CheckSchedules.h"
#include "passes/plan/CheckState.h"
#include "passes/plan/CheckWeights.h"
#include "passes/plan/PlanMemory.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace skip::plan {
#define GEN_PASS_DEF_CHECKPLAN
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using plan::Content;
using plan::KernelOp;
using plan::LayoutAttr;
using plan::Place;
using plan::Segment;
using plan::SlotAttr;

namespace {
/// Images [first, first + images) of the batch.
struct Turn {
  int64_t first, images;
};

/// One input or result of a kernel.
struct Operand {
  Value tensor;
  LayoutAttr layout;
  SlotAttr slot;

  RankedTensorType type() const { return llvm::cast<RankedTensorType>(tensor.getType()); }
};

class PlanRun {
public:
  PlanRun(func::FuncOp function, int64_t batch, int64_t workspaceBytes, plan::TargetInterface target)
      : function(function), batch(batch), workspaceBytes(workspaceBytes), alignment(target.alignment()), target(target) {}

  LogicalResult run();

private:
  bool isInState(const Operand &operand);
  LogicalResult checkSlot(KernelOp kernel, const Operand &operand, bool isWritten);
  LogicalResult step(KernelOp kernel, const Turn &turn);
  LogicalResult section(llvm::ArrayRef<KernelOp> kernels);
  LogicalResult results();
  LogicalResult stateResult(unsigned index, Value value, SlotAttr slot);
  Place placeOf(const Operand &operand, const Turn &turn) const;
  Content contentOf(const Operand &operand, const Turn &turn) const;

  func::FuncOp function;
  int64_t batch, workspaceBytes, alignment;
  plan::TargetInterface target;
  plan::PlanMemory memory;
};
} // namespace

static bool isParameter(Value tensor) { return tensor.getDefiningOp<plan::LoadOp>() != nullptr; }

static llvm::SmallVector<Operand> inputsOf(KernelOp kernel) {
  llvm::SmallVector<Operand> operands;
  for (auto [index, input] : llvm::enumerate(kernel.getInputs()))
    if (!isParameter(input))
      operands.push_back({input, kernel.inputLayout(index), kernel.inputSlot(index)});
  return operands;
}

static llvm::SmallVector<Operand> resultsOf(KernelOp kernel) {
  llvm::SmallVector<Operand> operands;
  for (auto [index, result] : llvm::enumerate(kernel.getOutputs()))
    operands.push_back({result, kernel.outputLayout(index), kernel.outputSlot(index)});
  return operands;
}

/// What the runtime adds to a slot's offset in a turn (SkipOperand in runtime/Abi.h).
static int64_t turnOffset(SlotAttr slot, const Turn &turn) { return turn.first * slot.getImageBytes(); }

Place PlanRun::placeOf(const Operand &operand, const Turn &turn) const {
  int64_t begin = operand.slot.getOffset() + turnOffset(operand.slot, turn);
  int64_t bytes = plan::bytesNeeded(operand.type(), operand.layout, turn.images, batch);
  return {operand.slot.getSegment(), operand.slot.getIndex(), begin, begin + bytes};
}

Content PlanRun::contentOf(const Operand &operand, const Turn &turn) const {
  bool hasImages = operand.type().getRank() > 0 && operand.type().isDynamicDim(0);
  int64_t distance = hasImages ? std::max(plan::imageDistance(operand.type(), operand.layout), int64_t(1)) : 0;
  return {operand.tensor, operand.layout, placeOf(operand, turn).begin - turn.first * distance};
}

/// Whether the function says that the tensor, a result of it, lies there (CheckState.h has where that may be).
bool PlanRun::isInState(const Operand &operand) {
  return llvm::any_of(operand.tensor.getUses(), [&](OpOperand &use) {
    return llvm::isa<func::ReturnOp>(use.getOwner()) &&
           function.getResultAttr(use.getOperandNumber(), plan::slotAttr) == operand.slot;
  });
}

/// Where a slot may lie, and how large it must be for the images of a turn or, where turns move along in it, of the batch.
LogicalResult PlanRun::checkSlot(KernelOp kernel, const Operand &operand, bool isWritten) {
  SlotAttr slot = operand.slot;
  Segment segment = slot.getSegment();
  if (segment == Segment::state)
    return isInState(operand) ? success() : kernel.emitError("check-1: ") << slot << " is no place of this tensor";
  if (segment != Segment::workspace && segment != (isWritten ? Segment::output : Segment::input))
    return kernel.emitError("check-1: ") << (isWritten ? "writes to the " : "reads from the ") << stringifySegment(segment);
  int64_t ports = segment == Segment::input ? function.getNumArguments() : function.getNumResults();
  if (segment == Segment::workspace ? slot.getIndex() != 0
                                    : slot.getIndex() < 0 || slot.getIndex() >= ports || slot.getOffset() != 0)
    return kernel.emitError("check-1: there is no ") << slot;
  if (segment == Segment::workspace && (slot.getOffset() % alignment || !plan::liesWithin(slot, workspaceBytes)))
    return kernel.emitError("check-1: ") << slot << " is not a place of " << alignment << "-byte lines within a workspace of "
                                         << workspaceBytes << " bytes";
  int64_t images = slot.getImageBytes() ? batch : static_cast<int64_t>(kernel.getImages().value_or(batch));
  int64_t needed = plan::bytesNeeded(operand.type(), operand.layout, images, batch);
  if (slot.getBytes() < needed)
    return kernel.emitError("check-2: ") << slot << " has no room for " << images << " images of " << operand.type() << " in "
                                         << operand.layout << ", " << needed << " bytes";
  if (segment != Segment::workspace && slot.getBytes() != plan::bytesNeeded(operand.type(), operand.layout, batch, batch))
    return kernel.emitError("check-2: ") << slot << " is not the array of " << batch << " images that the caller has";
  int64_t distance = plan::imageDistance(operand.type(), operand.layout);
  if (slot.getImageBytes() && slot.getImageBytes() != distance)
    return kernel.emitError("check-2: ") << slot << ": its images are " << distance << " bytes apart";
  return success();
}

/// Whether all on the way from the argument to the kernel's result is elementwise.
static bool isElementwiseOnward(BlockArgument argument) {
  llvm::SmallVector<Value> reached{argument};
  while (!reached.empty())
    for (Operation *user : reached.pop_back_val().getUsers()) {
      if (!llvm::isa<graph::AddOp, graph::ReluOp, graph::ScaleShiftOp, graph::ScaleAddOp, graph::ReluGradInputOp,
                     graph::ScaleChannelsOp, graph::SigmoidOp, graph::SiluOp, graph::GeluOp, graph::HardSigmoidOp,
                     graph::HardSwishOp, graph::MishOp, graph::LeakyReluOp, graph::PreluOp, graph::MulOp, graph::MultiplyOp,
                     graph::ShiftOp, graph::SigmoidGradInputOp, graph::SiluGradInputOp, graph::GeluGradInputOp,
                     graph::HardSigmoidGradInputOp, graph::HardSwishGradInputOp, graph::MishGradInputOp,
                     graph::LeakyReluGradInputOp, graph::PreluGradInputOp, graph::PreluGradTermsOp, plan::YieldOp>(user))
        return false;
      llvm::append_range(reached, user->getResults());
    }
  return true;
}

/// Whether each pixel that the kernel reads of the tensor is read where it writes that pixel of the result, and no other.
/// Another result may be made from it after that.
static bool isReadInPlace(KernelOp kernel, const Operand &input, const Operand &result) {
  if (kernel.getNumResults() > 1)
    return false;
  if (input.layout != result.layout || input.slot != result.slot || input.type() != result.type())
    return false;
  for (OpOperand &use : kernel->getOpOperands())
    if (use.get() == input.tensor && !isElementwiseOnward(kernel.getBody().getArgument(use.getOperandNumber())))
      return false;
  return true;
}

/// The input of a turn is not where the kernel reads it; `found` is.
static LogicalResult missing(KernelOp kernel, const Operand &input, const Turn &turn, const std::optional<Content> &found) {
  InFlightDiagnostic error = kernel.emitError("check-4: images ");
  error << turn.first << " to " << turn.first + turn.images - 1 << " of `" << graph::valueName(input.tensor) << "` in "
        << input.layout << " do not lie in " << input.slot;
  if (!found)
    return error << ", where nothing was written";
  error << ", where `" << graph::valueName(found->tensor) << "` lies in " << found->layout;
  if (found->tensor == input.tensor && found->layout == input.layout)
    error << ", of other images";
  return error;
}

LogicalResult PlanRun::step(KernelOp kernel, const Turn &turn) {
  llvm::SmallVector<Operand> inputs = inputsOf(kernel), results = resultsOf(kernel);
  for (const Operand &input : inputs) {
    std::optional<Content> found;
    if (!memory.holds(placeOf(input, turn), contentOf(input, turn), found))
      return missing(kernel, input, turn, found);
  }
  for (auto [index, result] : llvm::enumerate(results)) {
    Place written = placeOf(result, turn);
    for (const Operand &input : inputs)
      if (written.overlaps(placeOf(input, turn)) && !isReadInPlace(kernel, input, result))
        return kernel.emitError("check-5: writes to ")
               << result.slot << " while it reads `" << graph::valueName(input.tensor) << "` from there";
    for (const Operand &other : llvm::ArrayRef(results).drop_front(index + 1))
      if (written.overlaps(placeOf(other, turn)))
        return kernel.emitError("check-5: two of its results share bytes of ") << result.slot;
  }
  for (const Operand &result : results)
    memory.write(placeOf(result, turn), contentOf(result, turn));
  return success();
}

LogicalResult PlanRun::section(llvm::ArrayRef<KernelOp> kernels) {
  KernelOp firstKernel = kernels.front();
  int64_t images = firstKernel.getImages().value_or(batch);
  for (int64_t first = 0; first < batch; first += images)
    for (KernelOp kernel : kernels)
      if (failed(step(kernel, {first, std::min(images, batch - first)})))
        return failure();
  return success();
}

/// The model whose variant a function is (SplitVariants calls them NAME_bBATCH).
static llvm::StringRef modelOf(func::FuncOp function) { return function.getName().rsplit("_b").first; }

/// What a caller sees of a function, which is to be the same of all variants: its arrays, and which values the results are.
static llvm::SmallVector<Attribute> interfaceOf(func::FuncOp function) {
  auto nameOf = [&](Value value) -> Attribute { return StringAttr::get(function.getContext(), graph::valueName(value)); };
  llvm::SmallVector<Attribute> seen{TypeAttr::get(function.getFunctionType())};
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    seen.push_back(function.getArgAttrDict(i));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    seen.push_back(function.getResultAttrDict(i));
  llvm::append_range(seen, llvm::map_range(function.getBody().front().getTerminator()->getOperands(), nameOf));
  return seen;
}

/// In the layout that its kernel wrote, which CheckState.h compares with the parameter's.
LogicalResult PlanRun::stateResult(unsigned index, Value value, SlotAttr slot) {
  auto result = llvm::dyn_cast<OpResult>(value);
  auto kernel = result ? llvm::dyn_cast<KernelOp>(result.getOwner()) : KernelOp();
  std::optional<Content> found;
  if (!kernel || !memory.holds({Segment::state, 0, slot.getOffset(), slot.getOffset() + slot.getBytes()},
                               {value, kernel.outputLayout(result.getResultNumber()), slot.getOffset()}, found))
    return function.emitError("check-9: the state does not hold result ") << index;
  return success();
}

/// The caller finds each result in its array: planar, without halo, all images.
LogicalResult PlanRun::results() {
  Operation *end = function.getBody().front().getTerminator();
  LayoutAttr planar = LayoutAttr::get(function.getContext(), plan::LayoutKind::planar, 0);
  for (auto [index, value] : llvm::enumerate(end->getOperands())) {
    if (auto slot = function.getResultAttrOfType<SlotAttr>(index, plan::slotAttr)) {
      if (failed(stateResult(index, value, slot)))
        return failure();
      continue;
    }
    int64_t bytes = plan::bytesNeeded(llvm::cast<RankedTensorType>(value.getType()), planar, batch, batch);
    std::optional<Content> found;
    if (!memory.holds({Segment::output, int64_t(index), 0, bytes}, {value, planar, 0}, found))
      return end->emitError("check-9: output ") << index << " does not hold the model's result";
  }
  return success();
}

LogicalResult PlanRun::run() {
  LayoutAttr planar = LayoutAttr::get(function.getContext(), plan::LayoutKind::planar, 0);
  for (BlockArgument argument : function.getArguments()) {
    int64_t bytes = plan::bytesNeeded(llvm::cast<RankedTensorType>(argument.getType()), planar, batch, batch);
    memory.write({Segment::input, argument.getArgNumber(), 0, bytes}, {argument, planar, 0});
  }
  llvm::SmallVector<KernelOp> kernels(function.getOps<KernelOp>());
  for (KernelOp kernel : kernels) {
    if (!kernel.getLayouts() || !kernel.getSlots())
      return kernel.emitError("check-3: has no layouts or no slots");
    if (int64_t images = kernel.getImages().value_or(batch); images < 1 || images > batch)
      return kernel.emitError("check-3: computes ") << images << " of " << batch << " images at a time";
    else if (images < batch && llvm::any_of(kernel.getBody().front(), [](Operation &op) { return plan::sumsOverBatch(&op); }))
      return kernel.emitError("check-3: sums over the batch and computes ") << images << " of its images at a time";
    if (failed(plan::checkLayouts(kernel, target)))
      return failure();
    for (const Operand &input : inputsOf(kernel))
      if (failed(checkSlot(kernel, input, /*isWritten=*/false)))
        return failure();
    for (const Operand &result : resultsOf(kernel))
      if (failed(checkSlot(kernel, result, /*isWritten=*/true)))
        return failure();
  }
  llvm::ArrayRef<KernelOp> rest = kernels;
  while (!rest.empty()) { // neighbours that take equally many images at a time are one section
    auto isOfSection = [&](KernelOp kernel) { return kernel.getImages() == KernelOp(rest.front()).getImages(); };
    llvm::ArrayRef<KernelOp> run = rest.take_while(isOfSection);
    if (failed(section(run)))
      return failure();
    rest = rest.drop_front(run.size());
  }
  return results();
}

/// What a variant says of runs in parts, for each number of images that is its own: a part has images, and no more than there
/// are, so that a run ends. `bound` is that of the variant before, 0 of the first, and becomes this one's.
static LogicalResult checkParts(func::FuncOp function, int64_t &bound) {
  int64_t before = std::exchange(bound, function->getAttrOfType<IntegerAttr>(plan::batchAttr).getInt());
  if (!function->hasAttr(plan::partsAttr))
    return success();
  auto parts = function->getAttrOfType<DenseI64ArrayAttr>(plan::partsAttr);
  if (!parts || parts.size() != bound - before)
    return function.emitError("check-14: `plan.parts` is not for ") << before + 1 << " to " << bound << " images";
  for (auto [index, part] : llvm::enumerate(parts.asArrayRef()))
    if (int64_t images = before + 1 + int64_t(index); part < 1 || part > images)
      return function.emitError("check-14: ") << images << " images cannot begin with a part of " << part;
  return success();
}

namespace {
struct CheckPlan : plan::impl::CheckPlanBase<CheckPlan> {
  void runOnOperation() override {
    if (failed(check()))
      signalPassFailure();
  }

private:
  LogicalResult check() {
    auto weightsBytes = getOperation()->getAttrOfType<IntegerAttr>(plan::weightsBytesAttr);
    FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
    if (failed(target))
      return failure();
    SymbolTableCollection symbols;
    llvm::StringMap<llvm::SmallVector<Attribute>> interfaces;
    llvm::StringMap<int64_t> bounds; // of the variants so far
    plan::CheckWeights weights(weightsBytes ? weightsBytes.getInt() : 0, target->alignment());
    plan::CheckState state(getOperation()->getAttrOfType<plan::StateAttr>(plan::stateAttr), target->alignment());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto batch = function->getAttrOfType<IntegerAttr>(plan::batchAttr);
      auto workspace = function->getAttrOfType<IntegerAttr>(plan::workspaceBytesAttr);
      if (!batch || !workspace)
        return function.emitError("check-3: the function has no `plan.batch` or no `plan.workspace_bytes`");
      if (failed(PlanRun(function, batch.getInt(), workspace.getInt(), *target).run()))
        return failure();
      if (interfaces.try_emplace(modelOf(function), interfaceOf(function)).first->second != interfaceOf(function))
        return function.emitError("check-9: has other inputs or outputs than the model's first variant");
      for (auto load : function.getOps<plan::LoadOp>())
        if (failed(state.holds(load) ? state.add(load, symbols) : weights.add(load, symbols)))
          return failure();
      if (failed(state.checkResults(function)) || failed(checkParts(function, bounds[modelOf(function)])))
        return failure();
      for (auto kernel : function.getOps<KernelOp>())
        if (failed(plan::checkParameters(kernel, *target, symbols)) ||
            failed(plan::checkSchedules(kernel, batch.getInt(), *target)))
          return failure();
    }
    return success();
  }
};
} // namespace
