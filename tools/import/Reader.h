// From the bytes of an ONNX file to a Model.
#pragma once

#include "tools/import/Model.h"

#include "llvm/Support/Error.h"

#include <functional>

namespace skip::onnx {

/// Bytes of a file beside the model, and what keeps them alive.
struct ExternalFile {
  std::shared_ptr<const void> owner;
  llvm::StringRef bytes;
};

/// Gives the file of that name, which is a relative path that stays inside of the model's folder, or an error.
using OpenExternal = std::function<llvm::Expected<ExternalFile>(llvm::StringRef name)>;

/// Reads a model. Lengths and types are checked, names are not; what Skip has no use for is passed over. `path` is for texts.
llvm::Expected<Model> readModel(llvm::StringRef file, llvm::StringRef path, const OpenExternal &openExternal);

/// The file at `path`, with the files beside it that it names.
llvm::Expected<Model> readModelFile(llvm::StringRef path);

} // namespace skip::onnx
