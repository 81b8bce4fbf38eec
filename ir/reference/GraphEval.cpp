// The reference semantics of each operation, in double precision: slow, obvious, and what everything else is held against.
#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"
#include "ir/reference/Convolution.h"
#include "ir/reference/Windows.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace skip::graph;
using skip::reference::Tensor;
using Operands = llvm::ArrayRef<const Tensor *>;

/// x with f(element, channel) applied to every element; channels are axis 1.
template <typename Function> static Tensor mapPerChannel(const Tensor &x, Function f) {
  Tensor y(x.shape);
  int64_t channels = x.dim(1), planeSize = x.size() / std::max<int64_t>(1, x.dim(0) * channels);
  for (int64_t i = 0; i < x.size();)
    for (int64_t c = i / planeSize % channels, end = i + planeSize; i < end; ++i)
      y.data[i] = f(x.data[i], c);
  return y;
}

/// y[n, c, p, q] = f(n * C + c, p, q) for a result of the given shape.
template <typename Function> static Tensor generate(std::vector<int64_t> shape, Function f) {
  Tensor y(std::move(shape));
  int64_t height = y.dim(2), width = y.dim(3);
  for (int64_t i = 0; i < y.size(); ++i)
    y.data[i] = f(i / (height * width), i / width % height, i % width);
  return y;
}

Tensor BnScaleOp::compute(Operands in) {
  Tensor y(in[0]->shape);
  for (int64_t c = 0; c < y.size(); ++c)
    y.data[c] = in[0]->data[c] / std::sqrt(in[1]->data[c] + getEpsilon().convertToDouble());
  return y;
}

Tensor BnShiftOp::compute(Operands in) {
  Tensor y(in[0]->shape);
  for (int64_t c = 0; c < y.size(); ++c)
    y.data[c] = in[0]->data[c] + ((in.size() > 3 ? in[3]->data[c] : 0.0) - in[1]->data[c]) * in[2]->data[c];
  return y;
}

Tensor ScaleFilterOp::compute(Operands in) {
  Tensor y(in[0]->shape);
  int64_t perOutput = y.size() / y.dim(0);
  for (int64_t i = 0; i < y.size(); ++i)
    y.data[i] = in[0]->data[i] * in[1]->data[i / perOutput];
  return y;
}

Tensor Conv2dOp::compute(Operands in) {
  return reference::convolve(*in[0], *in[1], in.size() > 2 ? in[2] : nullptr, getStride(), getPadding());
}

Tensor GeneralConv2dOp::compute(Operands in) {
  llvm::ArrayRef<int64_t> type = llvm::cast<mlir::RankedTensorType>(getY().getType()).getShape();
  return reference::convolveGeneral(*in[0], *in[1], in.size() > 2 ? in[2] : nullptr,
                                    {.rows = {getStrides()[0], getDilations()[0], getPads()[0]},
                                     .columns = {getStrides()[1], getDilations()[1], getPads()[1]},
                                     .groups = int64_t(getGroups())},
                                    type[2], type[3]);
}

Tensor LinearOp::compute(Operands in) { return reference::multiply(*in[0], *in[1], in.size() > 2 ? in[2] : nullptr); }

Tensor BatchNormOp::compute(Operands in) {
  double epsilon = getEpsilon().convertToDouble();
  std::vector<double> deviations;
  for (double variance : in[4]->data)
    deviations.push_back(std::sqrt(variance + epsilon));
  return mapPerChannel(
      *in[0], [&](double x, int64_t c) { return in[1]->data[c] * (x - in[3]->data[c]) / deviations[c] + in[2]->data[c]; });
}

Tensor ScaleShiftOp::compute(Operands in) {
  return mapPerChannel(*in[0], [&](double x, int64_t c) { return x * in[1]->data[c] + in[2]->data[c]; });
}

