// What a machine can do at best.
#pragma once

#include "tools/tuning/Device.h"

#include <cstdint>
#include <vector>

namespace skip::tool {

/// Measured peaks of `threads` threads together.
class Peak {
public:
  /// Takes about a quarter of a second. `body` must run here.
  static Peak measure(Body body, unsigned threads);

  /// Of one core of a machine that is not at hand: at 3 GHz, two multiply-adds and about one copy of a vector a cycle, slower
  /// from each further cache.
  static Peak assumed(const tuning::Device &device);

  double flopsPerSecond = 0; ///< of multiply-adds, which count as two

  /// The least time for `flops` and for moving `bytes`, at the bandwidth of a working set of that size.
  double seconds(double flops, double bytes) const;
  bool boundByMemory(double flops, double bytes) const;
  /// Bytes read and written in a second by copies within a working set of `bytes`.
  double bandwidth(double bytes) const;

private:
  struct Copy {
    double bytes, perSecond;
  };
  std::vector<Copy> copies; // by ascending working set
};

} // namespace skip::tool
