// How a checkpoint's names meet a model's.
#pragma once

#include "tools/weights/Unreadable.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace skip::tool {

/// A tensor of a model or of a file.
struct NamedShape {
  std::string name;
  llvm::SmallVector<int64_t, 4> shape;
};

/// `--rename FROM=TO`: of the tensor `from`, and of those below the label `from`, the beginning is called `to`. An empty `from`
/// begins all names.
struct Rename {
  std::string from, to;
};

struct NamingOptions {
  std::vector<Rename> renames; ///< of several for one name the first counts
  bool allowExtra = false;     ///< tensors that the model does not read are passed over
  bool judged = true;          ///< false: what is missing, extra or of another shape is for the caller to judge
  bool verbose = false;        ///< list all that does not fit, not the first of each kind
  /// What other model the file's tensors are those of, as an error says it; empty if none. May be null.
  std::function<std::string(llvm::ArrayRef<NamedShape>)> lookalike;
};

struct Named {
  std::string file;               ///< a safetensors file; empty where the one that was given has the model's names already
  std::vector<std::string> notes; ///< what was done, for people, escaped
};

/// A shape without the ones at its end.
llvm::ArrayRef<int64_t> withoutOnes(llvm::ArrayRef<int64_t> shape);

/// `name` by the first of the renames that says something of it; nothing if none does.
std::optional<std::string> renamed(llvm::StringRef name, llvm::ArrayRef<Rename> renames);

/// Gives a safetensors file's tensors the names of `model` (called `modelName` in texts): by --rename, and without the prefixes
/// that wrappers put before all names where no name of the model begins so; and the model's sizes where they differ by ones at
/// the end alone. F64 becomes F32 where the model reads it. What optimizers and counters leave is kept. `unreadable` are
/// tensors that the checkpoint has beside the file. An error if then tensors are missing, extra, of another shape, or of a type
/// that models do not read: what, the likeliest pairs, and what to do about it.
llvm::Expected<Named> meetNames(llvm::StringRef file, llvm::StringRef path, llvm::StringRef modelName,
                                llvm::ArrayRef<NamedShape> model, const NamingOptions &options,
                                llvm::ArrayRef<UnreadableTensor> unreadable = {});

} // namespace skip::tool
