// What the emulator does for many lanes or bytes at once, against the same done one by one.
#include "emulator/machine/Banks.h"
#include "emulator/machine/Runs.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>

using namespace skip::emulator;

namespace {

struct Draw {
  std::mt19937_64 random{7};
  uint64_t below(uint64_t bound) { return random() % bound; }
};

struct Lanes {
  uint64_t at[32];
  uint32_t mask = 0, bytes = 4;
};

/// Rows, broadcasts, strides, pieces of rows, and what has no order; of all lanes or of some.
Lanes drawLanes(Draw &draw) {
  Lanes lanes;
  lanes.bytes = 1u << draw.below(5);
  uint64_t kind = draw.below(5), base = 1024 + 16 * draw.below(64), stride = draw.below(9), group = 1 + draw.below(12);
  for (uint64_t i = 0; i < 32; ++i) {
    uint64_t unit = kind == 0   ? i
                    : kind == 1 ? i * stride
                    : kind == 2 ? i % group + i / group * draw.below(2) * 40
                    : kind == 3 ? i % group + i / group * 33
                                : draw.below(1 + 60 * stride);
    lanes.at[i] = base + unit * lanes.bytes;
  }
  lanes.mask = draw.below(2) ? ~0u : static_cast<uint32_t>(draw.random()) | 1u << draw.below(32);
  return lanes;
}

/// By their definition: the most words that a bank has to serve in one group of lanes.
uint32_t conflictsOneByOne(const Lanes &lanes) {
  uint32_t conflicts = 0, together = lanes.bytes <= 4 ? 32 : 128 / lanes.bytes;
  for (uint32_t first = 0; first < 32; first += together) {
    std::set<uint64_t> words[32];
    for (uint32_t lane = first; lane < first + together; ++lane)
      for (uint64_t byte = 0; byte < lanes.bytes && lanes.mask >> lane & 1; ++byte)
        words[(lanes.at[lane] + byte) / 4 % 32].insert((lanes.at[lane] + byte) / 4);
    size_t most = 1;
    for (const auto &bank : words)
      most = std::max(most, bank.size());
    conflicts += static_cast<uint32_t>(most - 1);
  }
  return conflicts;
}

std::set<uint64_t> bytesOf(const Lanes &lanes) {
  std::set<uint64_t> bytes;
  for (uint32_t lane = 0; lane < 32; ++lane)
    for (uint64_t byte = 0; byte < lanes.bytes && lanes.mask >> lane & 1; ++byte)
      bytes.insert(lanes.at[lane] + byte);
  return bytes;
}

} // namespace

TEST_CASE("bank conflicts of any lanes are those of their definition") {
  Draw draw;
  int without = 0, known = 0;
  for (int round = 0; round < 20'000; ++round) {
    Lanes lanes = drawLanes(draw);
    uint32_t expected = conflictsOneByOne(lanes);
    REQUIRE(bankConflicts(lanes.at, lanes.mask, lanes.bytes) == expected);
    Bounds bounds = boundsOf(lanes.at, lanes.mask);
    bool apart = haveBanksOfTheirOwn(bounds.low, bounds.high, lanes.bytes);
    REQUIRE((!apart || expected == 0));
    REQUIRE((!isRow(lanes.at, lanes.mask, lanes.bytes) || expected == 0));
    without += expected == 0;
    known += apart;
  }
  CHECK(without > known);
  CHECK(known > 1000);
}

TEST_CASE("runs are the bytes that lanes name") {
  Draw draw;
  for (int round = 0; round < 20'000; ++round) {
    Lanes lanes = drawLanes(draw);
    Bounds bounds = boundsOf(lanes.at, lanes.mask);
    std::set<uint64_t> expected = bytesOf(lanes), found;
    REQUIRE(bounds.low == *expected.begin());
    REQUIRE(bounds.high + lanes.bytes - 1 == *expected.rbegin());
    uint64_t runs = 0, stopAt = draw.below(3), visited = 0;
    REQUIRE(eachRun(lanes.at, lanes.mask, bounds, lanes.bytes, [&](uint64_t begin, uint32_t bytes) {
      for (uint64_t at = begin; at < begin + bytes; ++at)
        found.insert(at);
      return ++runs != 0;
    }));
    REQUIRE(found == expected);
    bool all = eachRun(lanes.at, lanes.mask, bounds, lanes.bytes, [&](uint64_t, uint32_t) { return visited++ < stopAt; });
    REQUIRE(all == (runs <= stopAt));
    REQUIRE(visited == std::min(runs, stopAt + 1));
  }
}

