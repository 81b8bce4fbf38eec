// What a core can do at most, and how to time what it does.
#pragma once

#include "runtime/Abi.h"

#include <functional>

namespace skip::bench {

/// The best of many short runs, in seconds: other processes share the machine.
double bestSeconds(const std::function<void()> &work);

/// Multiply-adds of one core in GFLOP/s, with the vectors of `isa`.
double peakGflops(SkipIsa isa);

} // namespace skip::bench
