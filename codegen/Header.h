// The headers of a compiled model, for C and for C++.
#pragma once

#include "codegen/TrainingImage.h"

namespace skip::codegen {

/// Runtime.h for one model: `<name>_` for `skipmodel_`, a first comment that tells what goes in and out, and constants of
/// these; of a training library also Training.h. Self-contained C99.
std::string headerText(const Image &image, const TrainingImage *training = nullptr);

/// Objects around the calls of that header, in a namespace `skip_<name>`. C++17; self-contained but for `<name>.h`.
std::string cppHeaderText(const Image &image);

/// `text` with `<name>_` for `skipmodel_` and, in the include guard, `SKIP_MODEL_<name>` for `SKIPMODEL`.
std::string withPrefix(std::string text, const std::string &name);

} // namespace skip::codegen
