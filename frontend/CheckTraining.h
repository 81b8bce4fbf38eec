// What is wrong with the settings of a `train` statement whatever the arguments are.
#pragma once

#include "frontend/Ast.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace skip::frontend {

/// What the checks of all else know about names where the statement stands.
struct TrainingNames {
  llvm::function_ref<void(const ast::Expr *)> check;           ///< reports what is wrong with an expression
  llvm::function_ref<bool(llvm::StringRef)> isValue;           ///< whether a name has a value
  llvm::function_ref<void(const ast::NameExpr &)> noteUnknown; ///< of a name that has been reported
};

/// Rule train-3: settings are known and given once, and their values have the right form.
void checkSettings(const ast::TrainStatement &train, const TrainingNames &names, Diagnostics &diagnostics);

} // namespace skip::frontend
