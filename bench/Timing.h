// How to time a kernel.
#pragma once

#include <functional>

namespace skip::bench {

/// The best of many short runs, in seconds: other processes share the machine.
double bestSeconds(const std::function<void()> &work);

} // namespace skip::bench
