// The table of device memory's allocations, and where their bytes and shadows lie.
#pragma once

#include "emulator/Machine.h"
#include "emulator/machine/Shadow.h"

namespace skip::emulator {

struct Allocation {
  uint64_t address = 0, bytes = 0;
  WrittenBits written;
  std::unique_ptr<Cells> cells; // from the first access that is checked for races

  Allocation(uint64_t address, uint64_t bytes) : address(address), bytes(bytes), written(bytes) {}
  bool holds(uint64_t at, uint64_t count) const {
    return at >= address && at - address <= bytes && count <= bytes - (at - address);
  }
  Cells &cellsMade() {
    if (!cells)
      cells = std::make_unique<Cells>(bytes);
    return *cells;
  }
};

/// Addresses are never given out twice, so that what was freed stays known. A guard lies between any two.
struct MemoryState {
  uint64_t capacity = 0, used = 0;
  uint64_t nextAgent = 1;              // numbers that shadows hold: of warps, one after the other in all launches
  std::map<uint64_t, Allocation> live; // by address
  std::map<uint64_t, uint64_t> freed;  // address -> bytes
  struct Chunk {
    uint64_t begin = 0, next = 0, end = 0;
  };
  std::vector<Chunk> chunks; // the last one is filled

  Allocation *find(uint64_t address);
  uint64_t place(uint64_t bytes);
};
struct DeviceMemory::State : MemoryState {};

} // namespace skip::emulator
