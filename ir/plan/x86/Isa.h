// The instruction sets of kernels, as plans, databases and the runtime know them.
#pragma once

#include "runtime/Abi.h"

#include <string_view>

namespace skip::plan {

/// The name in keys of tuning and in reports: that of plan::Isa.
constexpr std::string_view isaName(SkipIsa isa) { return isa == SKIP_ISA_AVX512 ? "avx512" : "avx2"; }

} // namespace skip::plan
