// In what a checkpoint is none of a model.
#pragma once

#include "tools/weights/Naming.h"

namespace skip::tool {

struct Mismatch {
  std::vector<NamedShape> missing, extra;
  std::vector<std::string> shapes, types; // lines, of tensors that the model reads
  std::vector<std::string> unreadable;    // lines, of tensors that are extra too

  /// Whether the model finds all that it reads.
  bool isWhole() const { return missing.empty() && shapes.empty() && types.empty(); }
  bool hasExtra() const { return !extra.empty() || !unreadable.empty(); }
};

/// What an error says beside the mismatch.
struct MismatchPlace {
  llvm::StringRef modelName;
  size_t modelTensors;
  llvm::ArrayRef<NamedShape> ofFile; ///< all that a model might read
  llvm::StringRef kept;              ///< why a wrapper's prefix was not stripped, a line; mostly empty
  const NamingOptions &options;
};

/// `[64, 3, 7, 7]`.
std::string bracketed(llvm::ArrayRef<int64_t> shape);

/// What follows the file's name in an error: totals, the first of what does not fit, and what may help: names of another hand,
/// another model, a flag.
std::string describe(const Mismatch &mismatch, const MismatchPlace &place);

} // namespace skip::tool
