// Nets of a few lines of ONNX, and what becomes of them.
#pragma once

#include "tools/import/Import.h"

#include <string>

namespace skip::test {

/// A head that makes the image `x` the output `y`.
inline constexpr const char *head = "node GlobalAveragePool x > p\nnode Flatten p > y\noutput y N 4\n";

/// Of a model's text (ModelText.h).
llvm::Expected<onnx::Imported> import(const std::string &text);
/// Blocks and model, without the comment, of a text whose input is `image`, [N, 3, 8, 8]; or the error.
std::string specOf(const std::string &text);
/// The lines of a convolution that keeps the image's size, but for its stride.
std::string conv(const std::string &x, const std::string &path, int outputs, int inputs, int kernel, int stride,
                 const std::string &y);
/// What becomes of nodes behind a convolution of four channels, a, that make x.
std::string behind(const std::string &nodes, const std::string &end = head);
/// The same on one line.
std::string lineBehind(const std::string &nodes);

} // namespace skip::test
