// What a model's input declares of pictures, as attributes of the function's argument and read off them.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"

#include <cstdint>
#include <vector>

namespace skip::graph {

/// Beside those of Graph.h. `graph.resize` is the length of the shorter side, or an array of height and width; `graph.filter`
/// is how pictures are scaled, `bilinear` where it is absent.
inline constexpr llvm::StringLiteral filterAttr = "graph.filter", bilinearFilter = "bilinear", bicubicFilter = "bicubic";

struct PictureRule {
  int64_t resize = 0;                        ///< of the shorter side, in pixels; 0: the spec declares none
  int64_t resizeHeight = 0, resizeWidth = 0; ///< of the whole picture; 0: the same
  int64_t crop = 0;                          ///< of both sides; 0: the same
  bool bicubic = false;                      ///< else bilinear
  std::vector<double> mean, deviation;       ///< one for each channel; empty: the spec declares none
};

/// `attributes` of an input may be null.
PictureRule pictureRuleOf(mlir::DictionaryAttr attributes);

} // namespace skip::graph
