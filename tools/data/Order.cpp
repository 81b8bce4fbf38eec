// Permutations by Fisher and Yates, with numbers from Draws.
#include "tools/data/Order.h"

#include "tools/data/Draws.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace skip::data {

static std::vector<uint32_t> permutation(uint32_t count, Draws draws) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (uint32_t i = count; i > 1; --i)
    std::swap(order[i - 1], order[draws.below(i)]);
  return order;
}

std::vector<uint32_t> shuffled(uint32_t count, uint64_t seed, uint32_t epoch) {
  return permutation(count, Draws(seed, Purpose::Order, epoch, 0));
}

Split split(uint32_t count, uint32_t holdOut) {
  std::vector<uint32_t> order = permutation(count, Draws(0, Purpose::HoldOut, 0, 0));
  auto middle = order.end() - holdOut;
  Split result{{order.begin(), middle}, {middle, order.end()}};
  std::sort(result.training.begin(), result.training.end());
  std::sort(result.heldOut.begin(), result.heldOut.end());
  return result;
}

} // namespace skip::data
