// What the kernels of every target share: the elementwise operations that may follow a root.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace skip::kernel {

/// An elementwise operation on some of a tensor's values.
enum class EpilogueOp { Add, Relu, ScaleShift, ReluGradInput, ScaleAdd, ScaleChannels };
inline constexpr size_t kEpilogueOps = 6;

using Epilogue = llvm::SmallVector<EpilogueOp, 4>;

/// What an operation reads besides the value that it is applied to, in this order: tensors of the result's shape, then vectors
/// of one number for each channel. Its operands follow the root's, in chain order. How it is applied, a target's
/// emitters say.
struct EpilogueOperands {
  EpilogueOp op;
  llvm::StringLiteral graphOp; // the operation of the graph dialect that it is
  unsigned tensors, vectors;
  bool commutes; // the value may stand in any place of its operands; else it is the first
};

const EpilogueOperands &operandsOf(EpilogueOp op);

/// The one that the operation of the graph dialect called `name` is, or nothing.
std::optional<EpilogueOp> epilogueOpFor(llvm::StringRef name);

/// How many operands a chain takes.
unsigned operandCount(const Epilogue &chain);

} // namespace skip::kernel
