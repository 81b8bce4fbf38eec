// The batch norms whose sum an operation's input is, as far as the graph says it.
#pragma once

#include "ir/plan/Plan.h"

namespace skip::plan {

/// The batch norms whose sum `value`, in a kernel, comes from through operations that leave sizes of channels as they are:
/// relu, max pooling, subsampling. Gamma and beta of each, one after the other; empty where anything else is added. To be asked
/// before expressions over parameters become loads.
llvm::SmallVector<mlir::Attribute> inputNormsOf(mlir::Value value);

} // namespace skip::plan
