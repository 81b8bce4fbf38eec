// A strict JSON reader (RFC 8259), written for hostile input: every step looks at `end` first.
#include "runtime/Json.h"

#include <string.h>

namespace skip::runtime {

static constexpr int maxDepth = 32;

static bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool Json::reject(const char *what) {
  if (!problem)
    problem = what;
  return false;
}

void Json::skipSpace() {
  while (cursor < end && (*cursor == ' ' || *cursor == '\n' || *cursor == '\r' || *cursor == '\t'))
    ++cursor;
}

bool Json::atEnd() {
  skipSpace();
  return cursor == end;
}

bool Json::take(char symbol) {
  skipSpace();
  if (cursor == end || *cursor != symbol)
    return false;
  ++cursor;
  return true;
}

bool Json::expect(char symbol) {
  if (take(symbol))
    return true;
  switch (symbol) {
  case '{':
    return reject("expected `{`");
  case '}':
    return reject("expected `,` or `}`");
  case '[':
    return reject("expected `[`");
  case ']':
    return reject("expected `,` or `]`");
  case ':':
    return reject("expected `:`");
  default:
    return reject("expected `,`");
  }
}

/// Four hexadecimal digits.
bool Json::codeUnit(uint32_t &unit) {
  if (end - cursor < 4)
    return reject("`\\u` needs four hexadecimal digits");
  unit = 0;
  for (int i = 0; i < 4; ++i) {
    char c = *cursor++;
    uint32_t digit = isDigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
    if (digit == 16)
      return reject("`\\u` needs four hexadecimal digits");
    unit = unit * 16 + digit;
  }
  return true;
}

/// The decoded form is never longer than the escape, so that writing at `out` stays behind the cursor.
static void encodeUtf8(uint32_t code, char *&out) {
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
    return;
  }
  int continuations = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  uint32_t lead = continuations == 1 ? 0xC0 : continuations == 2 ? 0xE0 : 0xF0;
  *out++ = static_cast<char>(lead | code >> (6 * continuations));
  for (int i = continuations - 1; i >= 0; --i)
    *out++ = static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
}

