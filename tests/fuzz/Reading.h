// What fuzz targets of readers begin with.
#pragma once

#include "tests/fuzz/Require.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace skip::fuzz {

inline llvm::StringRef textOf(const uint8_t *data, size_t size) { return {reinterpret_cast<const char *>(data), size}; }

/// Whether it was read; else the error must have a text, and has been taken.
template <typename T> bool isRead(llvm::Expected<T> &read) {
  if (read)
    return true;
  require(!llvm::toString(read.takeError()).empty(), "an error has a text");
  return false;
}

} // namespace skip::fuzz
