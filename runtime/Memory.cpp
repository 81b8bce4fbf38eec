// Aligned allocation; large blocks ask for huge pages, since a layer's weights are read once a run and miss the TLB otherwise.
#include "runtime/Memory.h"

#include <stdint.h>
#include <sys/mman.h>

namespace skip::runtime {

static constexpr size_t hugePage = size_t{1} << 21;

void *allocateAligned(size_t bytes) {
  size_t alignment = bytes >= 2 * hugePage ? hugePage : 64;
  if (bytes > SIZE_MAX - alignment)
    return nullptr;
  size_t rounded = (bytes + 63) / 64 * 64;
  void *memory = nullptr;
  if (posix_memalign(&memory, alignment, rounded > 0 ? rounded : 64) != 0)
    return nullptr;
#ifdef MADV_HUGEPAGE
  if (alignment == hugePage)
    madvise(memory, rounded / hugePage * hugePage, MADV_HUGEPAGE); // advice only: without huge pages all works the same
#endif
  return memory;
}

} // namespace skip::runtime
