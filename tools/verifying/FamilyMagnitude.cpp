// Convolutions, averages, copies and products are themselves on absolute values. An activation y = f(x) hands on an error of x
// by its steepest slope L, and rounds y itself:
//
//   M = |y| + L M(x)      sigmoid L = 1/4, silu 1.1, gelu 1.13, hard_sigmoid 1/6, hard_swish 3/2, mish 1.1, leaky ones max(1,
//   |slope|)
//
// Of a gradient dy f'(x), |f'| <= L: dy is multiplied by what is off by some roundings of a number of order L, and by |f''| <=
// 1 times what x is off beyond its own rounding:
//
//   M = M(dy) (2 L + M(x) - |x|)
#include "tools/verifying/FamilyMagnitude.h"

#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>

using namespace skip;
using mlir::Operation;
using reference::Tensor;
using tool::Measured;

static constexpr double ofSigmoid = 0.25, ofSilu = 1.1, ofGelu = 1.13, ofHardSigmoid = 1.0 / 6, ofHardSwish = 1.5, ofMish = 1.1;

static llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

std::optional<int64_t> tool::familyTerms(Operation &op, int64_t batch) {
  return llvm::TypeSwitch<Operation *, std::optional<int64_t>>(&op)
      .Case<graph::AvgPoolOp, graph::AvgPoolGradInputOp>(
          [](auto pool) { return pool.getKernel()[0] * pool.getKernel()[1] + 2; })
      .Case([](graph::UpsampleOp) { return 8; })
      .Case([](graph::ReflectPadGradInputOp) { return 9 + 2; }) // the places of a pixel that all borders mirror
      .Case([](graph::AttentionPoolOp pool) {                   // rows are added up in doubles
        return shapeOf(pool.getX())[3] + 4;
      })
      .Case([](graph::GroupNormOp) { return 8; })
      .Case([](graph::UpsampleGradInputOp grad) { return 4 * int64_t(grad.getFactor()) * int64_t(grad.getFactor()) + 8; })
      .Case([](graph::GeneralConv2dGradInputOp grad) {
        llvm::ArrayRef<int64_t> filter = shapeOf(grad.getFilter());
        return filter[0] / int64_t(grad.getGroups()) * filter[2] * filter[3] + 2;
      })
      .Case([&](graph::GeneralConv2dGradFilterOp grad) { // the pixels of a row, then the rows of all images
        llvm::ArrayRef<int64_t> dy = shapeOf(grad.getDy());
        return dy[3] + batch * dy[2] + 2;
      })
      .Default([](Operation *) { return std::nullopt; });
}

/// |y| + slope M(x)
static Tensor ofActivation(const Measured &x, const Tensor &y, double slope) {
  Tensor m(y.shape);
  for (int64_t i = 0; i < m.size(); ++i)
    m.data[i] = std::abs(y.data[i]) + slope * x.magnitude.data[i];
  return m;
}

/// M(dy) (2 slope + M(x) - |x|)
static Tensor ofGradient(llvm::ArrayRef<const Measured *> in, double slope) {
  const Tensor &dy = in[0]->magnitude, &x = in[1]->magnitude;
  Tensor m(dy.shape);
  for (int64_t i = 0; i < m.size(); ++i)
    m.data[i] = dy.data[i] * (2 * slope + x.data[i] - std::abs(in[1]->value.data[i]));
  return m;
}

/// a by the larger of 1 and the slope of each channel.
static Tensor ofLeaky(const Tensor &a, const Tensor &slope) {
  Tensor m(a.shape);
  int64_t channels = a.dim(1), plane = a.size() / std::max<int64_t>(1, a.dim(0) * channels);
  for (int64_t i = 0; i < m.size(); ++i)
    m.data[i] = a.data[i] * std::max(1.0, slope.data[slope.size() == 1 ? 0 : i / plane % channels]);
  return m;
}

static Tensor constantSlope(llvm::APFloat slope) {
  Tensor one({1});
  one.data[0] = std::abs(slope.convertToDouble());
  return one;
}

/// gamma (x - mean) / deviation + beta, all of one sign; the moments make a deviation as they are.
static Tensor ofGroupNorm(graph::GroupNormOp op, llvm::ArrayRef<const Measured *> in) {
  const Tensor &x = in[0]->magnitude, &moments = in[1]->value;
  int64_t channels = x.dim(1), ofGroup = channels / int64_t(op.getGroups());
  int64_t plane = x.size() / std::max<int64_t>(1, x.dim(0) * channels);
  auto size = static_cast<double>(ofGroup), pixels = static_cast<double>(plane);
  Tensor m(x.shape);
  for (int64_t first = 0; first < x.dim(0) * channels; first += ofGroup) {
    double mean = 0, magnitude = 0, squares = 0;
    for (int64_t c = first; c < first + ofGroup; ++c) {
      mean += moments.data[2 * c] / size;
      magnitude += in[1]->magnitude.data[2 * c] / size;
    }
    for (int64_t c = first; c < first + ofGroup; ++c)
      squares += moments.data[2 * c + 1] + pixels * (moments.data[2 * c] - mean) * (moments.data[2 * c] - mean);
    double deviation = std::sqrt(squares / (pixels * size) + op.getEpsilon().convertToDouble());
    for (int64_t i = first * plane; i < (first + ofGroup) * plane; ++i) {
      int64_t c = i / plane % channels;
      m.data[i] = in[2]->magnitude.data[c] * (x.data[i] + magnitude) / deviation + in[3]->magnitude.data[c];
    }
  }
  return m;
}

