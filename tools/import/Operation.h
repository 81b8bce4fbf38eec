// One evaluation of one node, and what the evaluators of operations share.
#pragma once

#include "tools/import/Attributes.h"
#include "tools/import/Evaluate.h"

namespace skip::onnx {

using Results = llvm::Expected<std::vector<Value>>;

class Operation {
public:
  Operation(const Model &model, const Node &node, llvm::ArrayRef<const Value *> inputs, int64_t mostElements)
      : attributes(node), model(model), node(node), inputs(inputs), mostElements(mostElements) {}

  size_t count() const { return inputs.size(); }
  bool has(size_t i) const { return i < inputs.size() && inputs[i]; }
  const Value &in(size_t i) const { return *inputs[i]; }
  const reference::Tensor &tensor(size_t i) const { return inputs[i]->tensor; }
  /// An input's elements as whole numbers.
  std::vector<int64_t> integers(size_t i) const;
  int64_t opset() const { return model.opset; }
  size_t outputs() const { return node.outputs.size(); }

  llvm::Error fail(const llvm::Twine &what) const;
  /// Inputs 0 to `least` - 1 are there, and none beyond `most`.
  llvm::Error needInputs(size_t least, size_t most) const;
  /// Zeros, unless there are too many.
  llvm::Expected<reference::Tensor> allocate(std::vector<int64_t> dims) const;
  /// `axis` from the end where it is negative; an error outside of -rank to rank - 1.
  llvm::Expected<size_t> axis(int64_t axis, size_t rank) const;
  /// Each once, ascending.
  llvm::Expected<std::vector<size_t>> axes(llvm::ArrayRef<int64_t> list, size_t rank) const;
  /// Axes stand in an attribute before opset `since`, then in input `i`; empty where there are none.
  std::vector<int64_t> axesOf(size_t i, int64_t since);

  Attributes attributes;

private:
  const Model &model;
  const Node &node;
  llvm::ArrayRef<const Value *> inputs;
  int64_t mostElements;
};

inline Results one(reference::Tensor tensor, bool isReal = true) {
  std::vector<Value> results;
  results.push_back({std::move(tensor), isReal});
  return results;
}

/// Elements apart in each dimension, of a row-major tensor.
std::vector<int64_t> stridesOf(llvm::ArrayRef<int64_t> dims);

/// Calls f(index) for each index below `dims`, the last dimension the fastest.
template <typename Function> void forEachIndex(llvm::ArrayRef<int64_t> dims, const Function &f) {
  std::vector<int64_t> index(dims.size(), 0);
  for (int64_t dim : dims)
    if (dim == 0)
      return;
  while (true) {
    f(llvm::ArrayRef<int64_t>(index));
    size_t d = dims.size();
    while (d > 0 && ++index[d - 1] == dims[d - 1])
      index[--d] = 0;
    if (d == 0)
      return;
  }
}

Results evaluateBatchNorm(Operation &op);
Results evaluateInstanceNorm(Operation &op);
Results evaluateGroupNorm(Operation &op);
Results evaluateLayerNorm(Operation &op);
Results evaluateResize(Operation &op);
Results evaluateConcat(Operation &op);
Results evaluateSlice(Operation &op);
Results evaluateSplit(Operation &op);
Results evaluateReduceMean(Operation &op);
Results evaluateReduceMax(Operation &op);
Results evaluateReduceSum(Operation &op);

using Evaluator = Results (*)(Operation &);
struct EvaluatorEntry {
  llvm::StringLiteral name;
  Evaluator evaluate;
};
/// The operations of each file.
llvm::ArrayRef<EvaluatorEntry> elementwiseEvaluators(), arrayEvaluators(), windowEvaluators();

} // namespace skip::onnx
