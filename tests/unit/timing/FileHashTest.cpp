// The hash of files: its published values, and what is none.
#include "tools/tuning/FileHash.h"

#include "tests/unit/TemporaryFolder.h"

#include <catch2/catch.hpp>

using namespace skip;

TEST_CASE("hash of a file") {
  test::TemporaryFolder folder;
  auto hashOf = [&](const std::string &bytes) { return tuning::hashOfFile(folder.write("file", bytes)); };
  CHECK(hashOf("") == "cbf29ce484222325");
  CHECK(hashOf("foobar") == "85944171f73967e8");
  CHECK(hashOf(std::string(5000, '\0')) != hashOf(std::string(5001, '\0'))); // of several reads
  CHECK(tuning::isHashText(*hashOf("a")));
  CHECK_FALSE(tuning::hashOfFile(folder.path("none")));
}
