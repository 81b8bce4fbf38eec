// Convolutions and linear layers on CUDA cores, as one matrix product without a matrix in memory.
//
// Rows of the product are pixels of the result, of all images; columns are its channels (Views.h).
//
// A block takes `tile.k` values of the sum at a time, a stage, into shared memory, where a row holds one value of the sum for
// all the tile's pixels or channels. There are two stages: while one is multiplied, the next one's chunks are on their way in
// registers. A thread has `threadM` x `threadN` sums, in vectors of four that lie tile.m / threadM * 4 rows apart, so that
// the threads of a warp read neighbouring vectors.
//
// Each sum is one chain of fused multiply-adds in that order, from the bias on, whatever the tile: all tiles give the same
// bits.
#include "codegen/nvptx/kernel/Emitters.h"
#include "codegen/nvptx/kernel/Views.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip;
using namespace skip::nvptx;

static constexpr int64_t kUnrolledProducts = 512; // a thread, in one body of the innermost loop

namespace {
class Gemm {
public:
  Gemm(Builder &b, const GemmSpec &spec, const plan::GemmTile &tile, ValueRange operands);
  void emit();

private:
  using Chunks = llvm::SmallVector<Values>;

  int64_t rowStride() const { return tile.m + plan::gemmPadding; }
  int64_t columnStride() const { return tile.n + plan::gemmPadding; }
  int64_t stageChunks() const { return tile.k / kVector; }

  Chunks load(const Source &source, Value stage);
  void keep(const Chunks &chunks, Value buffer);
  Values multiply(ValueRange sums, Value buffer);
  void multiplyStep(Values &sums, Value rows, Value columns, int64_t k);
  Values addView(const Source &source, Values sums);
  Values initialSums();
  void storeSums(ValueRange sums);
  void storeRow(ValueRange sums, Value row);

  Builder &b;
  const GemmSpec &spec;
  const plan::GemmTile &tile;
  ValueRange operands;
  ChunkPlace place;
  Value memory;                  // shared: two stages of rows, then two of columns
  Value threadRow, threadColumn; // of the tile, in vectors
};
} // namespace

Gemm::Gemm(Builder &b, const GemmSpec &spec, const plan::GemmTile &tile, ValueRange operands)
    : b(b), spec(spec), tile(tile), operands(operands), place(b, spec, tile.m, tile.n, stageChunks(), tile.threads()) {
  memory = b.shared(2 * tile.k * (rowStride() + columnStride()));
  threadColumn = b.modulo(b.thread(), tile.n / tile.threadN);
  threadRow = b.divide(b.thread(), tile.n / tile.threadN);
}

static Values loadPiece(Builder &b, const Piece &piece) {
  Values values = b.load4(piece.from.pointer, piece.offset);
  for (Value &value : values)
    value = piece.exists ? b.select(piece.exists, value, b.floatConstant(0)) : value;
  return values;
}

Gemm::Chunks Gemm::load(const Source &source, Value stage) {
  return llvm::map_to_vector(source.pieces(stage), [&](const Piece &piece) { return loadPiece(b, piece); });
}

/// Puts a stage into the buffer 0 or 1.
void Gemm::keep(const Chunks &chunks, Value buffer) {
  int64_t rowLoads = tile.m / place.step;
  Value toRows = b.add(b.add(b.mul(buffer, tile.k * rowStride()), b.mul(place.chunk, kVector * rowStride())), place.row);
  Value toColumns =
      b.add(b.add(b.mul(buffer, tile.k * columnStride()), b.mul(place.chunk, kVector * columnStride())), place.row);
  for (auto [index, values] : llvm::enumerate(chunks)) {
    int64_t load = static_cast<int64_t>(index);
    bool isRow = load < rowLoads;
    int64_t line = (isRow ? load : load - rowLoads) * place.step;
    int64_t start = isRow ? 0 : 2 * tile.k * rowStride(), stride = isRow ? rowStride() : columnStride();
    for (int64_t lane = 0; lane < kVector; ++lane)
      b.store(values[lane], memory, isRow ? toRows : toColumns, start + lane * stride + line);
  }
}

/// Adds the products of the stage's value `k` behind where `rows` and `columns` stand.
void Gemm::multiplyStep(Values &sums, Value rows, Value columns, int64_t k) {
  Values left, right;
  for (int64_t i = 0; i < tile.threadM; i += kVector)
    left.append(b.load4(memory, rows, k * rowStride() + i * (tile.m / tile.threadM)));
  for (int64_t i = 0; i < tile.threadN; i += kVector)
    right.append(b.load4(memory, columns, k * columnStride() + i * (tile.n / tile.threadN)));
  for (int64_t i = 0; i < tile.threadM; ++i)
    for (int64_t j = 0; j < tile.threadN; ++j) {
      Value &sum = sums[i * tile.threadN + j];
      sum = b.fma(left[i], right[j], sum);
    }
}

