// Text from outside as a message may show it: short and printable.
#pragma once

#include "support/Printable.h"

namespace skip::emulator {

inline std::string printed(std::string_view text, size_t most = 160) {
  return text.size() > most ? printable(text.substr(0, most)) + "..." : printable(text);
}

} // namespace skip::emulator
