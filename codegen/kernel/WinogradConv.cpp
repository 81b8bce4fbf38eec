// The products, one group of tiles by `ocBlocks` blocks of output channels a unit.
//
// For each of the (m + 2)^2 positions, a small matrix product over the input channels: the group's tiles are the columns of
// register tiles as in a direct convolution. Filters lie in memory as a direct convolution's do and are transformed here, a
// chunk of input channels and a row of positions at a time, into a scratch that fits the first-level cache:
//
//   for each chunk of input channels:
//     for each row of positions:   filters = that row of G g G^T;   sums += input x filters
//   results from the sums (WinogradResult.h)
//
// A filter transformed beforehand would be four times as large (m = 4), and at batch 1 the network is read from memory once a
// run: ResNet-18's third and fourth group of layers spent more than half of their time waiting for it. The transform costs some
// 40 cycles for 16 x 1 channels, as much as the products of two tiles. Measured at 512 @ 7, in times a direct convolution at
// its peak: 1.6; with all positions of 64 input channels at a time, which only the second-level cache holds, 1.2; without
// fetching the next chunk's filters while this one's products run, 1.4.
//
// With the groups innermost a few blocks' filters stay in the cache while the whole input is read for each of them; with the
// blocks innermost a group stays while the whole filter is read for each, which is better where the filter is the smaller and
// stays in the second-level cache.
//
// The tiles of a last group that do not exist are multiplied like the others, whatever their columns hold, and not stored.
#include "codegen/kernel/Vectors.h"
#include "codegen/kernel/Winograd.h"
#include "codegen/kernel/WinogradFilters.h"
#include "codegen/kernel/WinogradResult.h"
#include "codegen/kernel/WinogradWindows.h"
#include "codegen/kernel/WinogradTransform.h"
#include "ir/plan/WinogradLayout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;
using Param = WinogradConvParam;

/// Of filters that stay in the second-level cache (1 MB on recent server cores) beside a group of tiles.
static constexpr int64_t kNearFloats = 128 * 1024;

/// Blocks of input channels in a chunk. Where few tiles share a filter, the taps that it is made from must stay in the
/// first-level cache with it; where many do, the sums that each chunk reads and writes are the larger traffic.
static int64_t chunkDepth(const WinogradConvSpec &spec) {
  return std::max<int64_t>(1, (spec.group >= 25 ? 4 : 2) / spec.schedule.ocBlocks);
}

static WindowSource windowSource(Builder &b) {
  return {b.operand(0),           b.param(Param::inImage),   b.param(Param::inBlock), b.param(Param::inRow),
          b.param(Param::inRows), b.param(Param::inColumns), b.param(Param::padding)};
}

namespace {

/// Some blocks of input channels of a unit.
struct Chunk {
  Value input, filter; // where they begin
  Value next;          // the filters that are wanted after these
  Value inBlocks;
  Value begun; // a mask: all lanes, or none where the sums begin with this chunk
};

class WinogradConvEmitter {
public:
  WinogradConvEmitter(Builder &b, const WinogradConvSpec &spec)
      : b(b), spec(spec), n(spec.taps.points(spec.tile)), group(spec.group), blocks(spec.schedule.ocBlocks),
        depth(chunkDepth(spec)), inputVectors(skip::plan::winogradPositionVectors(group)), sumVectors((blocks * group) | 1),
        filters(b, spec, depth), result(b, spec) {
    sums = scratchVectors(b, n * n * sumVectors);
    if (spec.fusedBlocks) {
      ownInput = scratchVectors(b, spec.fusedBlocks * n * n * inputVectors);
      windows = winogradWindows(b, {spec.tile, group, spec.taps, spec.channels}, windowSource(b));
    }
  }

