// What a test wants to know about a kernel's assembly.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skip::testing {

/// The instructions of `assembly` (AT&T syntax) that move vectors to or from the stack inside an innermost loop.
std::vector<std::string> spillsInInnermostLoops(const std::string &assembly);

/// The most bytes that one instruction takes off the stack pointer.
int64_t largestFrame(const std::string &assembly);

} // namespace skip::testing
