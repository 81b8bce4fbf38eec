// Transposed convolutions, the gradients of strided convolutions' inputs: y = epilogue(the sum over the taps that meet a
// pixel).
//
// Operands, in order: the input, blocked, with a halo as wide as graph::Conv2dTransposedOp says; the transposed filter
// [oc/16][ic/16][kh][kw][16][16]; the epilogue's operands in chain order; the result, whose picture is `stride` times as high
// and wide as the input's. Parameters are a direct convolution's of one root (Conv.h), where rows and columns of the result
// count those of one class, which are the input's, and the padding is not read. Domain and split are its too.
#pragma once

#include "codegen/x86/kernel/Conv.h"

namespace skip::kernel {

struct TransposedConvSpec {
  int64_t kernelHeight = 1, kernelWidth = 1, stride = 1, padding = 0; // kernels at least as large as the stride
  Epilogue epilogue;
  int64_t lastLanes = 0; // as of ConvSpec
  plan::ConvSchedule schedule;

  bool operator==(const TransposedConvSpec &) const = default;
};

void emitTransposedConv(mlir::ModuleOp module, llvm::StringRef name, const TransposedConvSpec &spec);

} // namespace skip::kernel
