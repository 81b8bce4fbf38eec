#include "emulator/machine/Allocations.h"

#include <sys/mman.h>

namespace skip::emulator {
namespace {

constexpr uint64_t kAlignment = 256, kGuard = 256, kPage = 4096, kChunk = uint64_t(64) << 20;

uint64_t upTo(uint64_t value, uint64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/// Reserved, not yet taken from the host: pages come where they are touched.
uint64_t reserve(uint64_t bytes) {
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? 0 : reinterpret_cast<uint64_t>(memory);
}

} // namespace

uint64_t MemoryState::place(uint64_t bytes) {
  uint64_t taken = upTo(bytes, kAlignment) + kGuard;
  if (chunks.empty() || chunks.back().end - chunks.back().next < taken) {
    uint64_t size = upTo(std::max(taken, kChunk), kPage);
    uint64_t begin = reserve(size);
    if (!begin)
      return 0;
    chunks.push_back({begin, begin, begin + size});
  }
  uint64_t address = chunks.back().next;
  chunks.back().next += taken;
  return address;
}

Allocation *MemoryState::find(uint64_t address) {
  auto after = live.upper_bound(address);
  if (after == live.begin())
    return nullptr;
  Allocation &allocation = std::prev(after)->second;
  return address - allocation.address < allocation.bytes ? &allocation : nullptr;
}

DeviceMemory::DeviceMemory(uint64_t capacityBytes) : state(std::make_unique<State>()) { state->capacity = capacityBytes; }

DeviceMemory::~DeviceMemory() {
  for (const State::Chunk &chunk : state->chunks)
    munmap(reinterpret_cast<void *>(chunk.begin), chunk.end - chunk.begin);
}

uint64_t DeviceMemory::allocate(uint64_t bytes) {
  if (bytes == 0 || bytes > state->capacity - state->used)
    return 0;
  uint64_t address = state->place(bytes);
  if (!address)
    return 0;
  state->live.try_emplace(address, address, bytes);
  state->used += bytes;
  return address;
}

bool DeviceMemory::release(uint64_t address) {
  auto found = state->live.find(address);
  if (found == state->live.end())
    return false;
  uint64_t bytes = found->second.bytes;
  state->used -= bytes;
  state->live.erase(found);
  state->freed.emplace(address, bytes);
  uint64_t begin = upTo(address, kPage), end = (address + bytes) / kPage * kPage;
  if (begin < end)
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
  return true;
}

std::optional<DeviceMemory::Range> DeviceMemory::find(uint64_t address) const {
  const Allocation *found = state->find(address);
  return found ? std::optional(Range{found->address, found->bytes}) : std::nullopt;
}

bool DeviceMemory::wasFreed(uint64_t address) const {
  auto after = state->freed.upper_bound(address);
  return after != state->freed.begin() && address - std::prev(after)->first < std::prev(after)->second;
}

bool DeviceMemory::contains(uint64_t address, uint64_t bytes) const {
  const Allocation *found = state->find(address);
  return found && found->holds(address, bytes);
}

uint64_t DeviceMemory::usedBytes() const { return state->used; }

std::vector<DeviceMemory::Range> DeviceMemory::live() const {
  std::vector<Range> ranges;
  for (const auto &[address, allocation] : state->live)
    ranges.push_back({address, allocation.bytes});
  return ranges;
}

void DeviceMemory::markWritten(uint64_t address, uint64_t bytes) {
  if (Allocation *found = state->find(address); found && found->holds(address, bytes))
    found->written.mark(address - found->address, bytes);
}

bool DeviceMemory::isWritten(uint64_t address, uint64_t bytes) const {
  const Allocation *found = state->find(address);
  return found && found->holds(address, bytes) && found->written.all(address - found->address, bytes);
}

void DeviceMemory::copyShadow(uint64_t to, uint64_t from, uint64_t bytes) {
  Allocation *target = state->find(to), *source = state->find(from);
  if (!target || !source || !target->holds(to, bytes) || !source->holds(from, bytes))
    return;
  if (source->written.all(from - source->address, bytes)) // mostly
    return target->written.mark(to - target->address, bytes);
  std::vector<bool> written(bytes); // the ranges may overlap
  for (uint64_t i = 0; i < bytes; ++i)
    written[i] = source->written.all(from - source->address + i, 1);
  for (uint64_t i = 0; i < bytes; ++i) {
    if (written[i])
      target->written.mark(to - target->address + i, 1);
    else
      target->written.clear(to - target->address + i, 1);
  }
}

} // namespace skip::emulator
