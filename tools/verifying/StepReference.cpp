// Walks from the wanted value back to the known ones, then evaluates on the way forth. A step realises a handful of operations,
// so the walk is short; a plan that lost a name would send it to the model's inputs, and that is reported.
#include "tools/verifying/StepReference.h"

#include "ir/graph/Graph.h"
#include "ir/plan/Contractions.h"
#include "tools/text/Failure.h"

using namespace skip;
using mlir::Operation;
using mlir::Value;
using reference::Tensor;
using tool::Measured;
using tool::StepReference;

StepReference::StepReference(mlir::func::FuncOp written, const Checkpoint &parameters) : parameters(parameters) {
  for (mlir::BlockArgument argument : written.getArguments())
    byName[graph::valueName(argument)] = argument;
  for (Operation &op : written.getBody().front())
    for (Value result : op.getResults())
      byName[graph::valueName(result)] = result;
}

namespace {
/// One evaluation: the values met so far.
class Walk {
public:
  Walk(const tool::Checkpoint &parameters, const tool::KnownValues &known, const tool::StepAlgorithms &algorithms)
      : parameters(parameters), known(known), algorithms(algorithms) {}
  llvm::Error reach(Value value);
  Measured take(Value value) { return std::move(computed.find(value)->second); }

private:
  void start(Value value, Tensor tensor);
  llvm::Error evaluate(Operation *op);

  const tool::Checkpoint &parameters;
  const tool::KnownValues &known;
  const tool::StepAlgorithms &algorithms;
  llvm::DenseMap<Value, Measured> computed;
};
} // namespace

void Walk::start(Value value, Tensor tensor) {
  Tensor magnitude = tool::absolute(tensor);
  computed[value] = {std::move(tensor), std::move(magnitude)};
}

llvm::Error Walk::reach(Value value) {
  if (computed.count(value))
    return llvm::Error::success();
  if (const Tensor *tensor = known.lookup(graph::valueName(value))) {
    start(value, *tensor);
    return llvm::Error::success();
  }
  Operation *op = value.getDefiningOp();
  if (!op)
    return tool::internalError("verify", "it depends on the input `" + graph::valueName(value) + "`, which it does not read");
  if (auto read = llvm::dyn_cast<graph::ReadParameterOp>(op)) {
    const tool::StepPrecision &precision = algorithms.precision;
    Tensor parameter = parameters.read(read.getParameter());
    if (auto found = precision.filters.find(read.getParameter()); found != precision.filters.end())
      parameter = tool::multipliedFilter(std::move(parameter), found->second, precision.precision, parameters);
    start(value, std::move(parameter));
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
  llvm::SmallVector<const Measured *> measured;
  for (Value operand : op->getOperands()) {
    measured.push_back(&computed.find(operand)->second);
    operands.push_back(&measured.back()->value);
  }
  Tensor picture;
  if (plan::isForTensorCores(op) && algorithms.precision.isNarrow()) {
    picture = tool::multipliedPicture(*operands[0], algorithms.precision.precision);
    operands[0] = &picture;
  }
  llvm::SmallVector<Measured> results;
  for (auto [value, tensor] : llvm::zip_equal(op->getResults(), evaluable.evaluate(operands))) {
    Measured &result = results.emplace_back(std::move(tensor), Tensor());
    if (llvm::Error error = tool::magnitudeOf(value, measured, result.value, algorithms).moveInto(result.magnitude))
      return error;
  }
  for (Value operand : op->getOperands())
    if (operand.hasOneUse())
      computed.erase(operand);
  for (auto [value, result] : llvm::zip_equal(op->getResults(), results))
    computed[value] = std::move(result);
  return llvm::Error::success();
}

llvm::Expected<Measured> StepReference::measure(llvm::StringRef name, const KnownValues &known,
                                                const StepAlgorithms &algorithms) const {
  Value value = byName.lookup(name);
  if (!value)
    return internalError("verify", "step `" + name + "`: the graph has no value of that name");
  Walk walk(parameters, known, algorithms);
  if (llvm::Error error = walk.reach(value))
    return llvm::joinErrors(internalError("verify", "step `" + name + "`"), std::move(error));
  return walk.take(value);
}
