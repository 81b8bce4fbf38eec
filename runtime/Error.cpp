// Formats error texts into one buffer a thread.
#include "runtime/Error.h"

#include <stdio.h>
#include <string.h>

namespace skip::runtime {

static constexpr size_t capacity = 8192;
static constexpr size_t reservedForCount = 40; // "\n  ... and 9223372036854775807 more"
static thread_local char text[capacity];

/// Appends at `used`; true if all of it fitted below `limit`.
static bool append(size_t &used, size_t limit, const char *format, va_list arguments) {
  int wanted = vsnprintf(text + used, limit - used, format, arguments);
  if (wanted < 0 || static_cast<size_t>(wanted) >= limit - used)
    return false;
  used += static_cast<size_t>(wanted);
  return true;
}

skip_status fail(skip_status status, const char *format, ...) {
  size_t used = 0;
  va_list arguments;
  va_start(arguments, format);
  append(used, capacity, format, arguments);
  va_end(arguments);
  return status;
}

const char *lastErrorText() { return text; }

ErrorList::ErrorList(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (!append(used, capacity - reservedForCount, format, arguments))
    used = strlen(text); // cut, not lost
  va_end(arguments);
}

void ErrorList::add(const char *format, ...) {
  size_t before = used;
  va_list arguments;
  va_start(arguments, format);
  // Once an item was left out all later ones are too, so that the list is a prefix and not a sieve of short items.
  bool fitted = omitted == 0 && capacity - reservedForCount - used > 4;
  if (fitted) {
    text[used++] = '\n';
    text[used++] = ' ';
    text[used++] = ' ';
    fitted = append(used, capacity - reservedForCount, format, arguments);
  }
  va_end(arguments);
  if (fitted)
    return;
  used = before;
  text[used] = '\0';
  ++omitted;
}

skip_status ErrorList::finish(skip_status status) {
  if (omitted > 0)
    snprintf(text + used, capacity - used, "\n  ... and %lld more", static_cast<long long>(omitted));
  return status;
}

} // namespace skip::runtime
