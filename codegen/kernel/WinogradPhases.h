// The input's transform where a convolution of stride 2 reads a planar picture: its phases become lanes.
#pragma once

#include "codegen/kernel/Winograd.h"

namespace skip::kernel {

/// As emitWinogradInput, for `spec.taps.stride` 2.
void emitWinogradPhases(mlir::ModuleOp module, llvm::StringRef name, const WinogradInputSpec &spec);

} // namespace skip::kernel
