// Activations on the exponential function of Exp.h.
//
// The normal distribution P(x) = erfc(-x / sqrt 2) / 2 goes by a Chebyshev fit of erfc (Press et al., *Numerical
// Recipes*, 6.2),
//
//   erfc(z) = t exp(-z^2 + c0 + t (c1 + t (c2 + ...))),   t = 1 / (1 + z / 2),   z >= 0
//
// whose relative error is below 1.2e-7 everywhere, so that the tail of gelu is as good as its body; for x > 0, P(x) = 1 -
// P(-x).
//
// mish's tanh(log(1 + e)), e = exp(x), is n / (n + 2) with n = e (e + 2), which loses no digits anywhere; its slope is
// 4 e (e + 1) / (n + 2)^2.
#include "codegen/x86/kernel/Activations.h"
#include "codegen/kernel/Constants.h"
#include "codegen/x86/kernel/Exp.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip::kernel;

static constexpr float kDensity = 0.39894228f; // 1 / sqrt 2 pi

static Value times(Builder &b, Value x, Value y) { return arith::MulFOp::create(b.op, x, y); }
static Value times(Builder &b, Value x, float y) { return times(b, x, b.splat(y)); }
static Value quotient(Builder &b, Value x, Value y) { return arith::DivFOp::create(b.op, x, y); }
static Value negated(Builder &b, Value x) { return arith::NegFOp::create(b.op, x); }

static Value isBelow(Builder &b, Value x, float bound) {
  return arith::CmpFOp::create(b.op, arith::CmpFPredicate::OLT, x, b.splat(bound));
}
static Value isAbove(Builder &b, Value x, float bound) {
  return arith::CmpFOp::create(b.op, arith::CmpFPredicate::OGT, x, b.splat(bound));
}
/// NaN stays.
static Value atMost(Builder &b, Value x, float bound) { return select(b, isAbove(b, x, bound), b.splat(bound), x); }

static Value sigmoid(Builder &b, Value x) {
  Value one = b.splat(1.0f), power = exponential(b, atMost(b, negated(b, x), kMostExponent));
  return quotient(b, one, plus(b, one, power));
}

static Value normal(Builder &b, Value x) {
  Value one = b.splat(1.0f), isNegative = isBelow(b, x, 0.0f);
  Value z = times(b, select(b, isNegative, negated(b, x), x), kRootHalf);
  Value t = quotient(b, one, b.fma(z, b.splat(0.5f), one)), sum = b.splat(kErfc[9]);
  for (int degree = 8; degree >= 0; --degree)
    sum = b.fma(sum, t, b.splat(kErfc[degree]));
  Value tail = times(b, times(b, t, exponential(b, b.fma(negated(b, z), z, sum))), 0.5f);
  return select(b, isNegative, tail, minus(b, one, tail));
}

static Value normalDensity(Builder &b, Value x) { return times(b, exponential(b, times(b, times(b, x, x), -0.5f)), kDensity); }

static Value hardSigmoid(Builder &b, Value x) { return times(b, atMost(b, b.relu(plus(b, x, b.splat(3.0f))), 6.0f), 1.0f / 6); }

namespace {
/// What mish multiplies x by, and the slope of that.
struct MishGate {
  Value e, n, denominator;
};
} // namespace

/// From 17 on the gate is 1; at the bound the denominator's square is infinite, so that the slope is 0.
static MishGate mishGate(Builder &b, Value x) {
  Value two = b.splat(2.0f), e = exponential(b, atMost(b, x, 30.0f)), n = times(b, e, plus(b, e, two));
  return {e, n, plus(b, n, two)};
}

static Value mish(Builder &b, Value x) {
  MishGate gate = mishGate(b, x);
  return times(b, x, quotient(b, gate.n, gate.denominator));
}

static Value mishSlope(Builder &b, Value x) {
  MishGate gate = mishGate(b, x);
  Value above = times(b, times(b, gate.e, 4.0f), plus(b, gate.e, b.splat(1.0f)));
  Value slope = quotient(b, above, times(b, gate.denominator, gate.denominator));
  return b.fma(x, slope, quotient(b, gate.n, gate.denominator));
}

