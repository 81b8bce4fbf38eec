// Places every tensor in memory: one arena for what lives inside a run.
//
// A buffer lives from the step that writes it to the last step that reads it. Buffers are placed from the largest to the
// smallest, each at the lowest offset where no buffer that lives at the same time lies. For ResNet-18, -50, -152, VGG-19 and
// the CIFAR ResNet-110 this comes to the sum of the buffers of the most demanding step, which no placement can beat.
//
// A tensor that lives within one section (ir/plan/Sections.h) has room for the section's images at a time. One that crosses
// from a section to another, or belongs to the caller, has room for the batch; a section passes over it once for each of its
// turns, so that it lives until the end of each section that touches it.
//
// A result takes over the buffer of an input that dies in its kernel when the kernel only reads it elementwise, as whichever of
// its inputs, and both have one layout: the join of a shortcut happens in place. In ResNet-18:
//
//   max_pool         at 3211264   read, transformed, by conv1 and, as the shortcut, by conv2's add
//   layer1.0.relu_1  at 3211264   the same bytes: conv2's kernel adds in place
#include "passes/plan/Passes.h"

#include "ir/plan/Layout.h"
#include "ir/plan/Sections.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_ASSIGNBUFFERS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using plan::KernelOp;
using plan::Segment;
using plan::SlotAttr;

namespace {
/// A stretch of the arena over a stretch of steps, both ends of which count.
struct Buffer {
  int64_t bytes = 0, firstStep = 0, lastStep = 0, offset = 0;
};

/// Buffers that have their places, by offset.
class Placed {
public:
  explicit Placed(int64_t steps) : stretches(static_cast<size_t>(steps / stepsOfStretch + 1)) {}

  /// The lowest offset where the buffer meets none that lives at the same time.
  int64_t lowestOffset(const Buffer &buffer) const;
  void add(const Buffer &buffer);

private:
  using ByOffset = std::vector<const Buffer *>;
  static constexpr int64_t stepsOfStretch = 512; // a deep network has thousands, and most of its buffers live for a few

  ByOffset all;
  std::vector<ByOffset> stretches; // those that live there, by stretches of steps
};

class Arena {
public:
  Arena(func::FuncOp function, int64_t batch, int64_t alignment) : function(function), batch(batch), alignment(alignment) {}

  LogicalResult run();
  SlotAttr slotOf(Value tensor);
  int64_t bytes() const { return peak; }

private:
  const plan::Section &sectionOf(int64_t step) const;
  bool isWhole(Value tensor);
  int64_t bytesOf(Value tensor);
  int64_t imageBytesOf(Value tensor);
  int64_t lastUse(Value tensor);
  SlotAttr slot(Value tensor, Segment segment, int64_t index, int64_t offset);
  SlotAttr findSlot(Value tensor);
  void addBuffer(Value result, int64_t step);
  std::optional<Value> inPlaceInput(KernelOp kernel, int64_t step);
  void place();

  func::FuncOp function;
  int64_t batch, alignment, peak = 0;
  llvm::SmallVector<plan::Section> sections;
  llvm::DenseMap<Operation *, int64_t> stepOf;
  llvm::SmallVector<Buffer> buffers;
  llvm::DenseMap<Value, size_t> bufferOf;
  llvm::DenseMap<Value, SlotAttr> slots;
};
} // namespace

static plan::LayoutAttr layoutOf(Value tensor) {
  if (auto kernel = tensor.getDefiningOp<KernelOp>())
    return kernel.outputLayout(llvm::cast<OpResult>(tensor).getResultNumber());
  return plan::LayoutAttr::get(tensor.getContext(), plan::LayoutKind::planar, 0);
}

const plan::Section &Arena::sectionOf(int64_t step) const {
  return *llvm::partition_point(sections, [&](const plan::Section &section) { return section.last < step; });
}

/// Whether the tensor's buffer holds the whole batch: it is the caller's, or read in another section than it is written in.
bool Arena::isWhole(Value tensor) {
  Operation *writer = tensor.getDefiningOp();
  return !writer || llvm::any_of(tensor.getUsers(), [&](Operation *user) {
    return llvm::isa<func::ReturnOp>(user) || sectionOf(stepOf.lookup(user)).first != sectionOf(stepOf.lookup(writer)).first;
  });
}

