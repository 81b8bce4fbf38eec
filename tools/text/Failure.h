// How a command ends: exit codes, and errors that bear one.
#pragma once

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <string>

namespace skip::tool {

/// The exit codes of `skipc`. An interrupted run ends with 130 (support/Temporaries.h; training ends itself).
enum class Exit { done = 0, checkFailed = 1, badInput = 2, internal = 3, interrupted = 130 };

/// An error with its exit code. An empty text means that everything has been said already.
class Failure : public llvm::ErrorInfo<Failure> {
public:
  static char ID;
  Failure(Exit exit, std::string text) : exit(exit), text(std::move(text)) {}
  void log(llvm::raw_ostream &os) const override { os << text; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

  const Exit exit;
  const std::string text;
};

llvm::Error checkFailed(const llvm::Twine &text);
llvm::Error badInput(const llvm::Twine &text);
/// A defect of ours, or of the machine, at `stage`.
llvm::Error internalError(const llvm::Twine &stage, const llvm::Twine &text);
/// Gives an error of a library the exit code for defects.
llvm::Error internalError(const llvm::Twine &stage, llvm::Error error);

/// Writes the error to stderr, if it has a text, and returns its exit code.
int report(llvm::Error error);

/// Writes `skipc: note: ...` to stderr.
void note(const llvm::Twine &text);

/// Whether stderr is a terminal on which colours are welcome (NO_COLOR).
bool coloursOnStderr();

} // namespace skip::tool
