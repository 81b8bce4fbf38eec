// The width of every vector.
#pragma once

#include <cstdint>

namespace skip::kernel {

/// Channels of a block, and lanes of every vector that the emitters use.
inline constexpr int64_t kLanes = 16;

} // namespace skip::kernel
