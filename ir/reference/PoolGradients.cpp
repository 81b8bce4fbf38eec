// The reference semantics of gradients of what moves along windows: pools, subsampling, upsampling.
#include "ir/graph/Graph.h"
#include "ir/reference/Windows.h"

#include <algorithm>
#include <cmath>

using namespace skip::graph;
using skip::reference::Tensor;
using Operands = llvm::ArrayRef<const Tensor *>;

/// Where the first maximum of the window of output (p, q) is; a NaN is one.
static int64_t placeOfMaximum(const Tensor &x, int64_t plane, const skip::reference::PoolWindows &windows, int64_t p,
                              int64_t q) {
  int64_t best = -1;
  windows.visit(p, q, [&](int64_t pixel) {
    int64_t i = plane * x.dim(2) * x.dim(3) + pixel;
    if (best < 0 || x.data[i] > x.data[best] || (std::isnan(x.data[i]) && !std::isnan(x.data[best])))
      best = i;
  });
  return best;
}

Tensor MaxPoolGradInputOp::compute(Operands in) {
  const Tensor &dy = *in[0], &x = *in[1];
  skip::reference::PoolWindows windows = skip::reference::poolWindows(*this, x.dim(2), x.dim(3));
  Tensor dx(x.shape);
  int64_t height = dy.dim(2), width = dy.dim(3);
  for (int64_t i = 0; i < dy.size(); ++i)
    dx.data[placeOfMaximum(x, i / (height * width), windows, i / width % height, i % width)] += dy.data[i];
  return dx;
}

Tensor GlobalAvgPoolGradInputOp::compute(Operands in) {
  int64_t pixels = int64_t(getHeight()) * int64_t(getWidth());
  Tensor dx({in[0]->dim(0), in[0]->dim(1), int64_t(getHeight()), int64_t(getWidth())});
  for (int64_t i = 0; i < dx.size(); ++i)
    dx.data[i] = in[0]->data[i / pixels] / static_cast<double>(pixels);
  return dx;
}

Tensor AvgPoolGradInputOp::compute(Operands in) {
  const Tensor &dy = *in[0];
  int64_t height = getHeight(), width = getWidth();
  skip::reference::AvgWindows windows = skip::reference::avgWindows(*this, height, width);
  Tensor dx({dy.dim(0), dy.dim(1), height, width});
  for (int64_t i = 0; i < dy.size(); ++i) {
    int64_t q = i % dy.dim(3), p = i / dy.dim(3) % dy.dim(2), plane = i / (dy.dim(2) * dy.dim(3));
    double share = dy.data[i] / windows.divisor(p, q);
    windows.visit(p, q, [&](int64_t pixel) { dx.data[plane * height * width + pixel] += share; });
  }
  return dx;
}

Tensor UpsampleGradInputOp::compute(Operands in) {
  const Tensor &dy = *in[0];
  int64_t factor = getFactor(), height = dy.dim(2) / factor, width = dy.dim(3) / factor;
  Tensor dx({dy.dim(0), dy.dim(1), height, width});
  for (int64_t i = 0; i < dy.size(); ++i) {
    skip::reference::Between h = skip::reference::between(i / dy.dim(3) % dy.dim(2), factor, height);
    skip::reference::Between w = skip::reference::between(i % dy.dim(3), factor, width);
    double *to = dx.data.data() + i / (dy.dim(2) * dy.dim(3)) * height * width;
    to[h.first * width + w.first] += (1 - h.weight) * (1 - w.weight) * dy.data[i];
    to[h.first * width + w.second] += (1 - h.weight) * w.weight * dy.data[i];
    to[h.second * width + w.first] += h.weight * (1 - w.weight) * dy.data[i];
    to[h.second * width + w.second] += h.weight * w.weight * dy.data[i];
  }
  return dx;
}

Tensor ReflectPadGradInputOp::compute(Operands in) {
  const Tensor &dy = *in[0];
  int64_t top = getPads()[0], left = getPads()[1];
  int64_t height = dy.dim(2) - top - getPads()[2], width = dy.dim(3) - left - getPads()[3];
  Tensor dx({dy.dim(0), dy.dim(1), height, width});
  for (int64_t i = 0; i < dy.size(); ++i) {
    int64_t row = skip::reference::mirrored(i / dy.dim(3) % dy.dim(2) - top, height);
    int64_t column = skip::reference::mirrored(i % dy.dim(3) - left, width);
    dx.data[(i / (dy.dim(2) * dy.dim(3)) * height + row) * width + column] += dy.data[i];
  }
  return dx;
}

Tensor SubsampleGradInputOp::compute(Operands in) {
  const Tensor &dy = *in[0];
  int64_t height = getHeight(), width = getWidth(), stride = getStride();
  Tensor dx({dy.dim(0), dy.dim(1), height, width});
  for (int64_t i = 0; i < dy.size(); ++i) {
    int64_t plane = i / (dy.dim(2) * dy.dim(3)), p = i / dy.dim(3) % dy.dim(2), q = i % dy.dim(3);
    dx.data[(plane * height + p * stride) * width + q * stride] = dy.data[i];
  }
  return dx;
}
