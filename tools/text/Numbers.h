// Numbers and sizes as people read them.
#pragma once

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <string>

namespace skip::tool {

/// "11,689,512".
std::string withSeparators(int64_t number);

/// `value` with `digits` behind the point.
std::string fixed(double value, int digits);

/// `1.67e-05`.
std::string scientific(double value);

/// "64 x 112 x 112" from [?, 64, 112, 112], "64" from [64], "1" of a single number.
std::string sizeText(llvm::ArrayRef<int64_t> shape);

} // namespace skip::tool
