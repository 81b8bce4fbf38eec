// PTX to an object for one architecture, by NVIDIA's assembler as a program of its own.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace skip::codegen {

/// The object that `ptxas`, a path, makes of `text` for an architecture, such as sm_90a: the same for the same text. An error
/// has what the assembler said.
llvm::Expected<std::string> assemble(llvm::StringRef ptxas, llvm::StringRef text, llvm::StringRef architecture);

} // namespace skip::codegen
