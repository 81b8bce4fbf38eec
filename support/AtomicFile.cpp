// A temporary file in the target's folder, renamed over it at the end; devices and pipes are written through.
#include "support/AtomicFile.h"

#include "support/SystemError.h"
#include "support/Temporaries.h"

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace skip {

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() {
  if (fd >= 0)
    ::close(fd);
  fd = -1;
  if (registration) {
    ::unlink(temporary.c_str());
    leaveTemporary(registration);
  }
  registration = nullptr;
}

bool AtomicFile::fail(int code, std::string &error) {
  error = describeSystemError("write", given, code);
  discard();
  return false;
}

static std::string resolveLink(const std::string &path) {
  std::unique_ptr<char, void (*)(void *)> resolved(::realpath(path.c_str(), nullptr), std::free);
  return resolved ? resolved.get() : path;
}

static std::pair<std::string, std::string> folderAndName(const std::string &path) {
  size_t slash = path.rfind('/');
  size_t name = slash == path.npos ? 0 : slash + 1;
  return {path.substr(0, name), path.substr(name)};
}

/// What temporaries of files of this name begin with.
static std::string prefixFor(const std::string &name) { return "." + name.substr(0, 200) + ".tmp-"; }

static std::string temporaryFor(const std::string &target) {
  static std::atomic<unsigned> counter{0};
  auto [folder, name] = folderAndName(target);
  return folder + prefixFor(name) + std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

bool AtomicFile::open(const std::string &path, std::string &error, unsigned mode) {
  discard();
  given = path;
  target = resolveLink(path);
  struct stat info{};
  bool exists = ::stat(target.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return fail(EISDIR, error);
  if (exists && !S_ISREG(info.st_mode)) {
    temporary = target;
    fd = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    return fd >= 0 || fail(errno, error);
  }
  temporary = temporaryFor(target);
  if (temporary.size() >= PATH_MAX)
    return fail(ENAMETOOLONG, error);
  void *entered = enterTemporary(temporary);
  fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) {
    int code = errno;
    leaveTemporary(entered); // Whatever stands under that name is not ours to remove.
    return fail(code, error);
  }
  registration = entered;
  return true;
}

bool AtomicFile::write(const void *data, size_t size, std::string &error) {
  auto *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t written = ::write(fd, bytes, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail(errno, error);
    bytes += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

bool AtomicFile::reopen(std::string &error) {
  if (!registration)
    return true;
  ::close(fd);
  fd = ::open(temporary.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  return fd >= 0 || fail(errno, error);
}

bool AtomicFile::flush(std::string &error) {
  // Some disks (network, quota) report that they are full only here. A pipe or device cannot be flushed: EINVAL.
  if (::fsync(fd) != 0 && registration)
    return fail(errno, error);
  return true;
}

bool AtomicFile::commit(std::string &error) { return flush(error) && rename(error); }

bool AtomicFile::rename(std::string &error) {
  int status = ::close(fd);
  fd = -1;
  if (status != 0 && errno != EINTR)
    return fail(errno, error);
  if (!registration)
    return true;
  if (::rename(temporary.c_str(), target.c_str()) != 0)
    return fail(errno, error);
  leaveTemporary(registration);
  registration = nullptr;
  return true;
}

void removeLeftovers(const std::string &path) {
  auto [folder, name] = folderAndName(resolveLink(path));
  std::string prefix = prefixFor(name);
  std::error_code code;
  std::vector<std::filesystem::path> left;
  for (std::filesystem::directory_iterator entry(folder.empty() ? "." : folder, code), end; !code && entry != end;
       entry.increment(code))
    if (entry->path().filename().string().starts_with(prefix))
      left.push_back(entry->path());
  for (const std::filesystem::path &file : left) {
    pid_t process = std::atoi(file.filename().c_str() + prefix.size());
    if (process > 0 && ::kill(process, 0) != 0 && errno == ESRCH)
      ::unlink(file.c_str());
  }
}

bool writeFileAtomically(const std::string &path, std::span<const std::byte> bytes, std::string &error) {
  AtomicFile file;
  return file.open(path, error) && file.write(bytes.data(), bytes.size(), error) && file.commit(error);
}

bool writeFileAtomically(const std::string &path, const std::string &text, std::string &error) {
  return writeFileAtomically(path, std::as_bytes(std::span(text)), error);
}

} // namespace skip
