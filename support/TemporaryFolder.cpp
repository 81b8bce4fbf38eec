// A folder below the system's temporary one, removed with what it holds.
#include "support/TemporaryFolder.h"

#include "support/SystemError.h"
#include "support/Temporaries.h"

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace skip {

bool TemporaryFolder::create(std::string &error) {
  static std::atomic<unsigned> counter{0};
  const char *given = std::getenv("TMPDIR");
  std::string parent = given && *given ? given : "/tmp";
  for (int code = EEXIST; code == EEXIST;) { // Another process had this one's id before and was killed.
    std::string path = parent + "/skip-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    if (path.size() + 256 >= PATH_MAX) {
      error = describeSystemError("make a folder in", parent, ENAMETOOLONG);
      return false;
    }
    void *entered = enterTemporary(path);
    if (::mkdir(path.c_str(), 0700) == 0) {
      folder = path;
      registration = entered;
      return true;
    }
    code = errno;
    leaveTemporary(entered);
    if (code != EEXIST)
      error = describeSystemError("make a folder in", parent, code);
  }
  return false;
}

TemporaryFolder::~TemporaryFolder() {
  if (!registration)
    return;
  std::error_code ignored; // Nobody is left to tell.
  std::filesystem::remove_all(folder, ignored);
  leaveTemporary(registration);
}

} // namespace skip
