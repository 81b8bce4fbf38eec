// What the compiler carries inside itself of the runtime, so that a user needs no second file.
#pragma once

#include "codegen/Image.h"

#include "llvm/ADT/StringRef.h"

namespace skip::codegen {

/// The runtime for the image's targets as one relocatable ELF object; it defines skipmodel_* and needs skipModelImage and libc.
/// Only that of target cuda can open libraries. One that trains needs skipTrainingImage too, and knows target x86 alone.
llvm::StringRef runtimeObject(const Image &image, bool trains);
/// The texts of runtime/Runtime.h and runtime/training/Training.h.
llvm::StringRef runtimeHeader();
llvm::StringRef trainingHeader();
/// The text of the header for C++, of a model named `skipmodel`.
llvm::StringRef cppHeader();
/// The text of the `main` of emitted executables, which uses skipmodel_*.
llvm::StringRef executableMain();

} // namespace skip::codegen
