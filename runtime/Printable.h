// What of a text from outside may be shown on a terminal. One rule for the messages of compiled libraries and for the tools.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace skip::runtime {

struct Utf8Character {
  uint32_t code = 0;
  size_t bytes = 0; // 0: not UTF-8
};

/// The first character of a text that is not empty. Overlong forms, surrogates and values above U+10FFFF are not UTF-8.
inline Utf8Character decodeUtf8(const char *text, size_t size) {
  uint8_t lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80)
    return {lead, 1};
  size_t bytes = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  if (bytes == 0 || size < bytes)
    return {};
  uint32_t code = lead & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    uint8_t next = static_cast<uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80)
      return {};
    code = code << 6 | (next & 0x3fu);
  }
  uint32_t least = bytes == 2 ? 0x80 : bytes == 3 ? 0x800 : 0x10000;
  bool valid = code >= least && code <= 0x10ffff && (code < 0xd800 || code >= 0xe000);
  return valid ? Utf8Character{code, bytes} : Utf8Character{};
}

/// What a terminal obeys; DEL and C1 are of these.
inline bool isControl(uint32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

/// Marks of the writing direction, which show a text in another order than it has, and separators of lines and paragraphs.
inline bool isLayout(uint32_t code) {
  return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

/// How many bytes the character takes that a text begins with; 0 if it is none to be shown as it is.
inline size_t printableLength(const char *text, size_t size) {
  Utf8Character first = size == 0 ? Utf8Character{} : decodeUtf8(text, size);
  return isControl(first.code) || isLayout(first.code) ? 0 : first.bytes;
}

inline constexpr size_t escapedLength = 4;

/// The byte as `\x1b`.
inline void escapeByte(char byte, char (&shown)[escapedLength]) {
  constexpr char digits[] = "0123456789abcdef";
  uint8_t value = static_cast<uint8_t>(byte);
  shown[0] = '\\';
  shown[1] = 'x';
  shown[2] = digits[value >> 4];
  shown[3] = digits[value & 15];
}

} // namespace skip::runtime
