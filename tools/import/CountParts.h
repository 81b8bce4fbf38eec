// How many parts an ONNX file has, before protobuf makes objects of them.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace skip::onnx {

/// Messages, texts and bytes of `file`, without what lies in those that are passed over. Bytes that are no protobuf are
/// protobuf's to refuse: then what was counted up to them.
size_t countParts(llvm::StringRef file);

} // namespace skip::onnx
