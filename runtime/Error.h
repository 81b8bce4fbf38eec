// The thread's last-error text. Besides it and the objects, all mutable state that outlives a call is a thread's number
// (Stack.cpp), the driver's table and last failure (cuda/Driver.cpp) and a lock (cuda/DeviceWeights.cpp).
#pragma once

#include "runtime/Runtime.h"

#include <stdarg.h>

namespace skip::runtime {

/// Writes the thread's last-error text (printf format; cut at 8 KB) and returns `status`. Arguments may hold any bytes: what
/// is not printable is escaped as `\x1b`, the end of a line too.
skip_status fail(skip_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// The same of texts that are lines, such as those of earlier failures: the ends of the lines stay.
skip_status failLines(skip_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// The thread's last-error text, empty before the first failure; holds until the thread's next failure.
const char *lastErrorText();

/// An error text that is a list: a first line, then one line an item. Items that no longer fit are counted instead.
class ErrorList {
public:
  /// Starts the text anew with `format` as its first line.
  explicit ErrorList(const char *format, ...) __attribute__((format(printf, 2, 3)));
  void add(const char *format, ...) __attribute__((format(printf, 2, 3)));
  /// Says how many items were left out and returns `status`.
  skip_status finish(skip_status status);

private:
  size_t used = 0;
  int64_t omitted = 0;
};

} // namespace skip::runtime
