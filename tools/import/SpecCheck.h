// Whether the front end makes of a spec what it was written from.
#pragma once

#include "tools/import/Net.h"

#include "llvm/Support/Error.h"

namespace skip::onnx {

/// An error if `text` is no spec, asks for more than the language allows, or has other parameters than `net`. `path` is the
/// file that was imported, for texts.
llvm::Error checkSpec(llvm::StringRef text, const Net &net, llvm::StringRef path);

} // namespace skip::onnx
