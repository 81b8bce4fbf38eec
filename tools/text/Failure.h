// How a command ends: exit codes, and errors that bear one.
#pragma once

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace skip::tool {

/// The exit codes of `skipc`. An interrupted run ends with 130 (support/Temporaries.h; training ends itself).
enum class Exit { done = 0, checkFailed = 1, badInput = 2, internal = 3, interrupted = 130 };

/// What is the matter, and where, for programs that read it. What is not known is empty, or 0.
struct Finding {
  std::string message, code, file;
  int64_t line = 0, column = 0; ///< from 1 on
  std::string hint;             ///< what to do
  std::vector<Finding> notes;   ///< other places that are involved
};

/// An error with its exit code. An empty text means that everything has been said already: what that was is in `findings`.
class Failure : public llvm::ErrorInfo<Failure> {
public:
  static char ID;
  Failure(Exit exit, std::string text, std::vector<Finding> findings = {})
      : exit(exit), text(std::move(text)), findings(std::move(findings)) {}
  void log(llvm::raw_ostream &os) const override { os << text; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

  const Exit exit;
  const std::string text;
  const std::vector<Finding> findings;
};

class JsonReply;

llvm::Error checkFailed(const llvm::Twine &text);
llvm::Error badInput(const llvm::Twine &text);
/// "TEXT; HINT".
llvm::Error badInput(const llvm::Twine &text, const llvm::Twine &hint);
/// A defect of ours, or of the machine, at `stage`.
llvm::Error internalError(const llvm::Twine &stage, const llvm::Twine &text);
/// Gives an error of a library the exit code for defects.
llvm::Error internalError(const llvm::Twine &stage, llvm::Error error);

/// Writes the error to stderr, if it has a text, adds it to the reply, and returns its exit code.
int report(llvm::Error error, JsonReply &reply);

/// Writes `skipc: note: ...` to stderr.
void note(const llvm::Twine &text);

/// Whether stderr is a terminal on which colours are welcome (NO_COLOR).
bool coloursOnStderr();

} // namespace skip::tool
