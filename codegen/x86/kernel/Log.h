// The natural logarithm on vectors of doubles.
#pragma once

#include "codegen/x86/kernel/Builder.h"

namespace skip::kernel {

/// log(x) for x >= 1, with a relative error below 1e-13; NaN stays NaN. No library is called.
Value logarithm(Builder &b, Value doubles);

} // namespace skip::kernel
