// `skipc`: parses the command line and runs one command.
#include "support/Temporaries.h"
#include "tools/skipc/Options.h"
#include "tools/skipc/OutOfMemory.h"
#include "tools/text/Json.h"

#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <csignal>
#include <new>
#include <system_error>

using namespace skip;

/// A full disk behind stdout is an error like any other.
static llvm::Error flushOutput() {
  llvm::outs().flush();
  std::error_code code = llvm::outs().error();
  llvm::outs().clear_error();
  return code ? tool::badInput("cannot write to the standard output: " + code.message()) : llvm::Error::success();
}

/// Before the command line is understood, and where it is not. Of a flag's values none begins so.
static bool asksForJson(int argc, char **argv) {
  return std::any_of(argv + 1, argv + argc, [](const char *word) { return llvm::StringRef(word) == "--json"; });
}

/// Whatever is thrown is an error like any other.
static int runCommand(int argc, char **argv, tool::JsonReply &reply) {
  try {
    int exitCode = 0;
    if (std::optional<tool::Options> options = tool::parseOptions(argc, argv, reply, exitCode))
      exitCode = tool::report(options->command(*options), reply);
    return exitCode;
  } catch (const std::bad_alloc &) { // of a size that no memory has
    return tool::report(tool::internalError("memory", "the machine has not so much of it"), reply);
  } catch (const std::system_error &error) {
    if (error.code() == std::errc::resource_unavailable_try_again)
      return tool::report(tool::badInput("the system gives no more threads; take fewer (-j, --threads) or raise the limits "
                                         "(`ulimit -u`, `ulimit -v`)"),
                          reply);
    return tool::report(tool::internalError("tool", error.what()), reply);
  } catch (const std::exception &error) {
    return tool::report(tool::internalError("tool", error.what()), reply);
  }
}

int main(int argc, char **argv) {
  removeTemporariesOnSignal();
  std::signal(SIGXFSZ, SIG_IGN); // a limit on file sizes then is an error of the write, with a text
  const bool json = argc > 1 && asksForJson(argc, argv);
  tool::reportOutOfMemory(json);
  tool::JsonReply reply;
  int exitCode = runCommand(argc, argv, reply);
  if (json)
    reply.print(llvm::outs(), exitCode);
  llvm::Error output = flushOutput();
  if (exitCode == 0)
    return tool::report(std::move(output), reply);
  llvm::consumeError(std::move(output)); // one is enough
  return exitCode;
}
