// Convolutions and linear layers on CUDA cores, as one matrix product without a matrix in memory.
//
// Rows of the product are pixels of the result, of all images; columns are its channels. The sum goes over the views one after
// the other, of each over the filter's taps, of each over the input's channels, in chunks of four: 16 bytes that lie together
// in an nhwc activation and in a krsc filter alike. A chunk is (tap, vector of channels), so one gather serves any number of
// channels, and a 3x3 convolution of 3 channels has 9 chunks.
//
// A block takes `tile.k` values of the sum at a time, a stage, into shared memory, where a row holds one value of the sum for
// all the tile's pixels or channels. There are two stages: while one is multiplied, the next one's chunks are on their way in
// registers. A thread has `threadM` x `threadN` sums, in vectors of four that lie tile.m / threadM * 4 rows apart, so that
// the threads of a warp read neighbouring vectors.
//
// Each sum is one chain of fused multiply-adds in that order, from the bias on, whatever the tile: all tiles give the same
// bits. What lies outside (taps beyond the picture, chunks behind the last) is read from the tensor's beginning and made zero;
// rows and columns behind the last repeat it and are not stored. So loads have no branches.
#include "codegen/nvptx/kernel/Emitters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip;
using namespace skip::nvptx;

static constexpr int64_t kUnrolledProducts = 512; // a thread, in one body of the innermost loop

namespace {
/// One view's part in the sum, and where this thread's chunks of it come from.
struct Source {
  const GemmView *view;
  Value input, filter;
  int64_t chunks;          // of the whole sum
  Values imageStart, y, x; // of each row: its image, and the window's first pixel
  Values filterStart;      // of each column
};

class Gemm {
public:
  Gemm(Builder &b, const GemmSpec &spec, ValueRange operands);
  void emit();

private:
  using Chunks = llvm::SmallVector<Values>;

  int64_t rowStride() const { return tile.m + plan::gemmPadding; }
  int64_t columnStride() const { return tile.n + plan::gemmPadding; }
  int64_t stageChunks() const { return tile.k / kVector; }
  int64_t loadStep() const { return tile.threads() / stageChunks(); } // rows, from one of a thread's chunks to its next
  int64_t pixels() const { return spec.result.pixels(); }

  Source sourceOf(const GemmView &view, Value input, Value filter);
  Chunks load(const Source &source, Value stage);
  Value inputOffset(const Source &source, size_t row, Value tap, Value vector, Value &isInside);
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
  Value memory;                      // shared: two stages of rows, then two of columns
  Value rows, firstRow, firstColumn; // of all images; of this block
  Value chunk, chunkRow;             // which of a stage's chunks this thread loads, and of which row first
  Value threadRow, threadColumn;     // of the tile, in vectors
};
} // namespace

Gemm::Gemm(Builder &b, const GemmSpec &spec, ValueRange operands) : b(b), spec(spec), tile(spec.tile), operands(operands) {
  memory = b.shared(2 * tile.k * (rowStride() + columnStride()));
  rows = b.mul(b.images(), pixels());
  firstRow = b.mul(b.block(0), tile.m);
  firstColumn = b.mul(b.block(1), tile.n);
  chunk = b.modulo(b.thread(), stageChunks());
  chunkRow = b.divide(b.thread(), stageChunks());
  threadColumn = b.modulo(b.thread(), tile.n / tile.threadN);
  threadRow = b.divide(b.thread(), tile.n / tile.threadN);
}

Source Gemm::sourceOf(const GemmView &view, Value input, Value filter) {
  Source source{&view, input, filter, view.kernelHeight * view.kernelWidth * view.input.vectors(), {}, {}, {}, {}};
  Value lastRow = b.sub(rows, b.constant(1)), padding = b.constant(view.padding);
  for (int64_t row = 0; row < tile.m; row += loadStep()) {
    Value index = b.min(b.add(b.add(firstRow, chunkRow), row), lastRow);
    Value pixel = b.modulo(index, pixels());
    source.imageStart.push_back(b.mul(b.divide(index, pixels()), view.input.floats()));
    source.y.push_back(b.sub(b.mul(b.divide(pixel, spec.result.width), view.stride), padding));
    source.x.push_back(b.sub(b.mul(b.modulo(pixel, spec.result.width), view.stride), padding));
  }
  Value lastColumn = b.constant(spec.result.channels - 1);
  for (int64_t column = 0; column < tile.n; column += loadStep())
    source.filterStart.push_back(
        b.mul(b.min(b.add(b.add(firstColumn, chunkRow), column), lastColumn), source.chunks * kVector));
  return source;
}