static Value siluSlope(Builder &b, Value x) {
  Value one = b.splat(1.0f), s = sigmoid(b, x);
  return times(b, s, b.fma(x, minus(b, one, s), one));
}

static Value hardSigmoidGradient(Builder &b, Value dy, Value x) {
  Value low = arith::CmpFOp::create(b.op, arith::CmpFPredicate::OLE, x, b.splat(-3.0f));
  Value high = arith::CmpFOp::create(b.op, arith::CmpFPredicate::OGE, x, b.splat(3.0f)), zero = b.splat(0.0f);
  return select(b, low, zero, select(b, high, zero, times(b, dy, 1.0f / 6)));
}

static Value hardSwishGradient(Builder &b, Value dy, Value x) {
  Value middle = times(b, dy, b.fma(x, b.splat(1.0f / 3), b.splat(0.5f)));
  return select(b, isBelow(b, x, -3.0f), b.splat(0.0f), select(b, isAbove(b, x, 3.0f), dy, middle));
}

/// `value`, and `slope` times it where x < 0.
static Value leaky(Builder &b, Value value, Value x, Value slope) {
  return select(b, isBelow(b, x, 0.0f), times(b, slope, value), value);
}

Value skip::kernel::applyActivation(Builder &b, const EpilogueStep &step, Value value,
                                    llvm::function_ref<Value(unsigned)> operand) {
  switch (step.op) {
  case EpilogueOp::Sigmoid:
    return sigmoid(b, value);
  case EpilogueOp::Silu:
    return times(b, value, sigmoid(b, value));
  case EpilogueOp::Gelu:
    return times(b, value, normal(b, value));
  case EpilogueOp::HardSigmoid:
    return hardSigmoid(b, value);
  case EpilogueOp::HardSwish:
    return times(b, value, hardSigmoid(b, value));
  case EpilogueOp::Mish:
    return mish(b, value);
  case EpilogueOp::LeakyRelu:
    return leaky(b, value, value, b.splat(static_cast<float>(step.number)));
  case EpilogueOp::Prelu:
    return leaky(b, value, value, operand(0));
  case EpilogueOp::SigmoidGradInput: {
    Value y = operand(0);
    return times(b, value, times(b, y, minus(b, b.splat(1.0f), y)));
  }
  case EpilogueOp::SiluGradInput:
    return times(b, value, siluSlope(b, operand(0)));
  case EpilogueOp::GeluGradInput: {
    Value x = operand(0);
    return times(b, value, b.fma(x, normalDensity(b, x), normal(b, x)));
  }
  case EpilogueOp::HardSigmoidGradInput:
    return hardSigmoidGradient(b, value, operand(0));
  case EpilogueOp::HardSwishGradInput:
    return hardSwishGradient(b, value, operand(0));
  case EpilogueOp::MishGradInput:
    return times(b, value, mishSlope(b, operand(0)));
  case EpilogueOp::LeakyReluGradInput:
    return leaky(b, value, operand(0), b.splat(static_cast<float>(step.number)));
  case EpilogueOp::PreluGradInput:
    return leaky(b, value, operand(0), operand(1));
  case EpilogueOp::PreluGradTerms: {
    Value x = operand(0);
    return select(b, isBelow(b, x, 0.0f), times(b, value, x), b.splat(0.0f));
  }
  case EpilogueOp::Add:
  case EpilogueOp::Relu:
  case EpilogueOp::ScaleShift:
  case EpilogueOp::ReluGradInput:
  case EpilogueOp::ScaleAdd:
  case EpilogueOp::ScaleChannels:
  case EpilogueOp::Mul:
  case EpilogueOp::Multiply:
  case EpilogueOp::Shift:
    break; // Builder.cpp's
  }
  llvm_unreachable("an elementwise operation without code");
}
