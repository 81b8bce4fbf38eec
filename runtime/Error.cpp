// Formats error texts into one buffer a thread. What they quote comes from outside, names of files and tensors, so that all
// that a terminal would obey is escaped here, whatever the message is. Only what is known to be lines keeps the ends of its
// lines.
#include "runtime/Error.h"

#include "runtime/Printable.h"

#include <stdio.h>
#include <string.h>

namespace skip::runtime {

static constexpr size_t capacity = 8192;
static constexpr size_t reservedForCount = 40; // "\n  ... and 9223372036854775807 more"
static thread_local char text[capacity];

namespace {
enum class Newlines { escaped, kept };
} // namespace

/// Escapes the text from `from` on, in place, as far as it fits below `limit`; `used` is then its end. True if all of it
/// fitted.
static bool escape(size_t from, size_t limit, Newlines newlines, size_t &used) {
  bool fits = true;
  size_t end = from + strlen(text + from);
  for (used = from; used < end;) {
    size_t length = newlines == Newlines::kept && text[used] == '\n' ? 1 : printableLength(text + used, end - used);
    if (length > 0) {
      used += length;
      continue;
    }
    if (used + escapedLength >= limit) {
      text[used] = '\0';
      return false;
    }
    char shown[escapedLength];
    escapeByte(text[used], shown);
    size_t rest = end - (used + 1), room = limit - 1 - (used + escapedLength), kept = rest < room ? rest : room;
    memmove(text + used + escapedLength, text + used + 1, kept);
    memcpy(text + used, shown, escapedLength);
    used += escapedLength;
    end = used + kept;
    text[end] = '\0';
    fits = fits && kept == rest;
  }
  return fits;
}

/// Appends at `used`; true if all of it fitted below `limit`.
static bool append(size_t &used, size_t limit, Newlines newlines, const char *format, va_list arguments) {
  size_t from = used;
  int wanted = vsnprintf(text + from, limit - from, format, arguments);
  if (wanted < 0)
    return false;
  bool fits = static_cast<size_t>(wanted) < limit - from;
  return escape(from, limit, newlines, used) && fits;
}

skip_status fail(skip_status status, const char *format, ...) {
  size_t used = 0;
  va_list arguments;
  va_start(arguments, format);
  append(used, capacity, Newlines::escaped, format, arguments);
  va_end(arguments);
  return status;
}

skip_status failLines(skip_status status, const char *format, ...) {
  size_t used = 0;
  va_list arguments;
  va_start(arguments, format);
  append(used, capacity, Newlines::kept, format, arguments);
  va_end(arguments);
  return status;
}

const char *lastErrorText() { return text; }

ErrorList::ErrorList(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append(used, capacity - reservedForCount, Newlines::escaped, format, arguments); // cut, not lost
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
    fitted = append(used, capacity - reservedForCount, Newlines::escaped, format, arguments);
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
