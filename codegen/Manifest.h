// The manifest of a build: what the model takes and gives, and the files that belong together.
#pragma once

#include "codegen/TrainingImage.h"

#include "llvm/Support/Error.h"

namespace skip::codegen {

/// A file of the build: under its own name, and where its bytes are now.
struct ManifestFile {
  std::string name;
  std::string path;
};

/// JSON text with sizes and SHA-256 sums of `files`. `weights` is `embedded`, `file` or `none`. Holds no path and no time.
llvm::Expected<std::string> manifestText(const Image &image, const TrainingImage *training, const std::string &weights,
                                         const std::vector<ManifestFile> &files);

} // namespace skip::codegen
