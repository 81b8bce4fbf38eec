// What a program did not give back.
#pragma once

#include "emulator/driver/State.h"

namespace skip::driver {

/// When a context goes: its memory, streams, events and graphs that are left, as lines for the end.
void rememberLeaks(const ContextState &context);

/// When the process ends, or the library is closed: all leaks are told. With SKIP_EMULATOR_LEAKS=fail they end the process with
/// kLeakStatus, whatever status it would have had.
void tellLeaks();
inline constexpr int kLeakStatus = 86;

} // namespace skip::driver
