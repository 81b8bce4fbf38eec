// CPUID: bodies are compiled for x86-64-v3 and x86-64-v4, so all of those levels' features are asked for.
#include "runtime/x86/CpuDispatch.h"

#include "runtime/Error.h"
#include "runtime/x86/Body.h"

#include <cpuid.h>
#include <stdlib.h>
#include <string.h>

namespace skip::runtime::x86 {

/// The vector state that the operating system saves (XCR0).
static uint64_t savedState() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

static bool hasAll(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

/// Whether this CPU is to be taken for one without AVX-512: so that any machine can test what such a one does.
static bool withoutAvx512() {
  const char *text = getenv("SKIP_NO_AVX512");
  return text && *text && strcmp(text, "0") != 0;
}

IsaSet cpuIsas() {
  IsaSet isas = {};
  uint32_t a, b, c, d, b7, c7, d7, cExtended;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !hasAll(c, bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C | bit_MOVBE))
    return isas;
  uint64_t state = savedState();
  if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7) || !__get_cpuid(0x80000001, &a, &b, &cExtended, &d))
    return isas;
  constexpr uint64_t ymmState = 0x6, zmmState = 0xE6; // SSE and AVX; also opmask and both halves of ZMM
  isas.has[SKIP_ISA_AVX2] =
      (state & ymmState) == ymmState && hasAll(b7, bit_AVX2 | bit_BMI | bit_BMI2) && hasAll(cExtended, bit_LZCNT);
  isas.has[SKIP_ISA_AVX512] = !withoutAvx512() && isas.has[SKIP_ISA_AVX2] && (state & zmmState) == zmmState &&
                              hasAll(b7, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD);
  return isas;
}

static bool hasColumn(const SkipVariant &variant, int isa) {
  for (uint32_t i = 0; i < variant.kernelCount; ++i)
    if (!kernelsOf(variant)[i].fn[isa])
      return false;
  return true;
}

IsaSet builtIsas(const SkipTargetImage &target) {
  IsaSet built = {};
  for (int isa = 0; isa < SKIP_ISA_COUNT; ++isa) {
    built.has[isa] = target.variantCount > 0;
    for (uint32_t i = 0; i < target.variantCount; ++i)
      built.has[isa] = built.has[isa] && hasColumn(target.variants[i], isa);
  }
  return built;
}

const char *isaName(SkipIsa isa) { return isa == SKIP_ISA_AVX2 ? "avx2" : "avx512"; }

static const char *list(const IsaSet &isas) {
  if (isas.has[SKIP_ISA_AVX2])
    return isas.has[SKIP_ISA_AVX512] ? "avx2 and avx512" : "avx2";
  return isas.has[SKIP_ISA_AVX512] ? "avx512" : "neither avx2 nor avx512";
}

skip_status chooseIsa(const IsaSet &built, const IsaSet &cpu, const char *forced, SkipIsa &isa) {
  bool free = !forced || !*forced;
  for (int i = SKIP_ISA_COUNT - 1; i >= 0; --i) {
    SkipIsa candidate = static_cast<SkipIsa>(i);
    if (!free && strcmp(forced, isaName(candidate)) != 0)
      continue;
    isa = candidate;
    if (built.has[i] && cpu.has[i])
      return SKIP_OK;
    if (!free)
      return fail(SKIP_UNSUPPORTED_CPU, "SKIP_ISA=%s: this library holds %s, and this CPU runs %s", forced, list(built),
                  list(cpu));
  }
  if (!free)
    return fail(SKIP_INVALID_ARGUMENT, "SKIP_ISA=%.100s: no such body; this library holds %s", forced, list(built));
  return fail(SKIP_UNSUPPORTED_CPU, "this library holds bodies for %s, and this CPU runs %s", list(built), list(cpu));
}

} // namespace skip::runtime::x86
