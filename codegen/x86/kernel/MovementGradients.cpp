// What gradients move: pixels spread out, filters transposed.
#include "codegen/x86/kernel/Movement.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;
using Position = std::array<Value, 3>;

/// A row of zeros, then the pixels that there are in it.
static void spreadRow(Builder &b, const SpreadSpec &spec, Position position) {
  using Param = SpreadParam;
  constexpr StrideParams in = {Param::inImage, Param::inBlock, Param::inRow};
  constexpr StrideParams out = {Param::outImage, Param::outBlock, Param::outRow};
  Value row = rowPointer(b, b.operand(1), out, position);
  b.loop(b.constant(0), b.param(Param::outColumns), 1, [&](Value x) { b.store(b.splat(0.0f), b.at(row, b.mul(x, kLanes))); });
  Value stride = b.constant(spec.stride);
  b.when(b.equal(b.modulo(position[2], stride), b.constant(0)), [&] {
    Value from = rowPointer(b, b.operand(0), in, {position[0], position[1], b.divide(position[2], stride)});
    b.loop(b.constant(0), b.param(Param::inColumns), 1,
           [&](Value x) { b.store(b.load(b.at(from, b.mul(x, kLanes))), b.at(row, b.mul(x, spec.stride * kLanes))); });
  });
  writeHalo(b, b.operand(1), out, Param::outHalo, b.param(Param::outRows), b.param(Param::outColumns), position);
}

void skip::kernel::emitSpread(mlir::ModuleOp module, llvm::StringRef name, const SpreadSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) { spreadRow(b, spec, position); });
  b.finish();
}

namespace {
/// The filter's tap that comes to a place of the result's window.
struct SourceTap {
  Value isThere, tap, taps; // `taps`: how many the filter has
};
} // namespace

static SourceTap sourceOf(Builder &b, Value tap) {
  using Param = TransposeFilterParam;
  Value columns = b.param(Param::columns), margin = b.param(Param::margin), rows = b.divide(b.param(Param::taps), columns);
  auto inner = [&](Value size) { return b.sub(size, b.mul(margin, 2)); };
  Value row = b.sub(b.divide(tap, columns), margin), column = b.sub(b.modulo(tap, columns), margin);
  auto isWithin = [&](Value at, Value size) {
    return b.equal(b.max(b.constant(0), b.min(at, b.sub(size, b.constant(1)))), at);
  };
  Value taps = b.mul(inner(rows), inner(columns));
  Value place = b.add(b.mul(row, inner(columns)), column);
  Value isThere = mlir::arith::AndIOp::create(b.op, isWithin(row, inner(rows)), isWithin(column, inner(columns)));
  return {isThere, b.sub(b.sub(taps, b.constant(1)), place), taps};
}

void skip::kernel::emitTransposeFilter(mlir::ModuleOp module, llvm::StringRef name, const TransposeFilterSpec &) {
  using Param = TransposeFilterParam;
  constexpr int64_t tile = kLanes * kLanes; // of 16 input channels, a row each, by 16 output channels
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) {
    auto [out, in, tap] = position;
    auto tileAt = [&](Value row, Value column, Value columns, Value taps, Value which) {
      return b.mul(b.add(b.mul(b.add(b.mul(row, columns), column), taps), which), tile);
    };
    Value to = b.at(b.operand(1), tileAt(out, in, b.param(Param::inBlocks), b.param(Param::taps), tap));
    for (int64_t i = 0; i < kLanes; ++i)
      b.store(b.splat(0.0f), to, i * kLanes);
    SourceTap source = sourceOf(b, tap);
    b.when(source.isThere, [&] {
      Value from = b.at(b.operand(0), tileAt(in, out, b.param(Param::outBlocks), source.taps, source.tap));
      Square rows;
      for (int64_t i = 0; i < kLanes; ++i)
        rows[i] = b.load(from, i * kLanes);
      Square columns = transpose(b, rows);
      for (int64_t i = 0; i < kLanes; ++i)
        b.store(columns[i], to, i * kLanes);
    });
  });
  b.finish();
}
