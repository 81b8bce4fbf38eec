// Two roots are joined by an addition that is no link of the chain; every other operation is one, a root, or what a root reads.
#include "codegen/kernel/Chain.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace skip;
using namespace skip::kernel;
using plan::KernelOp;

static bool joinsRoots(Operation &op) {
  return llvm::isa<graph::AddOp>(op) && llvm::all_of(op.getOperands(), [](Value operand) {
           Operation *producer = operand.getDefiningOp();
           return producer && llvm::isa<graph::Contraction>(producer);
         });
}

/// Adds the operation to the chain. Its value is that of the operation before it, or of a chain's head the first operand.
static void append(Chain &chain, Operation &op, bool isHead, EpilogueOp which) {
  const EpilogueOperands &takes = operandsOf(which);
  chain.ops.push_back(which);
  llvm::SmallVector<Value> others(op.getOperands());
  auto *value =
      isHead ? others.begin() : llvm::find_if(others, [](Value operand) { return !llvm::isa<BlockArgument>(operand); });
  chain.isComplete &= others.size() == 1 + takes.tensors + takes.vectors && (value == others.begin() || takes.commutes);
  if (!chain.isComplete)
    return;
  others.erase(value);
  for (auto [index, other] : llvm::enumerate(others)) {
    chain.operands.push_back(llvm::cast<BlockArgument>(other));
    if (index < takes.tensors)
      chain.tensors.push_back(chain.operands.back());
  }
}

Chain kernel::chainOf(KernelOp kernel) {
  Chain chain;
  for (Operation &op : kernel.getBody().front()) {
    if (joinsRoots(op))
      continue;
    if (std::optional<EpilogueOp> which = epilogueOpFor(op.getName().getStringRef())) {
      append(chain, op, &op == &kernel.getBody().front().front(), *which);
    } else if (!llvm::isa<plan::YieldOp>(op)) {
      auto fusible = llvm::dyn_cast<graph::Fusible>(op);
      chain.isComplete &= fusible && fusible.canBeRoot();
    }
  }
  return chain;
}
