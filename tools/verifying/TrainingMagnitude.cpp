// M of what only training computes. Gradients are linear in dy, so that most of these operations are themselves on absolute
// values; what a derivative looks at beside (which elements relu let through, where a maximum was) is taken as it is. The
// others:
//
//   moments        of each image: mean of |x|;  S + 2^-18 P (mean of |x|)^2
//   merge_moments  |r| + 2^-20 T          r a result, T the terms that it is summed from: sums are in double, and rounded once
//   merge_grad_sums  the same
//   cross entropy  mean over images of 4 + 2 sum p|d| + |log sum exp d| + sum t|d|,  d = x - max x, p = softmax, t the targets
//   its gradient   (p (4 + 2|d| + 2 sum p|d|) + t) / N
//   softmax's      y (M(dy) + sum y M(dy))
//
// S is the sum of squared distances from a float that is off the mean by some 2^-24 of the mean of |x|, times what sums lose:
// the first-order term of that is zero, the second P times its square, P the pixels. An error of d in an exponent is one of d
// in the exponential's size, which is what p|d| is for.
//
// Terms. Kernels sum a picture's rows in float and what rows give in double; the gradient of a filter in chunks of 16 to 128
// pixels or a row, then over chunks (codegen/x86/kernel/PictureSums.cpp, GradFilter.cpp). So few roundings follow one another,
// and a pixel that is forgotten among many shows.
#include "tools/verifying/TrainingMagnitude.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>

using namespace skip;
using mlir::Operation;
using reference::Tensor;
using tool::Measured;

static constexpr double ofMean = 0x1p-18, ofDoubles = 0x1p-20;

static int64_t sizeOf(mlir::Value value, unsigned axis) {
  auto type = llvm::cast<mlir::RankedTensorType>(value.getType());
  return axis < static_cast<unsigned>(type.getRank()) ? type.getDimSize(axis) : 1;
}

std::optional<int64_t> tool::trainingTerms(Operation &op, int64_t batch) {
  constexpr int64_t least = 16, most = 128;
  return llvm::TypeSwitch<Operation *, std::optional<int64_t>>(&op)
      .Case<graph::MomentsOp, graph::GradSumsOp, graph::ChannelSumsOp>(
          [](auto sums) { return sizeOf(sums->getOperand(0), 3) + 2; })
      .Case([](graph::Conv2dTransposedOp conv) {
        int64_t stride = conv.getStride(); // of a window's taps every stride-th meets a pixel
        auto taps = [&](unsigned axis) { return (sizeOf(conv.getFilter(), axis) + stride - 1) / stride; };
        return sizeOf(conv.getX(), 1) * taps(2) * taps(3) + 2;
      })
      .Case([&](graph::Conv2dGradFilterOp grad) {
        int64_t columns = sizeOf(grad.getDy(), 3), all = batch * sizeOf(grad.getDy(), 2) * columns;
        return std::min(all, most + columns + all / least) + 2;
      })
      .Case([&](graph::LinearGradFilterOp) { return batch + 2; })
      .Case([](graph::MaxPoolGradInputOp grad) { return grad.getKernel()[0] * grad.getKernel()[1] + 2; })
      .Case<graph::SoftmaxCrossEntropyOp, graph::SoftmaxCrossEntropyGradInputOp, graph::SoftmaxGradInputOp>(
          [](auto softmax) { return sizeOf(softmax->getOperand(0), 1) + 2; })
      .Default([](Operation *) { return std::nullopt; });
}

/// [N, C, 2, 1], of each plane of x.
template <typename Function> static Tensor ofPlanes(const Tensor &x, const Tensor &result, Function f) {
  Tensor m(result.shape);
  int64_t planes = x.dim(0) * x.dim(1), pixels = x.size() / std::max<int64_t>(1, planes);
  for (int64_t plane = 0; plane < planes; ++plane)
    f(plane * pixels, (plane + 1) * pixels, plane, &m.data[2 * plane]);
  return m;
}

static Tensor ofMoments(const Tensor &x, const Tensor &result) {
  return ofPlanes(x, result, [&](int64_t first, int64_t last, int64_t plane, double *m) {
    auto pixels = static_cast<double>(last - first);
    for (int64_t i = first; i < last; ++i)
      m[0] += x.data[i] / pixels;
    m[1] = std::abs(result.data[2 * plane + 1]) + ofMean * pixels * m[0] * m[0];
  });
}

