// Convolutions, pools and products. Every convolution is made of the reference's plain one: padding is written out, a dilated
// filter has zeros between its taps, groups are computed one by one, and of unequal strides every output is computed and few
// are kept.
#include "tools/import/Operation.h"
#include "tools/import/Windows.h"

#include "ir/reference/Convolution.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::onnx;
using reference::Tensor;

/// The image with zeros around it.
static llvm::Expected<Tensor> padded(const Operation &op, const Tensor &x, const Window &window) {
  llvm::Expected<Tensor> y = op.allocate({x.dim(0), x.dim(1), x.dim(2) + window.height.before + window.height.after,
                                          x.dim(3) + window.width.before + window.width.after});
  if (!y)
    return y;
  for (int64_t row = 0; row < x.dim(0) * x.dim(1) * x.dim(2); ++row) {
    int64_t plane = row / x.dim(2), h = row % x.dim(2) + window.height.before;
    std::copy_n(x.data.begin() + row * x.dim(3), x.dim(3),
                y->data.begin() + (plane * y->dim(2) + h) * y->dim(3) + window.width.before);
  }
  return y;
}

static llvm::Expected<Tensor> dilated(const Operation &op, const Tensor &filter, const Window &window) {
  llvm::Expected<Tensor> y = op.allocate({filter.dim(0), filter.dim(1), window.height.span(), window.width.span()});
  if (!y)
    return y;
  size_t i = 0;
  forEachIndex(filter.shape, [&](llvm::ArrayRef<int64_t> at) {
    int64_t h = at[2] * window.height.dilation, w = at[3] * window.width.dilation;
    y->data[((at[0] * filter.dim(1) + at[1]) * y->dim(2) + h) * y->dim(3) + w] = filter.data[i++];
  });
  return y;
}

/// Channels `first` to `first + count` of each image; of a filter or a bias, that many of its first dimension.
static Tensor channelsOf(const Tensor &x, size_t axis, int64_t first, int64_t count) {
  std::vector<int64_t> dims = x.shape;
  int64_t outer = axis == 0 ? 1 : x.dim(0), inner = stridesOf(x.shape)[axis], all = dims[axis];
  dims[axis] = count;
  Tensor y(dims);
  for (int64_t o = 0; o < outer; ++o)
    std::copy_n(x.data.begin() + (o * all + first) * inner, count * inner, y.data.begin() + o * count * inner);
  return y;
}

static void putChannels(Tensor &y, const Tensor &part, int64_t first) {
  int64_t inner = y.dim(2) * y.dim(3), block = part.dim(1) * inner;
  for (int64_t n = 0; n < y.dim(0); ++n)
    std::copy_n(part.data.begin() + n * block, block, y.data.begin() + (n * y.dim(1) + first) * inner);
}

/// Every rows-th row and columns-th column.
static Tensor every(const Tensor &x, int64_t rows, int64_t columns) {
  Tensor y({x.dim(0), x.dim(1), (x.dim(2) + rows - 1) / rows, (x.dim(3) + columns - 1) / columns});
  size_t i = 0;
  forEachIndex(y.shape, [&](llvm::ArrayRef<int64_t> at) {
    y.data[i++] = x.data[((at[0] * x.dim(1) + at[1]) * x.dim(2) + at[2] * rows) * x.dim(3) + at[3] * columns];
  });
  return y;
}

