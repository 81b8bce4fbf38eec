// LLVM's view of a target.
#pragma once

#include "codegen/x86/EmitObject.h"

#include "llvm/Target/TargetMachine.h"

#include <memory>

namespace skip::x86 {

/// A machine that writes position-independent ELF for `target`; null if this LLVM lacks the x86 back end.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(const Target &target);

} // namespace skip::x86
