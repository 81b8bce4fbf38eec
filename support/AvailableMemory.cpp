// /proc/meminfo says what the machine has. A control group may have less: containers and batch systems end processes by it. Its
// folder is named in /proc/self/cgroup, of version 2 by the line `0::/a/b`, of version 1 by that of the controller `memory`;
// each group above it has a limit too. In a container the folder that is named may lie outside of what is mounted, whose root
// then is the container's own. Files in the page cache count as used there, and go when memory is wanted.
//
// All of it is an estimate from above: what cannot be read limits nothing.
#include "support/AvailableMemory.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>

namespace skip {

namespace {
/// How a version of control groups calls its files.
struct Dialect {
  const char *mount, *limit, *usage, *cachePrefix;
};
} // namespace

static constexpr Dialect version1{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"};
static constexpr Dialect version2[] = {{"/sys/fs/cgroup", "memory.max", "memory.current", ""},
                                       {"/sys/fs/cgroup/unified", "memory.max", "memory.current", ""}};

/// The number behind `name` in lines of a name and a number.
static std::optional<uint64_t> numberIn(const std::string &path, std::string_view name) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string word;
    uint64_t number = 0;
    if (words >> word >> number && word == name)
      return number;
  }
  return std::nullopt;
}

/// The number that a file holds; `max` is none.
static std::optional<uint64_t> numberOf(const std::string &path) {
  std::ifstream file(path);
  uint64_t number = 0;
  return file >> number ? std::optional(number) : std::nullopt;
}

/// What the group in `folder` has left of its limit; nothing where it has none.
static std::optional<uint64_t> leftOf(const std::string &folder, const Dialect &dialect) {
  std::optional<uint64_t> limit = numberOf(folder + "/" + dialect.limit), usage = numberOf(folder + "/" + dialect.usage);
  if (!limit || !usage)
    return std::nullopt;
  uint64_t cache = 0;
  for (const char *name : {"inactive_file", "active_file"})
    cache += numberIn(folder + "/memory.stat", dialect.cachePrefix + std::string(name)).value_or(0);
  uint64_t used = *usage - std::min(cache, *usage);
  return *limit - std::min(used, *limit);
}

/// The least of what the group and those above it have left.
static std::optional<uint64_t> leftFrom(const std::string &root, std::string path, const Dialect &dialect) {
  std::optional<uint64_t> least;
  for (;;) {
    if (std::optional<uint64_t> left = leftOf(root + dialect.mount + path, dialect))
      least = std::min(left.value(), least.value_or(UINT64_MAX));
    size_t slash = path.rfind('/');
    if (path.empty() || slash == std::string::npos)
      return least;
    path.resize(slash);
  }
}

static bool hasWord(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == word)
      return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

static std::optional<uint64_t> leftOfCgroups(const std::string &root) {
  std::ifstream file(root + "/proc/self/cgroup");
  std::optional<uint64_t> least;
  auto note = [&](std::optional<uint64_t> left) {
    if (left)
      least = std::min(*left, least.value_or(UINT64_MAX));
  };
  std::string line;
  while (std::getline(file, line)) { // `4:memory:/path`
    size_t first = line.find(':'), second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos)
      continue;
    std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (path == "/")
      path.clear();
    if (hasWord(controllers, "memory"))
      note(leftFrom(root, path, version1));
    for (const Dialect &dialect : version2)
      if (controllers.empty())
        note(leftFrom(root, path, dialect));
  }
  return least;
}

std::optional<AvailableMemory> availableMemory(const std::string &root) {
  constexpr uint64_t kilo = 1024;
  std::string info = root + "/proc/meminfo";
  std::optional<uint64_t> machine = numberIn(info, "MemAvailable:");
  uint64_t swap = numberIn(info, "SwapFree:").value_or(0) * kilo;
  std::optional<uint64_t> group = leftOfCgroups(root);
  if (group && (!machine || *group < *machine * kilo))
    return AvailableMemory{*group + swap, true};
  return machine ? std::optional(AvailableMemory{*machine * kilo + swap, false}) : std::nullopt;
}

} // namespace skip
