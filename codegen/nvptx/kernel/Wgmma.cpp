// Convolutions and linear layers on sm_90a, as one matrix product without a matrix in memory, by products of warp groups.
//
// A line is 128 bytes of a sum's values: channels of one tap, of one pixel (a row) or of one channel of the result (a column).
// A stage is one line of all rows and columns of the tile. One thread has the tensor unit copy it: rows by a map that walks
// through windows (im2col), columns by a map of the filter as [channel][tap][channel]; what lies outside of the picture, and
// behind the last channel, is zero. The unit turns chunk c of line r to place c ^ (r mod 8), as products read it.
//
// Warp group 0 copies, the others multiply; each has 64 rows or 128, and all columns. They meet at two barriers a stage:
//
//   copies      wait until it is empty     expect bytes, copy       | the bytes' arrival completes `full`
//   multiplies  wait until it is full      multiply, wait for the product before; that one's stage is empty
//
// Of f32 a product would cut off what is no tf32. Filters are rounded as they are loaded; rows come to registers and are
// rounded there, which products take as well. They must stay as they are until the product is made, so of f32 none is on its
// way while the next stage's rows are read.
//
// Blocks of a cluster have the same columns. Each copies a part of a stage's columns to all of them, so a stage is empty when
// the warp groups of all blocks have said so. A block whose pixels do not exist takes part where another of its cluster's do.
#include "codegen/nvptx/kernel/Fragments.h"
#include "codegen/nvptx/kernel/GroupProduct.h"
#include "codegen/nvptx/kernel/Sums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace skip;
using namespace skip::nvptx;
namespace LLVM = mlir::LLVM;
namespace NVVM = mlir::NVVM;
using plan::WgmmaTile;

static constexpr int64_t kGroup = WgmmaTile::groupThreads, kLine = WgmmaTile::lineBytes;
static constexpr int64_t kRowWords = 4; // of a thread, of 64 rows of a step
static constexpr int64_t kBarrierBytes = 8;
static constexpr unsigned kAlignment = 1024; // of the pattern of eight lines
/// Registers of a thread that copies, and of one that multiplies, of the 168 that each of three warp groups begins with.
static constexpr int32_t kCopyRegisters = 40, kProductRegisters = 232;

namespace {
class Wgmma {
public:
  Wgmma(Builder &b, const GemmSpec &spec, const WgmmaTile &tile, ValueRange operands, ValueRange maps)
      : b(b), spec(spec), tile(tile), operands(operands), maps(maps), place(b, spec, tile.m, tile.n),
        memory(b.dynamicShared(kAlignment)) {}
  void emit();

private:
  /// Where a thread is in the ring of stages: the stage's number, and the parity of the phase that it waits for.
  struct Ring {
    Value stage, parity;
  };
  Ring next(const Ring &ring);

  plan::Element element() const { return spec.views.front().input.element; }
  bool roundsRows() const { return element() == plan::Element::f32; }
  /// Threads that one says for that a stage is read: a product is made for its warp group as a whole, and what a warp reads
  /// itself is its own affair.
  int64_t readers() const { return roundsRows() ? kWarp : kGroup; }
  int64_t lines(const GemmView &view) const { return plan::linesOf(view.input.channels, plan::elementBytes(element())); }
  int64_t stages(const GemmView &view) const { return view.kernelHeight * view.kernelWidth * lines(view); }
  Value byte(Value offset);
  Value full(Value stage) { return byte(b.add(b.mul(stage, kBarrierBytes), tile.barrierOffset())); }
  Value empty(Value stage) {
    return byte(b.add(b.mul(stage, kBarrierBytes), tile.barrierOffset() + kBarrierBytes * tile.stages));
  }
  void wait(Value barrier, Value parity);
  void meetCluster(bool aligned);
  void prepare();

