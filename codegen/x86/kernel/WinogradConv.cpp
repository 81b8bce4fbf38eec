// A unit is one group of tiles by `ocBlocks` blocks of output channels, or, fused, by all:
//
//   for each chunk of input channels:   sums += input x filters at every position (WinogradProducts.h)
//   results from the sums (WinogradResult.h)
//
// With the groups innermost a few blocks' filters stay in the cache while the whole input is read for each of them; with the
// blocks innermost a group stays while the whole filter is read for each, which is better where the filter is the smaller and
// stays in the second-level cache.
//
// The tiles of a last group that do not exist are multiplied like the others, whatever their columns hold, and not stored.
#include "codegen/x86/kernel/UnitOrder.h"
#include "codegen/x86/kernel/Winograd.h"
#include "codegen/x86/kernel/WinogradProducts.h"
#include "codegen/x86/kernel/WinogradResult.h"
#include "codegen/x86/kernel/WinogradTransform.h"
#include "codegen/x86/kernel/WinogradWindows.h"
#include "ir/plan/WinogradLayout.h"

using namespace skip::kernel;
using Param = WinogradConvParam;

/// Of filters that stay in the second-level cache (1 MB on recent server cores) beside a group of tiles.
static constexpr int64_t kNearFloats = 128 * 1024;

static WindowSource windowSource(Builder &b) {
  return {b.operand(0),           b.param(Param::inImage),   b.param(Param::inBlock), b.param(Param::inRow),
          b.param(Param::inRows), b.param(Param::inColumns), b.param(Param::padding)};
}

namespace {

class WinogradConvEmitter {
public:
  WinogradConvEmitter(Builder &b, const WinogradConvSpec &spec)
      : b(b), spec(spec), n(spec.taps.points(spec.tile)), group(spec.group), blocks(spec.schedule.ocBlocks),
        products(winogradProducts(b, spec)), result(b, spec) {
    sums = scratchVectors(b, n * n * products->sumVectors());
    if (spec.fusedBlocks) {
      ownInput = scratchVectors(b, spec.fusedBlocks * products->inBlockVectors());
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
             return Values{b.at(to[0], products->inBlockVectors() * kLanes)};
           });
  }

  void emitProducts() {
    Value blockUnits = b.ceilDiv(b.param(Param::outBlocks), blocks), groups = b.ceilDiv(b.param(Param::tiles), group);
    Value filterFloats = b.mul(products->outBlockFloats(), b.param(Param::outBlocks));
    Value least = b.min(b.mul(groups, groupFloats()), b.constant(kNearFloats));
    Value blocksInnermost = b.less(filterFloats, least);
    UnitOrder order(b, blocksInnermost, blockUnits, groups);
    b.loop(b.begin(), b.end(), 1, [&](Value index) {
      UnitOrder::Place at = order.at(index);
      Value copy = b.divide(b.mul(at.block, b.param(Param::copies)), blockUnits);
      Value input = b.at(b.operand(0), b.add(b.mul(at.other, groupFloats()), b.mul(copy, b.param(Param::copyFloats))));
      unit(input, b.mul(at.block, blocks), b.mul(at.other, group));
    });
  }

  /// Elements of one group of the input.
  Value groupFloats() { return b.mul(b.param(Param::inBlocks), products->inBlockVectors() * kLanes); }

  void unit(Value input, Value block, Value firstTile) {
    int64_t depth = products->chunkDepth();
    Value filter = b.at(b.operand(1), b.mul(block, products->outBlockFloats()));
    Value nextUnit = b.at(filter, b.mul(products->outBlockFloats(), blocks)), inBlocks = b.param(Param::inBlocks);
    b.loop(b.constant(0), inBlocks, depth, {input, filter}, [&](Value first, ValueRange at) {
      Value rest = b.sub(inBlocks, first), next = b.at(at[1], depth * products->filterFloats());
      Value wanted = select(b, b.less(b.constant(depth), rest), next, nextUnit);
      Value begun = everyLane(b, b.less(b.constant(0), first));
      products->multiply({at[0], at[1], wanted, b.min(rest, b.constant(depth)), begun}, sums);
      return Values{b.at(at[0], depth * products->inBlockVectors() * kLanes), next};
    });
    result.emit(sums, products->sumVectors(), firstTile, block);
  }

  Builder &b;
  const WinogradConvSpec &spec;
  int64_t n, group, blocks;
  Value sums;     // [n * n][blocks][group][16 oc]
  Value ownInput; // where fused: [fusedBlocks][phases][n * n][group | 1][16 ic]
  std::unique_ptr<WinogradWindows> windows;
  std::unique_ptr<WinogradProducts> products;
  WinogradResult result;
};

} // namespace

void skip::kernel::emitWinogradConv(mlir::ModuleOp module, llvm::StringRef name, const WinogradConvSpec &spec) {
  Builder b(module, name);
  b.keepOrder();
  WinogradConvEmitter(b, spec).emit();
  b.finish();
}
