// Tensors of F64 on their way to a model, which reads F32.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <deque>
#include <string>

namespace skip::tool {

/// Makes floats of doubles, keeps them, and counts what people should know of it.
class Narrowing {
public:
  /// The float nearest to each of the little-endian doubles of the tensor `name`; lives as long as this.
  llvm::StringRef narrow(llvm::StringRef name, llvm::StringRef doubles);

  /// What was done, escaped; empty if nothing.
  std::string note() const;

private:
  std::deque<std::string> owned;
  size_t beyond = 0; // numbers that are too large for F32
  std::string firstBeyond;
};

} // namespace skip::tool
