// The logarithm on vectors of doubles.
//
// x = 2^n m with sqrt(1/2) <= m < sqrt(2), read off the bits, and log(m) = 2 (z + z^3 / 3 + z^5 / 5 ...) with z = (m - 1) / (m
// + 1), so that |z| <= 0.1716 and what is left out behind z^17 / 17 is below 1e-14 of it. Near 1 nothing cancels: n is 0 and m
// - 1 exact.
#include "codegen/x86/kernel/Log.h"

#include "codegen/x86/kernel/Doubles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using mlir::VectorType;
using namespace skip::kernel;

static constexpr int64_t kMantissaBits = 52, kExponentBias = 1023;
static constexpr double kLn2 = 0.69314718055994530942, kRoot2 = 1.41421356237309504880;
static constexpr int kTerms = 9;

static VectorType integersType(Builder &b) { return VectorType::get({kLanes}, b.op.getI64Type()); }

static Value integers(Builder &b, int64_t value) {
  return arith::ConstantOp::create(b.op, mlir::DenseElementsAttr::get(integersType(b), llvm::ArrayRef<int64_t>(value)));
}

/// 2 (1 + square / 3 + square^2 / 5 ...).
static Value seriesOf(Builder &b, Value square) {
  Value sum = doubles(b, 2.0 / (2 * kTerms - 1));
  for (int term = kTerms - 2; term >= 0; --term)
    sum = b.fma(sum, square, doubles(b, 2.0 / (2 * term + 1)));
  return sum;
}

Value skip::kernel::logarithm(Builder &b, Value x) {
  Value bits = arith::BitcastOp::create(b.op, integersType(b), x), one = doubles(b, 1.0);
  Value exponent =
      arith::SubIOp::create(b.op, arith::ShRUIOp::create(b.op, bits, integers(b, kMantissaBits)), integers(b, kExponentBias));
  Value fraction = arith::AndIOp::create(b.op, bits, integers(b, (int64_t(1) << kMantissaBits) - 1));
  Value mantissa = arith::BitcastOp::create(b.op, x.getType(),
                                            arith::OrIOp::create(b.op, fraction, integers(b, kExponentBias << kMantissaBits)));
  Value isLarge = arith::CmpFOp::create(b.op, arith::CmpFPredicate::OGT, mantissa, doubles(b, kRoot2));
  Value half = arith::MulFOp::create(b.op, mantissa, doubles(b, 0.5));
  Value power = arith::SIToFPOp::create(b.op, x.getType(), exponent);
  Value m = arith::SelectOp::create(b.op, isLarge, half, mantissa);
  Value n = arith::SelectOp::create(b.op, isLarge, arith::AddFOp::create(b.op, power, one), power);
  Value z = arith::DivFOp::create(b.op, arith::SubFOp::create(b.op, m, one), arith::AddFOp::create(b.op, m, one));
  Value ofMantissa = arith::MulFOp::create(b.op, z, seriesOf(b, arith::MulFOp::create(b.op, z, z)));
  Value result = b.fma(n, doubles(b, kLn2), ofMantissa);
  Value isNan = arith::CmpFOp::create(b.op, arith::CmpFPredicate::UNO, x, x);
  return arith::SelectOp::create(b.op, isNan, x, result);
}
