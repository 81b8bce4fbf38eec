// Whether a block's steps had better be computed depth-first: all of them for a band of rows, then for the next. Plain C++, no
// MLIR.
#pragma once

#include <cstdint>
#include <vector>

namespace skip::plan {

/// A step of a block, for all images that are computed at a time.
struct BlockStep {
  double seconds = 0;                    // of its multiplications
  double innerBytes = 0, otherBytes = 0; // that it moves: between steps of the block, and else
  double resultBytes = 0;                // of its result, if only the block reads it
  int64_t rows = 1;                      // of its result's pictures
  int64_t stride = 1, extraRows = 0;     // `r` rows of its result are made of r * stride + extraRows of its operand
};

struct DepthFirst {
  double innerBytes = 0;      // written and read again between the steps
  double movingSeconds = 0;   // what that takes
  double exposedSeconds = 0;  // of it what is not hidden behind the steps' multiplications: what bands can save
  int64_t bandRows = 0;       // of the block's result, so that a band's inner results stay near; all rows if they do anyway
  double repeatedSeconds = 0; // of rows that more than one band needs

  bool pays() const { return exposedSeconds > repeatedSeconds; }
};

/// `nearBytes`: of a cache that holds a band's inner results; `bytesPerSecond`: of the memory behind it.
DepthFirst depthFirst(const std::vector<BlockStep> &steps, double nearBytes, double bytesPerSecond);

} // namespace skip::plan
