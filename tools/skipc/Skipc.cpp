// `skipc`: parses the command line and runs one command.
#include "support/Temporaries.h"
#include "tools/skipc/Options.h"
#include "tools/skipc/OutOfMemory.h"
#include "tools/text/Failure.h"

#include "llvm/Support/raw_ostream.h"

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

static llvm::Error execute(const tool::Options &options) {
  llvm::Error error = options.command(options);
  llvm::Error output = flushOutput();
  return error ? (llvm::consumeError(std::move(output)), std::move(error)) : std::move(output);
}

int main(int argc, char **argv) {
  removeTemporariesOnSignal();
  std::signal(SIGXFSZ, SIG_IGN); // a limit on file sizes then is an error of the write, with a text
  tool::reportOutOfMemory();
  try {
    int exitCode = 0;
    if (std::optional<tool::Options> options = tool::parseOptions(argc, argv, exitCode))
      exitCode = tool::report(execute(*options));
    return exitCode;
  } catch (const std::bad_alloc &) { // of a size that no memory has
    return tool::report(tool::internalError("memory", "the machine has not so much of it"));
  } catch (const std::system_error &error) {
    if (error.code() == std::errc::resource_unavailable_try_again)
      return tool::report(tool::badInput("the system gives no more threads; take fewer (-j, --threads) or raise the limits "
                                         "(`ulimit -u`, `ulimit -v`)"));
    return tool::report(tool::internalError("tool", error.what()));
  } catch (const std::exception &error) {
    return tool::report(tool::internalError("tool", error.what()));
  }
}
