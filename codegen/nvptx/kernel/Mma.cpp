// Convolutions and linear layers on tensor cores, as one matrix product without a matrix in memory (Views.h).
//
// A stage is `tile.k` values of the sum: for each row (a pixel) and each column (a channel) of the tile a few chunks of 16
// bytes, copied to shared memory by cp.async, which also writes the zeros. `tile.stages` of them are there. While one is
// multiplied the others are on their way:
//
//   wait for stage i; barrier; copy stage i + stages - 1 to where i - 1 was; multiply stage i
//
// One barrier a stage is enough: it says both that stage i is there for all, and that nobody reads i - 1 any more.
//
// A warp multiplies warp tiles of 16 rows by 8 columns by two chunks, which are 16 values of 16 bits or 8 of tf32: ldmatrix
// moves rows of 16 bytes whatever they hold, and a fragment of tf32 lies as one of pairs of 16 bits does. Chunk c of row r lies
// at place c ^ (r mod 8) of its row (of four chunks, c ^ (r / 2 mod 4)), so that eight rows at a time meet all banks:
//
//   rows of 8 chunks    0 1 2 3 4 5 6 7        rows of 4 chunks   0 1 2 3 | 0 1 2 3
//                       1 0 3 2 5 4 7 6                           1 0 3 2 | 1 0 3 2
//                       2 3 0 1 6 7 4 5                           2 3 0 1 | 2 3 0 1
//
// The sums go through shared memory (Sums.h).
#include "codegen/nvptx/kernel/Fragments.h"
#include "codegen/nvptx/kernel/Sums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace skip;
using namespace skip::nvptx;
namespace LLVM = mlir::LLVM;
namespace NVVM = mlir::NVVM;

static constexpr int64_t kChunkFloats = 4, kChunkBytes = 16;

namespace {
class Mma {
public:
  Mma(Builder &b, const GemmSpec &spec, const plan::MmaTile &tile, ValueRange operands);
  void emit();

private:
  plan::Element element() const { return spec.views.front().input.element; }
  int64_t chunks() const { return tile.chunks(plan::elementBytes(element())); }
  int64_t rowFloats() const { return chunks() * kChunkFloats; }
  int64_t stageFloats() const { return (tile.m + tile.n) * rowFloats(); }
  int64_t warpRows() const { return tile.m / tile.warpsM; }
  int64_t warpColumns() const { return tile.n / tile.warpsN; }

  Value placeInRow(Value row, Value chunk);
  void copy(const Piece &piece, Value stageStart, int64_t line);
  void copyStage(const Source &source, Value stage, Value slot);
  Values matrices(Value stageStart, Value row, Value chunk, int64_t line);
  void multiplyChunks(Values &sums, Value stageStart, int64_t chunk);
  Values multiplyStage(ValueRange sums, Value slot);
  Values addView(const Source &source, ValueRange sums);

  Builder &b;
  const GemmSpec &spec;
  const plan::MmaTile &tile;
  ValueRange operands;
  ChunkPlace place;
  Value memory; // shared: the stages, of each the rows, then the columns; afterwards the sums
  Value lane, warpRow, warpColumn;
};
} // namespace

Mma::Mma(Builder &b, const GemmSpec &spec, const plan::MmaTile &tile, ValueRange operands)
    : b(b), spec(spec), tile(tile), operands(operands), place(b, spec, tile.m, tile.n, chunks(), tile.threads()) {
  memory = b.dynamicShared(/*alignment=*/128); // of what ldmatrix reads at a time
  Value warp = b.divide(b.thread(), kWarp);
  lane = b.modulo(b.thread(), kWarp);
  warpRow = b.mul(b.modulo(warp, tile.warpsM), warpRows());
  warpColumn = b.mul(b.divide(warp, tile.warpsM), warpColumns());
}