  struct Corner {
    Value image, y, x; // of the window of the tile's first pixel
  };
  Corner cornerOf(const GemmView &view);
  void copyRows(const GemmView &view, Value map, const Corner &corner, Value tap, Value channel, const Ring &ring);
  void copyColumns(Value map, Value tap, Value channel, const Ring &ring);
  Ring copyView(const GemmView &view, ValueRange maps, Ring ring);
  void copy();

  Value descriptor(Value address);
  Values roundedRows(Value rows);
  Values multiplyStage(ValueRange sums, Value group, Value stage);
  void release(Value stage, Value isAny);
  Values multiplyAll(Value group, Value count);
  Values settled(ValueRange sums);
  void meetProducts();
  void multiply(Value group);

  Builder &b;
  const GemmSpec &spec;
  const WgmmaTile &tile;
  ValueRange operands, maps;
  TilePlace place;
  Value memory; // shared: the stages, of each the rows, then the columns; afterwards the sums; then the barriers
};
} // namespace

Value Wgmma::byte(Value offset) {
  return LLVM::GEPOp::create(b.op, memory.getType(), b.op.getI8Type(), memory, llvm::ArrayRef<LLVM::GEPArg>{offset});
}

/// The same value, which the assembler then knows that all lanes of a warp have.
static Value uniform(Builder &b, Value value) {
  return NVVM::ShflOp::create(b.op, b.op.getI32Type(), b.constant(-1), value, b.constant(0), b.constant(kWarp - 1),
                              NVVM::ShflKind::idx, mlir::UnitAttr());
}

Wgmma::Ring Wgmma::next(const Ring &ring) {
  Value stage = b.add(ring.stage, 1), isLast = b.less(b.constant(tile.stages - 1), stage);
  Value turned = mlir::arith::XOrIOp::create(b.op, ring.parity, b.constant(1));
  return {b.select(isLast, b.constant(0), stage), b.select(isLast, turned, ring.parity)};
}

void Wgmma::wait(Value barrier, Value parity) {
  constexpr int64_t nanoseconds = 10'000'000; // to sleep at most, from one look to the next
  NVVM::MBarrierTryWaitParityOp::create(b.op, barrier, parity, b.constant(nanoseconds));
}

void Wgmma::meetCluster(bool aligned) {
  auto attribute = aligned ? b.op.getUnitAttr() : mlir::UnitAttr();
  NVVM::ClusterArriveOp::create(b.op, attribute);
  NVVM::ClusterWaitOp::create(b.op, attribute);
}

void Wgmma::prepare() {
  b.when(b.below(b.thread(), 1), [&] {
    for (Value map : maps)
      assembly(b, {}, "prefetch.tensormap [$0];", "l", map);
    for (int64_t stage = 0; stage < tile.stages; ++stage) {
      NVVM::MBarrierInitOp::create(b.op, full(b.constant(stage)), b.constant(1), Value());
      NVVM::MBarrierInitOp::create(b.op, empty(b.constant(stage)),
                                   b.constant(kGroup / readers() * tile.consumers * tile.cluster), Value());
    }
    NVVM::FenceMbarrierInitOp::create(b.op);
  });
  if (tile.cluster > 1)
    meetCluster(/*aligned=*/true);
  else
    b.barrier();
}

Wgmma::Corner Wgmma::cornerOf(const GemmView &view) {
  Value pixel = b.modulo(place.firstRow, spec.result.pixels()), padding = b.constant(view.padding);
  return {b.divide(place.firstRow, spec.result.pixels()),
          b.sub(b.mul(b.divide(pixel, spec.result.width), view.stride), padding),
          b.sub(b.mul(b.modulo(pixel, spec.result.width), view.stride), padding)};
}

static Value inCluster(Builder &b, Value pointer) {
  constexpr unsigned space = 7;
  return LLVM::AddrSpaceCastOp::create(b.op, LLVM::LLVMPointerType::get(b.op.getContext(), space), pointer);
}

