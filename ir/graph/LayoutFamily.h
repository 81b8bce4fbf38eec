// What the graph's operations are asked about layouts by.
#pragma once

#include <cstdint>

namespace skip::graph {

/// The layouts in which channels lie together in blocks of `lanes`, which are filled up with zeros.
struct LayoutFamily {
  int64_t lanes;

  /// NCHW, the caller's own.
  bool isPlanar() const { return lanes == 1; }
};

} // namespace skip::graph
