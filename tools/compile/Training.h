// What a recipe makes of a model's graph.
#pragma once

#include "frontend/Recipe.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace skip::tool {

/// Takes `NAME=VALUE` settings over the recipe's own and holds all against each other; an error lists all that is wrong.
llvm::Error applySettings(frontend::Recipe &recipe, llvm::ArrayRef<std::string> settings);

/// Says on the model's function which parameters are trained and which of them decay: all but buffers and what the recipe
/// freezes. An error where a frozen label is none of the model, nothing is left to train, or no gradients are compiled of a
/// layer.
llvm::Error markTrained(mlir::ModuleOp module, const frontend::Recipe &recipe);

} // namespace skip::tool
