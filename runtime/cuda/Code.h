// Which of a target's codes a device can run.
#pragma once

#include "runtime/Abi.h"

namespace skip::cuda {

/// A device's compute capability, and that of code: 90 of sm_90.
using Architecture = uint32_t;

/// Whether code can run there: an object where the major number is the same and the minor one not above the device's, text
/// where its architecture is not above the device's.
bool runsOn(const SkipCode &code, Architecture device);

/// Whether `code` is to be tried before `other`, which both run on the device: objects before text, then the later
/// architecture.
bool isBetter(const SkipCode &code, const SkipCode &other);

/// `sm_90`; holds forever.
const char *architectureName(Architecture architecture);

} // namespace skip::cuda
