// What a safetensors file says of itself beside its tensors.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <utility>
#include <vector>

namespace skip::tool {

/// Texts of a checkpoint's `__metadata__`, by their names.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// The metadata of the safetensors file in memory; `path` is for messages.
llvm::Expected<Metadata> readMetadata(llvm::ArrayRef<char> file, const std::string &path);

/// The text of that name; null if there is none.
const std::string *findText(const Metadata &texts, llvm::StringRef name);

/// The names of the classes in the order of the labels, where a training knew them; else none.
std::vector<std::string> classNamesIn(const Metadata &texts);

} // namespace skip::tool
