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
#include <sys/statvfs.h>
#include <unistd.h>

namespace skip {

static std::string parentFolder() {
  const char *given = std::getenv("TMPDIR");
  return given && *given ? given : "/tmp";
}

bool TemporaryFolder::create(std::string &error) {
  static std::atomic<unsigned> counter{0};
  std::string parent = parentFolder();
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

bool TemporaryFolder::allowsPrograms(std::string &error) const {
  struct statvfs system{};
  if (::statvfs(folder.c_str(), &system) != 0 || !(system.f_flag & ST_NOEXEC))
    return true;
  error = "nothing can be run from the folder for temporary files, `" + parentFolder() +
          "`: it is mounted noexec; set TMPDIR to another folder";
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
