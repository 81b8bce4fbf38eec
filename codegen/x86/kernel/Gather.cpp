// Vectors whose lanes come from addresses of their own.
#include "codegen/x86/kernel/Gather.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace arith = mlir::arith;
using mlir::VectorType;
using namespace skip::kernel;

static VectorType integers(Builder &b) { return VectorType::get({kLanes}, b.op.getI64Type()); }

Value skip::kernel::everywhere(Builder &b, Value scalar) {
  return mlir::vector::BroadcastOp::create(b.op, integers(b), scalar);
}

Value skip::kernel::lanesAsIntegers(Builder &b, Value first) {
  llvm::SmallVector<int64_t, kLanes> numbers;
  for (int64_t lane = 0; lane < kLanes; ++lane)
    numbers.push_back(lane);
  Value lanes = arith::ConstantOp::create(b.op, mlir::DenseElementsAttr::get(integers(b), llvm::ArrayRef<int64_t>(numbers)));
  return arith::AddIOp::create(b.op, everywhere(b, first), lanes);
}

Value skip::kernel::channelOffsets(Builder &b, Value channels, Value block) {
  Value sixteen = everywhere(b, b.constant(kLanes));
  Value blocks = arith::DivUIOp::create(b.op, channels, sixteen), lane = arith::RemUIOp::create(b.op, channels, sixteen);
  return arith::AddIOp::create(b.op, Value(arith::MulIOp::create(b.op, blocks, everywhere(b, block))), lane);
}

static Value places(Builder &b, Value base, Value offsets) {
  auto pointers = VectorType::get({kLanes}, mlir::LLVM::LLVMPointerType::get(b.op.getContext()));
  return mlir::LLVM::GEPOp::create(b.op, pointers, b.op.getF32Type(), base, llvm::ArrayRef<mlir::LLVM::GEPArg>{offsets});
}

Value skip::kernel::placesOf(Builder &b, Value pointer, Value offsets) { return places(b, pointer, offsets); }

Value skip::kernel::gather(Builder &b, Value from) {
  Value all = arith::ConstantOp::create(
      b.op, mlir::DenseElementsAttr::get(VectorType::get({kLanes}, b.op.getI1Type()), llvm::ArrayRef<bool>(true)));
  Value zero = b.splat(0.0f);
  return mlir::LLVM::masked_gather::create(b.op, zero.getType(), from, all, mlir::ValueRange{zero},
                                           b.op.getI32IntegerAttr(sizeof(float)));
}

Value skip::kernel::gatherAt(Builder &b, Value from, Value offset) { return gather(b, places(b, from, everywhere(b, offset))); }
