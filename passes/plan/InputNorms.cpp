#include "passes/plan/InputNorms.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace skip;
using plan::KernelOp;

static constexpr size_t mostNorms = 64; // and so the end of the walk, where addends share much

/// What a value is, seen through kernels' arguments and results.
static Value origin(Value value) {
  while (true)
    if (auto kernel = value.getDefiningOp<KernelOp>())
      value = kernel.getBody().front().getTerminator()->getOperand(llvm::cast<OpResult>(value).getResultNumber());
    else if (auto argument = llvm::dyn_cast<BlockArgument>(value);
             argument && llvm::isa<KernelOp>(argument.getOwner()->getParentOp()))
      value = llvm::cast<KernelOp>(argument.getOwner()->getParentOp()).getInputs()[argument.getArgNumber()];
    else
      return value;
}

static Attribute parameterOf(Value value) {
  auto read = origin(value).getDefiningOp<graph::ReadParameterOp>();
  return read ? read.getParameterAttr() : FlatSymbolRefAttr();
}

/// The batch norm whose shift is added to a contraction's result, or multiplied and added by itself.
static bool addNorm(Value shift, llvm::SmallVector<Attribute> &norms) {
  auto folded = shift ? origin(shift).getDefiningOp<graph::BnShiftOp>() : graph::BnShiftOp();
  auto scale = folded ? origin(folded.getScale()).getDefiningOp<graph::BnScaleOp>() : graph::BnScaleOp();
  if (!scale || norms.size() == 2 * mostNorms)
    return false;
  norms.append({parameterOf(scale.getGamma()), parameterOf(folded.getBeta())});
  return norms.end()[-1] && norms.end()[-2];
}

static bool addNorms(Value value, llvm::SmallVector<Attribute> &norms) {
  Operation *producer = origin(value).getDefiningOp();
  if (!producer)
    return false;
  return llvm::TypeSwitch<Operation *, bool>(producer)
      .Case<graph::ReluOp, graph::MaxPoolOp, graph::SubsampleOp, plan::RelayoutOp>(
          [&](auto op) { return addNorms(op.getX(), norms); })
      .Case([&](graph::AddOp op) { return addNorms(op->getOperand(0), norms) && addNorms(op->getOperand(1), norms); })
      .Case([&](graph::ScaleShiftOp op) { return addNorm(op.getShift(), norms); })
      .Case([&](graph::Contraction op) { return addNorm(op.getBias(), norms); })
      .Default([](Operation *) { return false; });
}

llvm::SmallVector<Attribute> plan::inputNormsOf(Value value) {
  llvm::SmallVector<Attribute> norms;
  return addNorms(value, norms) ? norms : llvm::SmallVector<Attribute>();
}
