// Parts of tensors, and tensors of parts.
#include "tools/import/Operation.h"

#include "tools/import/Constant.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip;
using namespace skip::onnx;
using reference::Tensor;

Results onnx::evaluateConcat(Operation &op) {
  if (llvm::Error error = op.needInputs(op.count() ? op.count() : 1, op.count()))
    return error;
  std::vector<int64_t> dims = op.tensor(0).shape;
  if (!op.attributes.has("axis"))
    return op.fail("`axis` is missing");
  llvm::Expected<size_t> axis = op.axis(op.attributes.integer("axis", 0), dims.size());
  if (!axis)
    return axis.takeError();
  int64_t total = 0;
  dims[*axis] = 0;
  for (size_t i = 0; i < op.count(); ++i) {
    std::vector<int64_t> own = op.tensor(i).shape;
    if (own.size() != dims.size() || llvm::AddOverflow(total, own[*axis], total))
      return op.fail("its inputs do not fit");
    own[*axis] = 0;
    if (own != dims)
      return op.fail("its inputs differ in more than one size");
  }
  dims[*axis] = total;
  llvm::Expected<Tensor> y = op.allocate(dims);
  if (!y)
    return y.takeError();
  int64_t outer = 1, inner = stridesOf(dims)[*axis], before = 0;
  for (size_t d = 0; d < *axis; ++d)
    outer *= dims[d];
  for (size_t i = 0; i < op.count(); ++i) {
    int64_t block = op.tensor(i).shape[*axis] * inner;
    for (int64_t o = 0; o < outer; ++o)
      std::copy_n(op.tensor(i).data.begin() + o * block, block, y->data.begin() + o * dims[*axis] * inner + before);
    before += block;
  }
  return one(std::move(*y), op.in(0).isReal);
}

Results onnx::evaluateSlice(Operation &op) {
  if (llvm::Error error = op.needInputs(3, 5))
    return error;
  const Tensor &x = op.tensor(0);
  std::vector<int64_t> starts = op.integers(1), ends = op.integers(2), list, steps(starts.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i)
    list.push_back(static_cast<int64_t>(i));
  list = op.has(3) ? op.integers(3) : list;
  steps = op.has(4) ? op.integers(4) : steps;
  if (ends.size() != starts.size() || list.size() != starts.size() || steps.size() != starts.size())
    return op.fail("its inputs differ in length");
  if (llvm::Expected<std::vector<size_t>> unique = op.axes(list, x.shape.size()); !unique)
    return unique.takeError();
  std::vector<int64_t> dims = x.shape, strides = stridesOf(x.shape);
  int64_t first = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    size_t axis = *op.axis(list[i], x.shape.size());
    int64_t size = x.shape[axis];
    if (steps[i] == 0 || steps[i] < -INT32_MAX || steps[i] > INT32_MAX)
      return op.fail("a step of " + llvm::Twine(steps[i]));
    // Backwards, the first is at most the last element, and the end may lie before the first.
    int64_t back = steps[i] < 0 ? 1 : 0;
    auto bound = [&](int64_t at, int64_t least) {
      return std::clamp<int64_t>(at < 0 ? at + size : at, least, std::max(least, size - back));
    };
    int64_t start = bound(starts[i], 0), end = bound(ends[i], -back), length = back ? start - end : end - start;
    dims[axis] = size > 0 && length > 0 ? (length - 1) / std::abs(steps[i]) + 1 : 0;
    first += start * strides[axis];
    strides[axis] *= steps[i];
  }
  Tensor y(dims);
  size_t i = 0;
  forEachIndex(dims, [&](llvm::ArrayRef<int64_t> index) {
    int64_t at = first;
    for (size_t d = 0; d < index.size(); ++d)
      at += index[d] * strides[d];
    y.data[i++] = x.data[at];
  });
  return one(std::move(y), op.in(0).isReal);
}

/// Parts behind each other: of given sizes, or as many as it has outputs, of one size but for the last.
Results onnx::evaluateSplit(Operation &op) {
  if (llvm::Error error = op.needInputs(1, op.opset() < 13 ? 1 : 2))
    return error;
  const Tensor &x = op.tensor(0);
  llvm::Expected<size_t> axis = op.axis(op.attributes.integer("axis", 0), x.shape.size());
  if (!axis)
    return axis.takeError();
  std::vector<int64_t> sizes = op.has(1) ? op.integers(1) : op.attributes.integers("split", {});
  int64_t parts = op.attributes.integer("num_outputs", static_cast<int64_t>(op.outputs()));
  int64_t all = x.shape[*axis], inner = stridesOf(x.shape)[*axis], first = 0;
  constexpr int64_t mostParts = 4096;
  if (parts < 1 || parts > mostParts || sizes.size() > static_cast<size_t>(mostParts))
    return op.fail("a number of parts that is none");
  if (sizes.empty()) {
    sizes.assign(static_cast<size_t>(parts), (all + parts - 1) / parts);
    sizes.back() = all - sizes.front() * (parts - 1);
  }
  std::vector<Value> results;
  for (int64_t size : sizes) {
    if (size < 0 || size > all - first)
      return op.fail("its parts are larger than its input");
    std::vector<int64_t> dims = x.shape;
    dims[*axis] = size;
    Tensor y(dims);
    int64_t block = size * inner;
    for (int64_t o = 0; block > 0 && o < y.size() / block; ++o)
      std::copy_n(x.data.begin() + (o * all + first) * inner, block, y.data.begin() + o * block);
    results.push_back({std::move(y), op.in(0).isReal});
    first += size;
  }
  return first == all ? Results(std::move(results)) : op.fail("its parts are smaller than its input");
}
