// How far Winograd's transforms may blow up what they are given, at the very worst.
#pragma once

#include <cstdint>

namespace skip::tool {

/// Of F(tile x tile, taps x taps): |A^T| ((|G| e |G^T|) * (|B^T| 1 |B|)) |A| for the worst of single taps e and of outputs.
double winogradGrowth(int64_t tile, int64_t taps);

} // namespace skip::tool