Values Gemm::multiply(ValueRange sums, Value buffer) {
  int64_t unroll = std::min(tile.k, std::max<int64_t>(1, kUnrolledProducts / (tile.threadM * tile.threadN)));
  Value rowStart = b.add(b.mul(buffer, tile.k * rowStride()), b.mul(threadRow, kVector));
  Value columnStart =
      b.add(b.add(b.mul(buffer, tile.k * columnStride()), b.mul(threadColumn, kVector)), 2 * tile.k * rowStride());
  return b.loop(b.constant(0), b.constant(tile.k / unroll), 1, sums, [&](Value part, ValueRange carried) {
    Values next(carried);
    Value row = b.add(rowStart, b.mul(part, unroll * rowStride()));
    Value column = b.add(columnStart, b.mul(part, unroll * columnStride()));
    for (int64_t k = 0; k < unroll; ++k)
      multiplyStep(next, row, column, k);
    return next;
  });
}

/// The sums with a view's products. In front of it no thread reads the first buffer any more.
Values Gemm::addView(const Source &source, Values sums) {
  int64_t stages = source.stages();
  Value zero = b.constant(0), one = b.constant(1), last = b.constant(stages - 1);
  keep(load(source, zero), zero);
  b.barrier();
  return b.loop(zero, b.constant(stages), 1, sums, [&](Value stage, ValueRange carried) {
    Value buffer = b.modulo(stage, 2);
    Chunks ahead = load(source, b.min(b.add(stage, one), last)); // the last one again is not read
    Values next = multiply(carried, buffer);
    keep(ahead, b.sub(one, buffer));
    b.barrier();
    return next;
  });
}

Values Gemm::initialSums() {
  Values row(tile.threadN, b.floatConstant(0));
  if (spec.bias) {
    row.clear();
    Value bias = operands[2 * spec.views.size()];
    for (int64_t j = 0; j < tile.threadN; j += kVector) {
      Value column = b.add(b.add(place.firstColumn, b.mul(threadColumn, kVector)), j * (tile.n / tile.threadN));
      Value exists = b.below(column, spec.result.vectors() * kVector);
      row.append(b.load4(bias, b.select(exists, column, b.constant(0))));
    }
  }
  Values sums;
  for (int64_t i = 0; i < tile.threadM; ++i)
    sums.append(row.begin(), row.end());
  return sums;
}

/// A thread's sums of one row, which exists.
void Gemm::storeRow(ValueRange sums, Value row) {
  int64_t channels = spec.result.vectors() * kVector;
  ValueRange chain = operands.drop_front(2 * spec.views.size() + spec.bias).drop_back();
  for (int64_t j = 0; j < tile.threadN; j += kVector) {
    Value column = b.add(b.add(place.firstColumn, b.mul(threadColumn, kVector)), j * (tile.n / tile.threadN));
    b.when(b.below(column, channels), [&] {
      Value offset = b.add(b.mul(row, channels), column);
      Values values = applyChain(b, spec.epilogue, chain, spec.result, Values(sums.slice(j, kVector)), offset, column);
      b.storeFloats(zeroPadding(b, values, column, spec.result.channels), operands.back(), offset);
    });
  }
}

void Gemm::storeSums(ValueRange sums) {
  for (int64_t i = 0; i < tile.threadM; ++i) {
    Value row =
        b.add(b.add(place.firstRow, b.mul(threadRow, kVector)), i / kVector * kVector * (tile.m / tile.threadM) + i % kVector);
    b.when(b.less(row, place.rows), [&] { storeRow(sums.slice(i * tile.threadN, tile.threadN), row); });
  }
}

void Gemm::emit() {
  b.when(b.less(place.firstRow, place.rows), [&] {
    Values sums = initialSums();
    for (auto [index, view] : llvm::enumerate(spec.views))
      sums = addView(Source(b, spec, view, operands[2 * index], operands[2 * index + 1], place), sums);
    storeSums(sums);
  });
}

void nvptx::emitGemm(Builder &b, const GemmSpec &spec, const plan::GemmTile &tile, ValueRange operands) {
  Gemm(b, spec, tile, operands).emit();
}
