// The reference semantics of the operations for training, in double precision.
#include "ir/graph/Graph.h"
#include "ir/reference/Convolution.h"
#include "ir/reference/Windows.h"

#include "llvm/ADT/Sequence.h"

#include <algorithm>
#include <cmath>

using namespace skip::graph;
using skip::reference::Tensor;
using Operands = llvm::ArrayRef<const Tensor *>;

namespace {
/// Where the elements of a channel are: axis 1 of [N, C, ...].
struct Channels {
  explicit Channels(const Tensor &x)
      : images(x.dim(0)), count(x.dim(1)), plane(x.size() / std::max<int64_t>(1, images * count)) {}
  int64_t channelOf(int64_t index) const { return index / plane % count; }
  double elements() const { return static_cast<double>(images * plane); } // of one channel

  int64_t images, count, plane;
};
} // namespace

/// f(index, channel) for each element.
template <typename Function> static void eachOf(const Channels &channels, const Tensor &x, Function f) {
  for (int64_t i = 0; i < x.size();)
    for (int64_t c = channels.channelOf(i), end = i + channels.plane; i < end; ++i)
      f(i, c);
}

/// [C], the sum of f(index, channel) over a channel's elements.
template <typename Function> static Tensor sums(const Tensor &x, Function f) {
  Channels channels(x);
  Tensor result({channels.count});
  eachOf(channels, x, [&](int64_t i, int64_t c) { result.data[c] += f(i, c); });
  return result;
}

/// [C], what a batch norm divides by.
static std::vector<double> deviations(const Tensor &variance, double epsilon) {
  std::vector<double> roots;
  for (double value : variance.data)
    roots.push_back(std::sqrt(value + epsilon));
  return roots;
}

/// What cross entropy wants of each class: the label's share and the spread of all.
static double targetOf(int64_t c, int64_t classes, double label, double smoothing) {
  return smoothing / static_cast<double>(classes) + (c == static_cast<int64_t>(label) ? 1 - smoothing : 0);
}

/// [N, C], of each row x - log(sum(exp(x))).
static Tensor logSoftmax(const Tensor &x) {
  Tensor y = x;
  int64_t classes = x.dim(1);
  for (int64_t n = 0; n < x.dim(0); ++n) {
    auto row = llvm::MutableArrayRef<double>(y.data).slice(n * classes, classes);
    double largest = *std::max_element(row.begin(), row.end()), sum = 0;
    for (double value : row)
      sum += std::exp(value - largest);
    for (double &value : row)
      value -= largest + std::log(sum);
  }
  return y;
}

Tensor SoftmaxCrossEntropyOp::compute(Operands in) {
  Tensor loss({1}), logs = logSoftmax(*in[0]);
  int64_t classes = logs.dim(1);
  for (int64_t i = 0; i < logs.size(); ++i)
    loss.data[0] -= targetOf(i % classes, classes, in[1]->data[i / classes], getSmoothing().convertToDouble()) * logs.data[i];
  loss.data[0] /= static_cast<double>(logs.dim(0));
  return loss;
}

Tensor SoftmaxCrossEntropyGradInputOp::compute(Operands in) {
  Tensor y = logSoftmax(*in[0]);
  int64_t classes = y.dim(1);
  for (int64_t i = 0; i < y.size(); ++i)
    y.data[i] =
        (std::exp(y.data[i]) - targetOf(i % classes, classes, in[1]->data[i / classes], getSmoothing().convertToDouble())) /
        static_cast<double>(y.dim(0));
  return y;
}

std::vector<Tensor> BatchNormTrainOp::evaluate(Operands in) {
  const Tensor &x = *in[0], &gamma = *in[1], &beta = *in[2];
  Channels channels(x);
  double count = channels.elements(), momentum = getMomentum().convertToDouble();
  Tensor mean = sums(x, [&](int64_t i, int64_t) { return x.data[i] / count; });
  Tensor squares = sums(x, [&](int64_t i, int64_t c) { return (x.data[i] - mean.data[c]) * (x.data[i] - mean.data[c]); });
  Tensor variance = squares, y = x, nextMean = *in[3], nextVariance = *in[4];
  for (double &value : variance.data)
    value /= count;
  std::vector<double> deviation = deviations(variance, getEpsilon().convertToDouble());
  eachOf(channels, x,
         [&](int64_t i, int64_t c) { y.data[i] = gamma.data[c] * (x.data[i] - mean.data[c]) / deviation[c] + beta.data[c]; });
  for (int64_t c = 0; c < channels.count; ++c) {
    nextMean.data[c] += momentum * (mean.data[c] - nextMean.data[c]);
    if (count > 1)
      nextVariance.data[c] += momentum * (squares.data[c] / (count - 1) - nextVariance.data[c]);
  }
  return {std::move(y), std::move(mean), std::move(variance), std::move(nextMean), std::move(nextVariance)};
}

