// Arithmetic with constants, as the language says it: a batch norm whose statistics are those of nothing.
#pragma once

#include "tools/import/Net.h"

namespace skip::onnx {

/// scale x + shift; of one number, it is that of all channels.
struct Line {
  std::vector<double> scale = {1}, shift = {0};

  bool isPlain() const { return scale == std::vector<double>{1} && shift == std::vector<double>{0}; }
  /// Whether float32 has all numbers, to rounding.
  bool isSound() const;
};

/// `x` itself if the line is plain, else `bn(eps = 1)` of it, with a mean and a variance of 0: y = weight x + bias, without any
/// rounding more, which the compiler folds into what stands before where it can. `path` is the operation's, and may be empty.
ValueId addLine(Net &net, ValueId x, const Line &line, std::string path);

} // namespace skip::onnx
