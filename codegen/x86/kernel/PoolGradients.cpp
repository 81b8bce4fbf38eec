// The gradient of a max pooling looks for each window's maximum anew: its place, a number of the window's pixels in reading
// order, differs from channel to channel, and each pixel of the window takes dy in the lanes that have it. One unit has a whole
// picture of a block, so that windows that overlap add up in one order.
#include "codegen/x86/kernel/PoolGradients.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

namespace arith = mlir::arith;
using mlir::VectorType;
using namespace skip::kernel;
using Param = MaxPoolGradParam;
using Position = std::array<Value, 3>;

static constexpr StrideParams kGrad = {Param::gradImage, Param::gradBlock, Param::gradRow};
static constexpr StrideParams kIn = {Param::inImage, Param::inBlock, Param::inRow};
static constexpr StrideParams kOut = {Param::outImage, Param::outBlock, Param::outRow};

namespace {
/// The part of a window that lies in the picture.
struct Window {
  Value top, bottom, left, right;
};
} // namespace

namespace {
struct Axis {
  int64_t kernel, stride, before;
};
} // namespace

static std::pair<Value, Value> within(Builder &b, const Axis &axis, Value index, Value size) {
  Value start = b.sub(b.mul(index, axis.stride), b.constant(axis.before));
  return {b.max(start, b.constant(0)), b.min(b.add(start, b.constant(axis.kernel)), size)};
}

static Value places(Builder &b, Value scalar) {
  Value narrow = arith::TruncIOp::create(b.op, b.op.getI32Type(), scalar);
  return mlir::vector::BroadcastOp::create(b.op, VectorType::get({kLanes}, b.op.getI32Type()), narrow);
}

static Value placeOf(Builder &b, Value y, Value x) { return places(b, b.add(b.mul(y, b.param(Param::columns)), x)); }

static Value compare(Builder &b, arith::CmpFPredicate how, Value x, Value y) { return arith::CmpFOp::create(b.op, how, x, y); }

/// Whether a pixel takes the place of the best so far: the first, what is larger, and the first NaN.
static Value isBetter(Builder &b, Value pixel, Value best, Value place) {
  Value isFirst = arith::CmpIOp::create(b.op, arith::CmpIPredicate::slt, place, places(b, b.constant(0)));
  Value isLarger = compare(b, arith::CmpFPredicate::OGT, pixel, best);
  Value isNan = compare(b, arith::CmpFPredicate::UNO, pixel, pixel),
        wasNumber = compare(b, arith::CmpFPredicate::ORD, best, best);
  Value isFirstNan = arith::AndIOp::create(b.op, isNan, wasNumber);
  return arith::OrIOp::create(b.op, arith::OrIOp::create(b.op, isFirst, isLarger), isFirstNan);
}

/// For each lane the place of the window's maximum in the picture.
static Value placesOfMaximum(Builder &b, Value in, const Window &window) {
  Values initial = {b.splat(-std::numeric_limits<float>::infinity()), places(b, b.constant(-1))};
  return b.loop(window.top, window.bottom, 1, initial, [&](Value y, ValueRange outer) {
    Value row = b.at(in, b.mul(y, b.param(Param::inRow)));
    return b.loop(window.left, window.right, 1, outer, [&](Value x, ValueRange carried) {
      Value pixel = b.load(b.at(row, b.mul(x, kLanes)));
      Value better = isBetter(b, pixel, carried[0], carried[1]);
      return Values{select(b, better, pixel, carried[0]), select(b, better, placeOf(b, y, x), carried[1])};
    });
  })[1];
}

static void addToWindow(Builder &b, Value out, const Window &window, Value place, Value gradient) {
  b.loop(window.top, window.bottom, 1, [&](Value y) {
    Value row = b.at(out, b.mul(y, b.param(Param::outRow)));
    b.loop(window.left, window.right, 1, [&](Value x) {
      Value pixel = b.at(row, b.mul(x, kLanes)), old = b.load(pixel);
      Value isHere = arith::CmpIOp::create(b.op, arith::CmpIPredicate::eq, place, placeOf(b, y, x));
      b.store(select(b, isHere, plus(b, old, gradient), old), pixel);
    });
  });
}

/// Of the picture with its halo.
static void clear(Builder &b, Value out) {
  HaloTarget target{.plane = out,
                    .rowStride = b.param(Param::outRow),
                    .rows = b.param(Param::rows),
                    .columns = b.param(Param::columns),
                    .halo = b.param(Param::outHalo)};
  b.loop(b.constant(0), b.param(Param::rows), 1, [&](Value y) {
    Value row = b.at(out, b.mul(y, b.param(Param::outRow)));
    b.loop(b.constant(0), b.param(Param::columns), 1, [&](Value x) { b.store(b.splat(0.0f), b.at(row, b.mul(x, kLanes))); });
    writeHalo(b, target, y);
  });
}

void skip::kernel::emitMaxPoolGrad(mlir::ModuleOp module, llvm::StringRef name, const MaxPoolGradSpec &spec) {
  const Axis rows{spec.kernelHeight, spec.strideRows, spec.top}, columns{spec.kernelWidth, spec.strideColumns, spec.left};
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    Value gradients = planePointer(b, b.operand(0), kGrad, position), in = planePointer(b, b.operand(1), kIn, position);
    Value out = planePointer(b, b.operand(2), kOut, position);
    clear(b, out);
    b.loop(b.constant(0), b.param(Param::gradRows), 1, [&](Value p) {
      Window window;
      std::tie(window.top, window.bottom) = within(b, rows, p, b.param(Param::rows));
      Value row = b.at(gradients, b.mul(p, b.param(Param::gradRow)));
      b.loop(b.constant(0), b.param(Param::gradColumns), 1, [&](Value q) {
        std::tie(window.left, window.right) = within(b, columns, q, b.param(Param::columns));
        addToWindow(b, out, window, placesOfMaximum(b, in, window), b.load(b.at(row, b.mul(q, kLanes))));
      });
    });
  });
  b.finish();
}

void skip::kernel::emitGlobalAvgPoolGrad(mlir::ModuleOp module, llvm::StringRef name, const GlobalAvgPoolGradSpec &) {
  using P = GlobalAvgPoolGradParam;
  constexpr StrideParams strides = {P::outImage, P::outBlock, P::outRow};
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    Value image = b.at(b.operand(0), b.mul(position[0], b.param(P::gradImage)));
    Value pixels = arith::SIToFPOp::create(b.op, b.op.getF32Type(), b.mul(b.param(P::rows), b.param(P::columns)));
    Value share = arith::DivFOp::create(b.op, b.load(b.at(image, b.mul(position[1], kLanes))), b.splat(pixels));
    Value row = rowPointer(b, b.operand(1), strides, position);
    b.loop(b.constant(0), b.param(P::columns), 1, [&](Value x) { b.store(share, b.at(row, b.mul(x, kLanes))); });
    writeHalo(b, b.operand(1), strides, P::outHalo, b.param(P::rows), b.param(P::columns), position);
  });
  b.finish();
}