TEST_CASE("bytes that were written are known one by one") {
  Draw draw;
  constexpr uint64_t kBytes = 700;
  WrittenBits bits(kBytes);
  std::vector<bool> expected(kBytes);
  for (int round = 0; round < 20'000; ++round) {
    uint64_t offset = draw.below(kBytes), bytes = 1 + draw.below(std::min<uint64_t>(kBytes - offset, 1 + draw.below(200)));
    uint64_t kind = draw.below(8);
    for (uint64_t at = offset; at < offset + bytes && kind < 3; ++at)
      expected[at] = kind < 2;
    if (kind < 2)
      bits.mark(offset, bytes);
    else if (kind == 2)
      bits.clear(offset, bytes);
    bool all = true;
    for (uint64_t at = offset; at < offset + bytes; ++at)
      all &= expected[at];
    REQUIRE(bits.all(offset, bytes) == all);
    REQUIRE((bits.firstClear(offset, bytes) == offset + bytes) == all);
  }
  for (uint64_t at = 0; at < kBytes; ++at)
    REQUIRE(bits.all(at, 1) == expected[at]);
}

/// Warps of one cluster that now and then tell each other, and touch the same memory.
TEST_CASE("races of many cells at once are those of each cell") {
  constexpr uint64_t kBytes = 256, kAgents = 6, kFirst = 40;
  Draw draw;
  uint64_t races = 0, entered = 0;
  for (int scene = 0; scene < 300; ++scene) {
    Cells together(kBytes), apart(kBytes);
    std::vector<Clocks> knows(kAgents, Clocks(kFirst, kAgents));
    std::vector<uint32_t> clocks(kAgents, 1);
    for (uint64_t agent = 0; agent < kAgents; ++agent)
      knows[agent].raise(kFirst + agent, 1);
    bool isNarrow = scene % 3 == 0;
    for (int round = 0; round < 100; ++round) {
      uint64_t agent = draw.below(kAgents), unit = isNarrow && draw.below(4) == 0 ? 2 : 4;
      if (draw.below(2)) { // a barrier of all
        for (Clocks &one : knows)
          for (uint64_t other = 0; other < kAgents; ++other)
            one.raise(kFirst + other, clocks[other]);
        for (uint64_t one = 0; one < kAgents; ++one)
          knows[one].raise(kFirst + one, ++clocks[one]);
      }
      Party party{&knows[agent], Epoch::of(kFirst + agent, clocks[agent], draw.below(4) == 0), kFirst + draw.below(2)};
      uint64_t offset = draw.below(kBytes / unit) * unit;
      uint32_t bytes = static_cast<uint32_t>((1 + draw.below((kBytes - offset) / unit)) * unit);
      bool write = draw.below(2);
      Conflict conflict, one;
      bool raced = together.enter(offset, bytes, write, party, conflict), racedApart = false;
      uint32_t step = (offset | bytes) & 3 ? 1 : 4;
      for (uint64_t at = offset; at < offset + bytes && !racedApart; at += step)
        racedApart = apart.enter(at, step, write, party, one);
      REQUIRE(raced == racedApart);
      if (raced) {
        REQUIRE(conflict.other.bits == one.other.bits);
        REQUIRE(conflict.otherWrote == one.otherWrote);
      }
      (raced ? races : entered) += 1;
    }
    for (uint64_t at = 0; at < kBytes; ++at)
      REQUIRE(together.lastWrite(at).bits == apart.lastWrite(at).bits);
  }
  CHECK(races > 1000);
  CHECK(entered > 1000);
}