static Tensor ofGradSums(llvm::ArrayRef<const Measured *> in, const Tensor &result) {
  const Tensor &dy = in[0]->magnitude, &x = in[1]->value, &mean = in[2]->value;
  return ofPlanes(dy, result, [&](int64_t first, int64_t last, int64_t plane, double *m) {
    for (int64_t i = first; i < last; ++i) {
      m[0] += dy.data[i];
      m[1] += dy.data[i] * std::abs(x.data[i] - mean.data[plane % x.dim(1)]);
    }
  });
}

/// The sums over images of a channel's absolute values in a row of [N, C, 2, 1].
static std::vector<double> sumsOfRow(const Tensor &x, int64_t row) {
  std::vector<double> sums(x.dim(1));
  for (int64_t i = 0; i < x.dim(0) * x.dim(1); ++i)
    sums[i % x.dim(1)] += x.data[2 * i + row];
  return sums;
}

static Tensor ofMergedMoments(graph::MergeMomentsOp op, unsigned index, llvm::ArrayRef<const Measured *> in,
                              const Tensor &result) {
  auto values = llvm::map_to_vector(in, [](const Measured *operand) { return &operand->value; });
  std::vector<double> means = sumsOfRow(in[0]->magnitude, 0), scales = op.evaluate(values)[4].data;
  Tensor m(result.shape);
  for (int64_t c = 0; c < m.size(); ++c) {
    double mean = means[c] / static_cast<double>(in[0]->value.dim(0));
    double runningMean = in[3]->magnitude.data[c], runningVariance = in[4]->magnitude.data[c];
    double terms[] = {mean, 0, runningMean + mean, runningVariance, 0, in[2]->magnitude.data[c] + mean * std::abs(scales[c])};
    m.data[c] = std::abs(result.data[c]) + ofDoubles * terms[index];
  }
  return m;
}

static Tensor ofMergedGradSums(graph::MergeGradSumsOp op, unsigned index, llvm::ArrayRef<const Measured *> in,
                               const Tensor &result) {
  std::vector<double> gradients = sumsOfRow(in[0]->magnitude, 0), products = sumsOfRow(in[0]->magnitude, 1);
  auto count = static_cast<double>(int64_t(op.getPixels()) * in[0]->value.dim(0));
  Tensor m(result.shape);
  for (int64_t c = 0; c < m.size(); ++c) {
    double inverse = 1 / std::sqrt(in[3]->value.data[c] + op.getEpsilon().convertToDouble());
    double scale = in[1]->magnitude.data[c] * inverse, slope = scale * inverse * inverse * products[c] / count;
    double terms[] = {products[c] * inverse, gradients[c], 0, slope,
                      scale * gradients[c] / count + slope * in[2]->magnitude.data[c]};
    m.data[c] = std::abs(result.data[c]) + ofDoubles * terms[index];
  }
  return m;
}

namespace {
/// One image's classes as the losses see them.
struct Row {
  Row(const Tensor &x, int64_t n);

  std::vector<double> distance, share; ///< |x - max x|, softmax
  double weighted = 0, logarithm = 0;  ///< sum of share |distance|, |log sum exp|
};
} // namespace

Row::Row(const Tensor &x, int64_t n) {
  auto row = llvm::ArrayRef<double>(x.data).slice(n * x.dim(1), x.dim(1));
  double largest = *std::max_element(row.begin(), row.end()), sum = 0;
  for (double value : row) {
    distance.push_back(largest - value);
    share.push_back(std::exp(value - largest));
    sum += share.back();
  }
  for (auto [part, apart] : llvm::zip_equal(share, distance)) {
    part /= sum;
    weighted += part * apart;
  }
  logarithm = std::log(sum);
}

static double targetOf(int64_t c, int64_t classes, double label, double smoothing) {
  return smoothing / static_cast<double>(classes) + (c == static_cast<int64_t>(label) ? 1 - smoothing : 0);
}

static Tensor ofCrossEntropy(graph::SoftmaxCrossEntropyOp op, llvm::ArrayRef<const Measured *> in) {
  const Tensor &x = in[0]->value;
  Tensor m({1});
  for (int64_t n = 0; n < x.dim(0); ++n) {
    Row row(x, n);
    m.data[0] += 4 + 2 * row.weighted + row.logarithm;
    for (int64_t c = 0; c < x.dim(1); ++c)
      m.data[0] += targetOf(c, x.dim(1), in[1]->value.data[n], op.getSmoothing().convertToDouble()) * row.distance[c];
  }
  m.data[0] /= static_cast<double>(x.dim(0));
  return m;
}

