// Collecting, wording and rendering errors and warnings.
#include "frontend/Diagnostics.h"

#include "frontend/Excerpt.h"
#include "support/Printable.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip::frontend;

static constexpr size_t maxErrors = 100;

static const DiagnosticInfo registry[] = {
#define DIAGNOSTIC(id, code, message, explanation) {code, message, explanation},
#include "frontend/Diagnostics.def"
};

/// Long texts from the user are cut in messages.
static llvm::StringRef shortened(llvm::StringRef argument) { return argument.take_front(200); }

static std::string fill(llvm::StringRef message, llvm::ArrayRef<std::string> arguments) {
  std::string result;
  while (!message.empty()) {
    if (message.size() >= 3 && message[0] == '{' && message[2] == '}' && size_t(message[1] - '0') < arguments.size()) {
      result += shortened(arguments[message[1] - '0']);
      message = message.drop_front(3);
      continue;
    }
    result += message.front();
    message = message.drop_front();
  }
  return result;
}

llvm::ArrayRef<DiagnosticInfo> skip::frontend::allDiagnostics() { return registry; }

const DiagnosticInfo *skip::frontend::findDiagnostic(llvm::StringRef code) {
  const DiagnosticInfo *found = llvm::find_if(registry, [&](const DiagnosticInfo &info) { return info.code == code; });
  return found == std::end(registry) ? nullptr : found;
}

bool skip::frontend::explain(llvm::StringRef code, llvm::raw_ostream &os) {
  const DiagnosticInfo *info = findDiagnostic(code);
  if (!info)
    return false;
  os << info->code << ": " << fill(info->message, {"...", "...", "...", "..."}) << "\n\n" << info->explanation << '\n';
  return true;
}

std::string skip::frontend::quoted(llvm::StringRef text) {
  std::string result(1, '`');
  result.append(text.begin(), text.end());
  result += '`';
  return result;
}

std::string skip::frontend::quotedList(llvm::ArrayRef<llvm::StringRef> texts, llvm::StringRef lastSeparator) {
  std::string result;
  for (size_t i = 0; i < texts.size(); ++i)
    result.append(i == 0 ? "" : i + 1 == texts.size() ? lastSeparator.str() : ", ").append(quoted(texts[i]));
  return texts.empty() ? "none" : result;
}

llvm::StringRef skip::frontend::nearest(llvm::StringRef written, llvm::ArrayRef<llvm::StringRef> candidates) {
  unsigned limit = written.size() < 3 ? 1 : (written.size() + 2) / 3;
  unsigned best = limit + 1;
  llvm::StringRef found;
  for (llvm::StringRef candidate : candidates) {
    if (candidate == found || candidate.size() > written.size() + limit || written.size() > candidate.size() + limit)
      continue;
    unsigned distance = written.edit_distance(candidate, /*AllowReplacements=*/true, limit);
    if (distance > best || distance > limit || distance >= written.size())
      continue;
    found = distance < best ? candidate : llvm::StringRef();
    best = distance;
  }
  return found;
}

Report::~Report() {
  if (!owner)
    return;
  llvm::append_range(diagnostic.notes, last);
  owner->keep(std::move(diagnostic));
}

Report &Report::suggest(llvm::StringRef written, llvm::SMRange range, llvm::ArrayRef<llvm::StringRef> candidates) {
  llvm::StringRef found = written.size() > 64 || owner->isFull() ? llvm::StringRef() : nearest(written, candidates);
  return found.empty() ? *this : didYouMean(range, found);
}

Report Diagnostics::report(diag id, llvm::SMRange range, llvm::ArrayRef<std::string> arguments) {
  if (overfull)
    return Report(*this, {id, range, {}, {}, {}});
  return Report(*this, {id, range, fill(registry[static_cast<size_t>(id)].message, arguments), {}, {}});
}

void Diagnostics::keep(Diagnostic diagnostic) {
  const char *where = diagnostic.range.Start.getPointer();
  if (overfull || (where && !seen.insert({static_cast<int>(diagnostic.id), where}).second))
    return;
  if (diagnostic.info().isWarning()) {
    if (warnings.size() < maxErrors)
      warnings.push_back(std::move(diagnostic));
    return;
  }
  overfull = kept.size() == maxErrors;
  if (overfull)
    diagnostic = {
        diag::tooManyErrors, {}, fill(registry[size_t(diag::tooManyErrors)].message, {std::to_string(maxErrors)}), {}, {}};
  kept.push_back(std::move(diagnostic));
}

/// As LLVM's source manager writes it: "PLACE: error: TEXT".
static void printHead(llvm::raw_ostream &os, llvm::StringRef place, llvm::SourceMgr::DiagKind kind, llvm::StringRef text,
                      bool colours) {
  llvm::SMDiagnostic(skip::printable(place), kind, skip::printableLines(text)).print(/*ProgName=*/nullptr, os, colours);
}

static void printAt(const llvm::SourceMgr &manager, llvm::raw_ostream &os, llvm::SMRange range, llvm::SourceMgr::DiagKind kind,
                    const std::string &text, llvm::ArrayRef<llvm::SMFixIt> fixIts, bool colours) {
  llvm::SMDiagnostic full = manager.GetMessage(range.Start, kind, text, range, fixIts);
  std::string line = std::to_string(full.getLineNo()), column = std::to_string(full.getColumnNo() + 1);
  printHead(os, full.getFilename().str() + ":" + line + ":" + column, kind, text, colours);
  printExcerpt(full, os, colours);
}

std::vector<const Diagnostic *> Diagnostics::inOrder() const {
  std::vector<const Diagnostic *> order;
  for (const Diagnostic &diagnostic : hasErrors() ? kept : warnings)
    order.push_back(&diagnostic);
  const llvm::SourceMgr &manager = sources.sourceManager();
  auto bufferOf = [&](const Diagnostic *d) {
    return d->range.isValid() ? manager.FindBufferContainingLoc(d->range.Start) : ~0u;
  };
  llvm::stable_sort(order, [&](const Diagnostic *a, const Diagnostic *b) {
    return std::make_pair(bufferOf(a), a->range.Start.getPointer()) < std::make_pair(bufferOf(b), b->range.Start.getPointer());
  });

  return order;
}

void Diagnostics::print(llvm::raw_ostream &os, bool colours) const {
  const llvm::SourceMgr &manager = sources.sourceManager();
  auto printOne = [&](llvm::SMRange range, llvm::SourceMgr::DiagKind kind, const std::string &text,
                      llvm::ArrayRef<llvm::SMFixIt> fixIts) {
    if (range.isValid())
      return printAt(manager, os, range, kind, text, fixIts, colours);
    printHead(os, "skipc", kind, text, colours);
  };
  for (const Diagnostic *diagnostic : inOrder()) {
    std::string text = diagnostic->message + " [" + diagnostic->info().code.str() + "]";
    auto kind = diagnostic->info().isWarning() ? llvm::SourceMgr::DK_Warning : llvm::SourceMgr::DK_Error;
    printOne(diagnostic->range, kind, text, diagnostic->fixIts);
    for (const Note &note : diagnostic->notes)
      printOne(note.range, llvm::SourceMgr::DK_Note, note.text, {});
  }
}
