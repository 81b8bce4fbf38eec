// Which of a target's codes a device can run.
#pragma once

#include "runtime/Abi.h"

namespace skip::cuda {

/// A device's compute capability, and that of code: 90 of sm_90.
using Architecture = uint32_t;

/// Whether code can run there: an object where the major number is the same and the minor one not above the device's, text
/// where its architecture is not above the device's; what is made for sm_90a alone only there.
bool runsOn(const SkipCode &code, Architecture device);

/// Whether `code` is to be tried before `other`, which both run on the device: what is made for it alone, then objects before
/// text, then the later architecture.
bool isBetter(const SkipCode &code, const SkipCode &other);

/// What runs where the code was loaded (SkipBackend::bodyName): of an architecture `sm_90`, of code for it alone `sm_90a`.
/// Names hold forever.
uint32_t bodyOf(const SkipCode &code);
const char *nameOfBody(uint32_t body);
const char *architectureName(Architecture architecture);

} // namespace skip::cuda