void Wgmma::copyRows(const GemmView &view, Value map, const Corner &corner, Value tap, Value channel, const Ring &ring) {
  auto offset = [&](Value value) -> Value { return mlir::arith::TruncIOp::create(b.op, b.op.getI16Type(), value); };
  Value column = offset(b.modulo(tap, view.kernelWidth)), row = offset(b.divide(tap, view.kernelWidth));
  NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
      b.op, inCluster(b, byte(b.mul(ring.stage, tile.stageBytes()))), map,
      ValueRange{channel, corner.x, corner.y, corner.image}, full(ring.stage), ValueRange{column, row}, Value(), Value(),
      NVVM::TMALoadModeAttr::get(b.op.getContext(), NVVM::TMALoadMode::IM2COL), b.op.getBoolAttr(false), {}, Value());
}

/// This block's part of them, to all blocks of the cluster.
void Wgmma::copyColumns(Value map, Value tap, Value channel, const Ring &ring) {
  Value first = b.constant(0), mask;
  if (tile.cluster > 1) {
    first = b.mul(NVVM::ClusterId::create(b.op, b.op.getI32Type()), tile.n / tile.cluster);
    mask = mlir::arith::ConstantIntOp::create(b.op, (int64_t(1) << tile.cluster) - 1, 16);
  }
  Value to = b.add(b.add(b.mul(ring.stage, tile.stageBytes()), tile.m * kLine), b.mul(first, kLine));
  NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
      b.op, inCluster(b, byte(to)), map, ValueRange{channel, tap, b.add(place.firstColumn, first)}, full(ring.stage),
      ValueRange(), mask, Value(), NVVM::TMALoadModeAttr::get(b.op.getContext(), NVVM::TMALoadMode::TILE),
      b.op.getBoolAttr(false), {}, Value());
}

Wgmma::Ring Wgmma::copyView(const GemmView &view, ValueRange maps, Ring ring) {
  Share share = shareOf(b, stages(view), spec.parts);
  Corner corner = cornerOf(view);
  Values last = b.loop(b.constant(0), share.count, 1, {ring.stage, ring.parity}, [&](Value index, ValueRange carried) {
    Ring now{carried[0], carried[1]};
    wait(empty(now.stage), now.parity);
    NVVM::MBarrierArriveExpectTxOp::create(b.op, mlir::Type(), full(now.stage), b.constant(tile.stageBytes()),
                                           NVVM::MemScopeKindAttr::get(b.op.getContext(), NVVM::MemScopeKind::CTA),
                                           b.op.getBoolAttr(false), Value());
    Value line = b.add(share.first, index);
    Value tap = b.divide(line, lines(view)),
          channel = b.mul(b.modulo(line, lines(view)), kLine / plan::elementBytes(element()));
    copyRows(view, maps[0], corner, tap, channel, now);
    copyColumns(maps[1], tap, channel, now);
    Ring then = next(now);
    return Values{then.stage, then.parity};
  });
  return {last[0], last[1]};
}

/// By one thread. All stages are empty at first: the phase before the first is one that is complete.
void Wgmma::copy() {
  if (tile.consumers > 1)
    NVVM::SetMaxRegisterOp::create(
        b.op, b.op.getI32IntegerAttr(kCopyRegisters),
        NVVM::SetMaxRegisterActionAttr::get(b.op.getContext(), NVVM::SetMaxRegisterAction::decrease));
  Value warp = uniform(b, b.divide(b.thread(), kWarp));
  b.when(b.below(warp, 1), [&] {
    Value isElected = NVVM::ElectSyncOp::create(b.op, b.op.getI1Type(), Value());
    b.when(isElected, [&] {
      Ring ring{b.constant(0), b.constant(1)};
      for (auto [index, view] : llvm::enumerate(spec.views))
        ring = copyView(view, maps.slice(2 * index, 2), ring);
    });
  });
}

