// Integer and floating-point operations share their names: `add` decodes here, the floating-point half elsewhere.
#pragma once

#include "emulator/machine/ops/Lanes.h"

namespace skip::emulator {

enum class FloatOperation : uint8_t { add, sub, mul, fma, min, max, neg, abs, div };
/// `type` is taken already.
void decodeFloat(Decoding &d, FloatOperation operation, Type type);

} // namespace skip::emulator
