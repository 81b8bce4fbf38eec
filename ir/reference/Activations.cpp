// The reference semantics of activations and of their gradients, in double precision.
#include "ir/graph/Graph.h"

#include <algorithm>
#include <cmath>

using namespace skip::graph;
using skip::reference::Tensor;
using Operands = llvm::ArrayRef<const Tensor *>;

/// y[i] = f(a[i])
template <typename Function> static Tensor map(const Tensor &a, Function f) {
  Tensor y(a.shape);
  for (int64_t i = 0; i < y.size(); ++i)
    y.data[i] = f(a.data[i]);
  return y;
}

/// y[i] = f(a[i], b[i])
template <typename Function> static Tensor map(const Tensor &a, const Tensor &b, Function f) {
  Tensor y(a.shape);
  for (int64_t i = 0; i < y.size(); ++i)
    y.data[i] = f(a.data[i], b.data[i]);
  return y;
}

/// What of a tensor like x element i belongs to: f(i, image and channel, channel).
template <typename Function> static Tensor mapChannels(const Tensor &x, Function f) {
  Tensor y(x.shape);
  int64_t channels = x.dim(1), plane = x.size() / std::max<int64_t>(1, x.dim(0) * channels);
  for (int64_t i = 0; i < y.size(); ++i)
    y.data[i] = f(i, i / plane, i / plane % channels);
  return y;
}

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// The normal distribution's.
static double normal(double x) { return std::erfc(-x * M_SQRT1_2) / 2; }
static double normalDensity(double x) { return std::exp(-x * x / 2) * (M_2_SQRTPI * M_SQRT1_2 / 2); }

/// tanh(log(1 + exp(x))), also where exp(x) is no number.
static double mishGate(double x) { return std::tanh(x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x))); }

static double hardSigmoid(double x) { return x < -3 ? 0.0 : x > 3 ? 1.0 : (x + 3) / 6; }

Tensor SigmoidOp::compute(Operands in) { return map(*in[0], sigmoid); }
Tensor SiluOp::compute(Operands in) {
  return map(*in[0], [](double x) { return x * sigmoid(x); });
}
Tensor GeluOp::compute(Operands in) {
  return map(*in[0], [](double x) { return x * normal(x); });
}
Tensor HardSigmoidOp::compute(Operands in) { return map(*in[0], hardSigmoid); }
Tensor HardSwishOp::compute(Operands in) {
  return map(*in[0], [](double x) { return x * hardSigmoid(x); });
}
Tensor MishOp::compute(Operands in) {
  return map(*in[0], [](double x) { return x * mishGate(x); });
}

Tensor LeakyReluOp::compute(Operands in) {
  double slope = getSlope().convertToDouble();
  return map(*in[0], [=](double x) { return x < 0 ? slope * x : x; });
}

Tensor PreluOp::compute(Operands in) {
  const Tensor &x = *in[0], &slope = *in[1];
  return mapChannels(x, [&](int64_t i, int64_t, int64_t c) { return x.data[i] < 0 ? slope.data[c] * x.data[i] : x.data[i]; });
}

Tensor MulOp::compute(Operands in) {
  const Tensor &x = *in[0], &scale = *in[1];
  return mapChannels(x, [&](int64_t i, int64_t plane, int64_t) { return x.data[i] * scale.data[plane]; });
}

Tensor ShiftOp::compute(Operands in) {
  const Tensor &x = *in[0], &offset = *in[1];
  return mapChannels(x, [&](int64_t i, int64_t plane, int64_t) { return x.data[i] + offset.data[plane]; });
}

Tensor MultiplyOp::compute(Operands in) { return map(*in[0], *in[1], std::multiplies<>()); }

Tensor SigmoidGradInputOp::compute(Operands in) {
  return map(*in[0], *in[1], [](double dy, double y) { return dy * y * (1 - y); });
}

Tensor SiluGradInputOp::compute(Operands in) {
  return map(*in[0], *in[1], [](double dy, double x) { return dy * sigmoid(x) * (1 + x * (1 - sigmoid(x))); });
}

Tensor GeluGradInputOp::compute(Operands in) {
  return map(*in[0], *in[1], [](double dy, double x) { return dy * (normal(x) + x * normalDensity(x)); });
}

Tensor HardSigmoidGradInputOp::compute(Operands in) {
  return map(*in[0], *in[1], [](double dy, double x) { return x <= -3 || x >= 3 ? 0 : dy / 6; });
}

Tensor HardSwishGradInputOp::compute(Operands in) {
  return map(*in[0], *in[1], [](double dy, double x) { return x < -3 ? 0 : x > 3 ? dy : dy * (x / 3 + 0.5); });
}

Tensor MishGradInputOp::compute(Operands in) {
  return map(*in[0], *in[1], [](double dy, double x) {
    double gate = mishGate(x);
    return dy * (gate + x * (1 - gate * gate) * sigmoid(x));
  });
}

Tensor LeakyReluGradInputOp::compute(Operands in) {
  double slope = getSlope().convertToDouble();
  return map(*in[0], *in[1], [=](double dy, double x) { return x < 0 ? slope * dy : dy; });
}

Tensor PreluGradInputOp::compute(Operands in) {
  const Tensor &dy = *in[0], &x = *in[1], &slope = *in[2];
  return mapChannels(x, [&](int64_t i, int64_t, int64_t c) { return x.data[i] < 0 ? slope.data[c] * dy.data[i] : dy.data[i]; });
}

Tensor PreluGradTermsOp::compute(Operands in) {
  return map(*in[0], *in[1], [](double dy, double x) { return x < 0 ? dy * x : 0; });
}
