// Ranges become places, edits become words.
#include "tools/compile/Findings.h"

using namespace skip;
using tool::Finding;

static Finding findingAt(std::string message, llvm::SMRange range, const frontend::Sources &sources) {
  Finding finding{.message = std::move(message), .code = {}, .file = {}, .hint = {}, .notes = {}};
  if (!range.isValid())
    return finding;
  frontend::SourcePosition position = sources.position(range.Start);
  finding.file = position.path.str();
  finding.line = position.line;
  finding.column = position.column;
  return finding;
}

static std::string editText(const llvm::SMFixIt &edit) {
  llvm::SMRange range = edit.getRange();
  std::string old(range.Start.getPointer(), range.End.getPointer()), now = edit.getText().str();
  if (old.empty())
    return "insert `" + now + "`";
  return now.empty() ? "remove `" + old + "`" : "write `" + now + "` in place of `" + old + "`";
}

std::vector<Finding> tool::findingsOf(const frontend::Diagnostics &diagnostics, const frontend::Sources &sources) {
  std::vector<Finding> findings;
  for (const frontend::Diagnostic *diagnostic : diagnostics.inOrder()) {
    Finding &finding = findings.emplace_back(findingAt(diagnostic->message, diagnostic->range, sources));
    finding.code = diagnostic->info().code.str();
    for (const llvm::SMFixIt &edit : diagnostic->fixIts)
      finding.hint += (finding.hint.empty() ? "" : "; ") + editText(edit);
    for (const frontend::Note &note : diagnostic->notes)
      finding.notes.push_back(findingAt(note.text, note.range, sources));
  }
  return findings;
}