Tensor GroupNormOp::compute(Operands in) {
  const Tensor &x = *in[0], &moments = *in[1];
  int64_t channels = x.dim(1), ofGroup = channels / int64_t(getGroups());
  int64_t planeSize = x.size() / std::max<int64_t>(1, x.dim(0) * channels);
  double epsilon = getEpsilon().convertToDouble(), pixels = static_cast<double>(planeSize);
  Tensor y(x.shape);
  for (int64_t first = 0; first < x.dim(0) * channels; first += ofGroup) {
    double mean = 0, squares = 0;
    for (int64_t plane = first; plane < first + ofGroup; ++plane)
      mean += moments.data[2 * plane] / static_cast<double>(ofGroup);
    for (int64_t plane = first; plane < first + ofGroup; ++plane) {
      double distance = moments.data[2 * plane] - mean;
      squares += moments.data[2 * plane + 1] + pixels * distance * distance;
    }
    double deviation = std::sqrt(squares / (pixels * static_cast<double>(ofGroup)) + epsilon);
    for (int64_t i = first * planeSize; i < (first + ofGroup) * planeSize; ++i)
      y.data[i] =
          in[2]->data[i / planeSize % channels] * (x.data[i] - mean) / deviation + in[3]->data[i / planeSize % channels];
  }
  return y;
}

// NaN passes through, as a compiled relu may not hide one.
Tensor ReluOp::compute(Operands in) {
  return mapPerChannel(*in[0], [](double x, int64_t) { return x < 0 ? 0.0 : x; });
}

Tensor AddOp::compute(Operands in) {
  Tensor y(in[0]->shape);
  for (int64_t i = 0; i < y.size(); ++i)
    y.data[i] = in[0]->data[i] + in[1]->data[i];
  return y;
}

Tensor DropoutOp::compute(Operands in) { return *in[0]; }

/// NaN if either is.
static double maximum(double a, double b) { return a > b || std::isnan(a) ? a : b; }

Tensor MaxPoolOp::compute(Operands in) {
  const Tensor &x = *in[0];
  reference::PoolWindows windows = reference::poolWindows(*this, x.dim(2), x.dim(3));
  return generate(
      {x.dim(0), x.dim(1), windows.rows.outputs, windows.columns.outputs}, [&](int64_t plane, int64_t p, int64_t q) {
        double best = -std::numeric_limits<double>::infinity();
        windows.visit(p, q, [&](int64_t pixel) { best = maximum(best, x.data[plane * x.dim(2) * x.dim(3) + pixel]); });
        return best;
      });
}

Tensor AvgPoolOp::compute(Operands in) {
  const Tensor &x = *in[0];
  reference::AvgWindows windows = reference::avgWindows(*this, x.dim(2), x.dim(3));
  return generate({x.dim(0), x.dim(1), windows.rows.outputs, windows.columns.outputs},
                  [&](int64_t plane, int64_t p, int64_t q) {
                    double sum = 0;
                    windows.visit(p, q, [&](int64_t pixel) { sum += x.data[plane * x.dim(2) * x.dim(3) + pixel]; });
                    return sum / windows.divisor(p, q);
                  });
}

Tensor ConcatOp::compute(Operands in) {
  std::vector<int64_t> shape = in[0]->shape;
  shape[1] = 0;
  for (const Tensor *x : in)
    shape[1] += x->dim(1);
  Tensor y(shape);
  auto to = y.data.begin();
  for (int64_t n = 0; n < y.dim(0); ++n)
    for (const Tensor *x : in) {
      int64_t size = x->size() / std::max<int64_t>(1, x->dim(0));
      to = std::copy_n(x->data.begin() + n * size, size, to);
    }
  return y;
}