/// What follows a backslash.
bool Json::escape(char *&out) {
  if (cursor == end)
    return reject("the string does not end");
  char kind = *cursor++;
  static constexpr char kinds[] = "\"\\/bfnrt";
  static constexpr char values[] = "\"\\/\b\f\n\r\t";
  if (const char *found = kind ? strchr(kinds, kind) : nullptr) {
    *out++ = values[found - kinds];
    return true;
  }
  uint32_t code = 0, low = 0;
  if (kind != 'u')
    return reject("unknown escape");
  if (!codeUnit(code))
    return false;
  if (code == 0)
    return reject("`\\u0000` in a string");
  if (code >= 0xD800 && code < 0xE000) {
    bool paired = code < 0xDC00 && end - cursor >= 2 && cursor[0] == '\\' && cursor[1] == 'u';
    if (!paired)
      return reject("half of a surrogate pair");
    cursor += 2;
    if (!codeUnit(low))
      return false;
    if (low < 0xDC00 || low >= 0xE000)
      return reject("half of a surrogate pair");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  encodeUtf8(code, out);
  return true;
}

/// Copies one multi-byte character; overlong forms, surrogates and values above U+10FFFF are errors.
bool Json::utf8(char *&out) {
  uint8_t lead = static_cast<uint8_t>(*cursor);
  int continuations = lead >= 0xC2 && lead < 0xE0 ? 1 : lead >= 0xE0 && lead < 0xF0 ? 2 : lead >= 0xF0 && lead < 0xF5 ? 3 : 0;
  if (continuations == 0 || end - cursor <= continuations)
    return reject("the text is not UTF-8");
  uint32_t code = lead & (0x3F >> continuations);
  for (int i = 1; i <= continuations; ++i) {
    uint8_t next = static_cast<uint8_t>(cursor[i]);
    if ((next & 0xC0) != 0x80)
      return reject("the text is not UTF-8");
    code = code << 6 | (next & 0x3F);
  }
  uint32_t least = continuations == 1 ? 0x80 : continuations == 2 ? 0x800 : 0x10000;
  if (code < least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
    return reject("the text is not UTF-8");
  for (int i = 0; i <= continuations; ++i)
    *out++ = *cursor++;
  return true;
}

bool Json::string(const char *&value) {
  if (!take('"'))
    return reject("expected a string");
  char *out = cursor;
  value = out;
  while (cursor < end) {
    uint8_t c = static_cast<uint8_t>(*cursor);
    if (c == '"') {
      ++cursor;
      *out = '\0'; // at most over the closing quote
      return true;
    }
    if (c < 0x20)
      return reject("a control character in a string");
    if (c == '\\') {
      ++cursor;
      if (!escape(out))
        return false;
    } else if (c < 0x80) {
      *out++ = *cursor++;
    } else if (!utf8(out)) {
      return false;
    }
  }
  return reject("the string does not end");
}

bool Json::integer(int64_t &value) {
  skipSpace();
  if (cursor == end || !isDigit(*cursor))
    return reject("expected a non-negative integer");
  if (*cursor == '0' && end - cursor > 1 && isDigit(cursor[1]))
    return reject("a number with a leading zero");
  value = 0;
  for (; cursor < end && isDigit(*cursor); ++cursor)
    if (__builtin_mul_overflow(value, int64_t{10}, &value) || __builtin_add_overflow(value, int64_t{*cursor - '0'}, &value))
      return reject("a number above 2^63 - 1");
  if (cursor < end && (*cursor == '.' || *cursor == 'e' || *cursor == 'E'))
    return reject("expected a non-negative integer");
  return true;
}

bool Json::digits() {
  if (cursor == end || !isDigit(*cursor))
    return reject("a malformed number");
  while (cursor < end && isDigit(*cursor))
    ++cursor;
  return true;
}

bool Json::skipNumber() {
  if (*cursor == '-')
    ++cursor;
  if (end - cursor > 1 && cursor[0] == '0' && isDigit(cursor[1]))
    return reject("a number with a leading zero");
  if (!digits())
    return false;
  if (cursor < end && *cursor == '.') {
    ++cursor;
    if (!digits())
      return false;
  }
  if (cursor < end && (*cursor == 'e' || *cursor == 'E')) {
    ++cursor;
    if (cursor < end && (*cursor == '+' || *cursor == '-'))
      ++cursor;
    return digits();
  }
  return true;
}

bool Json::literal(const char *word) {
  size_t length = strlen(word);
  if (static_cast<size_t>(end - cursor) < length || memcmp(cursor, word, length) != 0)
    return reject("expected a value");
  cursor += length;
  return true;
}

/// The rest of an object or array whose opening bracket was taken.
bool Json::skipMembers(char close, bool named, int depth) {
  if (take(close))
    return true;
  do {
    const char *name = nullptr;
    if (named && !(string(name) && expect(':')))
      return false;
    if (!skipValue(depth + 1))
      return false;
  } while (take(','));
  return expect(close);
}

bool Json::skipValue(int depth) {
  if (depth > maxDepth)
    return reject("nested more than 32 levels deep");
  skipSpace();
  if (cursor == end)
    return reject("expected a value");
  const char *text = nullptr;
  switch (*cursor) {
  case '{':
    ++cursor;
    return skipMembers('}', true, depth);
  case '[':
    ++cursor;
    return skipMembers(']', false, depth);
  case '"':
    return string(text);
  case 't':
    return literal("true");
  case 'f':
    return literal("false");
  case 'n':
    return literal("null");
  default:
    return *cursor == '-' || isDigit(*cursor) ? skipNumber() : reject("expected a value");
  }
}

} // namespace skip::runtime
