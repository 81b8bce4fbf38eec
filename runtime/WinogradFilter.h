// Transforms 3x3 filters for Winograd's minimal filtering.
#pragma once

#include "runtime/Safetensors.h"

#include <stdint.h>

namespace skip::runtime {

/// Filters [outputs][inputs][3][3] and what becomes of them.
struct WinogradFilter {
  const FileTensor &weight;
  int64_t outputs, inputs;
  int64_t tile;    // m: 2, 4 or 6
  bool accumulate; // add to what is there
};

/// Writes the filters of the output channels `first` (a multiple of 16) to first + 15: G g G^T * scale[o - first], computed in
/// double and rounded once, into `to`, which is [(m + 2)^2][outputs/16][inputs/16][16 inputs][16 outputs]. Elements of padding
/// channels are written (accumulated) as zero.
void packWinogradBlock(const WinogradFilter &filter, int64_t first, const double *scale, float *to);

} // namespace skip::runtime
