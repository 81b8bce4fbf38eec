#include "emulator/machine/Shadow.h"

#include <new>

namespace skip::emulator {
namespace {

/// Zeroed, and taken from the machine only where it is touched.
void *zeroed(uint64_t bytes) {
  void *memory = std::calloc(bytes ? bytes : 1, 1);
  if (!memory)
    throw std::bad_alloc();
  return memory;
}

} // namespace

WrittenBits::WrittenBits(uint64_t bytes) : size(bytes / 8 + 3), bits(static_cast<uint8_t *>(zeroed(size))) {}

uint64_t WrittenBits::firstClear(uint64_t offset, uint64_t bytes) const {
  for (uint64_t at = offset; at < offset + bytes; ++at) {
    if ((at & 7) == 0 && bits[at >> 3] == 0xff) {
      at += 7;
      continue;
    }
    if (!bit(at))
      return at;
  }
  return offset + bytes;
}

bool WrittenBits::all(uint64_t offset, uint64_t bytes) const { return firstClear(offset, bytes) >= offset + bytes; }

void WrittenBits::mark(uint64_t offset, uint64_t bytes) {
  uint64_t at = offset, end = offset + bytes;
  for (; at < end && (at & 7); ++at)
    bits[at >> 3] |= static_cast<uint8_t>(1 << (at & 7));
  if (end - at >= 8) {
    std::memset(bits.get() + (at >> 3), 0xff, (end - at) >> 3);
    at += (end - at) & ~uint64_t(7);
  }
  for (; at < end; ++at)
    bits[at >> 3] |= static_cast<uint8_t>(1 << (at & 7));
}

void WrittenBits::clear(uint64_t offset, uint64_t bytes) {
  for (uint64_t at = offset; at < offset + bytes; ++at)
    bits[at >> 3] &= static_cast<uint8_t>(~(1 << (at & 7)));
}

Cells::Cells(uint64_t bytes) : cells(static_cast<Cell *>(zeroed((bytes / 4 + 1) * sizeof(Cell)))) {}

std::array<Cell, 4> &Cells::splitOf(Cell &cell) {
  if (!(cell.write.bits & Epoch::kSplit)) {
    split.push_back({cell, cell, cell, cell});
    cell.write.bits = Epoch::kSplit | (split.size() - 1);
  }
  return split[cell.write.bits & ~Epoch::kSplit];
}

bool Cells::enterBytes(uint64_t offset, uint32_t bytes, bool write, const Party &party, Conflict &conflict) {
  for (uint64_t at = offset; at < offset + bytes; ++at) {
    Cell &cell = splitOf(cells[at >> 2])[at & 3];
    if (write ? enterWrite(cell, party, conflict) : enterRead(cell, party, conflict))
      return true;
  }
  return false;
}

Epoch Cells::lastWrite(uint64_t offset) const {
  const Cell &cell = cells[offset >> 2];
  return cell.write.bits & Epoch::kSplit ? split[cell.write.bits & ~Epoch::kSplit][offset & 3].write : cell.write;
}

} // namespace skip::emulator
