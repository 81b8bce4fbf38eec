// A batch's statistics from its images': a block of channels at a time, images in order, in doubles.
#include "codegen/x86/kernel/BatchNorm.h"
#include "codegen/x86/kernel/Doubles.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip::kernel;
using Param = MergeParam;

namespace {

/// The block of channels that a unit computes: arithmetic on vectors of doubles, and the operands' vectors.
class Block {
public:
  Block(Builder &b, Value index)
      : b(b), index(index), first(b.mul(index, kLanes)), exists(lanesBelow(b, b.sub(b.param(Param::channels), first))) {}

  Value add(Value x, Value y) { return arith::AddFOp::create(b.op, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b.op, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b.op, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b.op, x, y); }
  Value number(double value) { return doubles(b, value); }
  Value elements() { return doubles(b, b.mul(b.param(Param::images), b.param(Param::pixels))); }
  Value inverseDeviation(Value variance, double epsilon) {
    return div(number(1), squareRoot(b, add(variance, number(epsilon))));
  }

  Value vector(unsigned operand) { return toDoubles(b, b.load(b.at(b.operand(operand), first))); }
  void store(Value value, unsigned operand) {
    b.store(select(b, exists, toFloats(b, value), b.splat(0.0f)), b.at(b.operand(operand), first));
  }

  /// `merge` of each image's two rows of operand 0 and what is carried, starting from two zeros.
  Values overImages(llvm::function_ref<Values(Value image, Value row0, Value row1, ValueRange carried)> merge) {
    Value rows = b.at(b.operand(0), b.mul(index, b.param(Param::inBlock)));
    return b.loop(b.constant(0), b.param(Param::images), 1, Values(2, number(0)), [&](Value image, ValueRange carried) {
      Value at = b.at(rows, b.mul(image, b.param(Param::inImage)));
      return merge(image, toDoubles(b, b.load(at)), toDoubles(b, b.load(at, kLanes)), carried);
    });
  }

private:
  Builder &b;
  Value index, first, exists;
};

} // namespace

/// The batch's mean and the sum of all squared distances from it.
static Values mergedMoments(Builder &b, Block &block) {
  Value pixels = doubles(b, b.param(Param::pixels));
  return block.overImages([&](Value image, Value mean, Value squares, ValueRange carried) {
    Value before = doubles(b, image), now = doubles(b, b.add(image, b.constant(1)));
    Value distance = block.sub(mean, carried[0]);
    Value between = block.mul(block.mul(distance, distance), block.div(block.mul(pixels, before), now));
    return Values{block.add(carried[0], block.div(distance, now)), block.add(carried[1], block.add(squares, between))};
  });
}

/// running + momentum * (batch - running).
static Value movedOn(Block &block, Value running, Value batch, double momentum) {
  return block.add(running, block.mul(block.number(momentum), block.sub(batch, running)));
}

void skip::kernel::emitMergeMoments(mlir::ModuleOp module, llvm::StringRef name, const MergeMomentsSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](std::array<Value, 3> position) {
    Block block(b, position[1]);
    Values merged = mergedMoments(b, block);
    Value count = b.mul(b.param(Param::images), b.param(Param::pixels)), one = b.constant(1);
    Value gamma = block.vector(1), beta = block.vector(2), runningMean = block.vector(3), running = block.vector(4);
    Value mean = merged[0], variance = block.div(merged[1], block.elements());
    Value unbiased = block.div(merged[1], doubles(b, b.max(one, b.sub(count, one))));
    Value scale = block.mul(gamma, block.inverseDeviation(variance, spec.epsilon));
    Value next = movedOn(block, running, unbiased, spec.momentum); // of one element there is none
    block.store(mean, 5);
    block.store(variance, 6);
    block.store(movedOn(block, runningMean, mean, spec.momentum), 7);
    block.store(select(b, b.less(one, count), next, running), 8);
    block.store(scale, 9);
    block.store(block.sub(beta, block.mul(mean, scale)), 10);
  });
  b.finish();
}

void skip::kernel::emitMergeGradSums(mlir::ModuleOp module, llvm::StringRef name, const MergeGradSumsSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](std::array<Value, 3> position) {
    Block block(b, position[1]);
    Values sums = block.overImages([&](Value, Value ofGradient, Value ofProduct, ValueRange carried) {
      return Values{block.add(carried[0], ofGradient), block.add(carried[1], ofProduct)};
    });
    Value gamma = block.vector(1), mean = block.vector(2), inverse = block.inverseDeviation(block.vector(3), spec.epsilon);
    Value gammaGradient = block.mul(sums[1], inverse), scale = block.mul(gamma, inverse), elements = block.elements();
    auto negated = [&](Value value) { return block.sub(block.number(0), value); };
    Value slope = negated(block.div(block.mul(block.mul(scale, inverse), gammaGradient), elements));
    Value shift = block.sub(negated(block.div(block.mul(scale, sums[0]), elements)), block.mul(slope, mean));
    block.store(gammaGradient, 4);
    block.store(sums[0], 5);
    block.store(scale, 6);
    block.store(slope, 7);
    block.store(shift, 8);
  });
  b.finish();
}
