// Tokens to syntax tree (the grammar stands in README.md).
#pragma once

#include "frontend/Ast.h"
#include "frontend/Limits.h"

namespace skip::frontend {

/// Parses one opened file. Reports every syntax error: after one it goes on at the next statement, and a statement that
/// could not be read still declares its name, so that nothing else fails for it.
ast::File parse(const SourceFile &source, llvm::StringRef text, ast::Arena &arena, const Limits &limits,
                Diagnostics &diagnostics);

} // namespace skip::frontend
