// Groups operations into kernels.
//
// Operations are visited in order. Each starts a group of its own, then takes in the groups that it may: the prologue that only
// it reads, and, for an elementwise operation, the group that computes one of its operands, if nothing else reads that operand.
// So a group is always ready to be computed where its last operation stands. Where an add joins two bare convolutions, both
// become roots that accumulate into the same registers:
//
//   %a = conv2d %x, %w1    %b = conv2d %y, %w2 stride 2    %c = add %a, %b    %d = relu %c      -> one kernel
//
// Of two operands that an elementwise operation could join, the one computed later is chosen: the other is then in memory
// already.
#include "passes/plan/Passes.h"

#include "ir/plan/Layout.h"
#include "ir/plan/Plan.h"

#include "llvm/ADT/SetVector.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace skip::plan {
#define GEN_PASS_DEF_FORMKERNELS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using graph::Fusible;

/// Longer chains go on in a kernel of their own: registers and code are finite, and networks have no such chains.
static constexpr size_t maxOps = 16;

namespace {
struct Group {
  llvm::SmallVector<Operation *, 4> ops; // in program order; the last computes the group's value
  bool takesEpilogue = false;
  bool accumulates = false; // one root that can share its registers, nothing after it
};

class Grouping {
public:
  /// An operation that no kernel can compute, or null.
  Operation *add(Operation *op);
  llvm::SmallVector<Group *> groups();

private:
  Group *readyGroup(Value operand);
  void absorb(Group &into, Group &from);
  void takePrologue(Group &group, Fusible op);
  void joinOperand(Group &group, Operation *op);

  std::vector<std::unique_ptr<Group>> all;      // in the order of their last operations; absorbed ones are empty
  llvm::DenseMap<Operation *, Group *> groupOf; // by last operation
};
} // namespace

/// The group whose only value is `operand`, if nothing else reads it.
Group *Grouping::readyGroup(Value operand) {
  Operation *producer = operand.getDefiningOp();
  return producer && producer->getNumResults() == 1 && operand.hasOneUse() ? groupOf.lookup(producer) : nullptr;
}

void Grouping::absorb(Group &into, Group &from) {
  into.ops.insert(into.ops.begin(), from.ops.begin(), from.ops.end());
  groupOf.erase(from.ops.back());
  from.ops.clear();
}

void Grouping::takePrologue(Group &group, Fusible op) {
  Group *prologue = op.takesPrologue() ? readyGroup(op->getOperand(0)) : nullptr;
  if (prologue && prologue->ops.size() == 1 && llvm::cast<Fusible>(prologue->ops.front()).canBePrologue())
    absorb(group, *prologue);
}

/// Whether the biases of two convolutions can become one as they are loaded (PackWeights): not where one of them is trained.
static bool canSumBiases(const Group &a, const Group &b) {
  auto biasOf = [](const Group &group) { return llvm::cast<graph::Contraction>(group.ops.back()).getBias(); };
  return !biasOf(a) || !biasOf(b) ||
         (graph::isLoadTime(biasOf(a).getDefiningOp()) && graph::isLoadTime(biasOf(b).getDefiningOp()));
}

/// Whether a chain may go on with the operation: in the place of the value that it is applied to, behind roots that it may
/// follow.
static bool canFollow(OpOperand &operand, const Group &group) {
  Operation *op = operand.getOwner();
  if (operand.getOperandNumber() != 0 && !op->hasTrait<OpTrait::IsCommutative>())
    return false;
  return llvm::cast<Fusible>(op).joinsContractions() ||
         llvm::none_of(group.ops, [](Operation *each) { return llvm::isa<graph::Contraction>(each); });
}

