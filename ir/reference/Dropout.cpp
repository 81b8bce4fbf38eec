// Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011), written down a second time for the
// reference.
#include "ir/graph/Graph.h"

#include <algorithm>
#include <cmath>

using namespace skip::graph;
using skip::reference::Tensor;

static uint32_t highOf(uint64_t product) { return static_cast<uint32_t>(product >> 32); }

/// The first word, of counter (index, 0, 0, 0).
static uint32_t firstWord(uint32_t index, uint32_t draw, uint32_t layer) {
  uint32_t c[4] = {index, 0, 0, 0}, k[2] = {draw, layer};
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t{0xD2511F53} * c[0], b = uint64_t{0xCD9E8D57} * c[2];
    uint32_t next[4] = {highOf(b) ^ c[1] ^ k[0], static_cast<uint32_t>(b), highOf(a) ^ c[3] ^ k[1], static_cast<uint32_t>(a)};
    std::copy(next, next + 4, c);
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c[0];
}

Tensor DropoutTrainOp::compute(llvm::ArrayRef<const Tensor *> in) {
  Tensor y = *in[0];
  double rate = getRate().convertToDouble(), below = std::min(std::floor(rate * 0x1p32), 0x1p32 - 1);
  int64_t elements = y.size() / std::max<int64_t>(1, y.dim(0));
  for (int64_t i = 0; i < y.size(); ++i) {
    auto draw = static_cast<uint32_t>(static_cast<int64_t>(in[1]->data[static_cast<size_t>(i / elements)]));
    bool isDropped = firstWord(static_cast<uint32_t>(i % elements), draw, static_cast<uint32_t>(getLayer())) < below;
    double &value = y.data[static_cast<size_t>(i)];
    value = isDropped ? 0 : value / (1 - rate);
  }
  return y;
}
