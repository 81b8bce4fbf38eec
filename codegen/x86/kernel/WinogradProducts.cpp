// What the ways to multiply share: register tiles, their sums, prefetching.
#include "codegen/x86/kernel/WinogradProducts.h"

#include "codegen/x86/kernel/Vectors.h"

using namespace skip::kernel;
using Param = WinogradConvParam;

WinogradProducts::WinogradProducts(Builder &b, const WinogradConvSpec &spec, int64_t depth)
    : b(b), spec(spec), n(spec.taps.points(spec.tile)), group(spec.group), blocks(spec.schedule.ocBlocks), depth(depth),
      inputVectors(skip::plan::winogradPositionVectors(group)) {}

int64_t WinogradProducts::inBlockVectors() const { return winogradPhases(spec.taps, spec.channels) * n * n * inputVectors; }

int64_t WinogradProducts::filterFloats() const {
  return spec.taps.kernel * spec.taps.kernel * kLanes * (spec.channels ? spec.channels : kLanes);
}

Value WinogradProducts::outBlockFloats() { return b.mul(b.param(Param::inBlocks), filterFloats()); }

void WinogradProducts::forEachTile(llvm::function_ref<void(Value offset, int64_t columns)> body) {
  int64_t columns = spec.schedule.columns, covered = group / columns * columns;
  if (covered == columns)
    body(b.constant(0), columns);
  else if (covered > 0)
    b.loop(b.constant(0), b.constant(covered), columns, [&](Value first) { body(b.mul(first, kLanes), columns); });
  for (int64_t tail : spec.schedule.tails) {
    if (tail > group - covered)
      continue;
    body(b.constant(covered * kLanes), tail);
    covered += tail;
  }
}

Values WinogradProducts::loadSums(Value from, int64_t columns, Value begun) {
  Values values;
  for (int64_t column = 0; column < columns; ++column)
    for (int64_t block = 0; block < blocks; ++block)
      values.push_back(loadMasked(b, b.at(from, (block * group + column) * kLanes), begun));
  return values;
}

void WinogradProducts::storeSums(ValueRange values, Value to, int64_t columns) {
  for (int64_t column = 0; column < columns; ++column)
    for (int64_t block = 0; block < blocks; ++block)
      b.store(values[column * blocks + block], to, (block * group + column) * kLanes);
}

int64_t WinogradProducts::fetchedFloats() const { return (depth * filterFloats() / kLanes + n * n - 1) / (n * n) * kLanes; }

void WinogradProducts::fetch(Value from) {
  for (int64_t block = 0; block < blocks; ++block) {
    Value start = b.at(from, b.mul(outBlockFloats(), block));
    for (int64_t offset = 0; offset < fetchedFloats(); offset += kLanes)
      b.prefetch(b.at(start, offset));
  }
}

std::unique_ptr<WinogradProducts> skip::kernel::winogradProducts(Builder &b, const WinogradConvSpec &spec) {
  if (spec.schedule.rows > 1)
    return pairedProducts(b, spec);
  return winogradPhases(spec.taps, spec.channels) > 1 ? phasedProducts(b, spec) : storedProducts(b, spec);
}
