// Partial vectors, permutations of lanes and tiled loops.
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace arith = mlir::arith;
namespace vector = mlir::vector;
using mlir::VectorType;
using namespace skip;
using namespace skip::kernel;

static constexpr unsigned kFloatAlignment = 4;

static Value lanesConstant(Builder &b) {
  llvm::SmallVector<int32_t, kLanes> lanes;
  for (int32_t lane = 0; lane < kLanes; ++lane)
    lanes.push_back(lane);
  return arith::ConstantOp::create(b.op, b.op.getI32VectorAttr(lanes));
}

Value kernel::lanesBelow(Builder &b, Value count) {
  // Compared as 32-bit integers, which fill a vector of 16 as the floats do.
  Value clamped = b.max(b.constant(0), b.min(count, b.constant(kLanes)));
  Value narrow = arith::TruncIOp::create(b.op, b.op.getI32Type(), clamped);
  Value counts = vector::BroadcastOp::create(b.op, VectorType::get({kLanes}, b.op.getI32Type()), narrow);
  return arith::CmpIOp::create(b.op, arith::CmpIPredicate::slt, lanesConstant(b), counts);
}

Values kernel::existingLanes(Builder &b, int64_t lastLanes, Value blocks, Value first, int64_t count) {
  Values masks;
  if (lastLanes == 0)
    return masks;
  Value left = b.sub(b.mul(b.sub(blocks, first), kLanes), b.constant(kLanes - lastLanes));
  for (int64_t block = 0; block < count; ++block)
    masks.push_back(lanesBelow(b, b.sub(left, b.constant(block * kLanes))));
  return masks;
}

Value kernel::everyLane(Builder &b, Value condition) {
  return mlir::vector::BroadcastOp::create(b.op, mlir::VectorType::get({kLanes}, b.op.getI1Type()), condition);
}

Value kernel::select(Builder &b, Value mask, Value value, Value otherwise) {
  return arith::SelectOp::create(b.op, mask, value, otherwise);
}

Value kernel::plus(Builder &b, Value x, Value y) { return arith::AddFOp::create(b.op, x, y); }

Value kernel::minus(Builder &b, Value x, Value y) { return arith::SubFOp::create(b.op, x, y); }

Value kernel::productPlus(Builder &b, Value x, Value y, Value z) {
  return z ? b.fma(x, y, z) : arith::MulFOp::create(b.op, x, y);
}

void kernel::branch(Builder &b, Value condition, llvm::function_ref<void(bool holds)> body) {
  auto emit = [&](bool holds) {
    body(holds);
    return Values();
  };
  b.when(condition, [&] { return emit(true); }, [&] { return emit(false); });
}

Value kernel::loadMasked(Builder &b, Value pointer, Value mask) {
  Value zero = b.splat(0.0f);
  return mlir::LLVM::MaskedLoadOp::create(b.op, zero.getType(), pointer, mask, zero, kFloatAlignment);
}

void kernel::storeMasked(Builder &b, Value value, Value pointer, Value mask) {
  mlir::LLVM::MaskedStoreOp::create(b.op, value, pointer, mask, kFloatAlignment);
}

Value kernel::shuffle(Builder &b, Value x, Value y, llvm::ArrayRef<int64_t> lanes) {
  return vector::ShuffleOp::create(b.op, x, y, lanes);
}

Value kernel::reduceLanes(Builder &b, Value x, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t distance = kLanes / 2; distance > 0; distance /= 2) {
    llvm::SmallVector<int64_t, kLanes> partners;
    for (int64_t lane = 0; lane < kLanes; ++lane)
      partners.push_back(lane ^ distance);
    x = combine(x, shuffle(b, x, x, partners));
  }
  return x;
}

/// In each quad of lanes, the four that `pick` names: 0..3 those of x's quad, 4..7 those of y's.
static Value shuffleInQuads(Builder &b, Value x, Value y, std::array<int64_t, 4> pick) {
  llvm::SmallVector<int64_t, kLanes> lanes;
  for (int64_t quad = 0; quad < 4; ++quad)
    for (int64_t which : pick)
      lanes.push_back(which < 4 ? 4 * quad + which : kLanes + 4 * quad + which - 4);
  return shuffle(b, x, y, lanes);
}

/// The four whole quads that `pick` names: 0..3 are x's, 4..7 are y's.
static Value shuffleQuads(Builder &b, Value x, Value y, std::array<int64_t, 4> pick) {
  llvm::SmallVector<int64_t, kLanes> lanes;
  for (int64_t which : pick)
    for (int64_t lane = 0; lane < 4; ++lane)
      lanes.push_back(4 * which + lane);
  return shuffle(b, x, y, lanes);
}

/// Result c holds, in quad g, column 4g + c of the four rows.
static std::array<Value, 4> transposeInQuads(Builder &b, const Value *rows) {
  constexpr std::array<int64_t, 4> low = {0, 4, 1, 5}, high = {2, 6, 3, 7}, lowPairs = {0, 1, 4, 5}, highPairs = {2, 3, 6, 7};
  Value low01 = shuffleInQuads(b, rows[0], rows[1], low), high01 = shuffleInQuads(b, rows[0], rows[1], high);
  Value low23 = shuffleInQuads(b, rows[2], rows[3], low), high23 = shuffleInQuads(b, rows[2], rows[3], high);
  return {shuffleInQuads(b, low01, low23, lowPairs), shuffleInQuads(b, low01, low23, highPairs),
          shuffleInQuads(b, high01, high23, lowPairs), shuffleInQuads(b, high01, high23, highPairs)};
}

