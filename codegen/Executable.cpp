// Puts an executable's C source together and has `cc` compile and link it.
#include "codegen/Executable.h"

#include "codegen/Header.h"
#include "codegen/RuntimeObject.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

using namespace llvm;

namespace skip::codegen {

std::string executableSource(const Image &image) {
  std::string text = "#define _POSIX_C_SOURCE 200809L\n" + headerText(image);
  text.append("#define SKIP_EXECUTABLE_NAME \"").append(image.name).append("\"\n");
  return text + withPrefix(executableMain().str(), image.name);
}

static std::string contents(const std::string &path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> text = MemoryBuffer::getFile(path, /*IsText=*/true);
  return text ? (*text)->getBuffer().trim().str() : std::string();
}

Error linkExecutable(const ExecutableLink &link) {
  ErrorOr<std::string> compiler = sys::findProgramByName("cc");
  if (!compiler)
    return createStringError(inconvertibleErrorCode(), "an executable needs a C compiler, and there is no `cc` in PATH");
  // The source goes in through stdin, and symbols are stripped, so that no temporary name gets into the file.
  StringRef arguments[] = {*compiler, "-std=c99",   "-O2", "-x",        "c",         "-", "-x",
                           "none",    link.archive, "-o",  link.output, "-lpthread", "-s"};
  std::optional<StringRef> redirects[] = {StringRef(link.source), StringRef(link.messages), StringRef(link.messages)};
  std::string problem;
  int status = sys::ExecuteAndWait(*compiler, arguments, std::nullopt, redirects, 0, 0, &problem);
  if (status == 0)
    return Error::success();
  std::string text = "`cc` failed with status " + std::to_string(status);
  for (const std::string &more : {problem, contents(link.messages)})
    if (!more.empty())
      text.append("\n").append(more);
  return createStringError(inconvertibleErrorCode(), text);
}

} // namespace skip::codegen
