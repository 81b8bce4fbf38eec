// The image as an object file: constant data, whose pointers are relocations against itself and the kernels.
#pragma once

#include "codegen/TrainingImage.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace skip::codegen {

/// The section that the weights segment of the image's `target`th target is to be in. A section for large data: linkers keep it
/// out of the way of code, which reaches 2 GB far at most.
std::string weightsSection(size_t target);

/// Writes a relocatable, position-independent x86-64 ELF object that defines skipModelImage, hidden, and refers to the kernels'
/// symbols. With `embedsWeights` it has a weightsSection for each target, 64-byte aligned, in place of whose contents the
/// segment is to be put (LinkSymbols.h), and the image points at its beginning. With `training` it defines skipTrainingImage
/// too, and pools have threads that suit both. The same images give the same bytes.
llvm::Error emitImage(const Image &image, const TrainingImage *training, bool embedsWeights, llvm::raw_pwrite_stream &out);

} // namespace skip::codegen
