// A short stand-in for what is compared as a whole.
#pragma once

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace skip::tool {

/// FNV-1a. It tells mistakes, not forgeries.
class Hash {
public:
  void add(llvm::StringRef text) {
    for (char byte : text)
      value = (value ^ static_cast<uint8_t>(byte)) * 0x100000001b3;
    value = (value ^ 0xFF) * 0x100000001b3; // the end of a text
  }
  void add(int64_t number) { add(llvm::StringRef(reinterpret_cast<const char *>(&number), sizeof number)); }
  std::string text() const { return llvm::utohexstr(value, /*LowerCase=*/true); }

private:
  uint64_t value = 0xcbf29ce484222325;
};

} // namespace skip::tool