/// Of lines in memory from `address` on, a multiple of 32 bytes into the pattern: eight lines lie 1024 bytes from the next
/// eight.
Value Wgmma::descriptor(Value address) {
  constexpr uint64_t swizzle128 = uint64_t(1) << 62, eightLines = uint64_t(kAlignment / 16) << 32, unused = uint64_t(1) << 16;
  Value units = b.divide(address, 16); // below 2^14, which the field has room for
  Value wide = mlir::arith::ExtUIOp::create(b.op, b.op.getI64Type(), units);
  Value rest = mlir::arith::ConstantIntOp::create(b.op, static_cast<int64_t>(swizzle128 | eightLines | unused), 64);
  return mlir::arith::OrIOp::create(b.op, wide, rest);
}

/// The words of the warp's 16 of 64 rows from byte `rows` of shared memory on, four for each step of a line.
Values Wgmma::roundedRows(Value rows) {
  constexpr int64_t chunkBytes = 16;
  Value lane = b.modulo(b.thread(), kWarp), warp = b.modulo(b.divide(b.thread(), kWarp), kGroup / kWarp);
  Value row = b.modulo(lane, kSumRows), upper = b.divide(lane, kSumRows);
  Value line = b.add(rows, b.mul(b.add(b.mul(warp, kSumRows), row), kLine));
  Values words;
  for (int64_t chunk = 0; chunk < kLine / chunkBytes; chunk += kStepBytes / chunkBytes) {
    Value turned = mlir::arith::XOrIOp::create(b.op, b.add(upper, chunk), b.modulo(row, 8));
    for (Value word : loadMatrices(b, byte(b.add(line, b.mul(turned, chunkBytes)))))
      words.push_back(roundedToTf32(b, word));
  }
  return words;
}

/// The sums of a warp group are one value for each 64 rows.
Values Wgmma::multiplyStage(ValueRange sums, Value group, Value stage) {
  Value base = LLVM::PtrToIntOp::create(b.op, b.op.getI32Type(), memory);
  Value start = b.mul(stage, tile.stageBytes());
  Value rows = b.add(start, b.mul(group, tile.blocksOfRows() * kGroupRows * kLine)), columns = b.add(start, tile.m * kLine);
  Values words;
  for (int64_t block = 0; roundsRows() && block < tile.blocksOfRows(); ++block)
    words.append(roundedRows(b.add(rows, block * kGroupRows * kLine)));
  words = passed(b, "wgmma.fence.sync.aligned;", "r", words);
  ValueRange fragments(words);
  Values next(sums);
  for (int64_t block = 0; block < tile.blocksOfRows(); ++block)
    for (int64_t step = 0; step < kLine; step += kStepBytes) {
      Value right = descriptor(b.add(base, b.add(columns, step)));
      if (roundsRows()) {
        next[block] = groupProduct(b, next[block], fragments.take_front(kRowWords), right, tile.n);
        fragments = fragments.drop_front(kRowWords);
      } else {
        Value left = descriptor(b.add(base, b.add(rows, block * kGroupRows * kLine + step)));
        next[block] = groupProduct(b, next[block], left, right, tile.n, element());
      }
    }
  NVVM::WgmmaGroupSyncAlignedOp::create(b.op);
  return next;
}

/// Says to all blocks of the cluster that the readers have read a stage, if there `isAny` (null: there is). Without a branch,
/// which would part the lanes in front of the next product.
void Wgmma::release(Value stage, Value isAny) {
  Value thread = b.modulo(b.thread(), readers());
  Value says = b.both(isAny, b.below(thread, tile.cluster));
  Value barrier = empty(stage);
  if (tile.cluster > 1)
    barrier = NVVM::MapaOp::create(b.op, inCluster(b, barrier).getType(), barrier, b.modulo(thread, tile.cluster));
  assembly(b, {},
           tile.cluster > 1 ? "@$0 mbarrier.arrive.release.cluster.shared::cluster.b64 _, [$1];"
                            : "@$0 mbarrier.arrive.shared.b64 _, [$1];",
           "b,r", {says, LLVM::PtrToIntOp::create(b.op, b.op.getI32Type(), barrier)});
}

