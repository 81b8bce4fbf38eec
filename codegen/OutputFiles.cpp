// Makes the folder, keeps the files of a build under temporary names in it, and renames them all at the end.
#include "codegen/OutputFiles.h"

#include "support/SystemError.h"
#include "support/Temporaries.h"

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;

namespace skip::codegen {

static Error textError(const std::string &text) { return createStringError(inconvertibleErrorCode(), text); }

OutputFiles::~OutputFiles() {
  files.clear(); // Removes the temporary files, so that the folders below are empty unless something was committed.
  for (size_t i = madeFolders.size(); i-- > 0;)
    if (::rmdir(madeFolders[i].c_str()) != 0)
      break;
}

Error OutputFiles::open(const std::string &path) {
  std::error_code failed;
  std::filesystem::path absolute = std::filesystem::absolute(path.empty() ? "." : path, failed);
  folder = failed ? path : absolute.string();
  std::filesystem::path prefix;
  for (const std::filesystem::path &part : std::filesystem::path(folder)) {
    prefix /= part;
    struct stat info{};
    if (part.empty() || ::stat(prefix.c_str(), &info) == 0)
      continue;
    if (::mkdir(prefix.c_str(), 0777) == 0)
      madeFolders.push_back(prefix.string());
    else if (errno != EEXIST)
      return textError(describeSystemError("make the folder", prefix.string(), errno));
  }
  struct stat info{};
  if (::stat(folder.c_str(), &info) == 0 && !S_ISDIR(info.st_mode))
    return textError(describeSystemError("write into", path, ENOTDIR));
  return Error::success();
}

Expected<AtomicFile *> OutputFiles::output(const std::string &name, unsigned mode) {
  std::string error;
  AtomicFile &file = files.emplace_back();
  if (!file.open(folder + "/" + name, error, mode))
    return textError(error);
  named.push_back({name, &file});
  return &file;
}

Expected<AtomicFile *> OutputFiles::scratch(const std::string &name) {
  std::string error;
  AtomicFile &file = files.emplace_back();
  if (!file.open(folder + "/" + name, error))
    return textError(error);
  return &file;
}

Error OutputFiles::commit() {
  std::string error;
  for (const Output &output : named)
    if (!output.file->flush(error))
      return textError(error);
  return commitUnflushed();
}

Error OutputFiles::commitUnflushed() {
  std::string error;
  SignalsLater guard; // all renames or none
  for (const Output &output : named)
    if (!output.file->rename(error))
      return textError(error);
  return Error::success();
}

Error writeThrough(AtomicFile &file, function_ref<Error(raw_pwrite_stream &)> write) {
  std::error_code code;
  raw_fd_ostream stream(file.temporaryPath(), code);
  if (code)
    return textError(describeSystemError("write", file.path(), code.value()));
  Error result = write(stream);
  stream.close();
  code = stream.error();
  stream.clear_error(); // Or its destructor ends the process.
  if (result || !code)
    return result;
  return textError(describeSystemError("write", file.path(), code.value()));
}

Error writeBytes(AtomicFile &file, StringRef bytes) {
  std::string error;
  return file.write(bytes.data(), bytes.size(), error) ? Error::success() : textError(error);
}

} // namespace skip::codegen
