// What is known of memory besides its bytes: whether they were ever written, and who touched them last.
//
// Every four bytes have a cell: the last write, and the last two reads by different warps. An access that is not ordered behind
// those that it conflicts with is a race. Two reads are kept, not all: of three readers that a writer does not wait for, at
// least one is found. An access of less than four bytes splits its cell into four, one a byte.
#pragma once

#include "emulator/machine/Clocks.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>

namespace skip::emulator {

struct Cell {
  Epoch write, read, otherRead;
};

/// Of what an access must be ordered behind.
struct Party {
  const Clocks *knows = nullptr;
  Epoch now;
  uint64_t firstLive = 0;       // agents below have ended, with their launch or their block
  mutable uint64_t ordered = 0; // bits of the last epoch that it was found to be behind: neighbours mostly hold the same
};

struct Conflict {
  Epoch other;
  bool otherWrote = false;
};

class WrittenBits {
public:
  explicit WrittenBits(uint64_t bytes);
  bool all(uint64_t offset, uint64_t bytes) const {
    for (; bytes > kAtOnce; offset += kAtOnce, bytes -= kAtOnce)
      if (~bitsFrom(offset) & kMostAtOnce)
        return false;
    return (~bitsFrom(offset) & ((uint64_t(1) << bytes) - 1)) == 0;
  }
  void mark(uint64_t offset, uint64_t bytes) {
    for (; bytes > kAtOnce; offset += kAtOnce, bytes -= kAtOnce)
      markFrom(offset, kMostAtOnce);
    markFrom(offset, (uint64_t(1) << bytes) - 1);
  }
  void clear(uint64_t offset, uint64_t bytes);
  void clearAll() { std::memset(bits.get(), 0, size); }
  uint64_t firstClear(uint64_t offset, uint64_t bytes) const;

private:
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  // Bytes are looked at in pieces whose bits are in one word, wherever they begin.
  static constexpr uint64_t kAtOnce = 32, kMostAtOnce = (uint64_t(1) << kAtOnce) - 1;
  uint64_t bitsFrom(uint64_t offset) const {
    uint64_t word;
    std::memcpy(&word, bits.get() + (offset >> 3), sizeof word);
    return word >> (offset & 7);
  }
  void markFrom(uint64_t offset, uint64_t these) {
    uint64_t word;
    std::memcpy(&word, bits.get() + (offset >> 3), sizeof word);
    word |= these << (offset & 7);
    std::memcpy(bits.get() + (offset >> 3), &word, sizeof word);
  }
  bool bit(uint64_t at) const { return bits[at >> 3] >> (at & 7) & 1; }
  uint64_t size;
  std::unique_ptr<uint8_t[], Free> bits;
};

class Cells {
public:
  explicit Cells(uint64_t bytes);

  /// Enters a read or a write of [offset, offset + bytes); true if it races, with whom in `conflict`.
  bool enter(uint64_t offset, uint32_t bytes, bool write, const Party &party, Conflict &conflict) {
    if (((offset | bytes) & 3) != 0)
      return enterBytes(offset, bytes, write, party, conflict);
    uint64_t begin = offset >> 2, end = (offset + bytes) >> 2;
    bool together = end - begin >= kTogether && !isSplit(begin, end);
    if (together && (write ? enterWrites(begin, end, party) : enterReads(begin, end, party)))
      return false;
    return enterEach(begin, end, write, party, conflict);
  }
  /// The write that the byte's cell holds.
  Epoch lastWrite(uint64_t offset) const {
    Epoch write = writes[offset >> 2];
    return write.bits & Epoch::kSplit ? split[write.bits & ~Epoch::kSplit][offset & 3].write : write;
  }
  /// Whether a cell there may hold a write by `agent` or one that came later.
  bool hasWriteFrom(uint64_t offset, uint32_t bytes, uint64_t agent) const;

private:
  static constexpr uint64_t kTogether = 4; // fewer are entered faster one by one
  static bool isBehind(Epoch epoch, const Party &party) { return epoch.agent() < party.firstLive || party.knows->knows(epoch); }
  static bool races(Epoch epoch, const Party &party) {
    if (epoch.isNever() || epoch.bits == party.ordered)
      return false;
    if (!(epoch.isStrong() && party.now.isStrong()) && !isBehind(epoch, party))
      return true;
    party.ordered = epoch.bits;
    return false;
  }
  static bool enterRead(Cell &cell, const Party &party, Conflict &conflict);
  static bool enterWrite(Cell &cell, const Party &party, Conflict &conflict);
  bool isSplit(uint64_t begin, uint64_t end) const {
    uint64_t any = 0;
    for (uint64_t at = begin; at < end && !split.empty(); ++at)
      any |= writes[at].bits;
    return any & Epoch::kSplit;
  }
  static bool anyRaces(const Epoch *begin, const Epoch *end, const Party &party);
  /// Of whole cells, none of which is split; false, and nothing is entered, if there is a race.
  bool enterReads(uint64_t begin, uint64_t end, const Party &party);
  bool enterWrites(uint64_t begin, uint64_t end, const Party &party);
  bool enterEach(uint64_t begin, uint64_t end, bool write, const Party &party, Conflict &conflict);
  bool enterBytes(uint64_t offset, uint32_t bytes, bool write, const Party &party, Conflict &conflict);
  std::array<Cell, 4> &splitOf(uint64_t cell);

  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  using Epochs = std::unique_ptr<Epoch[], Free>;
  Epochs writes, reads, otherReads; // of each cell, apart, so that vectors hold those of neighbours
  std::deque<std::array<Cell, 4>> split;
};

} // namespace skip::emulator
