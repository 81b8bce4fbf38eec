// What the kernels of every target share: the elementwise operations that may follow a root.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace skip::kernel {

/// An elementwise operation on some of a tensor's values.
enum class EpilogueOp {
  Add,
  Relu,
  ScaleShift,
  ReluGradInput,
  ScaleAdd,
  ScaleChannels,
  Sigmoid,
  Silu,
  Gelu,
  HardSigmoid,
  HardSwish,
  Mish,
  LeakyRelu,
  Prelu,
  Mul,
  Multiply,
  Shift,
  SigmoidGradInput,
  SiluGradInput,
  GeluGradInput,
  HardSigmoidGradInput,
  HardSwishGradInput,
  MishGradInput,
  LeakyReluGradInput,
  PreluGradInput,
  PreluGradTerms,
};
inline constexpr size_t kEpilogueOps = 26;

/// One in a chain, with the number that its code is specialised by: the slope of the leaky ones, else 0.
struct EpilogueStep {
  EpilogueOp op;
  double number = 0;

  constexpr EpilogueStep(EpilogueOp op, double number = 0) : op(op), number(number) {}
  constexpr operator EpilogueOp() const { return op; }
  friend constexpr bool operator==(const EpilogueStep &a, const EpilogueStep &b) {
    return a.op == b.op && a.number == b.number;
  }
};

using Epilogue = llvm::SmallVector<EpilogueStep, 4>;

/// What an operation reads besides the value that it is applied to, in this order: tensors of the result's shape, then vectors
/// of one number for each channel. Its operands follow the root's, in chain order. How it is applied, a target's
/// emitters say.
struct EpilogueOperands {
  EpilogueOp op;
  llvm::StringLiteral graphOp; // the operation of the graph dialect that it is
  unsigned tensors, vectors;
  bool commutes;          // the value may stand in any place of its operands; else it is the first
  bool ofImages = false;  // the tensors have one number for each image and channel, which all pixels share
  bool hasNumber = false; // its code is specialised by a number
};

const EpilogueOperands &operandsOf(EpilogueOp op);

/// The one that the operation of the graph dialect called `name` is, or nothing.
std::optional<EpilogueOp> epilogueOpFor(llvm::StringRef name);

/// How many operands a chain takes.
unsigned operandCount(const Epilogue &chain);

} // namespace skip::kernel