/// One product is on its way while the one before is waited for; of rows in registers none is.
Values Wgmma::multiplyAll(Value group, Value count) {
  auto type = LLVM::LLVMStructType::getLiteral(b.op.getContext(), llvm::SmallVector<mlir::Type>(tile.n / 2, b.op.getF32Type()));
  Values carried(tile.blocksOfRows(), LLVM::ZeroOp::create(b.op, type));
  carried.append({b.constant(0), b.constant(0), b.constant(0)}); // the ring, and the stage before
  auto body = [&](Value index, ValueRange values) {
    ValueRange sums = values.drop_back(3);
    Ring ring{values.drop_back(2).back(), values.drop_back().back()};
    wait(full(ring.stage), ring.parity);
    Values after = multiplyStage(sums, group, ring.stage);
    NVVM::WgmmaWaitGroupSyncOp::create(b.op, b.op.getI64IntegerAttr(roundsRows() ? 0 : 1));
    if (roundsRows())
      release(ring.stage, Value());
    else
      release(values.back(), b.less(b.constant(0), index));
    Ring then = next(ring);
    after.append({then.stage, then.parity, ring.stage});
    return after;
  };
  Values all = b.loop(b.constant(0), count, 1, carried, body);
  all.resize(tile.blocksOfRows());
  return all;
}

/// What the sums are when all products are made. That they come out of the wait keeps all uses behind it.
Values Wgmma::settled(ValueRange sums) {
  Values values;
  for (Value block : sums)
    for (int64_t i = 0; i < tile.n / 2; ++i)
      values.push_back(LLVM::ExtractValueOp::create(b.op, block, i));
  return passed(b, "wgmma.wait_group.sync.aligned 0;", "f", values);
}

/// The threads that multiply.
void Wgmma::meetProducts() {
  NVVM::BarrierOp::create(b.op, mlir::Type(), b.constant(1), b.constant(kGroup * tile.consumers), {}, Value());
}

void Wgmma::multiply(Value group) {
  if (tile.consumers > 1)
    NVVM::SetMaxRegisterOp::create(
        b.op, b.op.getI32IntegerAttr(kProductRegisters),
        NVVM::SetMaxRegisterActionAttr::get(b.op.getContext(), NVVM::SetMaxRegisterAction::increase));
  Value count = b.constant(0);
  for (const GemmView &view : spec.views)
    count = b.add(count, shareOf(b, stages(view), spec.parts).count);
  Values sums = settled(multiplyAll(group, count));
  meetProducts(); // nobody reads the stages any more
  TileSums all(b, spec, operands, place, memory);
  Value warp = b.modulo(b.divide(b.thread(), kWarp), kGroup / kWarp);
  for (int64_t block = 0; block < tile.blocksOfRows(); ++block) {
    Value row = b.add(b.add(b.mul(group, tile.blocksOfRows() * kGroupRows), b.mul(warp, kSumRows)), block * kGroupRows);
    all.keep(ValueRange(sums).slice(block * tile.n / 2, tile.n / 2), row, b.constant(0), kSumRows, tile.n);
  }
  meetProducts();
  all.store(b.sub(b.thread(), b.constant(kGroup)), kGroup * tile.consumers);
}

void Wgmma::emit() {
  Value first = b.mul(b.mul(b.divide(b.block(0), tile.cluster), tile.cluster), tile.m); // of the cluster
  b.when(b.less(first, place.rows), [&] {
    prepare();
    Value group = uniform(b, b.divide(b.thread(), kGroup));
    b.choose(b.below(group, 1), [&] { copy(); }, [&] { multiply(b.sub(group, b.constant(1))); });
    if (tile.cluster > 1)
      meetCluster(/*aligned=*/false); // whose blocks write to each other's memory
  });
}

void nvptx::emitWgmma(Builder &b, const GemmSpec &spec, const WgmmaTile &tile, ValueRange operands, ValueRange maps) {
  Wgmma(b, spec, tile, operands, maps).emit();
}
