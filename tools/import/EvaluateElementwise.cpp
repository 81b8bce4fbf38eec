// Element by element, with the broadcasting of the format: dimensions are matched from the last, and one of size 1 is repeated.
#include "tools/import/Operation.h"

#include "tools/import/Constant.h"

#include <cmath>
#include <limits>
#include <numbers>

using namespace skip;
using namespace skip::onnx;
using reference::Tensor;

static Results map(const Operation &op, double (*f)(double)) {
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  Tensor y(op.tensor(0).shape);
  for (size_t i = 0; i < y.data.size(); ++i)
    y.data[i] = f(op.tensor(0).data[i]);
  return one(std::move(y), op.in(0).isReal);
}

template <typename Function> static Results mapWith(const Operation &op, const Function &f) {
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  Tensor y(op.tensor(0).shape);
  for (size_t i = 0; i < y.data.size(); ++i)
    y.data[i] = f(op.tensor(0).data[i]);
  return one(std::move(y), op.in(0).isReal);
}

/// The sizes that both are repeated to.
static llvm::Expected<std::vector<int64_t>> broadcast(const Operation &op, llvm::ArrayRef<int64_t> a,
                                                      llvm::ArrayRef<int64_t> b) {
  std::vector<int64_t> dims(std::max(a.size(), b.size()), 1);
  for (size_t d = 0; d < dims.size(); ++d) {
    int64_t left = d < a.size() ? a[a.size() - 1 - d] : 1, right = d < b.size() ? b[b.size() - 1 - d] : 1;
    if (left != right && left != 1 && right != 1)
      return op.fail("its inputs' sizes " + llvm::Twine(left) + " and " + llvm::Twine(right) + " do not fit");
    dims[dims.size() - 1 - d] = left == 1 ? right : left;
  }
  return dims;
}

/// Of a tensor repeated to `dims`: 0 where it is repeated.
static std::vector<int64_t> broadcastStrides(const Tensor &x, size_t rank) {
  std::vector<int64_t> strides(rank, 0), own = stridesOf(x.shape);
  for (size_t d = 0; d < x.shape.size(); ++d)
    strides[rank - x.shape.size() + d] = x.shape[d] == 1 ? 0 : own[d];
  return strides;
}

static int64_t offset(llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> strides) {
  int64_t at = 0;
  for (size_t d = 0; d < index.size(); ++d)
    at += index[d] * strides[d];
  return at;
}

static llvm::Expected<Tensor> combine(const Operation &op, const Tensor &a, const Tensor &b, double (*f)(double, double)) {
  llvm::Expected<std::vector<int64_t>> dims = broadcast(op, a.shape, b.shape);
  if (!dims)
    return dims.takeError();
  llvm::Expected<Tensor> y = op.allocate(*dims);
  if (!y)
    return y;
  std::vector<int64_t> left = broadcastStrides(a, dims->size()), right = broadcastStrides(b, dims->size());
  size_t i = 0;
  forEachIndex(*dims, [&](llvm::ArrayRef<int64_t> index) {
    y->data[i++] = f(a.data[offset(index, left)], b.data[offset(index, right)]);
  });
  return y;
}

static Results binary(const Operation &op, double (*f)(double, double)) {
  if (llvm::Error error = op.needInputs(2, 2))
    return error;
  llvm::Expected<Tensor> y = combine(op, op.tensor(0), op.tensor(1), f);
  return y ? one(std::move(*y), op.in(0).isReal) : y.takeError();
}

/// Of any number of inputs, from the left.
static Results variadic(const Operation &op, double (*f)(double, double)) {
  if (llvm::Error error = op.needInputs(op.count() ? op.count() : 1, op.count()))
    return error;
  Tensor y = op.tensor(0);
  for (size_t i = 1; i < op.count(); ++i)
    if (llvm::Error error = combine(op, y, op.tensor(i), f).moveInto(y))
      return error;
  return one(std::move(y), op.in(0).isReal);
}

static Results evaluateDiv(Operation &op) {
  if (llvm::Error error = op.needInputs(2, 2))
    return error;
  if (op.in(0).isReal)
    return binary(op, [](double a, double b) { return a / b; });
  for (double divisor : op.tensor(1).data)
    if (divisor == 0)
      return op.fail("a division by zero");
  return binary(op, [](double a, double b) { return std::trunc(a / b); });
}

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