static Tensor ofCrossEntropyGrad(graph::SoftmaxCrossEntropyGradInputOp op, llvm::ArrayRef<const Measured *> in) {
  const Tensor &x = in[0]->value;
  Tensor m(x.shape);
  for (int64_t n = 0; n < x.dim(0); ++n) {
    Row row(x, n);
    for (int64_t c = 0; c < x.dim(1); ++c) {
      double target = targetOf(c, x.dim(1), in[1]->value.data[n], op.getSmoothing().convertToDouble());
      m.data[n * x.dim(1) + c] =
          (row.share[c] * (4 + 2 * row.distance[c] + 2 * row.weighted) + target) / static_cast<double>(x.dim(0));
    }
  }
  return m;
}

static Tensor ofSoftmaxGrad(llvm::ArrayRef<const Measured *> in) {
  const Tensor &dy = in[0]->magnitude, &y = in[1]->magnitude;
  Tensor m(y.shape);
  int64_t classes = y.dim(1);
  for (int64_t n = 0; n < y.dim(0); ++n) {
    double sum = 0;
    for (int64_t i = n * classes; i < (n + 1) * classes; ++i)
      sum += dy.data[i] * y.data[i];
    for (int64_t i = n * classes; i < (n + 1) * classes; ++i)
      m.data[i] = y.data[i] * (dy.data[i] + sum);
  }
  return m;
}

/// beta + (bias - mean) * scale, of what is computed as a checkpoint is loaded.
static Tensor ofShift(llvm::ArrayRef<const Measured *> in) {
  Tensor m = in[0]->magnitude;
  for (int64_t c = 0; c < m.size(); ++c)
    m.data[c] += (in[1]->magnitude.data[c] + (in.size() > 3 ? in[3]->magnitude.data[c] : 0)) * in[2]->magnitude.data[c];
  return m;
}

std::optional<Tensor> tool::trainingMagnitude(mlir::OpResult value, llvm::ArrayRef<const Measured *> operands,
                                              const Tensor &result) {
  Operation *op = value.getOwner();
  auto itself = [&](std::optional<unsigned> asItIs = {}) {
    llvm::SmallVector<const Tensor *> in;
    for (auto [index, operand] : llvm::enumerate(operands))
      in.push_back(asItIs == index ? &operand->value : &operand->magnitude);
    return std::move(llvm::cast<graph::Evaluable>(op).evaluate(in)[value.getResultNumber()]);
  };
  return llvm::TypeSwitch<Operation *, std::optional<Tensor>>(op)
      .Case<graph::ScaleShiftOp, graph::ScaleAddOp, graph::ScaleChannelsOp, graph::ScaleFilterOp, graph::TransposeFilterOp,
            graph::Conv2dTransposedOp, graph::Conv2dGradFilterOp, graph::LinearGradFilterOp, graph::ChannelSumsOp,
            graph::GlobalAvgPoolGradInputOp, graph::SubsampleGradInputOp, graph::TakeChannelsOp, graph::UnflattenOp>(
          [&](auto) { return itself(); })
      .Case<graph::ReluGradInputOp, graph::MaxPoolGradInputOp, graph::DropoutTrainOp>([&](auto) { return itself(1); })
      .Case([&](graph::BnScaleOp) { return itself(1); }) // the variance stands under a root
      .Case([&](graph::BnShiftOp) { return ofShift(operands); })
      .Case([&](graph::MomentsOp) { return ofMoments(operands[0]->magnitude, result); })
      .Case([&](graph::GradSumsOp) { return ofGradSums(operands, result); })
      .Case([&](graph::MergeMomentsOp merge) { return ofMergedMoments(merge, value.getResultNumber(), operands, result); })
      .Case([&](graph::MergeGradSumsOp merge) { return ofMergedGradSums(merge, value.getResultNumber(), operands, result); })
      .Case([&](graph::SoftmaxCrossEntropyOp loss) { return ofCrossEntropy(loss, operands); })
      .Case([&](graph::SoftmaxCrossEntropyGradInputOp loss) { return ofCrossEntropyGrad(loss, operands); })
      .Case([&](graph::SoftmaxGradInputOp) { return ofSoftmaxGrad(operands); })
      .Default([](Operation *) { return std::nullopt; });
}
