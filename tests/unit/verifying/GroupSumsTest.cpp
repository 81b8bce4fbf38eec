// The order in which groups are added, which processes rely on.
#include "tools/verifying/GradientCheck.h"

#include <catch2/catch.hpp>

#include <limits>

using skip::tool::meanOfGroups;

/// Groups of one float each.
static float meanOf(std::vector<float> values) {
  std::vector<std::vector<float>> groups;
  for (float value : values)
    groups.push_back({value});
  return meanOfGroups(groups)[0];
}

TEST_CASE("groups are added as the leaves of a tree") {
  constexpr float one = 1, tiny = 0x1p-24f; // 1 + tiny is 1, 1 + 2 tiny is more
  CHECK(meanOf({one}) == one);
  CHECK(meanOf({one, tiny, tiny, 0}) * 4 == one);            // (1 + t) + (t + 0)
  CHECK(meanOf({one, 0, tiny, tiny}) * 4 == one + 2 * tiny); // (1 + 0) + (t + t)
  CHECK(meanOf({one, 0, tiny, 0, tiny, 0}) * 6 == Approx(one));
  CHECK(meanOf({tiny, tiny, one}) * 3 == Approx(one + 2 * tiny).epsilon(1e-7));
}

TEST_CASE("numbers below the normal range count as zero in sums, and nothing changes in a group alone") {
  constexpr float denormal = std::numeric_limits<float>::denorm_min();
  CHECK(meanOf({denormal, denormal}) == 0);
  CHECK(meanOf({std::numeric_limits<float>::min(), 0}) == 0);
  CHECK(meanOf({denormal}) == denormal);
}
