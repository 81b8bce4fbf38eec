// Softmax in double precision, and a partial sort.
#include "tools/running/Ranking.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace skip;

std::vector<tool::Ranked> tool::rank(llvm::ArrayRef<float> outputs, int64_t count, bool areProbabilities) {
  std::vector<int64_t> order(outputs.size());
  std::iota(order.begin(), order.end(), 0);
  count = std::min<int64_t>(count, static_cast<int64_t>(order.size()));
  // NaN goes last, so that the order is strict whatever the outputs are.
  auto better = [&](int64_t a, int64_t b) {
    bool aIsNumber = !std::isnan(outputs[a]), bIsNumber = !std::isnan(outputs[b]);
    if (aIsNumber != bIsNumber)
      return aIsNumber;
    return aIsNumber && outputs[a] != outputs[b] ? outputs[a] > outputs[b] : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + count, order.end(), better);

  double largest = order.empty() ? 0 : outputs[order[0]], sum = 0;
  for (float output : outputs)
    sum += std::exp(static_cast<double>(output) - largest);
  std::vector<Ranked> best;
  for (int64_t index : llvm::ArrayRef(order).take_front(count)) {
    double output = outputs[index];
    best.push_back({index, areProbabilities ? output : std::exp(output - largest) / sum});
  }
  return best;
}
