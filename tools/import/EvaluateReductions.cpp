// What is one number of many.
#include "tools/import/Operation.h"

#include "tools/import/Constant.h"

#include "llvm/ADT/STLExtras.h"

#include <limits>

using namespace skip;
using namespace skip::onnx;
using reference::Tensor;

enum class Reduction { Mean, Max, Sum };

/// Over the dimensions that it names, or all: their mean, their sum, or the largest; of NaN, as it comes.
static Results reduce(Operation &op, Reduction reduction) {
  int64_t since = reduction == Reduction::Sum ? 13 : 18; // axes are an input
  bool takesLargest = reduction == Reduction::Max;
  if (llvm::Error error = op.needInputs(1, op.opset() < since ? 1 : 2))
    return error;
  const Tensor &x = op.tensor(0);
  bool keeps = op.attributes.integer("keepdims", 1) != 0, none = op.attributes.integer("noop_with_empty_axes", 0) != 0;
  std::vector<int64_t> list = op.axesOf(1, since);
  if (list.empty() && none)
    return std::vector<Value>{op.in(0)};
  bool takesAll = list.empty();
  for (size_t d = 0; takesAll && d < x.shape.size(); ++d)
    list.push_back(static_cast<int64_t>(d));
  llvm::Expected<std::vector<size_t>> axes = op.axes(list, x.shape.size());
  if (!axes)
    return axes.takeError();
  std::vector<int64_t> dims = x.shape, kept;
  for (size_t axis : *axes)
    dims[axis] = 1;
  for (size_t d = 0; d < dims.size(); ++d)
    if (keeps || !llvm::is_contained(*axes, d))
      kept.push_back(dims[d]);
  Tensor y(dims);
  if (takesLargest)
    std::fill(y.data.begin(), y.data.end(), -std::numeric_limits<double>::infinity());
  std::vector<int64_t> strides = stridesOf(dims);
  size_t i = 0;
  forEachIndex(x.shape, [&](llvm::ArrayRef<int64_t> index) {
    int64_t at = 0;
    for (size_t d = 0; d < index.size(); ++d)
      at += dims[d] == 1 ? 0 : index[d] * strides[d];
    y.data[at] = takesLargest ? std::max(y.data[at], x.data[i]) : y.data[at] + x.data[i];
    ++i;
  });
  for (double &value : y.data)
    value /= reduction == Reduction::Mean ? static_cast<double>(x.size()) / static_cast<double>(y.size()) : 1;
  y.shape = kept;
  return one(std::move(y));
}

Results onnx::evaluateReduceMean(Operation &op) { return reduce(op, Reduction::Mean); }
Results onnx::evaluateReduceMax(Operation &op) { return reduce(op, Reduction::Max); }
Results onnx::evaluateReduceSum(Operation &op) { return reduce(op, Reduction::Sum); }
