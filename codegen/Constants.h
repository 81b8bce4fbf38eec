// What headers say of a model's inputs and outputs as constants.
#pragma once

#include "codegen/Image.h"

namespace skip::codegen {

/// Macros: the index of each port, what an input makes of pictures, the names of an output's classes, the largest batch.
std::string macrosText(const Image &image);

/// The same as `inline constexpr` variables of C++17.
std::string constantsText(const Image &image);

/// `0.485`: the shortest text that is read back as that value.
std::string numberText(float value);

} // namespace skip::codegen