Tensor UpsampleOp::compute(Operands in) {
  const Tensor &x = *in[0];
  int64_t height = x.dim(2), width = x.dim(3), factor = getFactor();
  bool bilinear = getBilinear();
  return generate({x.dim(0), x.dim(1), height * factor, width * factor}, [&](int64_t plane, int64_t p, int64_t q) {
    const double *from = x.data.data() + plane * height * width;
    if (!bilinear)
      return from[p / factor * width + q / factor];
    reference::Between h = reference::between(p, factor, height), w = reference::between(q, factor, width);
    auto row = [&](int64_t y) { return (1 - w.weight) * from[y * width + w.first] + w.weight * from[y * width + w.second]; };
    return (1 - h.weight) * row(h.first) + h.weight * row(h.second);
  });
}

Tensor ReflectPadOp::compute(Operands in) {
  const Tensor &x = *in[0];
  int64_t height = x.dim(2), width = x.dim(3), top = getPads()[0], left = getPads()[1];
  return generate({x.dim(0), x.dim(1), top + height + getPads()[2], left + width + getPads()[3]},
                  [&](int64_t plane, int64_t p, int64_t q) {
                    int64_t row = reference::mirrored(p - top, height), column = reference::mirrored(q - left, width);
                    return x.data[(plane * height + row) * width + column];
                  });
}

Tensor AttentionPoolOp::compute(Operands in) {
  const Tensor &x = *in[0], &logits = *in[1];
  Tensor y({x.dim(0), x.dim(1)});
  int64_t pixels = x.dim(2) * x.dim(3), channels = x.dim(1);
  for (int64_t n = 0; n < x.dim(0); ++n) {
    auto row = llvm::ArrayRef<double>(logits.data).slice(n * pixels, pixels);
    double largest = *std::max_element(row.begin(), row.end()), sum = 0;
    for (double logit : row)
      sum += std::exp(logit - largest);
    for (int64_t i = 0; i < channels * pixels; ++i)
      y.data[n * channels + i / pixels] += std::exp(row[i % pixels] - largest) / sum * x.data[n * channels * pixels + i];
  }
  return y;
}

Tensor GlobalAvgPoolOp::compute(Operands in) {
  const Tensor &x = *in[0];
  Tensor y({x.dim(0), x.dim(1)});
  int64_t planeSize = x.dim(2) * x.dim(3);
  for (int64_t i = 0; i < x.size(); ++i)
    y.data[i / planeSize] += x.data[i] / static_cast<double>(planeSize);
  return y;
}

Tensor SubsampleOp::compute(Operands in) {
  const Tensor &x = *in[0];
  int64_t height = x.dim(2), width = x.dim(3), stride = getStride();
  return generate(
      {x.dim(0), x.dim(1), subsampledSize(height, stride), subsampledSize(width, stride)},
      [&](int64_t plane, int64_t p, int64_t q) { return x.data[(plane * height + p * stride) * width + q * stride]; });
}

Tensor PadChannelsOp::compute(Operands in) {
  const Tensor &x = *in[0];
  int64_t channels = x.dim(1), before = getBefore(), outChannels = before + channels + getAfter();
  return generate({x.dim(0), outChannels, x.dim(2), x.dim(3)}, [&](int64_t plane, int64_t p, int64_t q) {
    int64_t n = plane / outChannels, c = plane % outChannels - before;
    return c < 0 || c >= channels ? 0.0 : x.data[((n * channels + c) * x.dim(2) + p) * x.dim(3) + q];
  });
}

Tensor FlattenOp::compute(Operands in) {
  Tensor y = *in[0];
  y.shape = {y.dim(0), y.size() / std::max<int64_t>(1, y.dim(0))};
  return y;
}

Tensor SoftmaxOp::compute(Operands in) {
  Tensor y = *in[0];
  int64_t classes = y.dim(1);
  for (int64_t n = 0; n < y.dim(0); ++n) {
    auto row = llvm::MutableArrayRef<double>(y.data).slice(n * classes, classes);
    double largest = *std::max_element(row.begin(), row.end()), sum = 0;
    for (double &value : row)
      sum += value = std::exp(value - largest);
    for (double &value : row)
      value /= sum;
  }
  return y;
}
