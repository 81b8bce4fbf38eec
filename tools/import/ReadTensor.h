// Constants of an ONNX file, from each of the ways in which it may hold them.
#pragma once

#include "tools/import/Reader.h"

namespace skip::onnx {

namespace wire {
class TensorProto;
}

/// Takes the tensor's bytes out of `proto`, or of the file that it names.
llvm::Expected<Constant> readTensor(wire::TensorProto &proto, llvm::StringRef path, const OpenExternal &openExternal);

} // namespace skip::onnx
