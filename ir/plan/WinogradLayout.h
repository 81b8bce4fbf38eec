// The layout `winograd<m, group>` as those see it who size its buffer and those who write and read it. Plain C++, no MLIR.
#pragma once

#include <cstdint>

namespace skip::plan {

/// Vectors of 16 channels from one of the n^2 positions of a group of tiles to the next: one for each tile, rounded up to
/// an odd number. Were it even, the positions of a tile would share few sets of a cache, and writing them would take several
/// times as long.
constexpr int64_t winogradPositionVectors(int64_t group) { return group | 1; }

/// The filter of a Winograd convolution: 3 x 3 of stride 1 or 2, or k x k of stride 2 over a planar input of few channels.
struct WinogradTaps {
  int64_t kernel = 3, stride = 1;

  bool operator==(const WinogradTaps &) const = default;
  constexpr int64_t count() const { return (kernel + stride - 1) / stride; } // along one axis, r in F(m, r)
  constexpr int64_t points(int64_t tile) const { return tile + count() - 1; }
};

/// Channels of a planar input, whose phases lie side by side in 16 lanes: the few of a stem of stride 2. 0 where the input is
/// blocked.
constexpr int64_t winogradPlanarChannels(const WinogradTaps &taps, int64_t channels) {
  return taps.stride == 2 && channels <= 4 ? channels : 0;
}

/// Windows that a block of channels has: one, or of a blocked input of stride 2 one for each parity of row and column.
constexpr int64_t winogradPhases(const WinogradTaps &taps, int64_t planarChannels) {
  return planarChannels ? 1 : taps.stride * taps.stride;
}

/// Copies of transformed windows that are held at most (ir/plan/Layout.h).
constexpr int64_t winogradMostCopies = 2;

/// Products of a tile for each pair of channels: of a blocked input of stride 2 those of four phases, of which the odd ones
/// have no part at infinity.
constexpr int64_t winogradTileProducts(const WinogradTaps &taps, int64_t channels, int64_t tile) {
  int64_t along = taps.stride == 2 && !winogradPlanarChannels(taps, channels) ? 2 * tile + 1 : taps.points(tile);
  return along * along;
}

} // namespace skip::plan