  void emit() { spec.fusedBlocks ? emitFused() : emitProducts(); }

private:
  /// A group of tiles for all output channels a unit.
  void emitFused() {
    b.loop(b.begin(), b.end(), 1, [&](Value index) {
      Value firstTile = b.mul(index, group), count = b.min(b.constant(group), b.sub(b.param(Param::tiles), firstTile));
      b.loop(b.constant(0), count, 1, [&](Value tile) { transformWindows(b.add(firstTile, tile), tile); });
      b.loop(b.constant(0), b.param(Param::outBlocks), blocks, [&](Value block) { unit(ownInput, block, firstTile); });
    });
  }

  /// All channel blocks of a tile, which lies `place` tiles behind the group's first.
  void transformWindows(Value tile, Value place) {
    Value columns = b.param(Param::tileColumns), ofImage = b.mul(b.param(Param::tileRows), columns);
    Value image = b.divide(tile, ofImage), inImage = b.modulo(tile, ofImage);
    b.loop(b.constant(0), b.constant(spec.fusedBlocks), 1, {b.at(ownInput, b.mul(place, kLanes))},
           [&](Value block, ValueRange to) {
             windows->emit(image, block, b.divide(inImage, columns), b.modulo(inImage, columns), to[0]);
             return Values{b.at(to[0], n * n * inputVectors * kLanes)};
           });
  }

  void emitProducts() {
    Value blockUnits = b.ceilDiv(b.param(Param::outBlocks), blocks), groups = b.ceilDiv(b.param(Param::tiles), group);
    Value filterFloats = b.mul(filters.outBlockFloats(), b.param(Param::outBlocks));
    Value least = b.min(b.mul(groups, groupFloats()), b.constant(kNearFloats));
    Value blocksInnermost = b.less(filterFloats, least);
    Value inner = choose(blocksInnermost, blockUnits, groups);
    b.loop(b.begin(), b.end(), 1, [&](Value index) {
      Value slow = b.divide(index, inner), fast = b.modulo(index, inner);
      Value which = choose(blocksInnermost, slow, fast);
      Value input = b.at(b.operand(0), b.mul(which, groupFloats()));
      unit(input, b.mul(choose(blocksInnermost, fast, slow), blocks), b.mul(which, group));
    });
  }

  Value choose(Value condition, Value yes, Value no) { return mlir::arith::SelectOp::create(b.op, condition, yes, no); }

  /// Elements of one group of the input.
  Value groupFloats() { return b.mul(b.param(Param::inBlocks), n * n * inputVectors * kLanes); }

  void unit(Value input, Value block, Value firstTile) {
    Value filter = b.at(b.operand(1), b.mul(block, filters.outBlockFloats()));
    Value nextUnit = b.at(filter, b.mul(filters.outBlockFloats(), blocks)), inBlocks = b.param(Param::inBlocks);
    b.loop(b.constant(0), inBlocks, depth, {input, filter}, [&](Value first, ValueRange at) {
      Value rest = b.sub(inBlocks, first), next = b.at(at[1], depth * filters.inBlockFloats());
      Value wanted = choose(b.less(b.constant(depth), rest), next, nextUnit);
      multiply({at[0], at[1], wanted, b.min(rest, b.constant(depth)), everyLane(b, b.less(b.constant(0), first))});
      return Values{b.at(at[0], depth * n * n * inputVectors * kLanes), next};
    });
    result.emit(sums, sumVectors, firstTile, block);
  }

  /// sums (+)= input x filters, a row of positions at a time.
  void multiply(const Chunk &chunk) {
    b.loop(b.constant(0), b.constant(n), 1, {chunk.input, sums, chunk.next}, [&](Value row, ValueRange at) {
      filters.transformRow(chunk.filter, chunk.inBlocks, row);
      return products(at, chunk);
    });
  }

  /// A row of positions from where `from` (input, sums, what to fetch) stands; returns where it then stands.
  Values products(ValueRange from, const Chunk &chunk) {
    Values carried(from);
    carried.push_back(filters.scratch());
    carried = b.loop(b.constant(0), b.constant(n), 1, carried, [&](Value, ValueRange at) {
      fetch(at[2]);
      product(at[0], at[3], at[1], chunk);
      return Values{b.at(at[0], inputVectors * kLanes), b.at(at[1], sumVectors * kLanes),
                    b.at(at[2], fetchedVectors() * kLanes), b.at(at[3], filters.positionVectors() * kLanes)};
    });
    carried.pop_back();
    return carried;
  }

