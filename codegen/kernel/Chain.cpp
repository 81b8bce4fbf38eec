// A kernel is one chain: its roots, joined by additions, then elementwise operations, each of the value before it and of inputs
// of the kernel. What is built otherwise no chain describes.
#include "codegen/kernel/Chain.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace skip;
using namespace skip::kernel;
using plan::KernelOp;

/// Of two roots, each once.
static bool joinsRoots(Operation &op) {
  return llvm::isa<graph::AddOp>(op) && op.getOperand(0) != op.getOperand(1) &&
         llvm::all_of(op.getOperands(), [](Value operand) {
           Operation *producer = operand.getDefiningOp();
           return producer && llvm::isa<graph::Contraction>(producer);
         });
}

namespace {
class Walk {
public:
  explicit Walk(KernelOp kernel) : roots(kernel.roots()) {}
  Chain read(KernelOp kernel);

private:
  void add(Operation &op);
  void apply(Operation &op, EpilogueOp which);
  bool canStandHere(Operation &op) const;
  void start(Operation &root);

  llvm::SmallVector<Operation *, 2> roots;
  Chain chain;
  Value current; // what the operations so far yield; null in front of the first
  size_t joins = 0;
};
} // namespace

/// What an operation's code is specialised by.
static double numberOf(Operation &op, const EpilogueOperands &takes) {
  return takes.hasNumber ? op.getAttrOfType<FloatAttr>("slope").getValueAsDouble() : 0;
}

/// Kernels of some roots apply nothing behind them, and some operations stand behind no contraction.
bool Walk::canStandHere(Operation &op) const {
  return llvm::all_of(roots, [&](Operation *root) {
    return llvm::cast<graph::Fusible>(root).takesEpilogue() &&
           (llvm::cast<graph::Fusible>(op).joinsContractions() || !llvm::isa<graph::Contraction>(root));
  });
}

/// A chain without a root begins with its first operation's first operand.
void Walk::apply(Operation &op, EpilogueOp which) {
  const EpilogueOperands &takes = operandsOf(which);
  chain.isComplete &= canStandHere(op);
  chain.ops.push_back({which, numberOf(op, takes)});
  llvm::SmallVector<Value> others(op.getOperands());
  auto *value = current ? llvm::find(others, current) : others.begin();
  bool isChained = value != others.end() && (value == others.begin() || takes.commutes);
  chain.isComplete &= isChained && others.size() == 1 + takes.tensors + takes.vectors;
  if (!chain.isComplete)
    return;
  others.erase(value);
  for (auto [index, other] : llvm::enumerate(others)) {
    auto input = llvm::dyn_cast<BlockArgument>(other);
    if (!input) {
      chain.isComplete = false;
      return;
    }
    chain.operands.push_back(input);
    if (index < takes.tensors)
      chain.tensors.push_back(input);
  }
}

/// Several roots are contractions; what comes before one is what it reads.
void Walk::start(Operation &root) {
  bool isRoot = llvm::is_contained(roots, &root);
  auto fusible = llvm::dyn_cast<graph::Fusible>(root);
  chain.isComplete &= chain.ops.empty() && fusible && fusible.canBeRoot();
  chain.isComplete &= !isRoot || roots.size() == 1 || llvm::isa<graph::Contraction>(root);
}

void Walk::add(Operation &op) {
  if (joinsRoots(op))
    ++joins;
  else if (std::optional<EpilogueOp> which = epilogueOpFor(op.getName().getStringRef()))
    apply(op, *which);
  else
    start(op);
  current = op.getNumResults() == 1 ? Value(op.getResult(0)) : Value();
}

Chain Walk::read(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  ValueRange results; // of the last operation
  for (Operation &op : body.without_terminator()) {
    add(op);
    results = op.getResults();
  }
  chain.isComplete &= roots.size() <= 2 && joins + 1 == std::max<size_t>(roots.size(), 1);
  auto yielded = body.getTerminator()->getOperands();
  bool isCopy = body.without_terminator().empty();
  chain.isComplete &= isCopy ? yielded.size() == 1 && llvm::equal(yielded, body.getArguments()) : llvm::equal(yielded, results);
  return std::move(chain);
}

Chain kernel::chainOf(KernelOp kernel) { return Walk(kernel).read(kernel); }
