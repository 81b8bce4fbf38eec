// What a library's targets are called, by those who ask for them and by the linker.
#pragma once

#include "runtime/Abi.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace skip::codegen {

struct TargetEntry {
  SkipTarget target;
  llvm::StringLiteral name;     // as `model_target` says it and --target takes it
  llvm::StringLiteral platform; // as manifests call it
  llvm::StringLiteral backend;  // the symbol of what runs its plan (runtime/Backend.h)
};

llvm::ArrayRef<TargetEntry> targetTable();
const TargetEntry &entryOf(SkipTarget target);

} // namespace skip::codegen
