// The exponential function on vectors.
#pragma once

#include "codegen/x86/kernel/Builder.h"

namespace skip::kernel {

/// exp(x) for x <= 104, infinity from 89 on, with a relative error below 1e-7 (7.9e-8 at worst over all floats of [-87, 0])
/// where the result is normal; denormal results are right to their last bit or so, smaller ones are zero. NaN stays NaN. No
/// library is called.
Value exponential(Builder &b, Value x);

} // namespace skip::kernel
