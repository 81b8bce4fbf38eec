// How members of a kernel's specification are drawn.
#pragma once

#include "codegen/x86/kernel/Kernel.h"

#include <algorithm>
#include <functional>
#include <random>
#include <type_traits>

namespace skip::testing {

using namespace skip::kernel;

class Draw {
public:
  explicit Draw(unsigned seed) : engine(seed) {}
  int64_t between(int64_t low, int64_t high) { return low + static_cast<int64_t>(engine() % uint64_t(high - low + 1)); }
  int64_t oneOf(std::initializer_list<int64_t> list) { return list.begin()[between(0, int64_t(list.size()) - 1)]; }
  bool coin() { return between(0, 1) == 1; }

  Epilogue epilogue() {
    Epilogue chain;
    for (int64_t i = between(0, 2); i > 0; --i)
      chain.push_back({static_cast<EpilogueOp>(between(0, 5)), 0});
    if (coin())
      chain.push_back({EpilogueOp::LeakyRelu, static_cast<double>(between(1, 3)) / 4});
    return chain;
  }

  /// Descending, below `columns`; where the draw is lucky their sum is `rest`.
  std::vector<int64_t> tails(int64_t columns, int64_t rest) {
    std::vector<int64_t> drawn;
    for (int64_t last = columns; rest > 0 && last > 1; rest -= last)
      drawn.push_back(last = between(1, std::min(rest, last - 1)));
    return drawn;
  }

private:
  std::mt19937 engine;
};

/// What gives a member a new value.
struct Member {
  std::string name;
  std::function<bool()> draw; // whether it is another
};
using Members = std::vector<Member>;

template <typename T> bool set(T &member, std::type_identity_t<T> value) {
  bool isAnother = !(member == value);
  member = std::move(value);
  return isAnother;
}

} // namespace skip::testing
