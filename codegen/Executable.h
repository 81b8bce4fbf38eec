// Emitted executables: the one output that needs a C compiler on the user's machine.
#pragma once

#include "codegen/Image.h"

#include "llvm/Support/Error.h"

namespace skip::codegen {

/// The C text of the executable's only source: the model's header, then its `main`.
std::string executableSource(const Image &image);

struct ExecutableLink {
  std::string source;   // a file with executableSource
  std::string archive;  // the model's
  std::string messages; // a file for what the compiler says
  std::string output;
};

/// Runs `cc` from PATH. An error repeats what it said.
llvm::Error linkExecutable(const ExecutableLink &link);

} // namespace skip::codegen
