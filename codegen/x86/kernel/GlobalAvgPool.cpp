// Global average pooling. Each row is summed on its own, in four partial sums, so that large pictures lose little precision.
#include "codegen/x86/kernel/Pool.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;
using Param = GlobalAvgPoolParam;
using Position = std::array<Value, 3>;

static constexpr int64_t kTile = 4;
static constexpr StrideParams kIn = {Param::inImage, Param::inBlock, Param::inRow};

static Value sumOfRow(Builder &b, Value row) {
  Value columns = b.param(Param::inColumns), zero = b.splat(0.0f);
  Value tiledEnd = b.mul(b.divide(columns, b.constant(kTile)), kTile);
  Values sums = b.loop(b.constant(0), tiledEnd, kTile, Values(kTile, zero), [&](Value first, ValueRange carried) {
    Value pixels = b.at(row, b.mul(first, kLanes));
    Values next;
    for (int64_t i = 0; i < kTile; ++i)
      next.push_back(plus(b, carried[i], b.load(pixels, i * kLanes)));
    return next;
  });
  Value tiledSum = plus(b, plus(b, sums[0], sums[1]), plus(b, sums[2], sums[3]));
  return b.loop(tiledEnd, columns, 1, tiledSum, [&](Value column, ValueRange carried) {
    return Values{plus(b, carried[0], b.load(b.at(row, b.mul(column, kLanes))))};
  })[0];
}

static Value pixelCount(Builder &b) {
  Value count = b.mul(b.param(Param::inRows), b.param(Param::inColumns));
  return b.splat(mlir::arith::SIToFPOp::create(b.op, b.op.getF32Type(), count));
}

static void emitBlock(Builder &b, Position position) {
  Value plane = planePointer(b, b.operand(0), kIn, position);
  Values sum = b.loop(b.constant(0), b.param(Param::inRows), 1, b.splat(0.0f), [&](Value row, ValueRange carried) {
    return Values{plus(b, carried[0], sumOfRow(b, b.at(plane, b.mul(row, b.param(Param::inRow)))))};
  });
  Value mean = mlir::arith::DivFOp::create(b.op, sum[0], pixelCount(b));
  Value image = b.at(b.operand(1), b.mul(position[0], b.param(Param::outImage)));
  b.store(mean, b.at(image, b.mul(position[1], kLanes)));
}

void skip::kernel::emitGlobalAvgPool(mlir::ModuleOp module, llvm::StringRef name, const GlobalAvgPoolSpec &) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) { emitBlock(b, position); });
  b.finish();
}
