// Operations that move elements, and those that speak of sizes.
#include "tools/import/Operation.h"

#include "tools/import/Constant.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip;
using namespace skip::onnx;
using reference::Tensor;

static Results evaluateConstant(Operation &op) {
  if (const onnx::Constant *tensor = op.attributes.tensor("value"))
    return std::vector<Value>{valueOf(*tensor)};
  Value value;
  if (op.attributes.has("value_float"))
    value.tensor.data = {op.attributes.real("value_float", 0)};
  else if (op.attributes.has("value_int"))
    value = {{}, false}, value.tensor.data = {static_cast<double>(op.attributes.integer("value_int", 0))};
  else if (op.attributes.has("value_ints")) {
    for (int64_t number : op.attributes.integers("value_ints", {}))
      value.tensor.data.push_back(static_cast<double>(number));
    value.tensor.shape = {value.tensor.size()};
    value.isReal = false;
  } else if (op.attributes.has("value_floats")) {
    value.tensor.data = op.attributes.reals("value_floats");
    value.tensor.shape = {value.tensor.size()};
  } else
    return op.fail("a constant that is neither a tensor nor a number");
  return std::vector<Value>{std::move(value)};
}

static Results evaluateConstantOfShape(Operation &op) {
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  llvm::Expected<Tensor> y = op.allocate(op.integers(0));
  if (!y)
    return y.takeError();
  const onnx::Constant *filling = op.attributes.tensor("value");
  Value value = filling ? valueOf(*filling) : Value{Tensor({1}), true};
  if (value.tensor.size() != 1)
    return op.fail("`value` is no single number");
  std::fill(y->data.begin(), y->data.end(), value.tensor.data[0]);
  return one(std::move(*y), value.isReal);
}

/// Numbers from the first input on, the third apart, short of the second.
static Results evaluateRange(Operation &op) {
  if (llvm::Error error = op.needInputs(3, 3))
    return error;
  for (size_t i = 0; i < 3; ++i)
    if (op.tensor(i).size() != 1 || !std::isfinite(op.tensor(i).data[0]))
      return op.fail("start, limit and delta are single numbers");
  double start = op.tensor(0).data[0], delta = op.tensor(2).data[0], count = std::ceil((op.tensor(1).data[0] - start) / delta);
  if (!(std::abs(count) <= 1e15)) // also of a delta of zero; what is too large for memory `allocate` refuses
    return op.fail("it has no end");
  llvm::Expected<Tensor> y = op.allocate({std::max<int64_t>(0, static_cast<int64_t>(count))});
  if (!y)
    return y.takeError();
  for (size_t i = 0; i < y->data.size(); ++i)
    y->data[i] = start + static_cast<double>(i) * delta;
  return one(std::move(*y), op.in(0).isReal);
}

static Results evaluateShape(Operation &op) {
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  const std::vector<int64_t> &dims = op.tensor(0).shape;
  auto rank = static_cast<int64_t>(dims.size());
  auto bound = [&](llvm::StringRef name, int64_t otherwise) {
    int64_t at = op.attributes.integer(name, otherwise);
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  int64_t start = bound("start", 0), end = bound("end", rank);
  Tensor y({std::max<int64_t>(0, end - start)});
  for (int64_t d = start; d < end; ++d)
    y.data[d - start] = static_cast<double>(dims[d]);
  return one(std::move(y), false);
}

static Results evaluateGather(Operation &op) {
  if (llvm::Error error = op.needInputs(2, 2))
    return error;
  const Tensor &x = op.tensor(0), &indices = op.tensor(1);
  llvm::Expected<size_t> axis = op.axis(op.attributes.integer("axis", 0), x.shape.size());
  if (!axis)
    return axis.takeError();
  std::vector<int64_t> dims(x.shape.begin(), x.shape.begin() + static_cast<int64_t>(*axis));
  dims.insert(dims.end(), indices.shape.begin(), indices.shape.end());
  dims.insert(dims.end(), x.shape.begin() + static_cast<int64_t>(*axis) + 1, x.shape.end());
  llvm::Expected<Tensor> y = op.allocate(dims);
  if (!y)
    return y.takeError();
  int64_t length = x.shape[*axis], inner = stridesOf(x.shape)[*axis];
  std::vector<int64_t> chosen = op.integers(1);
  for (int64_t &index : chosen) {
    if (index < -length || index >= length)
      return op.fail("index " + llvm::Twine(index) + " of " + llvm::Twine(length) + " elements");
    index += index < 0 ? length : 0;
  }
  int64_t count = indices.size();
  for (int64_t i = 0; i < y->size(); ++i)
    y->data[i] = x.data[(i / (count * inner) * length + chosen[i / inner % count]) * inner + i % inner];
  return one(std::move(*y), op.in(0).isReal);
}

/// The same elements with other sizes.
static Results reshaped(const Operation &op, std::vector<int64_t> dims) {
  if (countElements(dims) != op.tensor(0).size())
    return op.fail("its result would have another number of elements than its input");
  Value y = op.in(0);
  y.tensor.shape = std::move(dims);
  return std::vector<Value>{std::move(y)};
}

static Results evaluateReshape(Operation &op) {
  if (llvm::Error error = op.needInputs(2, 2))
    return error;
  bool keepsZeros = op.attributes.integer("allowzero", 0) != 0;
  const std::vector<int64_t> &from = op.tensor(0).shape;
  std::vector<int64_t> dims = op.integers(1);
  int64_t known = 1;
  std::optional<size_t> open;
  for (size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 0 && !keepsZeros && d < from.size())
      dims[d] = from[d];
    if (dims[d] == -1 && !open)
      open = d;
    else if (dims[d] < 0 || llvm::MulOverflow(known, dims[d], known))
      return op.fail("a size of " + llvm::Twine(dims[d]));
  }
  if (open)
    dims[*open] = known > 0 ? op.tensor(0).size() / known : 0;
  return reshaped(op, std::move(dims));
}

