// Output files that appear whole or not at all, also when the process is interrupted.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace skip {

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

  /// The two halves of commit(), for several files that are to appear together: flush them all, then rename them all.
  bool flush(std::string &error);
  bool rename(std::string &error);

  /// As it was given to open().
  const std::string &path() const { return given; }

  /// Where the bytes are until the commit, for a library that writes by name: it may replace that file, if reopen() is called
  /// afterwards.
  const std::string &temporaryPath() const { return temporary; }
  bool reopen(std::string &error);

private:
  bool fail(int code, std::string &error);
  void discard();

  std::string given, target, temporary;
  void *registration = nullptr;
  int fd = -1;
};

/// Removes what killed processes left behind of writing the file at `path`: its temporaries whose process is gone. What cannot
/// be removed stays.
void removeLeftovers(const std::string &path);

/// Opens, writes and commits.
bool writeFileAtomically(const std::string &path, std::span<const std::byte> bytes, std::string &error);
bool writeFileAtomically(const std::string &path, const std::string &text, std::string &error);

} // namespace skip