void Grouping::joinOperand(Group &group, Operation *op) {
  Group *best = nullptr, *other = nullptr;
  for (OpOperand &operand : op->getOpOperands()) {
    Group *candidate = readyGroup(operand.get());
    if (!candidate || !candidate->takesEpilogue || candidate->ops.size() >= maxOps || !canFollow(operand, *candidate))
      continue;
    other = best;
    best = candidate;
    if (other && best->ops.back()->isBeforeInBlock(other->ops.back()))
      std::swap(best, other);
  }
  if (!best)
    return;
  group.takesEpilogue = best->takesEpilogue;
  if (llvm::isa<graph::AddOp>(op) && other && best->accumulates && other->accumulates && canSumBiases(*best, *other))
    absorb(group, *other);
  absorb(group, *best);
  llvm::sort(group.ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
}

Operation *Grouping::add(Operation *op) {
  auto fusible = llvm::dyn_cast<Fusible>(op);
  if (!fusible || (!fusible.canBeRoot() && !fusible.canBeEpilogue()))
    return op;
  if (fusible.canBeEpilogue() && !plan::isPerImage(llvm::cast<RankedTensorType>(op->getResult(0).getType())))
    return op;
  Group &group = *all.emplace_back(std::make_unique<Group>());
  group.ops = {op};
  group.takesEpilogue = fusible.takesEpilogue();
  group.accumulates = fusible.accumulates() && !op->hasAttr(plan::algorithmAttr); // a transformed sum has registers of its own
  takePrologue(group, fusible);
  if (fusible.canBeEpilogue())
    joinOperand(group, op);
  groupOf[op] = &group;
  return nullptr;
}

llvm::SmallVector<Group *> Grouping::groups() {
  llvm::SmallVector<Group *> live;
  for (std::unique_ptr<Group> &group : all)
    if (!group->ops.empty())
      live.push_back(group.get());
  return live;
}

/// Whether the operation reads its picture in a form of its own, so that it needs an input of its own even where another
/// operation of the kernel reads the same value.
static bool readsTransformed(Operation *op) { return llvm::isa<graph::Conv2dOp>(op) && op->hasAttr(plan::algorithmAttr); }

static llvm::SetVector<Value> externalOperands(const Group &group) {
  llvm::SetVector<Value> operands;
  for (Operation *op : group.ops)
    for (Value operand : op->getOperands().drop_front(readsTransformed(op)))
      if (!llvm::is_contained(group.ops, operand.getDefiningOp()))
        operands.insert(operand);
  return operands;
}

static void makeKernel(const Group &group) {
  Operation *last = group.ops.back();
  OpBuilder builder(last);
  llvm::SetVector<Value> shared = externalOperands(group);
  llvm::SmallVector<Value> inputs(shared.begin(), shared.end());
  for (Operation *op : group.ops)
    if (readsTransformed(op))
      inputs.push_back(op->getOperand(0));
  auto kernel = plan::KernelOp::create(builder, last->getLoc(), last->getResultTypes(), inputs, ArrayAttr(), ArrayAttr(),
                                       ArrayAttr(), StringAttr(), IntegerAttr());
  Block &block = kernel.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value input : inputs)
    block.addArgument(input.getType(), input.getLoc());
  for (auto [input, argument] : llvm::zip(shared, block.getArguments()))
    mapping.map(input, argument);
  builder.setInsertionPointToEnd(&block);
  size_t nextTransformed = shared.size();
  for (Operation *op : group.ops) {
    Operation *inside = builder.clone(*op, mapping);
    if (readsTransformed(op))
      inside->setOperand(0, block.getArgument(nextTransformed++));
  }
  llvm::SmallVector<Value> results;
  for (Value result : last->getResults())
    results.push_back(mapping.lookup(result));
  plan::YieldOp::create(builder, last->getLoc(), results);
  last->replaceAllUsesWith(kernel);
  for (Operation *op : llvm::reverse(group.ops))
    op->erase();
}

static llvm::StringRef reasonFor(Operation *op) {
  if (llvm::isa<graph::LoadTime>(op))
    return "it reads a parameter that this function trains";
  if (llvm::isa<graph::AddOp>(op))
    return "a parameter that several layers share cannot be trained";
  return "a graph pass should have removed it";
}

namespace {
struct FormKernels : plan::impl::FormKernelsBase<FormKernels> {
  void runOnOperation() override {
    Grouping grouping;
    if (getOperation().isDeclaration()) {
      getOperation().emitError("a plan has no functions without a body");
      return signalPassFailure();
    }
    for (Operation &op : getOperation().getBody().front().without_terminator()) {
      if (graph::isLoadTime(&op) || llvm::isa<graph::ReadParameterOp>(op))
        continue;
      if (Operation *unknown = grouping.add(&op)) {
        unknown->emitError("no kernel can compute this operation; ") << reasonFor(unknown);
        return signalPassFailure();
      }
    }
    for (Group *group : grouping.groups())
      makeKernel(*group);
  }
};
} // namespace
