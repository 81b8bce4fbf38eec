// The mean over a picture by the softmax of one logit for each pixel: the largest logit first, then in one pass over the pixels
// the sums of exp(logit - largest) and of exp(logit - largest) x, whose quotient it is. Each block of channels computes the
// exponentials anew, for all lanes at once: some 20 instructions a pixel, beside a convolution of so many channels nothing.
#include "codegen/x86/kernel/Doubles.h"
#include "codegen/x86/kernel/Exp.h"
#include "codegen/x86/kernel/PictureSums.h"
#include "codegen/x86/kernel/Pool.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

using namespace skip::kernel;
using Param = AttentionPoolParam;
using Position = std::array<Value, 3>;

static constexpr StrideParams kIn = {Param::inImage, Param::inBlock, Param::inRow};
static constexpr StrideParams kLogits = {Param::logitsImage, Param::one, Param::logitsRow}; // of block 0 alone

/// The first channel's in all lanes: the only one that there is.
static Value everywhereFirst(Builder &b, Value vector) {
  return shuffle(b, vector, vector, llvm::SmallVector<int64_t, kLanes>(kLanes, 0));
}

static Value largestOf(Builder &b, Value logits) {
  Value lowest = b.splat(-std::numeric_limits<float>::infinity());
  Values largest = b.loop(b.constant(0), b.param(Param::rows), 1, lowest, [&](Value y, ValueRange outer) {
    Value row = b.at(logits, b.mul(y, b.param(Param::logitsRow)));
    return b.loop(b.constant(0), b.param(Param::columns), 1, outer, [&](Value x, ValueRange carried) {
      return Values{b.maximum(b.load(b.at(row, b.mul(x, kLanes))), carried[0])};
    });
  });
  return everywhereFirst(b, largest[0]);
}

void skip::kernel::emitAttentionPool(mlir::ModuleOp module, llvm::StringRef name, const AttentionPoolSpec &) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    View x, logits;
    x.pointer = planePointer(b, b.operand(0), kIn, position);
    x.row = b.param(Param::inRow);
    logits.pointer = planePointer(b, b.operand(1), kLogits, {position[0], b.constant(0), position[2]});
    logits.row = b.param(Param::logitsRow);
    Value largest = largestOf(b, logits.pointer), zero = doubles(b, 0.0);
    PictureRows picture{b.param(Param::rows), b.param(Param::columns), {x, logits}};
    Values sums = addPicture(b, picture, {zero, zero}, [&](ValueRange pixel, llvm::MutableArrayRef<Value> rowSums) {
      Value weight = exponential(b, minus(b, everywhereFirst(b, pixel[1]), largest));
      rowSums[0] = plus(b, rowSums[0], weight);
      rowSums[1] = b.fma(weight, pixel[0], rowSums[1]);
    });
    Value mean = toFloats(b, mlir::arith::DivFOp::create(b.op, sums[1], sums[0]));
    Value image = b.at(b.operand(2), b.mul(position[0], b.param(Param::outImage)));
    b.store(mean, b.at(image, b.mul(position[1], kLanes)));
  });
  b.finish();
}
