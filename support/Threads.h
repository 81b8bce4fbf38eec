// Work that several threads share out among themselves.
#pragma once

#include <functional>

namespace skip {

/// Calls `work` on up to `threads` threads, and returns when all calls have. `work` takes pieces until there are none: where
/// the system gives fewer threads than asked for, those that there are do all of it, this one if there is no other. The first
/// exception of a call is thrown here.
void onThreads(size_t threads, const std::function<void()> &work);

} // namespace skip
