// Moving data overlaps with multiplying, since kernels fetch ahead: a step takes the longer of the two, and only what moving
// takes beyond its multiplications can be saved. Bands repeat work: for r rows of its result, a 3x3 convolution reads r + 2
// rows of its operand, and bands that are neighbours both compute the two between them.
//
// Example: 64 channels at 56 x 56 between two 3x3 convolutions, 0.8 MB, take 16 us to write and read, and each convolution
// multiplies for 700 us: nothing to save. Bands of 14 rows would compute 6 rows again, 75 us.
#include "ir/plan/DepthFirst.h"

#include <algorithm>

using namespace skip;
using namespace skip::plan;

/// The rows of each step's result that the rows [from, from + count) of the last one's are made of.
static std::vector<int64_t> rowsOf(const std::vector<BlockStep> &steps, int64_t from, int64_t count) {
  std::vector<int64_t> needed(steps.size());
  for (size_t i = steps.size(); i-- > 0;) {
    const BlockStep &step = steps[i];
    int64_t first = std::max<int64_t>(0, from), end = std::min(step.rows, from + count);
    needed[i] = end - first;
    from = first * step.stride - (step.extraRows + 1) / 2;
    count = needed[i] * step.stride + step.extraRows;
  }
  return needed;
}

static double innerBytesOf(const std::vector<BlockStep> &steps, const std::vector<int64_t> &rows) {
  double bytes = 0;
  for (size_t i = 0; i < steps.size(); ++i)
    bytes += steps[i].resultBytes * double(rows[i]) / double(steps[i].rows);
  return bytes;
}

DepthFirst plan::depthFirst(const std::vector<BlockStep> &steps, double nearBytes, double bytesPerSecond) {
  DepthFirst result;
  for (const BlockStep &step : steps) {
    double inner = step.innerBytes / bytesPerSecond, all = inner + step.otherBytes / bytesPerSecond;
    result.innerBytes += step.innerBytes;
    result.movingSeconds += inner;
    result.exposedSeconds += std::clamp(all - step.seconds, 0.0, inner);
  }
  int64_t rows = result.bandRows = steps.back().rows;
  // The widest band is one in the middle, whose windows no border clips.
  auto widest = [&](int64_t count) { return innerBytesOf(steps, rowsOf(steps, (rows - count) / 2, count)); };
  while (result.bandRows > 1 && widest(result.bandRows) > nearBytes)
    result.bandRows = (result.bandRows + 1) / 2;
  if (result.bandRows == rows) { // nothing to bring near
    result.exposedSeconds = 0;
    return result;
  }
  for (const BlockStep &step : steps)
    result.repeatedSeconds -= step.seconds;
  for (int64_t from = 0; from < rows; from += result.bandRows) {
    std::vector<int64_t> needed = rowsOf(steps, from, std::min(result.bandRows, rows - from));
    for (size_t i = 0; i < steps.size(); ++i)
      result.repeatedSeconds += steps[i].seconds * double(needed[i]) / double(steps[i].rows);
  }
  result.repeatedSeconds = std::max(0.0, result.repeatedSeconds);
  return result;
}
