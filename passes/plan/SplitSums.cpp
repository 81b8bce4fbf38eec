// Few sums of many products leave a GPU idle: of 49 pixels and 512 channels 32 blocks have all there is. Here such a
// contraction becomes two kernels. The first has several parts of each sum computed beside each other, which lie in memory as
// addends (layout `partial`); the second adds these up, always in the same order, and goes on with what the first one did
// behind its sums:
//
//   kernel { conv2d, add, relu }    ->    kernel { conv2d } -> partial addends -> kernel { add, relu }
//
// The value between is the contraction's, so both steps can be held against the reference. Into how many parts, the target
// says.
#include "passes/plan/Passes.h"

#include "ir/plan/Contractions.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace skip::plan {
#define GEN_PASS_DEF_SPLITSUMS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using plan::KernelOp;
using plan::LayoutAttr;

/// The operation whose result is the sum of all contractions in the kernel: the last of them, or what adds two up.
static Operation *sumOf(KernelOp kernel) {
  llvm::SmallVector<Operation *, 2> roots = kernel.roots();
  Operation *last = roots.back();
  return roots.size() == 1 ? last : *last->getResult(0).user_begin();
}

namespace {
/// A kernel that is put together from operations of another one.
class Part {
public:
  Part(KernelOp whole) : whole(whole) {}

  /// An input of the new kernel.
  void read(Value inside, Value outside, LayoutAttr layout) {
    mapping.map(inside, block.addArgument(inside.getType(), inside.getLoc()));
    inputs.push_back(outside);
    layouts.push_back(layout);
  }
  void add(Operation &op);
  /// The block belongs to no kernel yet.
  OpBuilder atEnd() {
    OpBuilder builder(whole.getContext());
    builder.setInsertionPointToEnd(&block);
    return builder;
  }
  Value at(Value inside) const { return mapping.lookup(inside); }
  KernelOp finish(OpBuilder &builder, Location loc, Value result, LayoutAttr layout);

  Block block;
  IRMapping mapping;

private:
  KernelOp whole;
  llvm::SmallVector<Value> inputs;
  llvm::SmallVector<Attribute> layouts;
};
} // namespace

void Part::add(Operation &op) {
  for (Value operand : op.getOperands())
    if (auto argument = llvm::dyn_cast<BlockArgument>(operand); argument && !mapping.contains(operand))
      read(operand, whole.getInputs()[argument.getArgNumber()], whole.inputLayout(argument.getArgNumber()));
  atEnd().clone(op, mapping);
}

/// `result` is a value of the block.
KernelOp Part::finish(OpBuilder &builder, Location loc, Value result, LayoutAttr layout) {
  OpBuilder inside = atEnd();
  plan::YieldOp::create(inside, loc, result);
  layouts.push_back(layout);
  auto kernel = KernelOp::create(builder, loc, result.getType(), inputs, builder.getArrayAttr(layouts), ArrayAttr(),
                                 ArrayAttr(), StringAttr(), whole.getImagesAttr());
  kernel.getBody().push_back(new Block);
  Block &body = kernel.getBody().front();
  for (BlockArgument argument : block.getArguments())
    argument.replaceAllUsesWith(body.addArgument(argument.getType(), argument.getLoc()));
  body.getOperations().splice(body.end(), block.getOperations());
  return kernel;
}

/// Addends are the first operand of what reads them.
static void putFirst(Operation &op, Value sum) {
  if (op.getNumOperands() == 2 && op.getOperand(1) == sum && op.hasTrait<OpTrait::IsCommutative>()) {
    op.setOperand(1, op.getOperand(0));
    op.setOperand(0, sum);
  }
}

static void split(KernelOp kernel, int64_t parts) {
  OpBuilder builder(kernel);
  auto addends = LayoutAttr::get(kernel.getContext(), plan::LayoutKind::partial, 0, 0, parts, 3, 1, plan::Element::f32);
  Operation *sum = sumOf(kernel);
  Part first(kernel), second(kernel);
  auto operations = kernel.getBody().front().without_terminator();
  auto behind = std::next(sum->getIterator());
  for (Operation &op : llvm::make_range(operations.begin(), behind))
    first.add(op);
  Value result = sum->getResult(0);
  KernelOp contraction = first.finish(builder, sum->getLoc(), first.at(result), addends);
  second.read(result, contraction.getResult(0), addends);
  for (Operation &op : llvm::make_range(behind, operations.end()))
    second.add(op);
  Value last = second.at(kernel.getBody().front().getTerminator()->getOperand(0));
  if (behind == operations.end()) {
    OpBuilder inside = second.atEnd();
    last = plan::RelayoutOp::create(inside, kernel.getLoc(), last.getType(), last);
  }
  putFirst(second.block.front(), second.at(result));
  KernelOp rest = second.finish(builder, kernel.getLoc(), last, kernel.outputLayout(0));
  kernel.replaceAllUsesWith(rest);
  kernel.erase();
}

/// Whether the sum goes into the first operation behind it and nowhere else, which reads no second one.
static bool isOneChain(KernelOp kernel) {
  Operation *sum = sumOf(kernel);
  return kernel.getNumResults() == 1 && sum->getResult(0).hasOneUse() &&
         *sum->getResult(0).user_begin() == &*std::next(sum->getIterator());
}

namespace {
struct SplitSums : plan::impl::SplitSumsBase<SplitSums> {
  void runOnOperation() override {
    auto batch = getOperation()->getAttrOfType<IntegerAttr>(plan::batchAttr);
    FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
    if (!batch || failed(target))
      return signalPassFailure();
    for (KernelOp kernel : llvm::make_early_inc_range(getOperation().getOps<KernelOp>())) {
      if (failed(plan::requireLayouts(kernel)))
        return signalPassFailure();
      if (plan::contractionsOf(kernel).empty() || !isOneChain(kernel))
        continue;
      if (int64_t parts = target->partsOf(kernel, batch.getInt()); parts > 1)
        split(kernel, parts);
    }
  }
};
} // namespace
