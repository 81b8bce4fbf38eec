// Runs a model of the graph dialect in double precision.
#pragma once

#include "ir/reference/Tensor.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace mlir::func {
class FuncOp;
}

namespace skip::reference {

/// Parameter values by checkpoint name.
using Parameters = llvm::StringMap<Tensor>;

/// Evaluates `model` on inputs of any one batch; returns its outputs, or nothing after an error at the operation that has no
/// reference semantics or whose parameter has no value. `observe` hears every value with its name (see graph::valueName), in
/// order; values are freed after their last use.
std::optional<std::vector<Tensor>> interpret(mlir::func::FuncOp model, llvm::ArrayRef<Tensor> inputs,
                                             const Parameters &parameters,
                                             llvm::function_ref<void(llvm::StringRef, const Tensor &)> observe);

} // namespace skip::reference
