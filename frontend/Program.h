// A spec with all that it imports: every block, model, file-level parameter and choice by name.
#pragma once

#include "frontend/Ast.h"
#include "frontend/Limits.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <deque>

namespace skip::frontend {

/// A file-level parameter, with what an import made of its default.
struct GlobalParameter {
  const ast::Parameter *parameter;
  const ast::Option *setting = nullptr; ///< from `import "file" { name = value }`
};

struct Program {
  ast::Arena arena;
  std::deque<ast::File> files; ///< the spec first
  llvm::MapVector<llvm::StringRef, GlobalParameter> parameters;
  llvm::StringMap<const ast::Definition *> blocks;
  llvm::MapVector<llvm::StringRef, const ast::Definition *> models; ///< of all files
  llvm::StringSet<> choices;                                        ///< every name that some parameter offers
  bool broken = false; ///< a file is missing or unreadable in part: names may be unknown for that reason

  /// The models of the spec itself, or of its imports when it has none of its own.
  llvm::SmallVector<const ast::Definition *> ownModels() const;
};

/// Reads `path` and its imports (rules import-1 to import-4). Problems are reported; what could be read is in `program`.
void loadProgram(Sources &sources, llvm::StringRef path, const Limits &limits, Diagnostics &diagnostics, Program &program);

} // namespace skip::frontend
