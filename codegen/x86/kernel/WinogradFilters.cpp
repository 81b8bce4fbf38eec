// A row of G g G^T is a combination of the rows of g, by Horner's rule at the row's point, transformed along the columns. The
// first and the last row belong to the points 0 and infinity: the first and the last row of g.
#include "codegen/x86/kernel/WinogradFilters.h"

#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradTransform.h"

using namespace skip::kernel;
using Param = WinogradConvParam;

WinogradFilters::WinogradFilters(Builder &b, const WinogradConvSpec &spec, int64_t depth)
    : b(b), spec(spec), taps(spec.taps.count()), n(spec.taps.points(spec.tile)), blocks(spec.schedule.ocBlocks), depth(depth),
      vectors((blocks * depth * kLanes) | 1), filters(scratchVectors(b, n * vectors)) {}

int64_t WinogradFilters::channels() const { return spec.channels ? 4 * spec.channels : kLanes; }

int64_t WinogradFilters::inBlockFloats() const {
  return spec.taps.kernel * spec.taps.kernel * kLanes * (spec.channels ? spec.channels : kLanes);
}

Value WinogradFilters::outBlockFloats() { return b.mul(b.param(Param::inBlocks), inBlockFloats()); }

void WinogradFilters::transformRow(Value from, Value inBlocks, Value row) {
  auto transform = [&](llvm::function_ref<Values(const Taps &)> rowOf) {
    forEachChannel(from, inBlocks, [&](const Taps &taps, Value to) { transformChannel(taps, to, rowOf); });
  };
  branch(b, b.equal(row, b.constant(0)), [&](bool isFirst) {
    if (isFirst)
      return transform([&](const Taps &taps) { return taps.front(); });
    branch(b, b.equal(row, b.constant(n - 1)), [&](bool isLast) {
      if (isLast)
        return transform([&](const Taps &taps) { return taps.back(); });
      Value point = winogradPoint(b, n, row);
      transform([&](const Taps &taps) { return rowOf(taps, point); });
    });
  });
}

/// taps[0] + point taps[1] + point^2 taps[2] + ..., for each column.
Values WinogradFilters::rowOf(const Taps &taps, Value point) {
  Values values;
  for (size_t column = 0; column < taps.size(); ++column) {
    Value total;
    for (const Values &row : llvm::reverse(taps))
      total = total ? winogradMultiplyAdd(b, point, total, row[column]) : row[column];
    values.push_back(total);
  }
  return values;
}

void WinogradFilters::transformChannel(const Taps &taps, Value to, llvm::function_ref<Values(const Taps &)> rowOf) {
  for (auto [column, value] : llvm::enumerate(winogradFilter(b, n, rowOf(taps))))
    b.store(value ? value : b.splat(0.0f), to, column * vectors * kLanes);
}

void WinogradFilters::forEachChannel(Value from, Value inBlocks, llvm::function_ref<void(const Taps &taps, Value to)> body) {
  bool hasPhases = spec.channels > 0;
  int64_t atATime = hasPhases ? 4 : 1, step = hasPhases ? inBlockFloats() / spec.channels : kLanes;
  b.loop(b.constant(0), b.constant(blocks), 1, {from, filters}, [&](Value, ValueRange block) {
    b.loop(b.constant(0), inBlocks, 1, block, [&](Value, ValueRange inBlock) {
      b.loop(b.constant(0), b.constant(channels() / atATime), 1, inBlock, [&](Value, ValueRange channel) {
        for (int64_t phase = 0; phase < atATime; ++phase)
          body(loadTaps(channel[0], phase / 2, phase % 2), b.at(channel[1], phase * kLanes));
        return Values{b.at(channel[0], step), b.at(channel[1], atATime * kLanes)};
      });
      return Values{b.at(inBlock[0], inBlockFloats()), b.at(inBlock[1], kLanes * kLanes)};
    });
    return Values{b.at(block[0], outBlockFloats()), b.at(block[1], blockVectors() * kLanes)};
  });
}

/// A channel's taps: every `stride`-th of each axis from the phase on.
WinogradFilters::Taps WinogradFilters::loadTaps(Value from, int64_t rowPhase, int64_t columnPhase) {
  int64_t kernel = spec.taps.kernel, stride = spec.taps.stride, distance = spec.channels ? kLanes : kLanes * kLanes;
  Taps loaded(taps, Values(taps));
  for (int64_t i = 0; i < taps; ++i)
    for (int64_t j = 0; j < taps; ++j) {
      int64_t row = stride * i + rowPhase, column = stride * j + columnPhase;
      if (row < kernel && column < kernel)
        loaded[i][j] = b.load(from, (row * kernel + column) * distance);
    }
  return loaded;
}
