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
  uint64_t firstLive = 0; // agents below have ended, with their launch or their block
};

struct Conflict {
  Epoch other;
  bool otherWrote = false;
};

class WrittenBits {
public:
  explicit WrittenBits(uint64_t bytes);
  bool all(uint64_t offset, uint64_t bytes) const;
  /// All of a naturally aligned access of 1, 2, 4, 8 or 16 bytes.
  bool allOf(uint64_t offset, uint32_t bytes) const {
    if (bytes < 8) {
      uint32_t mask = (1u << bytes) - 1;
      return (bits[offset >> 3] >> (offset & 7) & mask) == mask;
    }
    return bytes == 8    ? bits[offset >> 3] == 0xff
           : bytes == 16 ? bits[offset >> 3] == 0xff && bits[(offset >> 3) + 1] == 0xff
                         : all(offset, bytes);
  }
  void mark(uint64_t offset, uint64_t bytes);
  void clear(uint64_t offset, uint64_t bytes);
  void clearAll() { std::memset(bits.get(), 0, size); }
  uint64_t firstClear(uint64_t offset, uint64_t bytes) const;

private:
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
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
    for (uint64_t at = offset >> 2, end = (offset + bytes) >> 2; at < end; ++at) {
      Cell &cell = cells[at];
      if (cell.write.bits & Epoch::kSplit) {
        if (enterBytes(at * 4, 4, write, party, conflict))
          return true;
      } else if (write ? enterWrite(cell, party, conflict) : enterRead(cell, party, conflict)) {
        return true;
      }
    }
    return false;
  }
  /// The write that the byte's cell holds.
  Epoch lastWrite(uint64_t offset) const;

private:
  static bool isBehind(Epoch epoch, const Party &party) { return epoch.agent() < party.firstLive || party.knows->knows(epoch); }
  static bool races(Epoch epoch, const Party &party) {
    return !epoch.isNever() && !(epoch.isStrong() && party.now.isStrong()) && !isBehind(epoch, party);
  }
  static bool enterRead(Cell &cell, const Party &party, Conflict &conflict) {
    if (races(cell.write, party)) {
      conflict = {cell.write, true};
      return true;
    }
    if (cell.read.agent() != party.now.agent())
      cell.otherRead = cell.read;
    cell.read = party.now;
    return false;
  }
  static bool enterWrite(Cell &cell, const Party &party, Conflict &conflict) {
    for (Epoch epoch : {cell.write, cell.read, cell.otherRead}) {
      if (!races(epoch, party))
        continue;
      conflict = {epoch, epoch.bits == cell.write.bits};
      return true;
    }
    cell = {party.now, {}, {}};
    return false;
  }
  bool enterBytes(uint64_t offset, uint32_t bytes, bool write, const Party &party, Conflict &conflict);
  std::array<Cell, 4> &splitOf(Cell &cell);

  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  std::unique_ptr<Cell[], Free> cells;
  std::deque<std::array<Cell, 4>> split;
};

} // namespace skip::emulator
