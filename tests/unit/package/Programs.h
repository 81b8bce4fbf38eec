// C programs that use packaged toys as a user's program would.
#pragma once

#include <string>

namespace test {

/// A program that runs a model on toyImages(2), then (8), and prints `NAME: results` for each. Weights are those embedded, or
/// of the file that is its argument.
std::string runnerText(const std::string &name);

/// A program that links two models, interleaves their runs, and prints `NAME: results`.
std::string pairText(const std::string &first, const std::string &second);

/// A program that runs the model on a pool of so many threads (`pool N`), or on a thread whose stack has so many bytes, by
/// default as many as the library asks for (`thread [BYTES]`).
std::string stackText(const std::string &name);

} // namespace test
