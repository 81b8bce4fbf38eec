// curve.svg: the error by iterations, as the paper's figure 6 shows it.
#pragma once

#include "tools/training/Metrics.h"

namespace skip::tool {

/// An SVG picture: the training error dashed, that of validation bold; `title` is shown above. Iterations up to `length`.
std::string curveSvg(llvm::ArrayRef<Metric> metrics, int64_t length, const std::string &title);

} // namespace skip::tool
