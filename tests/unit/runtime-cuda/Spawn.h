// Tests in a process of their own, with an emulator of their own.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace test {

struct Ended {
  int status;       // of exit, or 128 + N after signal N
  std::string text; // all that it wrote
};

/// Runs this program's (hidden) test case `name` with these variables set besides the environment's.
Ended runAlone(const std::string &name, const std::vector<std::pair<std::string, std::string>> &variables);

} // namespace test
