// What `skipc run` prints.
#pragma once

#include "tools/compile/Ports.h"
#include "tools/skipc/Options.h"

namespace skip::tool {

/// What came of a run.
struct RunResult {
  llvm::ArrayRef<std::string> pictures;   ///< names, one an image
  const OutputPort *classes = nullptr;    ///< null: no output is the classes
  llvm::ArrayRef<std::string> classNames; ///< of all classes, of the first ones, or none
  llvm::ArrayRef<float> scores;           ///< of the classes, of all images
  llvm::StringRef isa;
};

/// The best classes of each picture, as text or as JSON; as text nothing where outputs were written to files.
void reportRun(const Options &options, const RunResult &result);

} // namespace skip::tool
