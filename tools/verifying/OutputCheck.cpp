// The steps' own checks start anew from each step's inputs. This one does not, so that a value that is handed on wrongly
// between two right steps shows.
#include "tools/verifying/OutputCheck.h"

#include "ir/graph/Graph.h"
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

bool tool::isSmallEnough(mlir::func::FuncOp model, int64_t images) {
  return listLayers(model).multiplyAdds <= mostMultiplyAdds / images;
}

llvm::Expected<std::vector<Measured>> tool::expectedOutputs(mlir::func::FuncOp model, const Checkpoint &parameters,
                                                            const RandomInput &input, int64_t images) {
  std::vector<Tensor> inputs;
  for (mlir::BlockArgument argument : model.getArguments()) {
    std::vector<int64_t> shape = llvm::cast<mlir::RankedTensorType>(argument.getType()).getShape().vec();
    shape[0] = images;
    const std::vector<float> &from = input.input(argument.getArgNumber());
    std::copy(from.begin(), from.end(), inputs.emplace_back(std::move(shape)).data.begin());
  }
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
