// A guard word depends on its place, so that a copy of its neighbours shows too.
#include "tools/running/GuardedMemory.h"

#include <cstring>

using skip::tool::GuardedMemory;

/// A quiet NaN; arithmetic on any other NaN gives another one.
static uint32_t nanOf(size_t index) { return 0x7FC00000u | (static_cast<uint32_t>(index) * 2654435761u >> 10); }

GuardedMemory::GuardedMemory(size_t bytes) : size(bytes), words((bytes + 3) / 4) {
  size_t all = (words + 2 * guardWords) * sizeof(uint32_t);
  memory.reset(static_cast<uint32_t *>(std::aligned_alloc(64, (all + 63) / 64 * 64)));
  if (memory)
    fill(0, words + 2 * guardWords);
}

void GuardedMemory::fill(size_t from, size_t to) {
  for (size_t i = from; i < to; ++i)
    memory.get()[i] = nanOf(i);
}

void GuardedMemory::fill() { fill(guardWords, guardWords + words); }

void GuardedMemory::clear() { std::memset(floats(), 0, bytes()); }

bool GuardedMemory::isIntact() const {
  for (size_t i = 0; i < guardWords; ++i)
    if (size_t behind = guardWords + words + i; memory.get()[i] != nanOf(i) || memory.get()[behind] != nanOf(behind))
      return false;
  return true;
}
