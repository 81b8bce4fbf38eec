// A strict JSON reader over text that it may change: just what a safetensors header needs.
#pragma once

#include "runtime/Runtime.h"

namespace skip::runtime {

/// A cursor over [begin, end). Each reader skips leading white space, returns false on bad text, and sets `problem` and
/// `position` for the message. Strings are decoded in place and end in NUL, so the text must be a private copy.
class Json {
public:
  Json(char *begin, char *end) : begin(begin), cursor(begin), end(end) {}

  /// Takes `symbol` if it is next.
  bool take(char symbol);
  /// Takes `symbol`, or fails.
  bool expect(char symbol);
  /// A string; `\u0000` and raw control characters are errors, and so is text that is not UTF-8.
  bool string(const char *&value);
  /// A non-negative integer of at most 2^63 - 1.
  bool integer(int64_t &value);
  /// Any value, at most 32 levels deep; its content is checked but not kept.
  bool skipValue(int depth = 0);
  bool atEnd();

  /// Fails with a problem of the caller's own at the cursor.
  bool reject(const char *what);
  const char *problem = nullptr;
  size_t position() const { return static_cast<size_t>(cursor - begin); }

private:
  void skipSpace();
  bool escape(char *&out);
  bool codeUnit(uint32_t &unit);
  bool utf8(char *&out);
  bool skipNumber();
  bool skipMembers(char close, bool named, int depth);
  bool digits();
  bool literal(const char *word);

  char *begin;
  char *cursor;
  char *end;
};

} // namespace skip::runtime