int64_t Arena::bytesOf(Value tensor) {
  int64_t images = isWhole(tensor) ? batch : sectionOf(stepOf.lookup(tensor.getDefiningOp())).images;
  return plan::bufferBytes(llvm::cast<RankedTensorType>(tensor.getType()), layoutOf(tensor), images);
}

int64_t Arena::imageBytesOf(Value tensor) {
  bool inTurns = llvm::any_of(sections, [&](const plan::Section &section) { return section.images < batch; });
  if (!inTurns || !isWhole(tensor) || !plan::isPerImage(llvm::cast<RankedTensorType>(tensor.getType())))
    return 0;
  plan::LayoutAttr layout = layoutOf(tensor);
  return plan::stridesOf(llvm::cast<RankedTensorType>(tensor.getType()), layout).image * plan::elementBytes(layout);
}

/// The last step that reads the tensor.
int64_t Arena::lastUse(Value tensor) {
  int64_t last = 0;
  for (Operation *user : tensor.getUsers())
    last = std::max(last, stepOf.lookup(user));
  return last;
}

static bool isModelResult(Value tensor) {
  return llvm::any_of(tensor.getUsers(), [](Operation *user) { return llvm::isa<func::ReturnOp>(user); });
}

/// Whether nothing but elementwise operations reads the value, or what they make of it.
static bool onlyReadElementwise(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    auto fusible = llvm::dyn_cast<graph::Fusible>(user);
    return llvm::isa<plan::YieldOp>(user) || (fusible && fusible.canBeEpilogue() && onlyReadElementwise(user->getResult(0)));
  });
}

/// The same of a tensor in a kernel, of which it may be several inputs.
static bool onlyReadElementwise(KernelOp kernel, Value tensor) {
  return llvm::all_of(kernel->getOpOperands(), [&](OpOperand &use) {
    return use.get() != tensor || onlyReadElementwise(kernel.getBody().getArgument(use.getOperandNumber()));
  });
}

/// An input whose buffer the kernel's result can take. Of several results, one written over it could be read for another.
std::optional<Value> Arena::inPlaceInput(KernelOp kernel, int64_t step) {
  if (kernel.getNumResults() > 1)
    return std::nullopt;
  for (Value input : kernel.getInputs())
    if (bufferOf.contains(input) && lastUse(input) == step && isWhole(input) == isWhole(kernel.getResult(0)) &&
        input.getType() == kernel.getResult(0).getType() && layoutOf(input) == kernel.outputLayout(0) &&
        onlyReadElementwise(kernel, input))
      return input;
  return std::nullopt;
}

void Arena::addBuffer(Value result, int64_t step) {
  if (isModelResult(result))
    return;
  bool whole = isWhole(result);
  int64_t firstStep = whole ? sectionOf(step).first : step, lastStep = std::max(step, lastUse(result));
  lastStep = whole ? sectionOf(lastStep).last : lastStep;
  if (std::optional<Value> input = inPlaceInput(result.getDefiningOp<KernelOp>(), step)) {
    size_t shared = bufferOf.lookup(*input);
    bufferOf[result] = shared;
    buffers[shared].lastStep = lastStep;
    return;
  }
  bufferOf[result] = buffers.size();
  buffers.push_back({static_cast<int64_t>(llvm::alignTo(bytesOf(result), alignment)), firstStep, lastStep, 0});
}

int64_t Placed::lowestOffset(const Buffer &buffer) const {
  int64_t stretch = buffer.firstStep / stepsOfStretch, offset = 0;
  bool isShort = buffer.lastStep / stepsOfStretch == stretch;
  for (const Buffer *other : isShort ? stretches[static_cast<size_t>(stretch)] : all) {
    if (other->offset >= offset + buffer.bytes)
      break;
    // Without a branch, for whether both live is not to be foretold.
    bool bothLive = (other->firstStep <= buffer.lastStep) & (buffer.firstStep <= other->lastStep);
    offset = std::max(offset, bothLive * (other->offset + other->bytes));
  }
  return offset;
}

