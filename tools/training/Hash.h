// A short stand-in for what is compared as a whole.
#pragma once

#include "runtime/Fnv1a.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

namespace skip::tool {

class Hash {
public:
  void add(llvm::StringRef text) {
    for (char byte : text)
      hash.add(static_cast<uint8_t>(byte));
    hash.add(uint8_t{0xFF}); // the end of a text
  }
  void add(int64_t number) { add(llvm::StringRef(reinterpret_cast<const char *>(&number), sizeof number)); }
  std::string text() const { return llvm::utohexstr(hash.value, /*LowerCase=*/true); }

private:
  runtime::Fnv1a hash;
};

} // namespace skip::tool