/// Whether every tap of every window lies in the picture.
static bool staysInside(const GemmView &view, const Picture &result) {
  auto fits = [&](int64_t outputs, int64_t kernel, int64_t size) { return (outputs - 1) * view.stride + kernel <= size; };
  return view.padding == 0 && fits(result.height, view.kernelHeight, view.input.height) &&
         fits(result.width, view.kernelWidth, view.input.width);
}

/// `isInside` is narrowed to where the tap lies in the picture.
Value Gemm::inputOffset(const Source &source, size_t row, Value tap, Value vector, Value &isInside) {
  const GemmView &view = *source.view;
  Value y = b.add(source.y[row], b.divide(tap, view.kernelWidth));
  Value x = b.add(source.x[row], b.modulo(tap, view.kernelWidth));
  if (!staysInside(view, spec.result))
    isInside = b.both(isInside, b.both(b.below(y, view.input.height), b.below(x, view.input.width)));
  Value pixel = b.add(b.mul(y, view.input.width), x);
  return b.mul(b.add(b.mul(pixel, view.input.vectors()), vector), kVector);
}

static Values loadWhere(Builder &b, Value condition, Value pointer, Value start, Value offset) {
  if (!condition)
    return b.load4(pointer, b.add(start, offset));
  Values values = b.load4(pointer, b.add(start, b.select(condition, offset, b.constant(0))));
  for (Value &value : values)
    value = b.select(condition, value, b.floatConstant(0));
  return values;
}

/// This thread's chunks of a stage: of its rows, then of its columns.
Gemm::Chunks Gemm::load(const Source &source, Value stage) {
  Value index = b.add(b.mul(stage, stageChunks()), chunk), exists;
  if (source.chunks % stageChunks() != 0)
    exists = b.below(index, source.chunks);
  int64_t vectors = source.view->input.vectors();
  Value tap = b.divide(index, vectors), vector = b.modulo(index, vectors);
  Chunks chunks;
  for (size_t row = 0; row < source.y.size(); ++row) {
    Value isInside = exists;
    Value offset = inputOffset(source, row, tap, vector, isInside);
    chunks.push_back(loadWhere(b, isInside, source.input, source.imageStart[row], offset));
  }
  for (Value start : source.filterStart)
    chunks.push_back(loadWhere(b, exists, source.filter, start, b.mul(index, kVector)));
  return chunks;
}

/// Puts a stage into the buffer 0 or 1.
void Gemm::keep(const Chunks &chunks, Value buffer) {
  int64_t rowLoads = tile.m / loadStep();
  Value toRows = b.add(b.add(b.mul(buffer, tile.k * rowStride()), b.mul(chunk, kVector * rowStride())), chunkRow);
  Value toColumns = b.add(b.add(b.mul(buffer, tile.k * columnStride()), b.mul(chunk, kVector * columnStride())), chunkRow);
  for (auto [index, values] : llvm::enumerate(chunks)) {
    int64_t load = static_cast<int64_t>(index);
    bool isRow = load < rowLoads;
    int64_t line = (isRow ? load : load - rowLoads) * loadStep();
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
  int64_t stages = (source.chunks + stageChunks() - 1) / stageChunks();
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
      Value column = b.add(b.add(firstColumn, b.mul(threadColumn, kVector)), j * (tile.n / tile.threadN));
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
    Value column = b.add(b.add(firstColumn, b.mul(threadColumn, kVector)), j * (tile.n / tile.threadN));
    b.when(b.below(column, channels), [&] {
      Value offset = b.add(b.mul(row, channels), column);
      Values values = applyChain(b, spec.epilogue, chain, Values(sums.slice(j, kVector)), offset, column);
      b.store4(zeroPadding(b, values, column, spec.result.channels), operands.back(), offset);
    });
  }
}

void Gemm::storeSums(ValueRange sums) {
  for (int64_t i = 0; i < tile.threadM; ++i) {
    Value row =
        b.add(b.add(firstRow, b.mul(threadRow, kVector)), i / kVector * kVector * (tile.m / tile.threadM) + i % kVector);
    b.when(b.less(row, rows), [&] { storeRow(sums.slice(i * tile.threadN, tile.threadN), row); });
  }
}

void Gemm::emit() {
  b.when(b.less(firstRow, rows), [&] {
    Values sums = initialSums();
    for (auto [index, view] : llvm::enumerate(spec.views))
      sums = addView(sourceOf(view, operands[2 * index], operands[2 * index + 1]), sums);
    storeSums(sums);
  });
}

void nvptx::emitGemm(Builder &b, const GemmSpec &spec, ValueRange operands) { Gemm(b, spec, operands).emit(); }