static Results evaluateLeakyRelu(Operation &op) {
  double alpha = op.attributes.real("alpha", 0.01);
  return mapWith(op, [&](double x) { return x < 0 ? alpha * x : x; });
}

static Results evaluateHardSigmoid(Operation &op) {
  double alpha = op.attributes.real("alpha", 0.2), beta = op.attributes.real("beta", 0.5);
  return mapWith(op, [&](double x) { return std::max(0.0, std::min(1.0, alpha * x + beta)); });
}

static double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

static double hardSwish(double x) { return x * std::max(0.0, std::min(1.0, x / 6 + 0.5)); }

static Results evaluateGelu(Operation &op) {
  std::string way = op.attributes.text("approximate", "none");
  if (way == "none")
    return map(op, [](double x) { return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2)); });
  if (way == "tanh")
    return map(
        op, [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))); });
  return op.fail("`approximate` is neither `none` nor `tanh`");
}

static Results evaluateClip(Operation &op) {
  if (llvm::Error error = op.needInputs(1, 3))
    return error;
  double least = -std::numeric_limits<double>::infinity(), most = -least;
  for (auto [i, bound] : {std::pair(1, &least), std::pair(2, &most)}) {
    if (!op.has(i))
      continue;
    if (op.tensor(i).size() != 1)
      return op.fail("a bound is no single number");
    *bound = op.tensor(i).data[0];
  }
  Tensor y = op.tensor(0);
  for (double &value : y.data)
    value = std::min(most, std::max(value, least));
  return one(std::move(y), op.in(0).isReal);
}

/// `slope` is repeated to x's sizes, never the other way.
static Results evaluatePRelu(Operation &op) {
  Results y = binary(op, [](double x, double slope) { return x < 0 ? slope * x : x; });
  if (y && (*y)[0].tensor.shape != op.tensor(0).shape)
    return op.fail("its slopes have other sizes than its input");
  return y;
}

static Results evaluateEqual(Operation &op) {
  Results y = binary(op, [](double a, double b) { return a == b ? 1.0 : 0.0; });
  if (y)
    (*y)[0].isReal = false;
  return y;
}

/// The second where the first is not zero, else the third, all three repeated to one size.
static Results evaluateWhere(Operation &op) {
  if (llvm::Error error = op.needInputs(3, 3))
    return error;
  auto isChosen = [](double condition, double) { return condition != 0 ? 1.0 : 0.0; };
  llvm::Expected<Tensor> chosen = combine(op, op.tensor(0), op.tensor(1), isChosen);
  if (chosen)
    chosen = combine(op, *chosen, op.tensor(2), isChosen);
  if (!chosen)
    return chosen.takeError();
  auto repeated = [&](const Tensor &x) { return combine(op, x, *chosen, [](double value, double) { return value; }); };
  llvm::Expected<Tensor> yes = repeated(op.tensor(1)), no = yes ? repeated(op.tensor(2)) : yes.takeError();
  if (!no)
    return no.takeError();
  for (size_t i = 0; i < no->data.size(); ++i)
    no->data[i] = chosen->data[i] != 0 ? yes->data[i] : no->data[i];
  return one(std::move(*no), op.in(1).isReal);
}

static Results evaluateIdentity(Operation &op) {
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  return std::vector<Value>{op.in(0)};
}

/// In inference nothing is dropped.
static Results evaluateDropout(Operation &op) {
  for (llvm::StringRef name : {"ratio", "seed"})
    op.attributes.ignore(name);
  if (llvm::Error error = op.needInputs(1, 3))
    return error;
  if (op.has(2) && (op.tensor(2).size() != 1 || op.tensor(2).data[0] != 0))
    return op.fail("it is of training (`training_mode`)");
  return std::vector<Value>{op.in(0)};
}

static Results evaluateCast(Operation &op) {
  int64_t to = op.attributes.integer("to", 0);
  op.attributes.ignore("saturate");
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  Value result = op.in(0);
  switch (to) {
  case static_cast<int64_t>(ElementType::Float):
  case static_cast<int64_t>(ElementType::Double):
    result.isReal = true;
    return std::vector<Value>{std::move(result)};
  case static_cast<int64_t>(ElementType::Int32):
  case static_cast<int64_t>(ElementType::Int64):
    for (double &value : result.tensor.data)
      value = static_cast<double>(wholeOf(value));
    result.isReal = false;
    return std::vector<Value>{std::move(result)};
  default:
    return op.fail("a cast to type " + llvm::Twine(to) + " of the format's list");
  }
}

