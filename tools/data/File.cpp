// Reads files with system calls, so that every error has a path and a reason.
#include "tools/data/File.h"

#include "support/Printable.h"
#include "support/SystemError.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace skip::data {

namespace {
/// Closes its file descriptor.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
};
} // namespace

std::optional<std::vector<uint8_t>> readFile(const std::string &path, std::string &error) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat info{};
  if (file.fd < 0 || ::fstat(file.fd, &info) != 0) {
    error = describeSystemError("read", path, errno);
    return std::nullopt;
  }
  if (S_ISDIR(info.st_mode)) {
    error = "cannot read " + quotedName(path) + ": it is a folder, expected a file";
    return std::nullopt;
  }
  // The size is only a first guess: a pipe has none, and a file may grow while it is read.
  size_t guess = info.st_size > 0 ? static_cast<size_t>(info.st_size) : 0;
  std::vector<uint8_t> bytes;
  size_t used = 0;
  do {
    if (guess > maxFileBytes || used > maxFileBytes) {
      error = "cannot read " + quotedName(path) + ": it is larger than 4 GiB, the limit";
      return std::nullopt;
    }
    if (used == bytes.size()) // One byte more than the guess, so that the end is seen without growing again.
      bytes.resize(used == 0 ? guess + 1 : used + used / 2 + 65536);
    ssize_t got = ::read(file.fd, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      error = describeSystemError("read", path, errno);
      return std::nullopt;
    }
    if (got == 0)
      break;
    used += static_cast<size_t>(got);
  } while (true);
  bytes.resize(used);
  return bytes;
}

std::optional<std::vector<std::string>> readLines(const std::string &path, std::string &error) {
  std::optional<std::vector<uint8_t>> bytes = readFile(path, error);
  if (!bytes)
    return std::nullopt;
  std::string_view text(reinterpret_cast<const char *>(bytes->data()), bytes->size());
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  if (size_t zero = text.find('\0'); zero != text.npos) {
    error = quotedName(path) + ": byte " + std::to_string(zero) + " is zero, expected a text file";
    return std::nullopt;
  }
  std::vector<std::string> lines;
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    lines.emplace_back(line);
  }
  while (!lines.empty() && lines.back().empty())
    lines.pop_back();
  return lines;
}

std::vector<std::string> splitTabs(const std::string &line) {
  std::vector<std::string> fields;
  size_t begin = 0;
  for (size_t tab; (tab = line.find('\t', begin)) != line.npos; begin = tab + 1)
    fields.push_back(line.substr(begin, tab - begin));
  fields.push_back(line.substr(begin));
  return fields;
}

std::optional<uint64_t> parseCount(std::string_view text, uint64_t limit) {
  uint64_t value = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || value > limit)
    return std::nullopt;
  return value;
}

} // namespace skip::data
