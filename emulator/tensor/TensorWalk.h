// The walk of the tensor unit: which bytes of shared and of global memory a box of a tensor map names.
//
// Tile mode: the box starts at the coordinates; along each dimension above the innermost ceil(box / elementStride) elements lie
// in it, elementStride apart. Im2col mode of a tensor (C, W, [H, [D,]] N): `pixels a column` pixels are visited, starting at
// the base coordinates; W steps by its element stride up to dim + upper - 1 (the box's upper corner, counted from the tensor's
// end), then it restarts at the lower corner and H steps, then D, then N. The offsets (the filter's tap) are added to where a
// pixel is read, not to the walk. Rows of the innermost dimension lie one after the other in shared memory, swizzled by
// address. What lies outside of the tensor is filled when it is loaded, and left alone when it is stored.
//
// Example: x is [1, 3, 3, 8] in NHWC, a 3x3 filter with padding 1: dims (8, 3, 3, 1), lower corner (-1, -1), upper corner (-1,
// -1). From base (0, -1, -1, 0), nine pixels and offsets (0, 0): W and H run over -1, 0, 1; five of the nine pixels are
// outside.
//
// Not modelled, and refused with that reason: interleaved layouts; a swizzle whose row is wider than the box's. Elements are
// copied as they are: subnormals stay in the _FTZ types, tf32 is not rounded. The pattern of a NaN fill is a guess (all bits
// but the sign).
#pragma once

#include "emulator/tensor/Swizzle.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace skip::emulator {

struct TensorAccess {
  std::span<const int32_t> coordinates;   // innermost first, as many as the map's rank
  std::span<const uint16_t> offsets = {}; // im2col loads: rank - 2 of them, W first
  uint32_t shared = 0;                    // address in shared memory
  bool store = false;                     // from shared to global memory, a reduction included
};

/// Sixteen bytes of shared memory, of which [from, to) belong to bytes of the tensor; the rest is outside.
struct TensorChunk {
  uint32_t shared = 0; // swizzled
  uint64_t global = 0; // address of the chunk's first byte, meaningful in [from, to) alone
  uint8_t from = 0, to = 0;
  bool outside() const { return from == to; }
};

/// Why an instruction may not use this map so: not a tensor map, other mode or rank, a misaligned address, an offset out of
/// range, a base outside of the bounding box.
std::optional<std::string> refusalOf(const TensorMap &map, const TensorAccess &access);

/// The bytes of shared memory that one box takes: what a load completes at its mbarrier.
uint32_t boxBytes(const TensorMap &map);

/// All of a box in the order of its unswizzled bytes; `chunks` is overwritten. The access must not have been refused.
void walk(const TensorMap &map, const TensorAccess &access, std::vector<TensorChunk> &chunks);

/// What an element outside is filled with, sixteen bytes of it.
std::array<uint8_t, 16> fillOf(const TensorMap &map);

} // namespace skip::emulator
