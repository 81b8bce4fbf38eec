// One register tile of a direct convolution.
#pragma once

#include "codegen/x86/kernel/ConvOperands.h"

namespace skip::kernel {

/// Computes the tile's outputs and stores them.
void emitDirectTile(Builder &b, const ConvSpec &spec, const ConvOperands &operands, const ConvTile &tile);

} // namespace skip::kernel
