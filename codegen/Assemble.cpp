#include "codegen/Assemble.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace {
/// A file of the system's folder for such that is gone with this object.
struct TemporaryFile {
  SmallString<128> path;

  ~TemporaryFile() {
    if (!path.empty())
      sys::fs::remove(path);
  }
  Error create(StringRef suffix) {
    std::error_code code = sys::fs::createTemporaryFile("skip", suffix, path);
    return code ? createStringError(code, "cannot create a temporary file: " + code.message()) : Error::success();
  }
  std::string contents() const {
    ErrorOr<std::unique_ptr<MemoryBuffer>> bytes = MemoryBuffer::getFile(path);
    return bytes ? (*bytes)->getBuffer().str() : std::string();
  }
};
} // namespace

static Error writeText(const TemporaryFile &file, StringRef text) {
  std::error_code code;
  raw_fd_ostream os(file.path, code);
  os << text;
  os.close();
  if (!code)
    code = os.error();
  os.clear_error();
  return code ? createStringError(code, "cannot write `" + file.path.str() + "`: " + code.message()) : Error::success();
}

Expected<std::string> skip::codegen::assemble(StringRef ptxas, StringRef text, StringRef architecture) {
  TemporaryFile source, object, messages;
  for (auto [file, suffix] : {std::pair(&source, "ptx"), std::pair(&object, "cubin"), std::pair(&messages, "txt")})
    if (Error error = file->create(suffix))
      return error;
  if (Error error = writeText(source, text))
    return error;
  std::string target = ("-arch=" + architecture).str(), problem;
  StringRef arguments[] = {ptxas, target, source.path, "-o", object.path};
  std::optional<StringRef> redirects[] = {std::nullopt, messages.path.str(), messages.path.str()};
  int status = sys::ExecuteAndWait(ptxas, arguments, std::nullopt, redirects, 0, 0, &problem);
  if (status != 0) {
    std::string said = StringRef(messages.contents()).trim().str();
    return createStringError("`" + ptxas + "` failed for " + architecture + " with status " + Twine(status) +
                             (problem.empty() ? "" : ": " + problem) + (said.empty() ? "" : "\n" + said));
  }
  std::string bytes = object.contents();
  if (bytes.empty())
    return createStringError("`" + ptxas + "` wrote nothing for " + architecture);
  return bytes;
}
