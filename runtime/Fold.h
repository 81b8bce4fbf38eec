// What a load entry computes, before it is laid out.
#pragma once

#include "runtime/Abi.h"
#include "runtime/Safetensors.h"

namespace skip::runtime {

/// The tensors of one load entry.
struct Sources {
  const FileTensor *const *matches;
  const SkipLoad &load;

  const FileTensor *at(int32_t index) const { return index == SKIP_NO_TENSOR ? nullptr : matches[index]; }
};

/// Of a type that is read at all: others were refused.
double readElement(const FileTensor &tensor, int64_t i);

/// gamma / sqrt(variance + epsilon); 1 where no batch norm is folded.
double scaleOf(const Sources &from, int64_t oc);

/// beta + (bias - mean) * scale, of what there is.
double biasOf(const Sources &from, int64_t oc);

} // namespace skip::runtime