std::vector<Tensor> BatchNormTrainGradOp::evaluate(Operands in) {
  const Tensor &dy = *in[0], &x = *in[1], &gamma = *in[2], &mean = *in[3], &variance = *in[4];
  Channels channels(x);
  double count = channels.elements();
  std::vector<double> deviation = deviations(variance, getEpsilon().convertToDouble());
  auto normalized = [&](int64_t i, int64_t c) { return (x.data[i] - mean.data[c]) / deviation[c]; };
  Tensor dbeta = sums(dy, [&](int64_t i, int64_t) { return dy.data[i]; });
  Tensor dgamma = sums(dy, [&](int64_t i, int64_t c) { return dy.data[i] * normalized(i, c); });
  Tensor dx(x.shape);
  eachOf(channels, x, [&](int64_t i, int64_t c) {
    dx.data[i] =
        gamma.data[c] / deviation[c] * (dy.data[i] - dbeta.data[c] / count - normalized(i, c) * dgamma.data[c] / count);
  });
  return {std::move(dx), std::move(dgamma), std::move(dbeta)};
}

/// [N, C, 2, 1]: f fills the pair of each plane.
template <typename Function> static Tensor pairs(const Tensor &x, Function f) {
  Channels channels(x);
  Tensor result({channels.images, channels.count, 2, 1});
  for (int64_t plane = 0; plane < channels.images * channels.count; ++plane)
    f(llvm::seq(plane * channels.plane, (plane + 1) * channels.plane), plane % channels.count, &result.data[2 * plane]);
  return result;
}

Tensor MomentsOp::compute(Operands in) {
  const Tensor &x = *in[0];
  return pairs(x, [&](auto indices, int64_t, double *moments) {
    for (int64_t i : indices)
      moments[0] += x.data[i] / static_cast<double>(indices.size());
    for (int64_t i : indices)
      moments[1] += (x.data[i] - moments[0]) * (x.data[i] - moments[0]);
  });
}

std::vector<Tensor> MergeMomentsOp::evaluate(Operands in) {
  const Tensor &moments = *in[0], &gamma = *in[1], &beta = *in[2];
  int64_t channels = moments.dim(1);
  double pixels = static_cast<double>(getPixels()), count = pixels * static_cast<double>(moments.dim(0));
  double momentum = getMomentum().convertToDouble();
  Tensor mean({channels}), variance({channels}), nextMean = *in[3], nextVariance = *in[4], scale({channels}), shift({channels});
  for (int64_t c = 0; c < channels; ++c) {
    double squares = 0;
    for (int64_t n = 0; n < moments.dim(0); ++n) {
      const double *image = &moments.data[2 * (n * channels + c)];
      double distance = image[0] - mean.data[c], before = static_cast<double>(n);
      mean.data[c] += distance / (before + 1);
      squares += image[1] + distance * distance * pixels * before / (before + 1);
    }
    variance.data[c] = squares / count;
    nextMean.data[c] += momentum * (mean.data[c] - nextMean.data[c]);
    if (count > 1)
      nextVariance.data[c] += momentum * (squares / (count - 1) - nextVariance.data[c]);
    scale.data[c] = gamma.data[c] / std::sqrt(variance.data[c] + getEpsilon().convertToDouble());
    shift.data[c] = beta.data[c] - mean.data[c] * scale.data[c];
  }
  return {std::move(mean),         std::move(variance), std::move(nextMean),
          std::move(nextVariance), std::move(scale),    std::move(shift)};
}

