// The steps' own checks start anew from each step's inputs. This one does not, so that a value that is handed on wrongly
// between two right steps shows.
#include "tools/verifying/OutputCheck.h"

#include "ir/graph/Graph.h"
#include "ir/plan/Rounding.h"
#include "ir/reference/Interpreter.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/verifying/StepValues.h"

#include <algorithm>
#include <cmath>

using namespace skip;
using reference::Tensor;
using tool::Measured;

/// Multiply-adds that take the reference less than a second.
static constexpr int64_t mostMultiplyAdds = 200'000'000;
/// Of a tensor that does not cancel as a whole.
static constexpr int64_t manyElements = 64;

double tool::outputBound(plan::Precision precision) {
  constexpr double roundings = 8; // of a value, as if it were the only one that its output is made of
  return 1e-3 + roundings * plan::multipliedUnit(precision);
}

bool tool::isSmallEnough(mlir::func::FuncOp model, int64_t images) {
  return listLayers(model).multiplyAdds <= mostMultiplyAdds / images;
}

/// The array that an argument of a model is.
static Tensor arrayFor(mlir::BlockArgument argument, const tool::RandomInput &input, int64_t images) {
  std::vector<int64_t> shape = llvm::cast<mlir::RankedTensorType>(argument.getType()).getShape().vec();
  shape[0] = images;
  Tensor array(std::move(shape));
  llvm::copy(input.input(argument.getArgNumber()), array.data.begin());
  return array;
}

llvm::Expected<std::vector<Measured>> tool::expectedOutputs(mlir::func::FuncOp model, const Checkpoint &parameters,
                                                            const RandomInput &input, int64_t images) {
  std::vector<Tensor> inputs;
  for (mlir::BlockArgument argument : model.getArguments())
    inputs.push_back(arrayFor(argument, input, images));
  reference::Parameters values;
  model.walk([&](graph::ReadParameterOp read) { values[read.getParameter()] = parameters.read(read.getParameter()); });
  llvm::StringMap<Tensor> many;
  auto keep = [&](llvm::StringRef name, const Tensor &value) {
    if (many.size() < inputs.size() || value.size() >= manyElements * images) // inputs come first
      many[name] = value;
  };
  if (!reference::interpret(model, inputs, values, keep))
    return internalError("verify", "the reference cannot compute the network's outputs");
  KnownValues known;
  for (auto &value : many)
    known[value.getKey()] = &value.getValue();
  StepReference reference(model, parameters);
  std::vector<Measured> outputs;
  for (mlir::Value output : model.getBody().front().getTerminator()->getOperands())
    if (llvm::Error error = reference.measure(graph::valueName(output), known, {}).moveInto(outputs.emplace_back()))
      return error;
  return outputs;
}

static bool isCopy(plan::KernelOp kernel) { return llvm::isa<plan::RelayoutOp>(kernel.getBody().front().front()); }

/// What a step's result is in the reference, from those of the steps before.
static llvm::Expected<Measured> stepResult(plan::KernelOp kernel, const tool::StepReference &reference,
                                           const llvm::DenseMap<mlir::Value, Measured> &values) {
  if (kernel.getNumResults() != 1)
    return tool::internalError("verify",
                               "a step of inference with several results, `" + graph::valueName(kernel.getLoc()) + "`");
  tool::KnownValues known;
  for (mlir::Value operand : kernel.getInputs())
    if (auto found = values.find(operand); found != values.end())
      known[graph::valueName(operand)] = &found->second.value;
  llvm::Expected<Measured> result =
      reference.measure(graph::valueName(kernel.getResult(0)), known, tool::StepAlgorithms(kernel, {}));
  if (!result)
    return result.takeError();
  for (double &value : result->value.data)
    value = plan::rounded(value, kernel.outputLayout(0).getElement());
  if (isCopy(kernel)) // it adds nothing up
    result->magnitude = values.find(kernel.getInputs()[0])->second.magnitude;
  return result;
}

llvm::Expected<std::vector<Measured>> tool::roundedOutputs(mlir::func::FuncOp variant, const StepReference &reference,
                                                           const RandomInput &input, int64_t images) {
  llvm::DenseMap<mlir::Value, Measured> values;
  for (mlir::BlockArgument argument : variant.getArguments()) {
    Tensor array = arrayFor(argument, input, images);
    Tensor magnitude = absolute(array);
    values[argument] = {std::move(array), std::move(magnitude)};
  }
  for (auto kernel : variant.getOps<plan::KernelOp>()) {
    llvm::Expected<Measured> result = stepResult(kernel, reference, values);
    if (!result)
      return result.takeError();
    values[kernel.getResult(0)] = std::move(*result);
  }
  std::vector<Measured> outputs;
  for (mlir::Value output : variant.getBody().front().getTerminator()->getOperands())
    outputs.push_back(values.find(output)->second);
  return outputs;
}

double tool::outputError(const Outputs &outputs, llvm::ArrayRef<Measured> expected) {
  double worst = 0;
  for (size_t port = 0; port < outputs.count(); ++port) {
    const auto &[value, magnitude] = expected[port];
    Tensor compiled(value.shape);
    std::copy_n(outputs[port], compiled.data.size(), compiled.data.begin());
    double error = relativeError(compiled, value, *std::max_element(magnitude.data.begin(), magnitude.data.end()) / 10);
    if (std::isnan(error))
      return error;
    worst = std::max(worst, error);
  }
  return worst;
}
