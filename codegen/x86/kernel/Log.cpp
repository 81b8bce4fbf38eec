// The natural logarithm on vectors.
//
// x = 2^e * m with m from sqrt(1/2) to sqrt(2), so that numbers near 1 have e = 0 and lose nothing. log(m) = 2 atanh(f) with
// f = (m - 1) / (m + 1), |f| < 0.172, whose series up to f^9 is off by at most 2 f^11 / 11 = 7e-10.
#include "codegen/x86/kernel/Log.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

namespace arith = mlir::arith;
using mlir::VectorType;
using namespace skip::kernel;

static constexpr int32_t kRootBits = 0x3f3504f3; // sqrt(1/2)
static constexpr int32_t kMantissaBits = 23;
static constexpr float kLn2High = 0.693359375f; // 355 / 512: e times it is exact
static constexpr float kLn2Low = -2.12194440e-4f;

static VectorType integersType(Builder &b) { return VectorType::get({kLanes}, b.op.getI32Type()); }

static Value integers(Builder &b, int32_t value) {
  return arith::ConstantOp::create(b.op, mlir::DenseElementsAttr::get(integersType(b), llvm::ArrayRef<int32_t>(value)));
}

Value skip::kernel::logarithm(Builder &b, Value x) {
  mlir::Type floats = b.splat(0.0f).getType();
  Value bits = arith::BitcastOp::create(b.op, integersType(b), x);
  Value exponent =
      arith::ShRSIOp::create(b.op, arith::SubIOp::create(b.op, bits, integers(b, kRootBits)), integers(b, kMantissaBits));
  Value shifted = arith::ShLIOp::create(b.op, exponent, integers(b, kMantissaBits));
  Value mantissa = arith::BitcastOp::create(b.op, floats, arith::SubIOp::create(b.op, bits, shifted));
  Value one = b.splat(1.0f);
  Value f = arith::DivFOp::create(b.op, minus(b, mantissa, one), plus(b, mantissa, one));
  Value square = arith::MulFOp::create(b.op, f, f), series = b.splat(2.0f / 9);
  for (int odd : {7, 5, 3})
    series = b.fma(series, square, b.splat(2.0f / static_cast<float>(odd)));
  Value cube = arith::MulFOp::create(b.op, f, square);
  Value e = arith::SIToFPOp::create(b.op, floats, exponent);
  Value small = b.fma(cube, series, b.fma(e, b.splat(kLn2Low), plus(b, f, f)));
  Value finite = b.fma(e, b.splat(kLn2High), small);
  Value isFinite = arith::CmpFOp::create(b.op, arith::CmpFPredicate::OLT, x, b.splat(std::numeric_limits<float>::infinity()));
  return select(b, isFinite, finite, x);
}
