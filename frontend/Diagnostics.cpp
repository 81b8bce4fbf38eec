// Collecting, wording and rendering errors.
#include "frontend/Diagnostics.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip::frontend;

static constexpr size_t maxErrors = 100;

static const DiagnosticInfo registry[] = {
#define DIAGNOSTIC(id, code, message, explanation) {code, message, explanation},
#include "frontend/Diagnostics.def"
};

llvm::ArrayRef<DiagnosticInfo> skip::frontend::allDiagnostics() { return registry; }

const DiagnosticInfo *skip::frontend::findDiagnostic(llvm::StringRef code) {
  const DiagnosticInfo *found = llvm::find_if(registry, [&](const DiagnosticInfo &info) { return info.code == code; });
  return found == std::end(registry) ? nullptr : found;
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

Report::~Report() {
  if (!owner)
    return;
  llvm::append_range(diagnostic.notes, last);
  owner->keep(std::move(diagnostic));
}

Report &Report::suggest(llvm::StringRef written, llvm::SMRange range, llvm::ArrayRef<llvm::StringRef> candidates) {
  llvm::StringRef found = written.size() > 64 ? llvm::StringRef() : nearest(written, candidates);
  if (found.empty())
    return *this;
  diagnostic.message += "; did you mean `" + found.str() + "`?";
  return fix(range, found);
}

Report Diagnostics::report(diag id, llvm::SMRange range, llvm::ArrayRef<std::string> arguments) {
  return Report(*this, {id, range, fill(registry[static_cast<size_t>(id)].message, arguments), {}, {}});
}

void Diagnostics::keep(Diagnostic diagnostic) {
  if (kept.size() >= maxErrors)
    return;
  const char *where = diagnostic.range.Start.getPointer();
  if (where && !seen.insert({static_cast<int>(diagnostic.id), where}).second)
    return;
  kept.push_back(std::move(diagnostic));
  if (kept.size() + 1 == maxErrors)
    report(diag::tooManyErrors, {}, {std::to_string(maxErrors)});
}

void Diagnostics::print(llvm::raw_ostream &os, bool colours) const {
  std::vector<const Diagnostic *> order;
  for (const Diagnostic &diagnostic : kept)
    order.push_back(&diagnostic);
  const llvm::SourceMgr &manager = sources.sourceManager();
  auto bufferOf = [&](const Diagnostic *d) {
    return d->range.isValid() ? manager.FindBufferContainingLoc(d->range.Start) : ~0u;
  };
  llvm::stable_sort(order, [&](const Diagnostic *a, const Diagnostic *b) {
    return std::make_pair(bufferOf(a), a->range.Start.getPointer()) < std::make_pair(bufferOf(b), b->range.Start.getPointer());
  });

  auto printOne = [&](llvm::SMRange range, llvm::SourceMgr::DiagKind kind, const std::string &text,
                      llvm::ArrayRef<llvm::SMFixIt> fixIts) {
    if (range.isValid())
      return manager.PrintMessage(os, range.Start, kind, text, range, fixIts, colours);
    llvm::SMDiagnostic("skipc", kind, text).print("", os, colours, /*ShowKindLabel=*/true);
  };
  for (const Diagnostic *diagnostic : order) {
    std::string text = diagnostic->message + " [" + diagnostic->info().code.str() + "]";
    printOne(diagnostic->range, llvm::SourceMgr::DK_Error, text, diagnostic->fixIts);
    for (const Note &note : diagnostic->notes)
      printOne(note.range, llvm::SourceMgr::DK_Note, note.text, {});
  }
}
