// Files appear whole or not at all.
#include "support/AtomicFile.h"
#include "support/Temporaries.h"
#include "tests/unit/TemporaryFolder.h"

#include <catch2/catch.hpp>

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace test;
using namespace skip;
using Catch::Contains;
namespace fs = std::filesystem;

static std::string contents(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

static size_t filesIn(const TemporaryFolder &folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder.path("")), fs::directory_iterator()));
}

TEST_CASE("atomic file: nothing is at the target before the commit") {
  TemporaryFolder folder;
  std::string path = folder.path("a"), error;
  AtomicFile file;
  REQUIRE(file.open(path, error));
  REQUIRE(file.write("12", 2, error));
  CHECK_FALSE(fs::exists(path));
  CHECK(fs::path(file.temporaryPath()).parent_path() == fs::path(path).parent_path());
  REQUIRE(file.write("3", 1, error));
  REQUIRE(file.commit(error));
  CHECK(contents(path) == "123");
  CHECK(filesIn(folder) == 1);
}

TEST_CASE("atomic file: without a commit what was there stays, and nothing else") {
  TemporaryFolder folder;
  std::string path = folder.write("a", "old"), error;
  {
    AtomicFile file;
    REQUIRE(file.open(path, error));
    REQUIRE(file.write("new", 3, error));
  }
  CHECK(contents(path) == "old");
  CHECK(filesIn(folder) == 1);
  REQUIRE(writeFileAtomically(path, std::string("new"), error));
  CHECK(contents(path) == "new");
  CHECK(filesIn(folder) == 1);
}

TEST_CASE("atomic file: several files appear together, or their owner finds out before any does") {
  TemporaryFolder folder;
  std::string error;
  AtomicFile first, second;
  REQUIRE(first.open(folder.path("a"), error));
  REQUIRE(second.open(folder.path("b"), error));
  REQUIRE(first.write("1", 1, error));
  REQUIRE(second.write("2", 1, error));
  REQUIRE(first.flush(error));
  REQUIRE(second.flush(error));
  CHECK_FALSE(fs::exists(folder.path("a")));
  REQUIRE(first.rename(error));
  REQUIRE(second.rename(error));
  CHECK(contents(folder.path("a")) == "1");
  CHECK(contents(folder.path("b")) == "2");
  CHECK(filesIn(folder) == 2);
}

TEST_CASE("atomic file: the mode is cut down by the umask") {
  TemporaryFolder folder;
  std::string error;
  mode_t before = umask(027);
  AtomicFile file;
  REQUIRE(file.open(folder.path("run"), error, 0777));
  REQUIRE(file.commit(error));
  umask(before);
  struct stat info{};
  REQUIRE(stat(folder.path("run").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0750);
}

TEST_CASE("atomic file: a link stays a link") {
  TemporaryFolder folder;
  std::string error;
  folder.write("real/a", "old");
  fs::create_symlink("real/a", folder.path("link"));
  REQUIRE(writeFileAtomically(folder.path("link"), std::string("new"), error));
  CHECK(fs::is_symlink(folder.path("link")));
  CHECK(contents(folder.path("real/a")) == "new");
}

TEST_CASE("atomic file: what is no regular file is written directly") {
  std::string error;
  CHECK(writeFileAtomically("/dev/null", std::string("x"), error));
  CHECK(fs::is_character_file("/dev/null"));
  CHECK_FALSE(writeFileAtomically("/dev/full", std::string("x"), error));
  CHECK_THAT(error, Contains("cannot write `/dev/full`: no space left on device; free some space"));
}

namespace {
/// While it lives, permissions count even for root.
struct AsNobody {
  AsNobody() {
    if (root)
      REQUIRE(seteuid(65534) == 0);
  }
  ~AsNobody() {
    if (root) [[maybe_unused]]
      int back = seteuid(0);
  }
  const bool root = geteuid() == 0;
};
} // namespace

TEST_CASE("atomic file: a read-only folder is said to be one, and left as it is") {
  TemporaryFolder folder;
  std::string path = folder.write("a", "old"), error;
  REQUIRE(chmod(folder.path("").c_str(), 0555) == 0);
  bool written;
  {
    AsNobody nobody;
    written = writeFileAtomically(path, std::string("new"), error);
  }
  chmod(folder.path("").c_str(), 0755);
  CHECK_FALSE(written);
  CHECK(error == "cannot write `" + path + "`: permission denied; check the permissions of the file and of its folder");
  CHECK(contents(path) == "old");
  CHECK(filesIn(folder) == 1);
}

TEST_CASE("atomic file: targets that cannot be are named") {
  TemporaryFolder folder;
  folder.write("a", "");
  std::string error;
  CHECK_FALSE(writeFileAtomically(folder.path("no/b"), std::string("x"), error));
  CHECK_THAT(error, Contains("no/b`: no such file or directory; check the path"));
  CHECK_FALSE(writeFileAtomically(folder.path("a/b"), std::string("x"), error));
  CHECK_THAT(error, Contains("a part of the path before the last is not a folder"));
  CHECK_FALSE(writeFileAtomically(folder.path(""), std::string("x"), error));
  CHECK_THAT(error, Contains("is a directory"));
  CHECK_FALSE(writeFileAtomically("", std::string("x"), error));
  CHECK_FALSE(writeFileAtomically(std::string(5000, 'a'), std::string("x"), error));
  CHECK_THAT(error, Contains("file name too long"));
}

TEST_CASE("atomic file: a disk that fills up leaves what was there") {
  TemporaryFolder folder;
  std::string path = folder.write("a", "old"), error;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small{1000, before.rlim_max};
  auto *handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  bool written = writeFileAtomically(path, std::string(5000, 'x'), error);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK_FALSE(written);
  CHECK_THAT(error, Contains("file too large"));
  CHECK(contents(path) == "old");
  CHECK(filesIn(folder) == 1);
}

TEST_CASE("atomic file: a signal removes what is unfinished") {
  for (int signal : {SIGINT, SIGTERM}) {
    TemporaryFolder folder;
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) { // no Catch macros here: the parent judges by the exit code
      std::signal(signal, SIG_DFL);
      std::string error;
      AtomicFile first, second;
      removeTemporariesOnSignal();
      bool open = first.open(folder.path("a"), error) && second.open(folder.path("b"), error) && first.commit(error);
      raise(open ? signal : SIGKILL);
      _exit(1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 128 + signal);
    CHECK(fs::exists(folder.path("a")));
    CHECK(filesIn(folder) == 1);
  }
}

TEST_CASE("atomic file: what killed processes left behind is removed, what is being written stays") {
  TemporaryFolder folder;
  std::string error;
  AtomicFile open;
  REQUIRE(open.open(folder.path("a"), error));
  for (const char *name : {".a.tmp-99999999-0", ".a.tmp-99999999-7", ".b.tmp-99999999-0", ".a.tmp-x", "a"})
    folder.write(name, "left");
  removeLeftovers(folder.path("a"));
  CHECK_FALSE(fs::exists(folder.path(".a.tmp-99999999-0")));
  CHECK_FALSE(fs::exists(folder.path(".a.tmp-99999999-7")));
  CHECK(fs::exists(open.temporaryPath()));
  CHECK(filesIn(folder) == 4);
  removeLeftovers(folder.path("nowhere/a"));
}
