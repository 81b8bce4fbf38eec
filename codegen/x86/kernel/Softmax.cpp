// Softmax of one image in three passes over its classes: their maximum; the exponentials, stored, and their sum; the quotients.
#include "codegen/x86/kernel/Exp.h"
#include "codegen/x86/kernel/Softmax.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

using namespace skip::kernel;
using Param = SoftmaxParam;

/// The lanes from `first` on that are classes.
static Value classMask(Builder &b, Value first) { return lanesBelow(b, b.sub(b.param(Param::classes), first)); }

static Value largestOf(Builder &b, Value row) {
  Value lowest = b.splat(-std::numeric_limits<float>::infinity());
  Values largest = b.loop(b.constant(0), b.param(Param::classes), kLanes, lowest, [&](Value first, ValueRange carried) {
    Value x = select(b, classMask(b, first), b.load(b.at(row, first)), lowest);
    return Values{b.maximum(x, carried[0])};
  });
  return reduceLanes(b, largest[0], [&](Value x, Value y) { return b.maximum(x, y); });
}

/// Stores exp(x - largest), with zeros behind the last class; the sum.
static Value storeExponentials(Builder &b, Value row, Value largest, Value out) {
  Value zero = b.splat(0.0f);
  Values sum = b.loop(b.constant(0), b.param(Param::classes), kLanes, zero, [&](Value first, ValueRange carried) {
    Value difference = mlir::arith::SubFOp::create(b.op, b.load(b.at(row, first)), largest);
    Value exponentials = select(b, classMask(b, first), exponential(b, difference), zero);
    b.store(exponentials, b.at(out, first));
    return Values{plus(b, carried[0], exponentials)};
  });
  return reduceLanes(b, sum[0], [&](Value x, Value y) { return plus(b, x, y); });
}

static void divideBySum(Builder &b, Value out, Value sum) {
  b.loop(b.constant(0), b.param(Param::classes), kLanes, [&](Value first) {
    Value quotient = mlir::arith::DivFOp::create(b.op, b.load(b.at(out, first)), sum);
    b.store(select(b, classMask(b, first), quotient, b.splat(0.0f)), b.at(out, first));
  });
}

void skip::kernel::emitSoftmax(mlir::ModuleOp module, llvm::StringRef name, const SoftmaxSpec &) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](std::array<Value, 3> position) {
    Value row = b.at(b.operand(0), b.mul(position[0], b.param(Param::inImage)));
    Value out = b.at(b.operand(1), b.mul(position[0], b.param(Param::outImage)));
    divideBySum(b, out, storeExponentials(b, row, largestOf(b, row), out));
  });
  b.finish();
}