/// Floats from the beginning of a row to its chunk.
Value Mma::placeInRow(Value row, Value chunk) {
  Value turn = chunks() == 8 ? b.modulo(row, 8) : b.modulo(b.divide(row, 2), 4);
  return b.mul(mlir::arith::XOrIOp::create(b.op, chunk, turn), kChunkFloats);
}

/// Of line `line` of a stage, rows and columns counted through, behind this thread's own.
void Mma::copy(const Piece &piece, Value stageStart, int64_t line) {
  Value row = b.add(place.row, line);
  Value to = b.add(b.add(stageStart, b.mul(row, rowFloats())), placeInRow(row, place.chunk));
  Value bytes = piece.exists ? b.select(piece.exists, b.constant(kChunkBytes), b.constant(0)) : Value();
  NVVM::CpAsyncOp::create(b.op, b.addressOf({memory}, to), b.addressOf(piece.from, piece.offset), kChunkBytes,
                          NVVM::LoadCacheModifierKind::CG, bytes);
}

/// A thread beyond the last row or column has none to copy.
void Mma::copyStage(const Source &source, Value stage, Value slot) {
  llvm::SmallVector<Piece> pieces = source.pieces(stage);
  llvm::ArrayRef<Piece> rows = llvm::ArrayRef(pieces).take_front(source.rowPieces());
  llvm::ArrayRef<Piece> columns = llvm::ArrayRef(pieces).drop_front(source.rowPieces());
  Value start = b.mul(slot, stageFloats());
  auto copyAll = [&](llvm::ArrayRef<Piece> some, int64_t first, int64_t count) {
    b.when(place.step > count ? b.below(place.row, count) : Value(), [&] {
      for (auto [index, piece] : llvm::enumerate(some))
        copy(piece, start, first + static_cast<int64_t>(index) * place.step);
    });
  };
  copyAll(rows, 0, tile.m);
  copyAll(columns, tile.m, tile.n);
}

/// The four matrices whose rows are the chunks `chunk` of lines `row`, by lane, behind line `line` of a stage.
Values Mma::matrices(Value stageStart, Value row, Value chunk, int64_t line) {
  Value offset = b.add(b.add(b.add(stageStart, b.mul(row, rowFloats())), placeInRow(row, chunk)), line * rowFloats());
  return loadMatrices(b, b.addressOf({memory}, offset));
}

/// Words of a fragment as the product takes them: values of f32 are rounded to tf32, unless they are so already.
static Values fragment(Builder &b, ValueRange words, plan::Element element, bool isRounded) {
  if (element == plan::Element::bf16 || (element == plan::Element::f32 && isRounded))
    return Values(words);
  return llvm::map_to_vector<6>(words, [&](Value word) -> Value {
    if (element == plan::Element::f16)
      return LLVM::BitcastOp::create(b.op, mlir::VectorType::get({2}, b.op.getF16Type()), word);
    return roundedToTf32(b, word);
  });
}