/// Of rows of numbers, tap by tap.
static Results evaluateConvOfRows(Operation &op) {
  const Tensor &x = op.tensor(0), &filter = op.tensor(1);
  std::string problem;
  Window window;
  window.width = readExtent(op.attributes, x.dim(2), filter.dim(2), problem);
  const Extent &extent = window.width;
  int64_t groups = op.attributes.integer("group", 1), out = filter.dim(0), in = filter.dim(1);
  if (!problem.empty())
    return op.fail(problem);
  std::optional<int64_t> width = window.outputSize(extent, x.dim(2));
  if (groups < 1 || out < 1 || out % groups != 0 || x.dim(1) != in * groups || (op.has(2) && op.tensor(2).size() != out) ||
      filter.dim(2) != extent.kernel || !width)
    return op.fail("the sizes of its input, filter and bias do not fit");
  llvm::Expected<Tensor> y = op.allocate({x.dim(0), out, *width});
  if (!y)
    return y.takeError();
  forEachIndex(y->shape, [&](llvm::ArrayRef<int64_t> at) {
    int64_t first = at[1] / (out / groups) * in;
    double sum = op.has(2) ? op.tensor(2).data[at[1]] : 0;
    for (int64_t c = 0; c < in; ++c)
      for (int64_t k = 0; k < extent.kernel; ++k)
        if (int64_t column = at[2] * extent.stride - extent.before + k * extent.dilation; column >= 0 && column < x.dim(2))
          sum += x.data[(at[0] * x.dim(1) + first + c) * x.dim(2) + column] * filter.data[(at[1] * in + c) * extent.kernel + k];
    y->data[(at[0] * out + at[1]) * *width + at[2]] = sum;
  });
  return one(std::move(*y));
}

static Results evaluateConv(Operation &op) {
  if (llvm::Error error = op.needInputs(2, 3))
    return error;
  const Tensor &x = op.tensor(0), &filter = op.tensor(1);
  if (x.shape.size() == 3 && filter.shape.size() == 3)
    return evaluateConvOfRows(op);
  if (x.shape.size() != 4 || filter.shape.size() != 4)
    return op.fail("it is not of images");
  std::string problem;
  Window window = readWindow(op.attributes, x.dim(2), x.dim(3), llvm::ArrayRef(filter.shape).drop_front(2), problem);
  int64_t groups = op.attributes.integer("group", 1), out = filter.dim(0), in = filter.dim(1);
  if (!problem.empty())
    return op.fail(problem);
  if (groups < 1 || out < 1 || out % groups != 0 || x.dim(1) != in * groups || (op.has(2) && op.tensor(2).size() != out) ||
      filter.dim(2) != window.height.kernel || filter.dim(3) != window.width.kernel)
    return op.fail("the sizes of its input, filter and bias do not fit");
  std::optional<int64_t> height = window.outputSize(window.height, x.dim(2));
  std::optional<int64_t> width = window.outputSize(window.width, x.dim(3));
  if (!height || !width)
    return op.fail("its filter is larger than the image");
  llvm::Expected<Tensor> image = padded(op, x, window), taps = image ? dilated(op, filter, window) : image.takeError();
  llvm::Expected<Tensor> y = taps ? op.allocate({x.dim(0), out, *height, *width}) : taps.takeError();
  if (!y)
    return y.takeError();
  bool square = window.height.stride == window.width.stride;
  for (int64_t g = 0; g < groups; ++g) {
    int64_t first = g * (out / groups);
    Tensor bias = op.has(2) ? channelsOf(op.tensor(2), 0, first, out / groups) : Tensor();
    Tensor part =
        reference::convolve(groups == 1 ? *image : channelsOf(*image, 1, g * in, in), channelsOf(*taps, 0, first, out / groups),
                            op.has(2) ? &bias : nullptr, square ? window.height.stride : 1, 0);
    putChannels(*y, square ? part : every(part, window.height.stride, window.width.stride), first);
  }
  return one(std::move(*y));
}

namespace {
/// What a pool makes of a window.
struct Pooling {
  double start;
  double (*add)(double sum, double value);
  bool mean = false, countsPadding = false;
};
} // namespace

/// The taps of one direction that lie in the image, and how many lie in the image and its padding.
static std::pair<std::vector<int64_t>, int64_t> tapsOf(const Extent &extent, int64_t output, int64_t size) {
  std::vector<int64_t> taps;
  int64_t counted = 0;
  for (int64_t k = 0; k < extent.kernel; ++k) {
    int64_t at = output * extent.stride - extent.before + k * extent.dilation;
    counted += at < size + extent.after;
    if (at >= 0 && at < size)
      taps.push_back(at);
  }
  return {taps, counted};
}

