// How the tensor unit and wgmma permute 16-byte chunks of shared memory: bits 4 and up of the address, xored with bits 7 and
// up.
#pragma once

#include "emulator/TensorMap.h"

#include <cstdint>

namespace skip::emulator {

using Swizzle = TensorMap::Swizzle;

/// The bytes of a row that is permuted: 16 (nothing to permute), 32, 64 or 128.
constexpr uint32_t spanBytes(Swizzle swizzle) { return 16u << static_cast<unsigned>(swizzle); }

/// After so many bytes the permutation repeats: eight rows.
constexpr uint32_t patternBytes(Swizzle swizzle) { return swizzle == Swizzle::none ? 16 : 8 * spanBytes(swizzle); }

/// Where the byte lies that would lie at `address` without swizzle. Its own inverse.
constexpr uint32_t swizzled(uint32_t address, Swizzle swizzle) {
  uint32_t mask = (1u << static_cast<unsigned>(swizzle)) - 1; // 0, 1, 3, 7
  return address ^ ((address >> 7 & mask) << 4);
}

} // namespace skip::emulator
