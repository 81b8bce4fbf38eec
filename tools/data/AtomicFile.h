// Output files that appear whole or not at all, also when the process is interrupted.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace skip::data {

/// A file that is being written under a temporary name beside its target. commit() gives it its name; an object that goes
/// without a commit removes the temporary file, and what stood at the target before is untouched. A target that is no
/// regular file (a pipe, /dev/stdout) is written directly; a symbolic link stays, what it points to is replaced.
/// All functions return false with a message that names the path and the reason (disk full, read-only, ...).
class AtomicFile {
public:
  AtomicFile() = default;
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  /// `mode` is cut down by the umask; 0777 makes an executable.
  bool open(const std::string &path, std::string &error, unsigned mode = 0666);
  bool write(const void *data, size_t size, std::string &error);
  /// Flushes to the disk and renames. Nothing may be written after it.
  bool commit(std::string &error);

  /// Where the bytes are until the commit, for a library that writes by name: it may replace that file.
  const std::string &temporaryPath() const { return temporary; }

private:
  bool fail(int code, std::string &error);
  void discard();

  std::string given, target, temporary;
  void *registration = nullptr;
  int fd = -1;
};

/// Opens, writes and commits.
bool writeFileAtomically(const std::string &path, std::span<const std::byte> bytes, std::string &error);
bool writeFileAtomically(const std::string &path, const std::string &text, std::string &error);

/// From now on SIGINT and SIGTERM remove all live temporary files of AtomicFile, then end the process with exit code 130
/// or 143. A signal that the process was started to ignore (nohup) stays ignored.
void removeTemporariesOnSignal();

} // namespace skip::data