static Results pool(Operation &op, const Pooling &pooling) {
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  const Tensor &x = op.tensor(0);
  if (x.shape.size() != 4)
    return op.fail("it is not of images");
  std::string problem;
  Window window = readWindow(op.attributes, x.dim(2), x.dim(3), {}, problem);
  std::optional<int64_t> height = problem.empty() ? window.outputSize(window.height, x.dim(2)) : std::nullopt;
  std::optional<int64_t> width = problem.empty() ? window.outputSize(window.width, x.dim(3)) : std::nullopt;
  if (!height || !width)
    return op.fail(problem.empty() ? "its window is larger than the image" : problem);
  llvm::Expected<Tensor> y = op.allocate({x.dim(0), x.dim(1), *height, *width});
  if (!y)
    return y.takeError();
  size_t i = 0;
  for (int64_t plane = 0; plane < x.dim(0) * x.dim(1); ++plane)
    for (int64_t p = 0; p < *height; ++p)
      for (int64_t q = 0; q < *width; ++q) {
        auto [rows, countedRows] = tapsOf(window.height, p, x.dim(2));
        auto [columns, countedColumns] = tapsOf(window.width, q, x.dim(3));
        double sum = pooling.start;
        for (int64_t h : rows)
          for (int64_t w : columns)
            sum = pooling.add(sum, x.data[(plane * x.dim(2) + h) * x.dim(3) + w]);
        auto inside = static_cast<int64_t>(rows.size() * columns.size());
        y->data[i++] =
            pooling.mean ? sum / static_cast<double>(pooling.countsPadding ? countedRows * countedColumns : inside) : sum;
      }
  return one(std::move(*y));
}

static double larger(double a, double b) { return a > b || std::isnan(a) ? a : b; }

static Results evaluateMaxPool(Operation &op) {
  op.attributes.ignore("storage_order"); // of a second output, which is not computed
  return pool(op, {-std::numeric_limits<double>::infinity(), larger});
}

static Results evaluateAveragePool(Operation &op) {
  bool countsPadding = op.attributes.integer("count_include_pad", 0) != 0;
  return pool(op, {0, [](double a, double b) { return a + b; }, true, countsPadding});
}

/// Over all dimensions behind the channels.
static Results globalPool(Operation &op, bool mean) {
  if (llvm::Error error = op.needInputs(1, 1))
    return error;
  const Tensor &x = op.tensor(0);
  if (x.shape.size() < 3 || x.size() == 0)
    return op.fail("it is not of images");
  std::vector<int64_t> dims(x.shape.size(), 1);
  dims[0] = x.dim(0), dims[1] = x.dim(1);
  Tensor y(dims);
  int64_t inner = stridesOf(x.shape)[1];
  for (int64_t plane = 0; plane < y.size(); ++plane) {
    double sum = mean ? 0 : -std::numeric_limits<double>::infinity();
    for (int64_t i = 0; i < inner; ++i)
      sum = mean ? sum + x.data[plane * inner + i] : larger(sum, x.data[plane * inner + i]);
    y.data[plane] = mean ? sum / static_cast<double>(inner) : sum;
  }
  return one(std::move(y));
}

static Tensor transposed(const Tensor &x) {
  Tensor y({x.dim(1), x.dim(0)});
  for (int64_t i = 0; i < x.size(); ++i)
    y.data[i % x.dim(1) * x.dim(0) + i / x.dim(1)] = x.data[i];
  return y;
}

