// CPUID.
#include "runtime/Cpu.h"

#include <cpuid.h>
#include <stdint.h>

namespace skip::runtime {

bool hasAvx2() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_OSXSAVE) == 0 || (c & bit_AVX) == 0)
    return false;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  constexpr uint32_t vectorState = 0x6; // SSE and AVX
  return (low & vectorState) == vectorState && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2) != 0;
}

} // namespace skip::runtime
