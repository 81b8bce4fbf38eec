// What tells that bytes of a checkpoint are no longer those that were written.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace skip::tool {

/// The CRC-32 of a safetensors file whose metadata have a text `checksum` of eight digits, as if these digits were zeros.
class Checksum {
public:
  static constexpr llvm::StringLiteral name = "checksum", zeros = "00000000";

  void add(llvm::StringRef bytes);
  /// Eight digits of base 16.
  std::string text() const;

private:
  unsigned long value = 0;
};

enum class ChecksumState { Absent, Good };

/// Fails where the file in memory has a checksum, and another than it says; `path` is for the message.
llvm::Expected<ChecksumState> verifyChecksum(llvm::StringRef file, llvm::StringRef path);

} // namespace skip::tool