static Results evaluateFlatten(Operation &op) {
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  const std::vector<int64_t> &dims = op.tensor(0).shape;
  int64_t axis = op.attributes.integer("axis", 1), rank = static_cast<int64_t>(dims.size());
  axis += axis < 0 ? rank : 0;
  if (axis < 0 || axis > rank)
    return op.fail("`axis` is not among the dimensions");
  std::vector<int64_t> flat = {1, 1};
  for (int64_t d = 0; d < rank; ++d)
    flat[d >= axis] *= dims[d];
  return reshaped(op, std::move(flat));
}

static Results evaluateSqueeze(Operation &op) {
  if (llvm::Error error = op.needInputs(1, op.opset() < 13 ? 1 : 2))
    return error;
  const std::vector<int64_t> &dims = op.tensor(0).shape;
  std::vector<int64_t> list = op.axesOf(1, 13);
  bool drops = list.empty();
  for (size_t d = 0; drops && d < dims.size(); ++d)
    if (dims[d] == 1)
      list.push_back(static_cast<int64_t>(d));
  llvm::Expected<std::vector<size_t>> axes = op.axes(list, dims.size());
  if (!axes)
    return axes.takeError();
  std::vector<int64_t> kept;
  for (size_t d = 0; d < dims.size(); ++d)
    if (!llvm::is_contained(*axes, d))
      kept.push_back(dims[d]);
  return reshaped(op, std::move(kept));
}

static Results evaluateUnsqueeze(Operation &op) {
  if (llvm::Error error = op.needInputs(1, op.opset() < 13 ? 1 : 2))
    return error;
  std::vector<int64_t> list = op.axesOf(1, 13), dims = op.tensor(0).shape;
  llvm::Expected<std::vector<size_t>> axes = op.axes(list, dims.size() + list.size());
  if (!axes)
    return axes.takeError();
  for (size_t axis : *axes)
    dims.insert(dims.begin() + static_cast<int64_t>(axis), 1);
  return reshaped(op, std::move(dims));
}

static Results evaluateTranspose(Operation &op) {
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  const Tensor &x = op.tensor(0);
  std::vector<int64_t> order;
  for (size_t d = x.shape.size(); d-- > 0;)
    order.push_back(static_cast<int64_t>(d));
  order = op.attributes.integers("perm", order);
  llvm::Expected<std::vector<size_t>> axes = op.axes(order, x.shape.size());
  if (!axes)
    return axes.takeError();
  if (order.size() != x.shape.size())
    return op.fail("`perm` does not name each dimension");
  std::vector<int64_t> dims, strides, own = stridesOf(x.shape);
  for (int64_t axis : order) {
    auto from = static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(order.size()) : axis);
    dims.push_back(x.shape[from]);
    strides.push_back(own[from]);
  }
  Tensor y(dims);
  size_t i = 0;
  forEachIndex(dims, [&](llvm::ArrayRef<int64_t> index) {
    int64_t at = 0;
    for (size_t d = 0; d < index.size(); ++d)
      at += index[d] * strides[d];
    y.data[i++] = x.data[at];
  });
  return one(std::move(y), op.in(0).isReal);
}