void Placed::add(const Buffer &buffer) {
  auto insert = [&](ByOffset &into) {
    auto after = llvm::upper_bound(into, &buffer, [](const Buffer *a, const Buffer *b) { return a->offset < b->offset; });
    into.insert(after, &buffer);
  };
  insert(all);
  for (int64_t stretch = buffer.firstStep / stepsOfStretch; stretch <= buffer.lastStep / stepsOfStretch; ++stretch)
    insert(stretches[static_cast<size_t>(stretch)]);
}

void Arena::place() {
  llvm::SmallVector<Buffer *> bySize;
  for (Buffer &buffer : buffers)
    bySize.push_back(&buffer);
  llvm::stable_sort(bySize, [](Buffer *a, Buffer *b) { return a->bytes > b->bytes; });
  Placed placed(static_cast<int64_t>(stepOf.size()));
  for (Buffer *buffer : bySize) {
    buffer->offset = placed.lowestOffset(*buffer);
    peak = std::max(peak, buffer->offset + buffer->bytes);
    placed.add(*buffer);
  }
}

LogicalResult Arena::run() {
  llvm::SmallVector<KernelOp> kernels(function.getOps<KernelOp>());
  for (KernelOp kernel : kernels)
    if (failed(plan::requireLayouts(kernel)))
      return failure();
  sections = plan::sectionsOf(kernels, batch);
  for (auto [step, kernel] : llvm::enumerate(kernels))
    stepOf[kernel] = step;
  for (auto [step, kernel] : llvm::enumerate(kernels))
    for (Value result : kernel.getOutputs()) {
      if (isWhole(result) && layoutOf(result).getKind() == plan::LayoutKind::winograd)
        return kernel.emitError("transformed windows are read in another section than they are written in");
      addBuffer(result, step);
    }
  place();
  return success();
}

SlotAttr Arena::slot(Value tensor, Segment segment, int64_t index, int64_t offset) {
  return SlotAttr::get(tensor.getContext(), segment, index, offset, bytesOf(tensor), imageBytesOf(tensor));
}

SlotAttr Arena::findSlot(Value tensor) {
  if (auto load = tensor.getDefiningOp<plan::LoadOp>())
    return load.getSlotAttr();
  if (auto argument = llvm::dyn_cast<BlockArgument>(tensor))
    return slot(tensor, Segment::input, argument.getArgNumber(), 0);
  for (OpOperand &use : tensor.getUses())
    if (llvm::isa<func::ReturnOp>(use.getOwner())) {
      auto placed = function.getResultAttrOfType<SlotAttr>(use.getOperandNumber(), plan::slotAttr);
      return placed ? placed : slot(tensor, Segment::output, use.getOperandNumber(), 0);
    }
  return slot(tensor, Segment::workspace, 0, buffers[bufferOf.lookup(tensor)].offset);
}

SlotAttr Arena::slotOf(Value tensor) {
  SlotAttr &known = slots[tensor];
  if (!known)
    known = findSlot(tensor);
  return known;
}

namespace {
struct AssignBuffers : plan::impl::AssignBuffersBase<AssignBuffers> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    auto batch = function->getAttrOfType<IntegerAttr>(plan::batchAttr);
    if (!batch) {
      function.emitError("the function has no `plan.batch`");
      return signalPassFailure();
    }
    FailureOr<plan::TargetInterface> target = plan::targetOf(function);
    if (failed(target))
      return signalPassFailure();
    Arena arena(function, batch.getInt(), target->alignment());
    if (failed(arena.run()))
      return signalPassFailure();
    for (auto kernel : function.getOps<KernelOp>()) {
      llvm::SmallVector<Attribute> slots;
      for (ValueRange tensors : {ValueRange(kernel.getInputs()), ValueRange(kernel.getOutputs())})
        for (Value tensor : tensors)
          slots.push_back(arena.slotOf(tensor));
      kernel.setSlotsAttr(ArrayAttr::get(&getContext(), slots));
    }
    function->setAttr(plan::workspaceBytesAttr, Builder(&getContext()).getI64IntegerAttr(arena.bytes()));
  }
};
} // namespace