static void multiply(Builder &b, ValueRange rows, ValueRange columns, llvm::MutableArrayRef<Value> sums,
                     plan::Element element) {
  NVVM::MMATypes type = element == plan::Element::f32   ? NVVM::MMATypes::tf32
                        : element == plan::Element::f16 ? NVVM::MMATypes::f16
                                                        : NVVM::MMATypes::bf16;
  auto result =
      LLVM::LLVMStructType::getLiteral(b.op.getContext(), llvm::SmallVector<mlir::Type>(kSumsOfLane, b.op.getF32Type()));
  int64_t depth = 2 * kChunkBytes / plan::elementBytes(element);
  Value all = NVVM::MmaOp::create(b.op, result, rows, columns, ValueRange(sums), {kSumRows, kSumColumns, depth}, std::nullopt,
                                  std::nullopt, std::array{type, type}, std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  for (int64_t i = 0; i < kSumsOfLane; ++i)
    sums[i] = LLVM::ExtractValueOp::create(b.op, all, i);
}

/// Adds the products of chunks `chunk` and the next of a stage to the warp's sums, which are by rows of matrices.
void Mma::multiplyChunks(Values &sums, Value stageStart, int64_t chunk) {
  Value eighth = b.modulo(lane, 8), upper = b.divide(lane, 16);
  Value rowLine = b.add(warpRow, b.modulo(lane, 16)), rowChunk = b.add(upper, chunk);
  Value columnLine = b.add(b.add(warpColumn, eighth), b.mul(upper, kSumColumns));
  Value columnChunk = b.add(b.modulo(b.divide(lane, 8), 2), chunk);
  llvm::SmallVector<Values> rows, columns;
  for (int64_t row = 0; row < warpRows(); row += kSumRows)
    rows.push_back(fragment(b, matrices(stageStart, rowLine, rowChunk, row), element(), /*isRounded=*/false));
  for (int64_t column = 0; column < warpColumns(); column += 2 * kSumColumns) {
    Values both = fragment(b, matrices(stageStart, columnLine, columnChunk, tile.m + column), element(), /*isRounded=*/true);
    columns.push_back(Values(ValueRange(both).take_front(2)));
    columns.push_back(Values(ValueRange(both).drop_front(2)));
  }
  llvm::MutableArrayRef<Value> left(sums);
  for (const Values &row : rows)
    for (const Values &column : columns) {
      multiply(b, row, column, left.take_front(kSumsOfLane), element());
      left = left.drop_front(kSumsOfLane);
    }
}

Values Mma::multiplyStage(ValueRange sums, Value slot) {
  Values next(sums);
  Value start = b.mul(slot, stageFloats());
  for (int64_t chunk = 0; chunk < chunks(); chunk += 2)
    multiplyChunks(next, start, chunk);
  return next;
}

/// The sums with a view's products. In front of it no thread reads shared memory any more, nor behind it.
Values Mma::addView(const Source &source, ValueRange sums) {
  Share share = shareOf(b, source.stages(), spec.parts);
  int64_t ahead = tile.stages - 1;
  auto copyFrom = [&](Value stage, Value slot) { copyStage(source, b.add(share.first, stage), slot); };
  for (int64_t stage = 0; stage < ahead; ++stage) {
    if (stage < share.most)
      b.when(share.isWhole ? Value() : b.less(b.constant(stage), share.count),
             [&] { copyFrom(b.constant(stage), b.constant(stage)); });
    NVVM::CpAsyncCommitGroupOp::create(b.op);
  }
  Values all = b.loop(b.constant(0), share.count, 1, sums, [&](Value stage, ValueRange carried) {
    NVVM::CpAsyncWaitGroupOp::create(b.op, b.op.getI32IntegerAttr(static_cast<int32_t>(ahead - 1)));
    b.barrier();
    Value next = b.add(stage, ahead);
    if (share.most > ahead)
      b.when(b.less(next, share.count), [&] { copyFrom(next, b.modulo(next, tile.stages)); });
    NVVM::CpAsyncCommitGroupOp::create(b.op); // also an empty one, so that what is waited for is always the same
    return multiplyStage(carried, b.modulo(stage, tile.stages));
  });
  b.barrier();
  return all;
}

void Mma::emit() {
  b.when(b.less(place.firstRow, place.rows), [&] {
    Values sums(warpRows() / kSumRows * (warpColumns() / kSumColumns) * kSumsOfLane, b.floatConstant(0));
    for (auto [index, view] : llvm::enumerate(spec.views))
      sums = addView(Source(b, spec, view, operands[2 * index], operands[2 * index + 1], place), sums);
    TileSums all(b, spec, operands, place, memory);
    all.keep(sums, warpRow, warpColumn, warpRows(), warpColumns());
    b.barrier();
    all.store(b.thread(), tile.threads());
  });
}

void nvptx::emitMma(Builder &b, const GemmSpec &spec, const plan::MmaTile &tile, ValueRange operands) {
  Mma(b, spec, tile, operands).emit();
}
