// Random numbers by place instead of by state: what is drawn for a picture depends on the seed, the epoch and the picture
// alone.
//
// Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011) turns a counter of 128 bits and a key of
// 64 into 128 random bits by ten rounds of multiplications. The seed is the key; purpose, epoch, index and a running number are
// the counter. So any thread may draw for any picture, in any order, and a resumed run draws what an unbroken one would.
#pragma once

#include "runtime/training/Philox.h"

namespace skip::data {

/// What numbers are for. Each has numbers of its own, so that one augmentation does not change what another draws.
enum class Purpose : uint32_t { Order = 1, HoldOut, Side, Crop, Flip, Colour };

/// The numbers of one place. Reading is all that the object remembers.
class Draws {
public:
  Draws(uint64_t seed, Purpose purpose, uint32_t epoch, uint32_t index)
      : key{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
        counter{index, epoch, static_cast<uint32_t>(purpose), 0} {}

  uint32_t bits();
  /// A whole number below `bound`, which is at least 1; each is as likely as every other.
  uint32_t below(uint32_t bound);
  /// In [0, 1), a multiple of 2^-53.
  double uniform();
  /// Normal, with mean 0 and variance 1, by Marsaglia's polar method. Its bits depend on no mathematical library.
  double normal();

private:
  std::array<uint32_t, 2> key;
  std::array<uint32_t, 4> counter, block{};
  unsigned left = 0;
};

} // namespace skip::data
