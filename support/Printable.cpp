// What a terminal acts on instead of showing it is escaped: a file's name could otherwise clear the screen, or hide the error
// that it stands in.
#include "support/Printable.h"

#include "runtime/Printable.h"

namespace skip {

size_t printableLength(std::string_view text) { return runtime::printableLength(text.data(), text.size()); }

std::string escapedByte(char byte) {
  char shown[runtime::escapedLength];
  runtime::escapeByte(byte, shown);
  return std::string(shown, sizeof shown);
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
std::string quotedName(std::string_view text) { return "`" + printable(text) + "`"; }
std::string printableLines(std::string_view text) { return escape(text, /*linesStay=*/true); }

} // namespace skip
