// Reads of a library's manifest what makes packed weights for it.
#pragma once

#include "codegen/Image.h"
#include "codegen/Manifest.h"

#include "llvm/Support/Error.h"

namespace skip::codegen {

struct ManifestWeights {
  Image image;                      ///< of which only names, tensors, load tables and sizes of weights are there
  std::vector<FileSums::Sum> files; ///< of the build
};

/// Whether the text is a manifest of a library's, of whichever version; cheap to ask of any JSON file.
bool isManifest(llvm::StringRef text);

/// All that is returned is sound: shapes, load tables, and the fingerprint that the library knows them by. `path` is for error
/// texts.
llvm::Expected<ManifestWeights> readManifest(llvm::StringRef text, const std::string &path);

} // namespace skip::codegen
