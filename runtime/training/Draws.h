// What dropout draws by: 32 bits for an image, of its place in the training.
#pragma once

#include "runtime/training/Philox.h"

namespace skip::runtime {

/// Where a group is in a training.
struct DrawsPlace {
  uint64_t seed = 0, step = 0, group = 0;
};

/// Of the group's image `image`. Kernels draw each element of each layer by it (graph.dropout_train).
inline uint32_t drawOf(const DrawsPlace &place, uint64_t image) {
  auto low = [](uint64_t number) { return static_cast<uint32_t>(number); };
  auto high = [](uint64_t number) { return static_cast<uint32_t>(number >> 32); };
  return philox({low(image), low(place.group), low(place.step), high(place.step)}, {low(place.seed), high(place.seed)})[0];
}

} // namespace skip::runtime
