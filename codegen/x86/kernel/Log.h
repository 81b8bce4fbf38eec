// The natural logarithm on vectors.
#pragma once

#include "codegen/x86/kernel/Builder.h"

namespace skip::kernel {

/// log(x) of normal numbers above 0, with a relative error below 3e-7. Infinity and NaN stay what they are. No library is
/// called.
Value logarithm(Builder &b, Value x);

} // namespace skip::kernel
