// Walks the operations in order. A value's tensor lives until the last operation that reads it, so that a network of 1202
// layers needs no more memory than its two or three live tensors.
#include "ir/reference/Interpreter.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace skip;
using reference::Tensor;

using Values = llvm::DenseMap<Value, Tensor>;

static bool readParameter(graph::ReadParameterOp op, const reference::Parameters &parameters, Values &values) {
  auto found = parameters.find(op.getParameter());
  if (found == parameters.end()) {
    op.emitError("no value for the parameter `") << op.getParameter() << "`";
    return false;
  }
  values[op.getValue()] = found->second;
  return true;
}

static bool evaluate(Operation &op, Values &values) {
  auto evaluable = llvm::dyn_cast<graph::Evaluable>(op);
  if (!evaluable) {
    op.emitError("the operation has no reference semantics");
    return false;
  }
  llvm::SmallVector<const Tensor *> operands;
  for (Value operand : op.getOperands())
    operands.push_back(&values.find(operand)->second);
  std::vector<Tensor> results = evaluable.evaluate(operands);
  for (auto [value, result] : llvm::zip_equal(op.getResults(), results))
    values[value] = std::move(result);
  return true;
}

std::optional<std::vector<Tensor>> reference::interpret(func::FuncOp model, llvm::ArrayRef<Tensor> inputs,
                                                        const Parameters &parameters,
                                                        llvm::function_ref<void(llvm::StringRef, const Tensor &)> observe) {
  Values values;
  for (auto [argument, input] : llvm::zip_equal(model.getArguments(), inputs)) {
    values[argument] = input;
    observe(graph::valueName(argument), input);
  }

  llvm::DenseMap<Value, Operation *> lastUse;
  model.walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      lastUse[operand] = op;
  });

  std::vector<Tensor> outputs;
  for (Operation &op : model.getBody().front()) {
    if (auto result = llvm::dyn_cast<func::ReturnOp>(op)) {
      for (Value operand : result.getOperands())
        outputs.push_back(values.find(operand)->second);
      break;
    }
    auto read = llvm::dyn_cast<graph::ReadParameterOp>(op);
    if (read ? !readParameter(read, parameters, values) : !evaluate(op, values))
      return std::nullopt;
    if (!read)
      for (Value result : op.getResults())
        observe(graph::valueName(result), values.find(result)->second);
    for (Value operand : op.getOperands())
      if (lastUse[operand] == &op)
        values.erase(operand);
  }
  return outputs;
}
