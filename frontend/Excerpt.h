// The source line of an error, with a caret under the place.
#pragma once

#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

namespace skip::frontend {

/// Writes the line that `diagnostic` is about; below it `^` at its place, `~` along its ranges, and then its fix-its. Of a very
/// long line only the part around the place is shown. What a terminal would not show as it is, is escaped, and tabs are blanks.
void printExcerpt(const llvm::SMDiagnostic &diagnostic, llvm::raw_ostream &os, bool colours);

} // namespace skip::frontend
