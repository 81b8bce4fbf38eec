// Finds the spec that the user means.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace skip::tool {

/// The path for `spec`: itself when it is a path (it exists, has a slash or ends in `.skip`), else `<spec>.skip` in the folder
/// $SKIP_MODELS, or without that in the catalogue that stands with this executable. An error names the nearest entries.
llvm::Expected<std::string> findSpec(llvm::StringRef spec);

/// The names of the catalogue's models, sorted.
std::vector<std::string> catalogueModels();

/// Where imports are looked for, besides the importing file's folder: `asked` (--import-path), then the catalogue.
std::vector<std::string> importFolders(std::vector<std::string> asked);

/// The folder of the tuning databases that Skip ships: $SKIP_TUNING, or the one that stands with the catalogue.
std::string tuningFolder();

} // namespace skip::tool