Tensor GradSumsOp::compute(Operands in) {
  const Tensor &dy = *in[0], &x = *in[1], &mean = *in[2];
  return pairs(x, [&](auto indices, int64_t c, double *sums) {
    for (int64_t i : indices) {
      sums[0] += dy.data[i];
      sums[1] += dy.data[i] * (x.data[i] - mean.data[c]);
    }
  });
}

std::vector<Tensor> MergeGradSumsOp::evaluate(Operands in) {
  const Tensor &sums = *in[0], &gamma = *in[1], &mean = *in[2], &variance = *in[3];
  int64_t channels = sums.dim(1);
  double count = static_cast<double>(int64_t(getPixels()) * sums.dim(0));
  Tensor dgamma({channels}), dbeta({channels}), a({channels}), b({channels}), shift({channels});
  for (int64_t c = 0; c < channels; ++c) {
    double inverse = 1 / std::sqrt(variance.data[c] + getEpsilon().convertToDouble()), product = 0;
    for (int64_t n = 0; n < sums.dim(0); ++n) {
      dbeta.data[c] += sums.data[2 * (n * channels + c)];
      product += sums.data[2 * (n * channels + c) + 1];
    }
    dgamma.data[c] = product * inverse;
    a.data[c] = gamma.data[c] * inverse;
    b.data[c] = -gamma.data[c] * inverse * inverse * inverse * product / count;
    shift.data[c] = -a.data[c] * dbeta.data[c] / count - b.data[c] * mean.data[c];
  }
  return {std::move(dgamma), std::move(dbeta), std::move(a), std::move(b), std::move(shift)};
}

Tensor ScaleAddOp::compute(Operands in) {
  Tensor y = *in[0];
  Channels channels(y);
  for (int64_t i = 0; i < y.size(); ++i) {
    int64_t c = channels.channelOf(i);
    y.data[i] = in[2]->data[c] * y.data[i] + in[3]->data[c] * in[1]->data[i] + in[4]->data[c];
  }
  return y;
}

Tensor TransposeFilterOp::compute(Operands in) {
  const Tensor &w = *in[0];
  int64_t outputs = w.dim(0), inputs = w.dim(1), margin = getMargin();
  int64_t rows = w.shape.size() > 2 ? w.dim(2) : 1, columns = w.shape.size() > 2 ? w.dim(3) : 1;
  Tensor y(llvm::cast<mlir::RankedTensorType>(getResult().getType()).getShape().vec());
  int64_t width = columns + 2 * margin, taps = (rows + 2 * margin) * width;
  for (int64_t i = 0; i < inputs * outputs; ++i)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column) {
        int64_t from = ((i % outputs * inputs + i / outputs) * rows + rows - 1 - row) * columns + columns - 1 - column;
        y.data[i * taps + (row + margin) * width + column + margin] = w.data[from];
      }
  return y;
}

Tensor Conv2dGradInputOp::compute(Operands in) {
  return reference::convolveGradInput(*in[0], *in[1], getHeight(), getWidth(), getStride(), getPadding());
}

/// [I, O, kh, kw] -> [O, I, kh, kw], both window axes reversed.
static Tensor turned(const Tensor &w) {
  int64_t taps = w.dim(2) * w.dim(3);
  Tensor y({w.dim(1), w.dim(0), w.dim(2), w.dim(3)});
  for (int64_t i = 0; i < y.dim(0) * y.dim(1); ++i)
    for (int64_t tap = 0; tap < taps; ++tap)
      y.data[i * taps + tap] = w.data[(i % y.dim(1) * y.dim(0) + i / y.dim(1)) * taps + taps - 1 - tap];
  return y;
}

Tensor Conv2dTransposedOp::compute(Operands in) {
  int64_t stride = getStride();
  return reference::convolveGradInput(*in[0], turned(*in[1]), stride * in[0]->dim(2), stride * in[0]->dim(3), stride,
                                      getPadding());
}

/// Images [first, last).
static Tensor imagesOf(const Tensor &x, int64_t first, int64_t last) {
  std::vector<int64_t> shape = x.shape;
  int64_t size = x.size() / std::max<int64_t>(1, shape[0]);
  shape[0] = last - first;
  Tensor some(std::move(shape));
  std::copy_n(x.data.begin() + first * size, some.size(), some.data.begin());
  return some;
}

