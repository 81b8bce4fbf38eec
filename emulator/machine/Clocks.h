// Vector clocks: how much of every other warp's past a warp has been told of. An epoch names one point in one agent's life.
//
// Agents are the warps of a launch and, one a block, the unit that copies tensors. Those of one cluster have slots next to each
// other in one array; those of other clusters, which only fences and atomics tie, are in a sorted list.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace skip::emulator {

/// An agent's number, which no other agent of any launch has, its clock, and whether the access was one that may meet others
/// (an atomic, volatile, relaxed). 0: never.
struct Epoch {
  uint64_t bits = 0;

  static constexpr int kClockBits = 24;
  static constexpr uint64_t kStrong = uint64_t(1) << 63, kSplit = uint64_t(1) << 62;
  static Epoch of(uint64_t agent, uint32_t clock, bool strong = false) {
    return {agent << kClockBits | (clock & ((1u << kClockBits) - 1)) | (strong ? kStrong : 0)};
  }
  uint64_t agent() const { return (bits & ~(kStrong | kSplit)) >> kClockBits; }
  uint32_t clock() const { return bits & ((1u << kClockBits) - 1); }
  bool isStrong() const { return bits & kStrong; }
  bool isNever() const { return bits == 0; }
};

class Clocks {
public:
  Clocks() = default;
  Clocks(uint64_t firstAgent, uint32_t agents) : first(firstAgent), near(agents, 0) {}

  bool isEmpty() const { return near.empty() && far.empty(); }
  uint32_t of(uint64_t agent) const {
    if (agent - first < near.size())
      return near[agent - first];
    auto found = std::lower_bound(far.begin(), far.end(), std::pair<uint64_t, uint32_t>{agent, 0});
    return found != far.end() && found->first == agent ? found->second : 0;
  }
  bool knows(Epoch epoch) const { return of(epoch.agent()) >= epoch.clock(); }
  void raise(uint64_t agent, uint32_t clock) {
    if (agent - first < near.size()) {
      near[agent - first] = std::max(near[agent - first], clock);
      return;
    }
    auto found = std::lower_bound(far.begin(), far.end(), std::pair<uint64_t, uint32_t>{agent, 0});
    if (found != far.end() && found->first == agent)
      found->second = std::max(found->second, clock);
    else
      far.insert(found, {agent, clock});
  }
  /// Takes over whatever `other` knows.
  void join(const Clocks &other) {
    if (other.first == first && other.near.size() == near.size()) {
      for (size_t i = 0; i < near.size(); ++i)
        near[i] = std::max(near[i], other.near[i]);
    } else if (isEmpty()) {
      *this = other;
      return;
    } else {
      for (size_t i = 0; i < other.near.size(); ++i)
        if (other.near[i])
          raise(other.first + i, other.near[i]);
    }
    for (auto [agent, clock] : other.far)
      raise(agent, clock);
  }

private:
  uint64_t first = 0;
  std::vector<uint32_t> near;
  std::vector<std::pair<uint64_t, uint32_t>> far;
};

/// What a warp knows of, and of that, what a proxy fence has made safe for asynchronous copies and products to read.
struct Knowledge {
  Clocks generic, fenced;
  bool behindGrid = false; // griddepcontrol.wait came before

  void join(const Knowledge &other) {
    behindGrid |= other.behindGrid;
    generic.join(other.generic);
    fenced.join(other.fenced);
  }
};

} // namespace skip::emulator
