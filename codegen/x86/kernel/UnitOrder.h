// The order of work units over two extents, of which the run-time sizes decide which goes innermost.
#pragma once

#include "codegen/x86/kernel/Vectors.h"

namespace skip::kernel {

/// Numbers the pairs of a block of channels and something else. Where `blocksInnermost` (an i1) holds, a number's neighbours
/// are other blocks beside the same; else the other way round.
class UnitOrder {
public:
  UnitOrder(Builder &b, Value blocksInnermost, Value blocks, Value others)
      : b(b), blocksInnermost(blocksInnermost), inner(select(b, blocksInnermost, blocks, others)) {}

  struct Place {
    Value block, other;
  };
  Place at(Value number) const {
    Value slow = b.divide(number, inner), fast = b.modulo(number, inner);
    return {select(b, blocksInnermost, fast, slow), select(b, blocksInnermost, slow, fast)};
  }

private:
  Builder &b;
  Value blocksInnermost, inner;
};

} // namespace skip::kernel
