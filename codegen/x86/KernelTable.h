// The kernels of an x86 variant, as they stand in an image.
#pragma once

#include "ir/plan/x86/Isa.h"

#include <array>
#include <string>
#include <vector>

namespace skip::codegen {

/// One piece of code: for each ISA its function's symbol (empty: not built) and its split.
struct X86Kernel {
  std::string name;
  std::array<std::string, SKIP_ISA_COUNT> symbols;
  std::array<std::array<int64_t, 3>, SKIP_ISA_COUNT> split{};
};

using X86Kernels = std::vector<X86Kernel>;

/// The names of the ISAs for which every kernel was built, of all variants' tables.
inline std::vector<std::string> builtIsas(const std::vector<const X86Kernels *> &variants) {
  std::vector<std::string> names;
  for (size_t isa = 0; isa < SKIP_ISA_COUNT; ++isa) {
    bool isComplete = true;
    for (const X86Kernels *kernels : variants)
      for (const X86Kernel &kernel : *kernels)
        isComplete &= !kernel.symbols[isa].empty();
    if (isComplete)
      names.emplace_back(plan::isaName(static_cast<SkipIsa>(isa)));
  }
  return names;
}

} // namespace skip::codegen
