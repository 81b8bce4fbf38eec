// Which of a library's bodies this CPU runs.
#pragma once

#include "runtime/Abi.h"
#include "runtime/Runtime.h"

namespace skip::runtime::x86 {

/// What this CPU and its operating system can run, by SkipIsa; no AVX-512 with SKIP_NO_AVX512 in the environment.
struct IsaSet {
  bool has[SKIP_ISA_COUNT];
};

IsaSet cpuIsas();
/// The bodies that all variants hold: those in which every kernel has a function.
IsaSet builtIsas(const SkipTargetImage &target);
const char *isaName(SkipIsa isa);

/// The widest body that is both built and runnable, or the one that `forced` names (null or empty: no wish).
/// SKIP_INVALID_ARGUMENT: no such name; SKIP_UNSUPPORTED_CPU: not built or not runnable; the text names what exists.
skip_status chooseIsa(const IsaSet &built, const IsaSet &cpu, const char *forced, SkipIsa &isa);

} // namespace skip::runtime::x86
