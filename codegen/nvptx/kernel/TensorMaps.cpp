// How the tensor unit finds the operands of a contraction: as the runtime's own structs, which the driver encodes.
#include "codegen/nvptx/kernel/Emitters.h"

using namespace skip;
using namespace skip::nvptx;
using plan::WgmmaTile;

static uint32_t lineChannels(const GemmView &view) {
  return static_cast<uint32_t>(WgmmaTile::lineBytes / plan::elementBytes(view.input.element));
}

/// A walk through the windows of a picture, a line's channels of each of the tile's pixels.
static SkipCudaMap inputMap(const GemmView &view, const WgmmaTile &tile, uint32_t operand) {
  const Picture &input = view.input;
  auto size = [](int64_t value) { return static_cast<uint64_t>(value); };
  auto step = static_cast<uint32_t>(view.stride);
  auto begin = static_cast<int32_t>(-view.padding);
  auto endX = static_cast<int32_t>(view.padding - (view.kernelWidth - 1)),
       endY = static_cast<int32_t>(view.padding - (view.kernelHeight - 1));
  uint64_t pixel = size(input.pixelElements() * plan::elementBytes(input.element)), row = pixel * size(input.width);
  return {.operand = operand,
          .isWalk = 1,
          .element = static_cast<uint32_t>(input.element),
          .rank = 4,
          .dims = {size(input.pixelElements()), size(input.width), size(input.height), 0, 0},
          .strides = {pixel, row, row * size(input.height), 0},
          .box = {lineChannels(view), static_cast<uint32_t>(tile.m), 0, 0, 0},
          .steps = {1, step, step, 1, 0},
          .lower = {begin, begin, 0},
          .upper = {endX, endY, 0}};
}

/// [channel of the result][tap][channel].
static SkipCudaMap filterMap(const GemmSpec &spec, const GemmView &view, const WgmmaTile &tile, uint32_t operand) {
  auto size = [](int64_t value) { return static_cast<uint64_t>(value); };
  uint64_t taps = size(view.kernelHeight * view.kernelWidth);
  uint64_t tap = size(view.input.pixelElements() * plan::elementBytes(view.input.element));
  return {.operand = operand,
          .isWalk = 0,
          .element = static_cast<uint32_t>(view.input.element),
          .rank = 3,
          .dims = {size(view.input.pixelElements()), taps, size(spec.result.channels), 0, 0},
          .strides = {tap, tap * taps, 0, 0},
          .box = {lineChannels(view), 1, static_cast<uint32_t>(tile.n / tile.cluster), 0, 0},
          .steps = {1, 1, 1, 0, 0},
          .lower = {},
          .upper = {}};
}

llvm::SmallVector<SkipCudaMap> nvptx::wgmmaMaps(const GemmSpec &spec, const WgmmaTile &tile) {
  llvm::SmallVector<SkipCudaMap> maps;
  for (auto [index, view] : llvm::enumerate(spec.views)) {
    auto operand = static_cast<uint32_t>(2 * index);
    maps.push_back(inputMap(view, tile, operand));
    maps.push_back(filterMap(spec, view, tile, operand + 1));
  }
  return maps;
}
