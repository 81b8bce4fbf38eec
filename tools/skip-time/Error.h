// What goes wrong, with its text.
#pragma once

#include <stdexcept>

namespace skip::timing {

/// Ends one candidate, or the program where it is about all of them. Its text is fit for a terminal.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The GPU answers nothing any more, as after a fault of a kernel: the process can use it no longer.
struct DeviceFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace skip::timing