// 64 shuffles, each one instruction: within quads of lanes first, then of whole quads. The halves of a vector stay together in
// the second last step, so that it costs nothing where a vector is two registers of 8.
Square kernel::transpose(Builder &b, const Square &rows) {
  std::array<std::array<Value, 4>, 4> quads; // [four rows][c]
  for (int64_t group = 0; group < 4; ++group)
    quads[group] = transposeInQuads(b, &rows[4 * group]);
  Square columns;
  for (int64_t c = 0; c < 4; ++c)
    for (int64_t half = 0; half < 2; ++half) {
      std::array<int64_t, 4> halves = {2 * half, 2 * half + 1, 4 + 2 * half, 5 + 2 * half};
      Value upper = shuffleQuads(b, quads[0][c], quads[1][c], halves);
      Value lower = shuffleQuads(b, quads[2][c], quads[3][c], halves);
      columns[8 * half + c] = shuffleQuads(b, upper, lower, {0, 2, 4, 6});
      columns[8 * half + 4 + c] = shuffleQuads(b, upper, lower, {1, 3, 5, 7});
    }
  return columns;
}

void kernel::forEachTile(Builder &b, Value from, Value to, int64_t tile,
                         llvm::function_ref<void(Value first, int64_t count)> body) {
  Value length = b.max(b.constant(0), b.sub(to, from));
  Value tiledEnd = b.add(from, b.mul(b.divide(length, b.constant(tile)), tile));
  b.loop(from, tiledEnd, tile, [&](Value first) { body(first, tile); });
  b.loop(tiledEnd, to, 1, [&](Value first) { body(first, 1); });
}

Value kernel::distance(Builder &b, Value from, Value to) {
  auto number = [&](Value pointer) { return mlir::LLVM::PtrToIntOp::create(b.op, b.op.getI64Type(), pointer); };
  return arith::ShRSIOp::create(b.op, b.sub(number(to), number(from)), b.constant(2));
}

static void copyVectors(Builder &b, Value from, Value to, Value vectors) {
  forEachTile(b, b.constant(0), vectors, 4, [&](Value first, int64_t count) {
    Value offset = b.mul(first, kLanes);
    Values loaded;
    for (int64_t i = 0; i < count; ++i)
      loaded.push_back(b.load(b.at(from, offset), i * kLanes));
    for (int64_t i = 0; i < count; ++i)
      b.store(loaded[i], b.at(to, offset), i * kLanes);
  });
}

void kernel::copyElements(Builder &b, Value from, Value to, Value elements) {
  Value vectors = b.divide(elements, b.constant(kLanes));
  copyVectors(b, from, to, vectors);
  Value copied = b.mul(vectors, kLanes), rest = b.sub(elements, copied);
  b.when(b.less(b.constant(0), rest), [&] {
    Value mask = lanesBelow(b, rest);
    storeMasked(b, loadMasked(b, b.at(from, copied), mask), b.at(to, copied), mask);
  });
}

Value kernel::planePointer(Builder &b, Value tensor, StrideParams strides, std::array<Value, 3> position) {
  Value image = b.mul(position[0], b.param(strides.image));
  return b.at(tensor, b.add(image, b.mul(position[1], b.param(strides.block))));
}

Value kernel::rowPointer(Builder &b, Value tensor, StrideParams strides, std::array<Value, 3> position) {
  return b.at(planePointer(b, tensor, strides, position), b.mul(position[2], b.param(strides.row)));
}

void kernel::writeHalo(Builder &b, Value tensor, StrideParams strides, unsigned halo, Value rows, Value columns,
                       std::array<Value, 3> position) {
  HaloTarget target{.plane = planePointer(b, tensor, strides, position),
                    .rowStride = b.param(strides.row),
                    .rows = rows,
                    .columns = columns,
                    .halo = b.param(halo)};
  writeHalo(b, target, position[2]);
}

void skip::kernel::multiplyStep(Builder &b, int64_t channel, int64_t columns, Value input, ValueRange weights,
                                llvm::MutableArrayRef<Value> sums) {
  for (int64_t column = 0; column < columns; ++column) {
    Value x = b.splat(b.loadScalar(input, column * kLanes + channel));
    for (auto [i, weight] : llvm::enumerate(weights)) {
      Value &sum = sums[column * weights.size() + i];
      sum = b.fma(x, weight, sum);
    }
  }
}

void skip::kernel::loadedStep(Builder &b, int64_t channel, int64_t columns, Value input, ValueRange filters,
                              llvm::MutableArrayRef<Value> sums) {
  Values weights;
  for (Value filter : filters)
    weights.push_back(b.load(filter, channel * kLanes));
  multiplyStep(b, channel, columns, input, weights, sums);
  b.fence();
}
