// Static checks: what is wrong with a block or model whatever its arguments are, used or not.
#pragma once

#include "frontend/Program.h"

#include "llvm/ADT/DenseSet.h"

namespace skip::frontend {

/// Names that mean nothing: they have been reported, and elaboration passes over them.
using UnknownNames = llvm::DenseSet<const ast::Expr *>;

/// Checks every definition of every file: names, calls, labels, and which statement stands where.
UnknownNames checkProgram(const Program &program, Diagnostics &diagnostics);

} // namespace skip::frontend
