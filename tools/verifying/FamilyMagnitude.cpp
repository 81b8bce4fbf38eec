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
            graph::MultiplyOp>([&](auto) { return itself(); })
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
