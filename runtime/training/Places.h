// Where a parameter's elements lie in the state.
#pragma once

#include "runtime/Abi.h"

namespace skip::runtime {

/// The input channels of a tile; state lies as x86's kernels read it.
inline int64_t inputsOfTile(const SkipLoad &load) {
  switch (static_cast<SkipLayout>(load.layout)) {
  case SKIP_LAYOUT_FILTER16:
    return SKIP_LANES;
  case SKIP_LAYOUT_FILTER1:
  case SKIP_LAYOUT_VECTOR:
    return 1;
  case SKIP_LAYOUT_KRSC:
    break;
  }
  __builtin_trap();
}

/// Calls visit(element, place) for the outputs [begin, end) of a `state` entry: `element` counts them as a checkpoint has them,
/// from the first output on; `place` counts floats from load.offset on.
template <typename Visit> void forEachPlace(const SkipLoad &load, int64_t begin, int64_t end, Visit visit) {
  int64_t inputs = load.dims[1], taps = load.dims[2] * load.dims[3], block = inputsOfTile(load);
  int64_t inputBlocks = (inputs + block - 1) / block, element = begin * inputs * taps;
  for (int64_t output = begin; output < end; ++output)
    for (int64_t input = 0; input < inputs; ++input) {
      int64_t tile = (output / SKIP_LANES * inputBlocks + input / block) * taps;
      for (int64_t tap = 0; tap < taps; ++tap)
        visit(element++, ((tile + tap) * block + input % block) * SKIP_LANES + output % SKIP_LANES);
    }
}

} // namespace skip::runtime
