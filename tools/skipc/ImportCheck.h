// Whether an imported model computes what its ONNX file does.
#pragma once

#include "tools/import/Model.h"
#include "tools/skipc/Options.h"

#include "llvm/Support/Error.h"

namespace skip::tool {

/// The largest difference of an output, relative to its largest value, and what is allowed of it.
struct Difference {
  double found = 0, allowed = 0;
  bool isAllowed() const { return found <= allowed; } // NaN is not
};

struct ImportCheck {
  Difference spec;     ///< the spec in double precision
  Difference compiled; ///< the model as it is built
};

/// Runs the spec and the checkpoint that were written, and the model as it was read, on the same random images.
llvm::Expected<ImportCheck> checkImport(const Options &options, const onnx::Model &model, const std::string &spec,
                                        const std::string &weights);

} // namespace skip::tool
