// In which order pictures come, and which are held out.
#pragma once

#include <cstdint>
#include <vector>

namespace skip::data {

/// The numbers below `count`, each once, in an order that depends on the seed and the epoch alone. All orders are as likely.
std::vector<uint32_t> shuffled(uint32_t count, uint64_t seed, uint32_t epoch);

/// A training set without the pictures that are held out of it, and those. Both in the set's order.
struct Split {
  std::vector<uint32_t> training, heldOut;
};

/// Holds out the last `holdOut` of a permutation that depends on `count` alone, so that all runs and seeds hold out the same
/// pictures, and a smaller number of them some of these. `holdOut` is at most `count`.
Split split(uint32_t count, uint32_t holdOut);

} // namespace skip::data
