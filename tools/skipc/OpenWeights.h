// What --weights and the flags beside it say.
#pragma once

#include "tools/compile/Compile.h"
#include "tools/skipc/Options.h"
#include "tools/weights/WeightsSource.h"

namespace skip::tool {

/// --weights, or `otherwise` where it is not given, for the model as it was read; one without parameters needs neither. The
/// names meet by --rename and --allow-extra; with `judged` false the caller judges what is missing, extra or of another shape.
llvm::Expected<WeightsSource> openWeights(const Options &options, const Compilation &compilation,
                                          llvm::StringRef otherwise = "", bool judged = true);

} // namespace skip::tool
