// Activations, as codegen/x86/kernel/Activations.cpp computes them, a lane at a time.
#include "codegen/kernel/Constants.h"
#include "codegen/nvptx/kernel/Emitters.h"

using namespace skip;
using namespace skip::nvptx;
using kernel::EpilogueOp;

static Value isNegative(Builder &b, Value x) { // or NaN
  return b.select(b.atMost(b.floatConstant(0), x), b.constant(0), b.constant(1));
}

static Value whereNegative(Builder &b, Value x, Value yes, Value no) {
  return b.select(b.less(b.constant(0), isNegative(b, x)), yes, no);
}

/// NaN stays.
static Value clamped(Builder &b, Value x, float most) {
  return b.select(b.atMost(b.floatConstant(most), x), b.floatConstant(most), x);
}

static Value negated(Builder &b, Value x) { return b.minus(b.floatConstant(0), x); }

static Value sigmoid(Builder &b, Value x) {
  Value one = b.floatConstant(1), power = exponential(b, clamped(b, negated(b, x), kernel::kMostExponent));
  return b.quotient(one, b.plus(one, power));
}

/// The normal distribution's.
static Value normal(Builder &b, Value x) {
  Value one = b.floatConstant(1), z = b.times(whereNegative(b, x, negated(b, x), x), b.floatConstant(kernel::kRootHalf));
  Value t = b.quotient(one, b.fma(z, b.floatConstant(0.5f), one)), sum = b.floatConstant(kernel::kErfc[9]);
  for (int degree = 8; degree >= 0; --degree)
    sum = b.fma(sum, t, b.floatConstant(kernel::kErfc[degree]));
  Value power = exponential(b, b.fma(negated(b, z), z, sum)), tail = b.times(b.times(t, power), b.floatConstant(0.5f));
  return whereNegative(b, x, tail, b.minus(one, tail));
}

static Value hardSigmoid(Builder &b, Value x) {
  return b.times(clamped(b, b.relu(b.plus(x, b.floatConstant(3))), 6), b.floatConstant(1.0f / 6));
}

static Value mish(Builder &b, Value x) {
  Value two = b.floatConstant(2), e = exponential(b, clamped(b, x, 30)), n = b.times(e, b.plus(e, two));
  return b.times(x, b.quotient(n, b.plus(n, two)));
}

static Value leaky(Builder &b, Value x, Value slope) { return whereNegative(b, x, b.times(slope, x), x); }

bool nvptx::canApply(EpilogueOp op) {
  switch (op) {
  case EpilogueOp::Add:
  case EpilogueOp::Relu:
  case EpilogueOp::ScaleShift:
  case EpilogueOp::ReluGradInput:
  case EpilogueOp::ScaleAdd:
  case EpilogueOp::ScaleChannels:
  case EpilogueOp::Sigmoid:
  case EpilogueOp::Silu:
  case EpilogueOp::Gelu:
  case EpilogueOp::HardSigmoid:
  case EpilogueOp::HardSwish:
  case EpilogueOp::Mish:
  case EpilogueOp::LeakyRelu:
  case EpilogueOp::Prelu:
  case EpilogueOp::Mul:
  case EpilogueOp::Multiply:
  case EpilogueOp::Shift:
    return true;
  case EpilogueOp::SigmoidGradInput:
  case EpilogueOp::SiluGradInput:
  case EpilogueOp::GeluGradInput:
  case EpilogueOp::HardSigmoidGradInput:
  case EpilogueOp::HardSwishGradInput:
  case EpilogueOp::MishGradInput:
  case EpilogueOp::LeakyReluGradInput:
  case EpilogueOp::PreluGradInput:
  case EpilogueOp::PreluGradTerms:
    return false;
  }
  llvm_unreachable("an elementwise operation that nothing is known of");
}

Value nvptx::applyActivation(Builder &b, const kernel::EpilogueStep &step, Value value, Value slope) {
  switch (step.op) {
  case EpilogueOp::Sigmoid:
    return sigmoid(b, value);
  case EpilogueOp::Silu:
    return b.times(value, sigmoid(b, value));
  case EpilogueOp::Gelu:
    return b.times(value, normal(b, value));
  case EpilogueOp::HardSigmoid:
    return hardSigmoid(b, value);
  case EpilogueOp::HardSwish:
    return b.times(value, hardSigmoid(b, value));
  case EpilogueOp::Mish:
    return mish(b, value);
  case EpilogueOp::LeakyRelu:
    return leaky(b, value, b.floatConstant(static_cast<float>(step.number)));
  case EpilogueOp::Prelu:
    return leaky(b, value, slope);
  default:
    llvm_unreachable("refused: canApply");
  }
}