static Results evaluateGemm(Operation &op) {
  if (llvm::Error error = op.needInputs(2, 3))
    return error;
  if (op.tensor(0).shape.size() != 2 || op.tensor(1).shape.size() != 2)
    return op.fail("its inputs are no matrices");
  double alpha = op.attributes.real("alpha", 1), beta = op.attributes.real("beta", 1);
  Tensor a = op.attributes.integer("transA", 0) ? transposed(op.tensor(0)) : op.tensor(0);
  Tensor b = op.attributes.integer("transB", 0) ? op.tensor(1) : transposed(op.tensor(1)); // [outputs, depth]
  if (a.dim(1) != b.dim(1))
    return op.fail("the sizes of its matrices do not fit");
  if (llvm::Expected<Tensor> fits = op.allocate({a.dim(0), b.dim(0)}); !fits)
    return fits.takeError();
  Tensor y = reference::multiply(a, b, nullptr);
  for (double &value : y.data)
    value *= alpha;
  if (!op.has(2))
    return one(std::move(y));
  const Tensor &c = op.tensor(2);
  int64_t columns = c.shape.empty() ? 1 : c.shape.back(), rows = c.shape.size() > 1 ? c.dim(0) : 1;
  if (c.shape.size() > 2 || (columns != 1 && columns != y.dim(1)) || (rows != 1 && rows != y.dim(0)))
    return op.fail("the sizes of its third input do not fit");
  for (int64_t i = 0; i < y.size(); ++i) {
    int64_t row = i / y.dim(1), column = i % y.dim(1);
    y.data[i] += beta * c.data[(rows == 1 ? 0 : row * columns) + (columns == 1 ? 0 : column)];
  }
  return one(std::move(y));
}

/// Of [..., rows, depth] and [..., depth, columns] with the same sizes before these: a product each.
static Results multiplyEach(const Operation &op) {
  const Tensor &x = op.tensor(0), &w = op.tensor(1);
  size_t rank = x.shape.size();
  bool isAlike = rank > 2 && w.shape.size() == rank &&
                 llvm::ArrayRef(x.shape).drop_back(2) == llvm::ArrayRef(w.shape).drop_back(2) &&
                 x.shape.back() == w.dim(rank - 2);
  if (!isAlike || x.size() == 0 || w.size() == 0)
    return op.fail("it is not a product with a matrix that fits, or of as many matrices");
  std::vector<int64_t> dims = x.shape;
  dims.back() = w.shape.back();
  llvm::Expected<Tensor> y = op.allocate(dims);
  if (!y)
    return y.takeError();
  int64_t rows = x.dim(rank - 2), depth = x.shape.back(), columns = w.shape.back();
  for (int64_t i = 0; i < y->size(); ++i) {
    int64_t matrix = i / (rows * columns), row = i / columns, column = i % columns;
    for (int64_t k = 0; k < depth; ++k)
      y->data[i] += x.data[row * depth + k] * w.data[(matrix * depth + k) * columns + column];
  }
  return one(std::move(*y));
}

/// Of any input and a matrix, or of several with one each.
static Results evaluateMatMul(Operation &op) {
  if (llvm::Error error = op.needInputs(2, 2))
    return error;
  const Tensor &x = op.tensor(0), &matrix = op.tensor(1);
  if (matrix.shape.size() > 2)
    return multiplyEach(op);
  if (x.shape.size() < 2 || matrix.shape.size() != 2 || x.shape.back() != matrix.dim(0) || x.shape.back() == 0)
    return op.fail("it is not a product with a matrix that fits");
  std::vector<int64_t> dims = x.shape;
  dims.back() = matrix.dim(1);
  if (llvm::Expected<Tensor> fits = op.allocate(dims); !fits)
    return fits.takeError();
  Tensor rows = x;
  rows.shape = {x.size() / x.shape.back(), x.shape.back()};
  Tensor y = reference::multiply(rows, transposed(matrix), nullptr);
  y.shape = dims;
  return one(std::move(y));
}

llvm::ArrayRef<EvaluatorEntry> onnx::windowEvaluators() {
  static constexpr EvaluatorEntry entries[] = {
      {"Conv", evaluateConv},
      {"MaxPool", evaluateMaxPool},
      {"AveragePool", evaluateAveragePool},
      {"GlobalAveragePool", [](Operation &op) { return globalPool(op, true); }},
      {"GlobalMaxPool", [](Operation &op) { return globalPool(op, false); }},
      {"Gemm", evaluateGemm},
      {"MatMul", evaluateMatMul},
      {"Resize", evaluateResize},
      {"InstanceNormalization", evaluateInstanceNorm},
      {"GroupNormalization", evaluateGroupNorm},
      {"LayerNormalization", evaluateLayerNorm},
  };
  return entries;
}
