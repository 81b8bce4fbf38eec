// The image as an object file: constant data, whose pointers are relocations against itself and the kernels.
#pragma once

#include "codegen/Image.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace skip::codegen {

/// A part of a file: what is embedded goes from there to the object without passing through IR.
struct FilePart {
  std::string path;
  uint64_t offset = 0, bytes = 0;
};

/// Writes a relocatable, position-independent x86-64 ELF object that defines skipModelImage, hidden, and refers to the kernels'
/// symbols. `weights` (null: none) is the weights segment, image.weightsBytes long. The same image gives the same bytes.
llvm::Error emitImage(const Image &image, const FilePart *weights, llvm::raw_pwrite_stream &out);

} // namespace skip::codegen
