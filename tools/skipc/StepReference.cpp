// Walks from the wanted value back to the known ones, then evaluates on the way forth. A step realises a handful of operations,
// so the walk is short; a plan that lost a name would send it to the model's inputs, and that is reported.
#include "tools/skipc/StepReference.h"

#include "ir/graph/Graph.h"
#include "tools/skipc/Failure.h"

using namespace skip;
using mlir::Operation;
using mlir::Value;
using reference::Tensor;
using tool::StepReference;

StepReference::StepReference(mlir::func::FuncOp written, const Checkpoint &parameters) : parameters(parameters) {
  for (mlir::BlockArgument argument : written.getArguments())
    byName[graph::valueName(argument.getLoc())] = argument;
  for (Operation &op : written.getBody().front())
    if (op.getNumResults() == 1)
      byName[graph::valueName(op.getLoc())] = op.getResult(0);
}

namespace {
/// One evaluation: tensors of the values met so far.
class Walk {
public:
  Walk(const tool::Checkpoint &parameters, const tool::KnownValues &known) : parameters(parameters), known(known) {}
  llvm::Error reach(Value value);
  Tensor take(Value value);

private:
  const Tensor *find(Value value) const;
  llvm::Error evaluate(Operation *op);

  const tool::Checkpoint &parameters;
  const tool::KnownValues &known;
  llvm::DenseMap<Value, Tensor> computed;
};
} // namespace

const Tensor *Walk::find(Value value) const {
  if (const Tensor *tensor = known.lookup(graph::valueName(value.getLoc())))
    return tensor;
  auto found = computed.find(value);
  return found == computed.end() ? nullptr : &found->second;
}

Tensor Walk::take(Value value) {
  auto found = computed.find(value);
  return found == computed.end() ? *find(value) : std::move(found->second);
}

llvm::Error Walk::reach(Value value) {
  if (find(value))
    return llvm::Error::success();
  Operation *op = value.getDefiningOp();
  if (!op)
    return tool::internalError("verify",
                               "it depends on the input `" + graph::valueName(value.getLoc()) + "`, which it does not read");
  if (auto read = llvm::dyn_cast<graph::ReadParameterOp>(op)) {
    computed[value] = parameters.read(read.getParameter());
    return llvm::Error::success();
  }
  for (Value operand : op->getOperands())
    if (llvm::Error error = reach(operand))
      return error;
  return evaluate(op);
}

llvm::Error Walk::evaluate(Operation *op) {
  auto evaluable = llvm::dyn_cast<graph::Evaluable>(op);
  if (!evaluable)
    return tool::internalError("verify", "`" + op->getName().getStringRef() + "` has no reference semantics");
  llvm::SmallVector<const Tensor *> operands;
  for (Value operand : op->getOperands())
    operands.push_back(find(operand));
  Tensor result = evaluable.evaluate(operands);
  for (Value operand : op->getOperands())
    if (operand.hasOneUse())
      computed.erase(operand);
  computed[op->getResult(0)] = std::move(result);
  return llvm::Error::success();
}

llvm::Expected<Tensor> StepReference::compute(llvm::StringRef name, const KnownValues &known) const {
  Value value = byName.lookup(name);
  if (!value)
    return internalError("verify", "step `" + name + "`: the graph has no value of that name");
  Walk walk(parameters, known);
  if (llvm::Error error = walk.reach(value))
    return llvm::joinErrors(internalError("verify", "step `" + name + "`"), std::move(error));
  return walk.take(value);
}