/// The weighted mean of M(x) by the weights as they are: an error of d in the exponents is one of 2 d in a weight, of its own
/// size.
static Tensor ofAttentionPool(graph::AttentionPoolOp op, llvm::ArrayRef<const Measured *> in) {
  const Tensor &x = in[0]->magnitude, &logits = in[1]->value;
  Tensor m = op.compute({&x, &logits});
  int64_t pixels = logits.dim(2) * logits.dim(3);
  for (int64_t i = 0; i < m.size(); ++i) {
    int64_t n = i / m.dim(1);
    auto row = llvm::ArrayRef<double>(in[1]->magnitude.data).slice(n * pixels, pixels);
    m.data[i] *= 4 + 4 * *std::max_element(row.begin(), row.end());
  }
  return m;
}

/// a b of absolute values; with `more`, a b (1 + b).
static Tensor ofProduct(const Tensor &a, const Tensor &b, bool more) {
  Tensor m(a.shape);
  for (int64_t i = 0; i < m.size(); ++i)
    m.data[i] = a.data[i] * b.data[i] * (more ? 1 + b.data[i] : 1);
  return m;
}

std::optional<Tensor> tool::familyMagnitude(mlir::OpResult value, llvm::ArrayRef<const Measured *> operands,
                                            const Tensor &result) {
  using Found = std::optional<Tensor>;
  Operation *op = value.getOwner();
  auto itself = [&]() -> Found {
    llvm::SmallVector<const Tensor *> in;
    for (const Measured *operand : operands)
      in.push_back(&operand->magnitude);
    return std::move(llvm::cast<graph::Evaluable>(op).evaluate(in)[value.getResultNumber()]);
  };
  auto activation = [&](double slope) -> Found { return ofActivation(*operands[0], result, slope); };
  auto gradient = [&](double slope) -> Found { return ofGradient(operands, slope); };
  return llvm::TypeSwitch<Operation *, Found>(op)
      .Case<graph::GeneralConv2dOp, graph::GeneralConv2dGradInputOp, graph::GeneralConv2dGradFilterOp, graph::AvgPoolOp,
            graph::AvgPoolGradInputOp, graph::ConcatOp, graph::UpsampleOp, graph::UpsampleGradInputOp, graph::MulOp,
            graph::MultiplyOp, graph::ShiftOp, graph::ReflectPadOp, graph::ReflectPadGradInputOp>(
          [&](auto) { return itself(); })
      .Case([&](graph::GroupNormOp norm) { return ofGroupNorm(norm, operands); })
      .Case([&](graph::AttentionPoolOp pool) { return ofAttentionPool(pool, operands); })
      .Case([&](graph::SigmoidOp) { return activation(ofSigmoid); })
      .Case([&](graph::SiluOp) { return activation(ofSilu); })
      .Case([&](graph::GeluOp) { return activation(ofGelu); })
      .Case([&](graph::HardSigmoidOp) { return activation(ofHardSigmoid); })
      .Case([&](graph::HardSwishOp) { return activation(ofHardSwish); })
      .Case([&](graph::MishOp) { return activation(ofMish); })
      .Case([&](graph::LeakyReluOp leaky) { return ofLeaky(operands[0]->magnitude, constantSlope(leaky.getSlope())); })
      .Case([&](graph::PreluOp) { return ofLeaky(operands[0]->magnitude, operands[1]->magnitude); })
      .Case([&](graph::SigmoidGradInputOp) { return ofProduct(operands[0]->magnitude, operands[1]->magnitude, true); })
      .Case([&](graph::SiluGradInputOp) { return gradient(ofSilu); })
      .Case([&](graph::GeluGradInputOp) { return gradient(ofGelu); })
      .Case([&](graph::HardSigmoidGradInputOp) { return gradient(ofHardSigmoid); })
      .Case([&](graph::HardSwishGradInputOp) { return gradient(ofHardSwish); })
      .Case([&](graph::MishGradInputOp) { return gradient(ofMish); })
      .Case([&](graph::LeakyReluGradInputOp leaky) { return ofLeaky(operands[0]->magnitude, constantSlope(leaky.getSlope())); })
      .Case([&](graph::PreluGradInputOp) { return ofLeaky(operands[0]->magnitude, operands[2]->magnitude); })
      .Case([&](graph::PreluGradTermsOp) { return ofProduct(operands[0]->magnitude, operands[1]->magnitude, false); })
      .Default([](Operation *) { return std::nullopt; });
}