static Results evaluateExpand(Operation &op) {
  if (llvm::Error error = op.needInputs(2, 2))
    return error;
  const Tensor &x = op.tensor(0);
  std::vector<int64_t> wanted = op.integers(1), dims(std::max(wanted.size(), x.shape.size()), 1);
  std::vector<int64_t> strides(dims.size(), 0), own = stridesOf(x.shape);
  for (size_t d = 0; d < dims.size(); ++d) { // from the last
    size_t at = dims.size() - 1 - d;
    int64_t left = d < x.shape.size() ? x.shape[x.shape.size() - 1 - d] : 1;
    int64_t right = d < wanted.size() ? wanted[wanted.size() - 1 - d] : 1;
    if (left != right && left != 1 && right != 1)
      return op.fail("its sizes do not fit");
    dims[at] = left == 1 ? right : left;
    strides[at] = left == 1 ? 0 : own[x.shape.size() - 1 - d];
  }
  llvm::Expected<Tensor> y = op.allocate(dims);
  if (!y)
    return y.takeError();
  size_t i = 0;
  forEachIndex(dims, [&](llvm::ArrayRef<int64_t> index) {
    int64_t at = 0;
    for (size_t d = 0; d < index.size(); ++d)
      at += index[d] * strides[d];
    y->data[i++] = x.data[at];
  });
  return one(std::move(*y), op.in(0).isReal);
}

namespace {
/// The sizes of a padded tensor, and how many elements are before each of the input's dimensions.
struct Padding {
  std::vector<int64_t> dims, before;
};
} // namespace

static llvm::Expected<Padding> readPadding(const Operation &op, bool isReflection) {
  const std::vector<int64_t> &from = op.tensor(0).shape;
  Padding padding{from, std::vector<int64_t>(from.size(), 0)};
  std::vector<int64_t> pads = op.integers(1), list;
  for (size_t d = 0; d < from.size(); ++d)
    list.push_back(static_cast<int64_t>(d));
  list = op.has(3) ? op.integers(3) : list;
  if (llvm::Expected<std::vector<size_t>> unique = op.axes(list, from.size()); !unique)
    return unique.takeError();
  if (pads.size() != 2 * list.size() || (op.has(2) && op.tensor(2).size() != 1))
    return op.fail("its inputs have wrong lengths");
  for (size_t i = 0; i < list.size(); ++i) {
    size_t axis = *op.axis(list[i], from.size());
    int64_t after = pads[list.size() + i], most = isReflection ? from[axis] - 1 : INT32_MAX;
    if (pads[i] < 0 || after < 0 || pads[i] > most || after > most)
      return op.fail("a padding below zero, or too large");
    padding.before[axis] = pads[i];
    padding.dims[axis] += pads[i] + after;
  }
  return padding;
}

/// With a number around it, or by reflection at its first and last elements.
static Results evaluatePad(Operation &op) {
  if (llvm::Error error = op.needInputs(2, 4))
    return error;
  const Tensor &x = op.tensor(0);
  std::string mode = op.attributes.text("mode", "constant");
  bool isReflection = mode == "reflect";
  if (mode != "constant" && !isReflection)
    return op.fail("`mode` is not `constant` or `reflect`");
  llvm::Expected<Padding> padding = readPadding(op, isReflection);
  if (!padding)
    return padding.takeError();
  llvm::Expected<Tensor> y = op.allocate(padding->dims);
  if (!y)
    return y.takeError();
  double filling = op.has(2) ? op.tensor(2).data[0] : 0.0;
  std::vector<int64_t> strides = stridesOf(x.shape);
  size_t i = 0;
  forEachIndex(padding->dims, [&](llvm::ArrayRef<int64_t> index) {
    int64_t at = 0;
    bool isInside = true;
    for (size_t d = 0; d < index.size(); ++d) {
      int64_t place = index[d] - padding->before[d], size = x.shape[d];
      isInside &= place >= 0 && place < size;
      at += (place < 0 ? -place : place < size ? place : 2 * (size - 1) - place) * strides[d];
    }
    y->data[i++] = isInside || isReflection ? x.data[at] : filling;
  });
  return one(std::move(*y), op.in(0).isReal);
}

llvm::ArrayRef<EvaluatorEntry> onnx::arrayEvaluators() {
  static constexpr EvaluatorEntry entries[] = {
      {"Constant", evaluateConstant},   {"ConstantOfShape", evaluateConstantOfShape},
      {"Range", evaluateRange},         {"Shape", evaluateShape},
      {"Gather", evaluateGather},       {"Concat", evaluateConcat},
      {"Reshape", evaluateReshape},     {"Flatten", evaluateFlatten},
      {"Squeeze", evaluateSqueeze},     {"Unsqueeze", evaluateUnsqueeze},
      {"Transpose", evaluateTranspose}, {"Slice", evaluateSlice},
      {"Expand", evaluateExpand},       {"Pad", evaluatePad},
      {"Split", evaluateSplit},         {"ReduceMean", evaluateReduceMean},
      {"ReduceMax", evaluateReduceMax}, {"ReduceSum", evaluateReduceSum},
  };
  return entries;
}
