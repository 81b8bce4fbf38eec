// What is told: lines for people on stderr, and lines of JSON in the file that SKIP_EMULATOR_REPORT names.
#pragma once

#include "emulator/Machine.h"

#include <string>

namespace skip::driver {

/// One line on stderr, escaped.
void tell(const std::string &text);

/// A kernel that ran.
void reportKernel(const std::string &kernel, const emulator::Launch &launch, const emulator::Counters &counters);
/// A kernel that failed, on stderr too.
void reportFault(const emulator::Fault &fault);
/// Something else that is wrong with a program: a use after free by a copy, a leak. On stderr too.
void reportMisuse(const std::string &kind, const std::string &text);
/// Something that may be right: in the file alone.
void reportNote(const std::string &kind, const std::string &text);

std::string textOf(const emulator::Fault &fault);
/// "0x7f0000000000"
std::string hex(uint64_t value);

} // namespace skip::driver
