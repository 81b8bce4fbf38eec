// Errors and warnings as a product: each has a registered code, a narrow range, notes for every other place involved, and a
// fix-it where exactly one edit is right.
#pragma once

#include "frontend/Source.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace skip::frontend {

enum class diag {
#define DIAGNOSTIC(id, code, message, explanation) id,
#include "frontend/Diagnostics.def"
};

/// A registry entry. `message` holds {0}, {1}, ... for what a report fills in.
struct DiagnosticInfo {
  llvm::StringRef code, message, explanation;

  bool isWarning() const { return code.starts_with("W"); }
};

/// The registry, in the order of the codes.
llvm::ArrayRef<DiagnosticInfo> allDiagnostics();

/// The entry for a code such as `E0201`; null when there is none.
const DiagnosticInfo *findDiagnostic(llvm::StringRef code);

/// Writes what a code means, as `skipc explain E0201` shows it; false when there is no such code.
bool explain(llvm::StringRef code, llvm::raw_ostream &os);

struct Note {
  llvm::SMRange range;
  std::string text;
};

struct Diagnostic {
  diag id;
  llvm::SMRange range; ///< invalid when the error is about no text
  std::string message;
  llvm::SmallVector<Note, 0> notes;
  llvm::SmallVector<llvm::SMFixIt, 1> fixIts;

  const DiagnosticInfo &info() const { return allDiagnostics()[static_cast<size_t>(id)]; }
};

class Diagnostics;

/// A report in the making; it joins the others when it goes out of scope.
class Report {
public:
  Report(Diagnostics &owner, Diagnostic diagnostic) : owner(&owner), diagnostic(std::move(diagnostic)) {}
  Report(Report &&other) : owner(other.owner), diagnostic(std::move(other.diagnostic)), last(std::move(other.last)) {
    other.owner = nullptr;
  }
  ~Report();

  Report &note(llvm::SMRange range, std::string text) {
    diagnostic.notes.push_back({range, std::move(text)});
    return *this;
  }
  /// A note that stays behind those which are still to come.
  Report &lastNote(llvm::SMRange range, std::string text) {
    last.push_back({range, std::move(text)});
    return *this;
  }
  Report &fix(llvm::SMRange range, llvm::StringRef replacement) {
    diagnostic.fixIts.push_back(llvm::SMFixIt(range, replacement));
    return *this;
  }
  /// "did you mean `...`?" with its fix-it.
  Report &didYouMean(llvm::SMRange range, llvm::StringRef meant) {
    diagnostic.message += "; did you mean `" + meant.str() + "`?";
    return fix(range, meant);
  }
  /// The same when exactly one of `candidates` is nearest to `written` and near enough.
  Report &suggest(llvm::StringRef written, llvm::SMRange range, llvm::ArrayRef<llvm::StringRef> candidates);

private:
  Diagnostics *owner;
  Diagnostic diagnostic;
  llvm::SmallVector<Note, 0> last;
};

/// Collects the errors and warnings of a compilation. The same one at the same place is kept once, as when a block is used many
/// times. Warnings are shown where there is no error: what was not read because of one is no finding.
class Diagnostics {
public:
  explicit Diagnostics(const Sources &sources) : sources(sources) {}

  Report report(diag id, llvm::SMRange range, llvm::ArrayRef<std::string> arguments = {});

  /// Whether there was such a report that begins there.
  bool has(diag id, llvm::SMLoc start) const { return seen.contains({static_cast<int>(id), start.getPointer()}); }
  bool hasErrors() const { return !kept.empty(); }
  /// Further errors are dropped: there is no point in making them good.
  bool isFull() const { return overfull; }
  llvm::ArrayRef<Diagnostic> errors() const { return kept; }
  /// What is shown, in the order of the text; what is about no text comes last.
  std::vector<const Diagnostic *> inOrder() const;

  /// Writes all that is shown in the order of the text, `file:line:column: error: ... [E0201]`, with source line and caret.
  /// `colours`: if the stream is one that shows them, as a terminal does.
  void print(llvm::raw_ostream &os, bool colours = false) const;

private:
  friend class Report;
  void keep(Diagnostic diagnostic);

  const Sources &sources;
  std::vector<Diagnostic> kept, warnings;
  bool overfull = false;
  llvm::DenseSet<std::pair<int, const char *>> seen;
};

/// The one of `candidates` that is nearest to `written`, or nothing when none is near or several are equally near.
llvm::StringRef nearest(llvm::StringRef written, llvm::ArrayRef<llvm::StringRef> candidates);

/// The text in backticks.
std::string quoted(llvm::StringRef text);

/// `a`, `b`, `c`; with a `lastSeparator` such as " or ", `a`, `b` or `c`. "none" for an empty list.
std::string quotedList(llvm::ArrayRef<llvm::StringRef> texts, llvm::StringRef lastSeparator = ", ");

} // namespace skip::frontend
