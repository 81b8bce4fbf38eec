// Of each image, with d = x - max(x): the loss is log(sum of exp(d)) - (1 - smoothing) d[label] - smoothing / C sum of d, in
// which nothing large cancels. Sums are in doubles: where the label is nearly certain the first is 1, and what is left of the
// loss and of the gradient is its distance from 1.
#include "codegen/x86/kernel/CrossEntropy.h"
#include "codegen/x86/kernel/ClassRow.h"
#include "codegen/x86/kernel/Doubles.h"
#include "codegen/x86/kernel/Exp.h"
#include "codegen/x86/kernel/Log.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace arith = mlir::arith;
using mlir::VectorType;
using namespace skip::kernel;
using Param = CrossEntropyParam;

/// An image's label, an i64.
static Value labelOf(Builder &b, Value image) {
  Value label = mlir::LLVM::LoadOp::create(b.op, b.op.getI32Type(), b.at(b.operand(1), image), 4);
  return arith::ExtSIOp::create(b.op, b.op.getI64Type(), label);
}

static Value product(Builder &b, Value x, Value y) { return arith::MulFOp::create(b.op, x, y); }
static Value quotient(Builder &b, Value x, Value y) { return arith::DivFOp::create(b.op, x, y); }

static Value rowOf(Builder &b, unsigned operand, Value image, unsigned stride) {
  return b.at(b.operand(operand), b.mul(image, b.param(stride)));
}

/// What the smoothing gives every class.
static Value spreadOf(Builder &b, double smoothing) {
  return quotient(b, doubles(b, smoothing), doubles(b, b.param(Param::classes)));
}

static Value lossOf(Builder &b, const ClassRow &classes, const CrossEntropySpec &spec, Value image) {
  Value row = rowOf(b, 0, image, Param::inImage), largest = classes.largest(row);
  auto difference = [&](Value first) { return minus(b, b.load(b.at(row, first)), largest); };
  Value loss = logarithm(b, classes.sum([&](Value first) { return exponential(b, difference(first)); }));
  Value ofLabel = minus(b, b.splat(b.loadScalar(b.at(row, labelOf(b, image)))), largest);
  loss = minus(b, loss, product(b, doubles(b, 1 - spec.smoothing), toDoubles(b, ofLabel)));
  return minus(b, loss, product(b, spreadOf(b, spec.smoothing), classes.sum(difference)));
}

void skip::kernel::emitCrossEntropy(mlir::ModuleOp module, llvm::StringRef name, const CrossEntropySpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](std::array<Value, 3>) {
    ClassRow classes(b, b.param(Param::classes));
    Value images = b.param(Param::images);
    Values sum = b.loop(b.constant(0), images, 1, doubles(b, 0.0), [&](Value image, ValueRange carried) {
      return Values{plus(b, carried[0], lossOf(b, classes, spec, image))};
    });
    Value mean = toFloats(b, quotient(b, sum[0], doubles(b, images)));
    Value scalar = mlir::vector::ExtractOp::create(b.op, mean, 0);
    mlir::LLVM::StoreOp::create(b.op, scalar, b.operand(2), 4);
  });
  b.finish();
}

/// A mask of the label's lane among the classes from `first` on, of none where it is not there.
static Value isLabel(Builder &b, Value first, Value label) {
  Value lane = b.sub(label, first), next = b.add(lane, b.constant(1));
  Value below = lanesBelow(b, lane), upTo = lanesBelow(b, next);
  return arith::XOrIOp::create(b.op, below, upTo);
}

void skip::kernel::emitCrossEntropyGrad(mlir::ModuleOp module, llvm::StringRef name, const CrossEntropyGradSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](std::array<Value, 3> position) {
    ClassRow classes(b, b.param(Param::classes));
    Value row = rowOf(b, 0, position[0], Param::inImage), out = rowOf(b, 2, position[0], Param::outImage);
    Value largest = classes.largest(row), label = labelOf(b, position[0]);
    classes.store(out, [&](Value first) { return exponential(b, minus(b, b.load(b.at(row, first)), largest)); });
    Value sum = classes.sum([&](Value first) { return b.load(b.at(out, first)); });
    Value images = doubles(b, b.param(Param::images)), spread = spreadOf(b, spec.smoothing);
    Value ofLabel = plus(b, spread, doubles(b, 1 - spec.smoothing));
    classes.store(out, [&](Value first) {
      Value probability = quotient(b, toDoubles(b, b.load(b.at(out, first))), sum);
      Value wanted = select(b, isLabel(b, first, label), ofLabel, spread);
      return toFloats(b, quotient(b, minus(b, probability, wanted), images));
    });
  });
  b.finish();
}

void skip::kernel::emitSoftmaxGrad(mlir::ModuleOp module, llvm::StringRef name, const SoftmaxGradSpec &) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](std::array<Value, 3> position) {
    ClassRow classes(b, b.param(Param::classes));
    Value gradient = rowOf(b, 0, position[0], Param::inImage), y = rowOf(b, 1, position[0], Param::secondImage);
    Value out = rowOf(b, 2, position[0], Param::outImage);
    Value sum = toFloats(
        b, classes.sum([&](Value first) { return product(b, b.load(b.at(gradient, first)), b.load(b.at(y, first))); }));
    classes.store(
        out, [&](Value first) { return product(b, b.load(b.at(y, first)), minus(b, b.load(b.at(gradient, first)), sum)); });
  });
  b.finish();
}
