// The flags of `skipc analyze`, which may take several models.
#pragma once

#include "tools/skipc/Options.h"

#include "llvm/Support/Error.h"

namespace CLI {
class App;
}

namespace skip::tool {

void addAnalyze(CLI::App &app, Options &o);

/// The model of the command line, then those of --also, with all else as the command line says.
llvm::Expected<std::vector<Options>> analyzedModels(const Options &options);

} // namespace skip::tool
