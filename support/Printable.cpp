// What a terminal acts on instead of showing it is escaped: a file's name could otherwise clear the screen, or hide the error
// that it stands in.
#include "support/Printable.h"

#include <cstdint>

namespace skip {

namespace {
struct Character {
  uint32_t code = 0;
  size_t bytes = 0; // 0: not UTF-8
};
} // namespace

/// `text` is not empty. Overlong forms, surrogates and values above U+10FFFF are not UTF-8.
static Character decode(std::string_view text) {
  auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80)
    return {lead, 1};
  size_t bytes = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  if (bytes == 0 || text.size() < bytes)
    return {};
  uint32_t code = lead & (0x7f >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    auto next = static_cast<uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80)
      return {};
    code = code << 6 | (next & 0x3f);
  }
  uint32_t least = bytes == 2 ? 0x80 : bytes == 3 ? 0x800 : 0x10000;
  bool valid = code >= least && code <= 0x10ffff && (code < 0xd800 || code >= 0xe000);
  return valid ? Character{code, bytes} : Character{};
}

static bool isControl(uint32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

/// Marks of the writing direction, which show a text in another order than it has, and separators of lines and paragraphs.
static bool isLayout(uint32_t code) {
  return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

size_t printableLength(std::string_view text) {
  Character first = text.empty() ? Character{} : decode(text);
  return isControl(first.code) || isLayout(first.code) ? 0 : first.bytes;
}

std::string escapedByte(char byte) {
  static constexpr char digits[] = "0123456789abcdef";
  auto value = static_cast<uint8_t>(byte);
  return {'\\', 'x', digits[value >> 4], digits[value & 15]};
}

static std::string escape(std::string_view text, bool linesStay) {
  std::string shown;
  while (!text.empty()) {
    size_t length = linesStay && text[0] == '\n' ? 1 : printableLength(text);
    if (length > 0)
      shown += text.substr(0, length);
    else
      shown += escapedByte(text[0]);
    text.remove_prefix(length > 0 ? length : 1);
  }
  return shown;
}

std::string printable(std::string_view text) { return escape(text, /*linesStay=*/false); }
std::string printableLines(std::string_view text) { return escape(text, /*linesStay=*/true); }

} // namespace skip
