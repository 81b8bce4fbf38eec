// The exponential function on vectors.
//
// exp(x) = 2^n * exp(r) with n = x / ln 2 rounded to nearest, so that |r| <= ln 2 / 2 = 0.347, where the Taylor polynomial of
// degree 7 is off by at most r^8 / 8! = 5e-9. r = x - n ln 2 is exact enough because ln 2 is subtracted in two parts, the first
// with so few bits that n times it is exact. 2^n is multiplied in two factors, each a normal number down to n = -150, so that
// small results round once, to denormals or zero.
#include "codegen/x86/kernel/Exp.h"
#include "codegen/kernel/Constants.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using mlir::VectorType;
using namespace skip::kernel;

static VectorType integersType(Builder &b) { return VectorType::get({kLanes}, b.op.getI32Type()); }

static Value integers(Builder &b, int32_t value) {
  return arith::ConstantOp::create(b.op, mlir::DenseElementsAttr::get(integersType(b), llvm::ArrayRef<int32_t>(value)));
}

static Value powerOfTwo(Builder &b, Value exponent) {
  Value biased = arith::AddIOp::create(b.op, exponent, integers(b, kExponentBias));
  Value bits = arith::ShLIOp::create(b.op, biased, integers(b, kMantissaBits));
  return arith::BitcastOp::create(b.op, b.splat(0.0f).getType(), bits);
}

static Value taylor(Builder &b, Value r) {
  constexpr int64_t factorials[] = {1, 1, 2, 6, 24, 120, 720, 5040};
  Value sum = b.splat(1.0f / factorials[7]);
  for (int degree = 6; degree >= 0; --degree)
    sum = b.fma(sum, r, b.splat(1.0f / factorials[degree]));
  return sum;
}

Value skip::kernel::exponential(Builder &b, Value x) {
  x = b.maximum(b.splat(kLowest), x);
  Value shifted = b.fma(x, b.splat(kLog2e), b.splat(kRounder));
  Value rounded = arith::SubFOp::create(b.op, shifted, b.splat(kRounder));
  Value r = b.fma(rounded, b.splat(-kLn2Low), b.fma(rounded, b.splat(-kLn2High), x));
  Value bits = arith::BitcastOp::create(b.op, integersType(b), shifted);
  Value n = arith::SubIOp::create(b.op, bits, integers(b, kRounderBits));
  Value half = arith::ShRSIOp::create(b.op, n, integers(b, 1));
  Value scaled = arith::MulFOp::create(b.op, taylor(b, r), powerOfTwo(b, half));
  return arith::MulFOp::create(b.op, scaled, powerOfTwo(b, arith::SubIOp::create(b.op, n, half)));
}
