// Vectors of 16 doubles.
#include "codegen/x86/kernel/Doubles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace arith = mlir::arith;
using mlir::VectorType;
using namespace skip;
using kernel::Builder;
using kernel::kLanes;
using kernel::Value;

static VectorType doublesType(Builder &b) { return VectorType::get({kLanes}, b.op.getF64Type()); }

Value kernel::toDoubles(Builder &b, Value floats) { return arith::ExtFOp::create(b.op, doublesType(b), floats); }

Value kernel::toFloats(Builder &b, Value doubles) {
  return arith::TruncFOp::create(b.op, VectorType::get({kLanes}, b.op.getF32Type()), doubles);
}

Value kernel::doubles(Builder &b, double value) {
  return arith::ConstantOp::create(b.op, mlir::DenseElementsAttr::get(doublesType(b), llvm::ArrayRef<double>(value)));
}

Value kernel::doubles(Builder &b, Value integer) {
  Value scalar = arith::SIToFPOp::create(b.op, b.op.getF64Type(), integer);
  return mlir::vector::BroadcastOp::create(b.op, doublesType(b), scalar);
}

Value kernel::squareRoot(Builder &b, Value doubles) { return mlir::LLVM::SqrtOp::create(b.op, doubles); }
