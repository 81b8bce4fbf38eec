// What each image adds to a batch's statistics. The moments take two passes over a picture, which is near after the first: sums
// of x and of x^2 in one pass would cancel where the mean is large beside the deviation.
#include "codegen/x86/kernel/BatchNorm.h"
#include "codegen/x86/kernel/Doubles.h"
#include "codegen/x86/kernel/PictureSums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace arith = mlir::arith;
using namespace skip::kernel;
using Param = ImageSumsParam;
using Position = std::array<Value, 3>;

static constexpr StrideParams kIn = {Param::inImage, Param::inBlock, Param::inRow};
static constexpr StrideParams kX = {Param::xImage, Param::xBlock, Param::xRow};

static View planeOf(Builder &b, unsigned operand, StrideParams strides, Position position) {
  View plane;
  plane.pointer = planePointer(b, b.operand(operand), strides, position);
  plane.row = b.param(strides.row);
  return plane;
}

static PictureRows pictureOf(Builder &b, View plane) { return {b.param(Param::rows), b.param(Param::columns), {plane}}; }

static void storePair(Builder &b, unsigned operand, Position position, Value first, Value second) {
  Value image = b.at(b.operand(operand), b.mul(position[0], b.param(Param::outImage)));
  Value block = b.at(image, b.mul(position[1], b.param(Param::outBlock)));
  b.store(first, block);
  b.store(second, block, kLanes);
}

void skip::kernel::emitMoments(mlir::ModuleOp module, llvm::StringRef name, const MomentsSpec &) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    PictureRows picture = pictureOf(b, planeOf(b, 0, kIn, position));
    Values sum = addPicture(b, picture, doubles(b, 0.0),
                            [&](ValueRange pixel, llvm::MutableArrayRef<Value> sums) { sums[0] = plus(b, sums[0], pixel[0]); });
    Value pixels = doubles(b, b.mul(b.param(Param::rows), b.param(Param::columns)));
    Value mean = toFloats(b, arith::DivFOp::create(b.op, sum[0], pixels));
    Values squares = addPicture(b, picture, doubles(b, 0.0), [&](ValueRange pixel, llvm::MutableArrayRef<Value> sums) {
      Value distance = minus(b, pixel[0], mean);
      sums[0] = b.fma(distance, distance, sums[0]);
    });
    storePair(b, 1, position, mean, toFloats(b, squares[0]));
  });
  b.finish();
}

void skip::kernel::emitGradSums(mlir::ModuleOp module, llvm::StringRef name, const GradSumsSpec &) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    PictureRows picture = pictureOf(b, planeOf(b, 0, kIn, position));
    picture.planes.push_back(planeOf(b, 1, kX, position));
    Value mean = b.load(b.at(b.operand(2), b.mul(position[1], kLanes))), zero = doubles(b, 0.0);
    Values sums = addPicture(b, picture, {zero, zero}, [&](ValueRange pixel, llvm::MutableArrayRef<Value> rowSums) {
      rowSums[0] = plus(b, rowSums[0], pixel[0]);
      rowSums[1] = b.fma(pixel[0], minus(b, pixel[1], mean), rowSums[1]);
    });
    storePair(b, 3, position, toFloats(b, sums[0]), toFloats(b, sums[1]));
  });
  b.finish();
}
