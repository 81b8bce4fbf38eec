// The windows of poolings, the pixels that a bilinear upsampling lies between, and those that a reflection mirrors.
#pragma once

#include "ir/graph/Inference.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace skip::reference {

/// The pixel of `size` that stands at place `index` of a padding by reflection, less than `size` beyond either border.
inline int64_t mirrored(int64_t index, int64_t size) { return size - 1 - std::abs(size - 1 - std::abs(index)); }

/// Along one axis: window p reads [begin, end) of `size` pixels.
struct PoolAxis {
  graph::WindowAxis window;
  int64_t size = 1, outputs = 1;

  int64_t start(int64_t p) const { return p * window.stride - window.before; }
  int64_t begin(int64_t p) const { return std::max<int64_t>(0, start(p)); }
  int64_t end(int64_t p) const { return std::min(size, start(p) + window.kernel); }
  /// With the padding that the window reaches.
  int64_t padded(int64_t p) const { return std::min(size + window.after, start(p) + window.kernel) - start(p); }
};

struct PoolWindows {
  PoolAxis rows, columns;

  /// f(pixel) for each pixel of the picture in window (p, q).
  template <typename Function> void visit(int64_t p, int64_t q, Function f) const {
    for (int64_t h = rows.begin(p); h < rows.end(p); ++h)
      for (int64_t w = columns.begin(q); w < columns.end(q); ++w)
        f(h * columns.size + w);
  }
};

struct AvgWindows : PoolWindows {
  bool includePad = false, sum = false;

  double divisor(int64_t p, int64_t q) const {
    if (sum)
      return 1;
    return double(includePad ? rows.padded(p) * columns.padded(q)
                             : (rows.end(p) - rows.begin(p)) * (columns.end(q) - columns.begin(q)));
  }
};

/// Of a pooling or its gradient, over pictures of height x width.
template <typename Op> PoolWindows poolWindows(Op op, int64_t height, int64_t width) {
  graph::WindowAxes axes = *graph::poolWindows(op);
  return {{axes.rows, height, *axes.rows.outputSize(height)}, {axes.columns, width, *axes.columns.outputSize(width)}};
}

template <typename Op> AvgWindows avgWindows(Op op, int64_t height, int64_t width) {
  return {poolWindows(op, height, width), op.getIncludePad(), op.getSum()};
}

/// (1 - weight) of the first pixel and weight of the second.
struct Between {
  int64_t first, second;
  double weight;
};

/// What pixel p of a bilinear upsampling lies between.
inline Between between(int64_t p, int64_t factor, int64_t size) {
  double place = std::max(0.0, (static_cast<double>(p) + 0.5) / static_cast<double>(factor) - 0.5);
  auto first = std::min(static_cast<int64_t>(place), size - 1);
  return {first, std::min(first + 1, size - 1), place - static_cast<double>(first)};
}

} // namespace skip::reference
