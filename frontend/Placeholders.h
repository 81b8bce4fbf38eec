// `{name}` in the texts of `require` and `error` (rule require-3).
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace skip::frontend {

/// A part of a text: as it is, or `{name}`.
struct TextPart {
  llvm::StringRef text; ///< with the braces
  llvm::StringRef name; ///< empty where it is as it is
};

/// The parts of a text, in order.
llvm::SmallVector<TextPart> partsOf(llvm::StringRef text);

} // namespace skip::frontend
