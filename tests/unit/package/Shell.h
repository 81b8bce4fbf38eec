// Running programs and reading files, for tests that use what was built as a user would.
#pragma once

#include <string>
#include <vector>

namespace test {

struct Outcome {
  int status = 0;     // 128 + N for signal N
  std::string output; // stdout and stderr
};

/// Runs a program found in PATH.
Outcome execute(const std::vector<std::string> &command, const std::string &input = "");

/// The output of a program that must succeed.
std::string shell(const std::vector<std::string> &command, const std::string &input = "");

/// All bytes of a file, which must exist.
std::string readAll(const std::string &path);

/// The sorted names in a folder, hidden ones included.
std::vector<std::string> namesIn(const std::string &folder);

} // namespace test
