// 1x1 convolutions by Strassen's seven products instead of eight.
#pragma once

#include "codegen/x86/kernel/Conv.h"

namespace skip::kernel {

/// As emitConv, for a spec whose schedule has `unitBlocks`; its roots are 1x1 over blocked inputs, each of an even number of
/// blocks of input channels. A call has at least one unit.
void emitStrassenConv(mlir::ModuleOp module, llvm::StringRef name, const ConvSpec &spec);

} // namespace skip::kernel
