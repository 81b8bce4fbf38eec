// Errors on their way to stderr.
#include "tools/text/Failure.h"

#include "support/Printable.h"
#include "tools/text/Json.h"

#include "llvm/Support/Process.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace skip;

char tool::Failure::ID = 0;

llvm::Error tool::checkFailed(const llvm::Twine &text) { return llvm::make_error<Failure>(Exit::checkFailed, text.str()); }
llvm::Error tool::badInput(const llvm::Twine &text) { return llvm::make_error<Failure>(Exit::badInput, text.str()); }

llvm::Error tool::badInput(const llvm::Twine &text, const llvm::Twine &hint) {
  Finding finding{.message = text.str(), .code = {}, .file = {}, .hint = hint.str(), .notes = {}};
  return llvm::make_error<Failure>(Exit::badInput, (text + "; " + hint).str(), std::vector{finding});
}

llvm::Error tool::internalError(const llvm::Twine &stage, const llvm::Twine &text) {
  return llvm::make_error<Failure>(Exit::internal, ("internal error: stage `" + stage + "`: " + text).str());
}

llvm::Error tool::internalError(const llvm::Twine &stage, llvm::Error error) {
  return internalError(stage, llvm::toString(std::move(error)));
}

bool tool::coloursOnStderr() {
  const char *noColour = std::getenv("NO_COLOR");
  return !(noColour && *noColour) && llvm::sys::Process::StandardErrHasColors();
}

static void say(llvm::StringRef kind, llvm::raw_ostream::Colors colour, const llvm::Twine &text) {
  bool colours = tool::coloursOnStderr();
  llvm::errs() << "skipc: ";
  if (colours)
    llvm::errs().changeColor(colour, /*Bold=*/true);
  llvm::errs() << kind << ": ";
  if (colours)
    llvm::errs().resetColor();
  llvm::errs() << printableLines(text.str()) << "\n"; // it holds names from files and arguments
}

static void addTo(tool::JsonReply &reply, const tool::Failure &failure) {
  for (const tool::Finding &finding : failure.findings)
    reply.addError(finding);
  if (failure.findings.empty() && !failure.text.empty())
    reply.addError({.message = failure.text, .code = {}, .file = {}, .hint = {}, .notes = {}});
}

int tool::report(llvm::Error error, JsonReply &reply) {
  Exit exit = Exit::done;
  auto tell = [&](const Failure &failure) {
    exit = failure.exit;
    if (!failure.text.empty())
      say("error", llvm::raw_ostream::RED, failure.text);
    addTo(reply, failure);
  };
  llvm::handleAllErrors(std::move(error), tell, [&](const llvm::ErrorInfoBase &other) {
    tell(Failure(Exit::internal, "internal error: " + other.message()));
  });
  return static_cast<int>(exit);
}

void tool::note(const llvm::Twine &text) { say("note", llvm::raw_ostream::BLUE, text); }
