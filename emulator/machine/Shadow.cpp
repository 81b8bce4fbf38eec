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

WrittenBits::WrittenBits(uint64_t bytes) : size(bytes / 8 + 9), bits(static_cast<uint8_t *>(zeroed(size))) {}

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

void WrittenBits::clear(uint64_t offset, uint64_t bytes) {
  for (uint64_t at = offset; at < offset + bytes; ++at)
    bits[at >> 3] &= static_cast<uint8_t>(~(1 << (at & 7)));
}

Cells::Cells(uint64_t bytes) {
  for (Epochs *epochs : {&writes, &reads, &otherReads})
    epochs->reset(static_cast<Epoch *>(zeroed((bytes / 4 + 1) * sizeof(Epoch))));
}

bool Cells::enterRead(Cell &cell, const Party &party, Conflict &conflict) {
  if (races(cell.write, party)) {
    conflict = {cell.write, true};
    return true;
  }
  if (cell.read.agent() != party.now.agent())
    cell.otherRead = cell.read;
  cell.read = party.now;
  return false;
}

bool Cells::enterWrite(Cell &cell, const Party &party, Conflict &conflict) {
  for (Epoch epoch : {cell.write, cell.read, cell.otherRead}) {
    if (!races(epoch, party))
      continue;
    conflict = {epoch, epoch.bits == cell.write.bits};
    return true;
  }
  cell = {party.now, {}, {}};
  return false;
}

bool Cells::anyRaces(const Epoch *begin, const Epoch *end, const Party &party) {
  return std::any_of(begin, end, [&](Epoch epoch) { return races(epoch, party); });
}

bool Cells::enterReads(uint64_t begin, uint64_t end, const Party &party) {
  if (anyRaces(&writes[begin], &writes[end], party))
    return false;
  Epoch *__restrict read = reads.get(), *__restrict other = otherReads.get();
  for (uint64_t at = begin; at < end; ++at) {
    bool own = read[at].agent() == party.now.agent();
    other[at].bits = own ? other[at].bits : read[at].bits;
    read[at] = party.now;
  }
  return true;
}

bool Cells::enterWrites(uint64_t begin, uint64_t end, const Party &party) {
  for (const Epochs *epochs : {&writes, &reads, &otherReads})
    if (anyRaces(&(*epochs)[begin], &(*epochs)[end], party))
      return false;
  std::fill(&writes[begin], &writes[end], party.now);
  std::fill(&reads[begin], &reads[end], Epoch());
  std::fill(&otherReads[begin], &otherReads[end], Epoch());
  return true;
}

bool Cells::enterEach(uint64_t begin, uint64_t end, bool write, const Party &party, Conflict &conflict) {
  for (uint64_t at = begin; at < end; ++at) {
    if (writes[at].bits & Epoch::kSplit) {
      if (enterBytes(at * 4, 4, write, party, conflict))
        return true;
      continue;
    }
    Cell cell{writes[at], reads[at], otherReads[at]};
    if (write ? enterWrite(cell, party, conflict) : enterRead(cell, party, conflict))
      return true;
    writes[at] = cell.write;
    reads[at] = cell.read;
    otherReads[at] = cell.otherRead;
  }
  return false;
}

std::array<Cell, 4> &Cells::splitOf(uint64_t cell) {
  Epoch &write = writes[cell];
  if (!(write.bits & Epoch::kSplit)) {
    Cell whole{write, reads[cell], otherReads[cell]};
    split.push_back({whole, whole, whole, whole});
    write.bits = Epoch::kSplit | (split.size() - 1);
  }
  return split[write.bits & ~Epoch::kSplit];
}

bool Cells::enterBytes(uint64_t offset, uint32_t bytes, bool write, const Party &party, Conflict &conflict) {
  for (uint64_t at = offset; at < offset + bytes; ++at) {
    Cell &cell = splitOf(at >> 2)[at & 3];
    if (write ? enterWrite(cell, party, conflict) : enterRead(cell, party, conflict))
      return true;
  }
  return false;
}

bool Cells::hasWriteFrom(uint64_t offset, uint32_t bytes, uint64_t agent) const {
  uint64_t latest = 0;
  for (uint64_t at = offset >> 2, end = (offset + bytes + 3) >> 2; at < end; ++at)
    latest = std::max(latest, writes[at].bits & Epoch::kSplit ? ~uint64_t(0) : writes[at].agent());
  return latest >= agent;
}

} // namespace skip::emulator
