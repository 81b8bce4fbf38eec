// Activations and their gradients on vectors.
#pragma once

#include "codegen/x86/kernel/Builder.h"

namespace skip::kernel {

/// A step of a chain that is an activation or the gradient of one, of `value`; `operand` gives what it reads besides. NaN stays
/// NaN. Null of any other step.
Value applyActivation(Builder &b, const EpilogueStep &step, Value value, llvm::function_ref<Value(unsigned)> operand);

} // namespace skip::kernel