  /// One position's share of a chunk's filters.
  int64_t fetchedVectors() { return (depth * filters.inBlockFloats() / kLanes + n * n - 1) / (n * n); }

  void fetch(Value from) {
    for (int64_t block = 0; block < blocks; ++block) {
      Value start = b.at(from, b.mul(filters.outBlockFloats(), block));
      for (int64_t line = 0; line < fetchedVectors(); ++line)
        b.prefetch(b.at(start, line * kLanes));
    }
  }

  /// All tiles of the group, cut into register tiles.
  void product(Value input, Value filter, Value to, const Chunk &chunk) {
    int64_t columns = spec.schedule.columns, covered = group / columns * columns;
    auto from = [&](Value pointer, Value first) { return b.at(pointer, b.mul(first, kLanes)); };
    if (covered == columns)
      registerTile(input, filter, to, columns, chunk);
    else if (covered > 0)
      b.loop(b.constant(0), b.constant(covered), columns,
             [&](Value first) { registerTile(from(input, first), filter, from(to, first), columns, chunk); });
    for (int64_t tail : spec.schedule.tails) {
      if (tail > group - covered)
        continue;
      registerTile(b.at(input, covered * kLanes), filter, b.at(to, covered * kLanes), tail, chunk);
      covered += tail;
    }
  }

  /// Sums over the chunk's input channels for `columns` tiles and all output blocks.
  void registerTile(Value input, Value filter, Value to, int64_t columns, const Chunk &chunk) {
    Values carried = {input, filter};
    for (int64_t column = 0; column < columns; ++column)
      for (int64_t block = 0; block < blocks; ++block)
        carried.push_back(loadMasked(b, b.at(to, (block * group + column) * kLanes), chunk.begun));
    carried = b.loop(b.constant(0), chunk.inBlocks, 1, carried, [&](Value, ValueRange inner) {
      Values values(inner);
      for (int64_t channel = 0; channel < filters.channels(); ++channel)
        step(channel, columns, values);
      values[0] = b.at(inner[0], n * n * inputVectors * kLanes);
      values[1] = b.at(inner[1], kLanes * kLanes);
      return values;
    });
    for (int64_t column = 0; column < columns; ++column)
      for (int64_t block = 0; block < blocks; ++block)
        b.store(carried[2 + column * blocks + block], to, (block * group + column) * kLanes);
  }

  /// One input channel of the block.
  void step(int64_t channel, int64_t columns, Values &values) {
    Values weights;
    for (int64_t column = 0; column < columns; ++column) {
      Value x = b.splat(b.loadScalar(values[0], column * kLanes + channel));
      for (int64_t block = 0; block < blocks; ++block) {
        if (column == 0)
          weights.push_back(b.load(values[1], (block * filters.blockVectors() + channel) * kLanes));
        Value &sum = values[2 + column * blocks + block];
        sum = b.fma(x, weights[block], sum);
      }
    }
    b.fence(); // the next channel's weights, loaded earlier, would find no register
  }

  Builder &b;
  const WinogradConvSpec &spec;
  int64_t n, group, blocks;
  int64_t depth;                    // blocks of input channels whose filters are transformed at a time
  int64_t inputVectors, sumVectors; // from one position to the next
  Value sums;                       // [n * n][blocks][group][16 oc]
  Value ownInput;                   // where fused: [fusedBlocks][n * n][group | 1][16 ic]
  std::unique_ptr<WinogradWindows> windows;
  WinogradFilters filters;
  WinogradResult result;
};

} // namespace

void skip::kernel::emitWinogradConv(mlir::ModuleOp module, llvm::StringRef name, const WinogradConvSpec &spec) {
  Builder b(module, name);
  b.keepOrder();
  WinogradConvEmitter(b, spec).emit();
  b.finish();
}