/// To whichever type the second input has.
static Results evaluateCastLike(Operation &op) {
  op.attributes.ignore("saturate");
  if (llvm::Error error = op.needInputs(2, 2))
    return error;
  Value result = op.in(0);
  for (double &value : result.tensor.data)
    value = op.in(1).isReal ? value : static_cast<double>(wholeOf(value));
  result.isReal = op.in(1).isReal;
  return std::vector<Value>{std::move(result)};
}

/// Before opset 13 all axes from `axis` on count as one.
static Results evaluateSoftmax(Operation &op) {
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  Tensor y = op.tensor(0);
  llvm::Expected<size_t> axis = op.axis(op.attributes.integer("axis", op.opset() < 13 ? 1 : -1), y.shape.size());
  if (!axis)
    return axis.takeError();
  int64_t inner = 1, length = y.shape[*axis];
  for (size_t d = *axis + 1; d < y.shape.size(); ++d)
    (op.opset() < 13 ? length : inner) *= y.shape[d];
  for (int64_t first = 0; length > 0 && first < y.size(); first += length * inner)
    for (int64_t i = first; i < first + inner; ++i) {
      double largest = -std::numeric_limits<double>::infinity(), sum = 0;
      for (int64_t k = 0; k < length; ++k)
        largest = std::max(largest, y.data[i + k * inner]);
      for (int64_t k = 0; k < length; ++k)
        sum += y.data[i + k * inner] = std::exp(y.data[i + k * inner] - largest);
      for (int64_t k = 0; k < length; ++k)
        y.data[i + k * inner] /= sum;
    }
  return one(std::move(y));
}

llvm::ArrayRef<EvaluatorEntry> onnx::elementwiseEvaluators() {
  static constexpr EvaluatorEntry entries[] = {
      {"Add", [](Operation &op) { return binary(op, [](double a, double b) { return a + b; }); }},
      {"Sub", [](Operation &op) { return binary(op, [](double a, double b) { return a - b; }); }},
      {"Mul", [](Operation &op) { return binary(op, [](double a, double b) { return a * b; }); }},
      {"Div", evaluateDiv},
      {"Pow", [](Operation &op) { return binary(op, [](double a, double b) { return std::pow(a, b); }); }},
      {"Sum", [](Operation &op) { return variadic(op, [](double a, double b) { return a + b; }); }},
      {"Max", [](Operation &op) { return variadic(op, [](double a, double b) { return std::max(a, b); }); }},
      {"Min", [](Operation &op) { return variadic(op, [](double a, double b) { return std::min(a, b); }); }},
      {"Relu", [](Operation &op) { return map(op, [](double x) { return x < 0 ? 0.0 : x; }); }},
      {"LeakyRelu", evaluateLeakyRelu},
      {"PRelu", evaluatePRelu},
      {"Sigmoid", [](Operation &op) { return map(op, sigmoid); }},
      {"HardSigmoid", evaluateHardSigmoid},
      {"HardSwish", [](Operation &op) { return map(op, hardSwish); }},
      {"Gelu", evaluateGelu},
      {"Softplus", [](Operation &op) { return map(op, softplus); }},
      {"Mish", [](Operation &op) { return map(op, [](double x) { return x * std::tanh(softplus(x)); }); }},
      {"Tanh", [](Operation &op) { return map(op, [](double x) { return std::tanh(x); }); }},
      {"Erf", [](Operation &op) { return map(op, [](double x) { return std::erf(x); }); }},
      {"Exp", [](Operation &op) { return map(op, [](double x) { return std::exp(x); }); }},
      {"Sqrt", [](Operation &op) { return map(op, [](double x) { return std::sqrt(x); }); }},
      {"Reciprocal", [](Operation &op) { return map(op, [](double x) { return 1 / x; }); }},
      {"Neg", [](Operation &op) { return map(op, [](double x) { return -x; }); }},
      {"Clip", evaluateClip},
      {"Equal", evaluateEqual},
      {"Where", evaluateWhere},
      {"Identity", evaluateIdentity},
      {"Dropout", evaluateDropout},
      {"Cast", evaluateCast},
      {"CastLike", evaluateCastLike},
      {"Softmax", evaluateSoftmax},
      {"BatchNormalization", evaluateBatchNorm},
  };
  return entries;
}
