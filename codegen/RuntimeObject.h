// What the compiler carries inside itself of the runtime, so that a user needs no second file.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace skip::codegen {

/// The runtime as one relocatable ELF object; it defines skipmodel_* and needs skipModelImage and libc.
llvm::StringRef runtimeObject();
/// The text of runtime/Runtime.h.
llvm::StringRef runtimeHeader();
/// The text of the `main` of emitted executables, which uses skipmodel_*.
llvm::StringRef executableMain();

} // namespace skip::codegen