Tensor Conv2dGradFilterOp::compute(Operands in) {
  int64_t parts = getParts(), images = in[0]->dim(0);
  Tensor all;
  for (int64_t part = 0; part < parts; ++part) {
    int64_t first = part * images / parts, last = (part + 1) * images / parts;
    Tensor one = reference::convolveGradFilter(imagesOf(*in[0], first, last), imagesOf(*in[1], first, last), getKernelHeight(),
                                               getKernelWidth(), getStride(), getPadding());
    all.data.insert(all.data.end(), one.data.begin(), one.data.end());
    all.shape = one.shape;
  }
  all.shape[0] *= parts;
  return all;
}

Tensor SumPartsOp::compute(Operands in) {
  std::vector<int64_t> shape = in[0]->shape;
  shape[0] /= int64_t(getParts());
  Tensor sum(std::move(shape));
  for (int64_t i = 0; i < in[0]->size(); ++i)
    sum.data[i % sum.size()] += in[0]->data[i];
  return sum;
}

Tensor LinearGradFilterOp::compute(Operands in) {
  const Tensor &dy = *in[0], &x = *in[1];
  int64_t outputs = dy.dim(1), inputs = x.dim(1);
  Tensor dw({outputs, inputs});
  for (int64_t n = 0; n < dy.dim(0); ++n)
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t k = 0; k < inputs; ++k)
        dw.data[o * inputs + k] += dy.data[n * outputs + o] * x.data[n * inputs + k];
  return dw;
}

Tensor ChannelSumsOp::compute(Operands in) {
  return sums(*in[0], [&](int64_t i, int64_t) { return in[0]->data[i]; });
}

Tensor ReluGradInputOp::compute(Operands in) {
  Tensor dx = *in[0];
  for (int64_t i = 0; i < dx.size(); ++i)
    if (in[1]->data[i] <= 0)
      dx.data[i] = 0;
  return dx;
}

Tensor ScaleChannelsOp::compute(Operands in) {
  Tensor y = *in[0];
  Channels channels(y);
  for (int64_t i = 0; i < y.size(); ++i)
    y.data[i] *= in[1]->data[channels.channelOf(i)];
  return y;
}

template <typename Op> static skip::reference::GeneralSizes generalSizes(Op op) {
  return {.rows = {op.getStrides()[0], op.getDilations()[0], op.getPads()[0]},
          .columns = {op.getStrides()[1], op.getDilations()[1], op.getPads()[1]},
          .groups = int64_t(op.getGroups())};
}

Tensor GeneralConv2dGradInputOp::compute(Operands in) {
  return skip::reference::convolveGeneralGradInput(*in[0], *in[1], generalSizes(*this), getHeight(), getWidth());
}

Tensor GeneralConv2dGradFilterOp::compute(Operands in) {
  return skip::reference::convolveGeneralGradFilter(*in[0], *in[1], generalSizes(*this), getKernelHeight(), getKernelWidth());
}

Tensor TakeChannelsOp::compute(Operands in) {
  const Tensor &x = *in[0];
  int64_t count = getCount(), plane = x.dim(2) * x.dim(3), first = getFirst();
  Tensor y({x.dim(0), count, x.dim(2), x.dim(3)});
  for (int64_t i = 0; i < y.size(); ++i)
    y.data[i] = x.data[(i / (count * plane) * x.dim(1) + first) * plane + i % (count * plane)];
  return y;
}

Tensor UnflattenOp::compute(Operands in) {
  Tensor y = *in[0];
  y.shape = {y.dim(0), int64_t(getChannels()), int64_t(getHeight()), int64_t(getWidth())};
  return y;
}

Tensor SoftmaxGradInputOp::compute(Operands in) {
  const Tensor &dy = *in[0], &y = *in[1];
  Tensor dx(y.shape);
  int64_t classes = y.dim(1);
  for (int64_t n = 0; n < y.dim(0); ++n) {
    double sum = 0;
    for (int64_t i = n * classes; i < (n + 1) * classes; ++i)
      sum += dy.data[i] * y.data[i];
    for (int64_t i = n * classes; i < (n + 1) * classes; ++i)
      dx.data[i] = y.data[i] * (dy.data[i] - sum);
  }
  return dx;
}
