// Reading whole files, and those that cannot be.
#include "tests/unit/TemporaryFolder.h"
#include "tools/data/File.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace test;
using namespace skip::data;

TEST_CASE("files: numbers, fields and lines") {
  CHECK(parseCount("0", 5) == 0u);
  CHECK(parseCount("5", 5) == 5u);
  for (const char *text : {"6", "", " 1", "1 ", "-1", "+1", "0x1", "99999999999999999999999"})
    CHECK_FALSE(parseCount(text, 5));
  CHECK(splitTabs("a\t\tb") == std::vector<std::string>{"a", "", "b"});
  CHECK(splitTabs("") == std::vector<std::string>{""});
  TemporaryFolder folder;
  std::string error;
  CHECK(readLines(folder.write("a", "x\r\n\ny\n\n\r\n"), error) == std::vector<std::string>{"x", "", "y"});
  CHECK(readLines(folder.write("b", ""), error)->empty());
}

TEST_CASE("files: a pipe is read to its end") {
  TemporaryFolder folder;
  std::string path = folder.path("pipe"), text(300'000, 'p'), error;
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::ofstream(path) << text;
    _exit(0);
  }
  std::optional<std::vector<uint8_t>> bytes = readFile(path, error);
  waitpid(child, nullptr, 0);
  REQUIRE(bytes);
  CHECK(std::string(bytes->begin(), bytes->end()) == text);
}
