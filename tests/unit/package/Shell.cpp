// Runs commands and keeps what they print.
#include "tests/unit/package/Shell.h"

#include "tests/unit/TemporaryFolder.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace test {

static void becomeProgram(const std::vector<std::string> &command, const std::string &input, const std::string &output) {
  std::vector<char *> arguments;
  for (const std::string &argument : command)
    arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);
  int out = ::open(output.c_str(), O_WRONLY | O_CREAT, 0600);
  ::dup2(::open(input.c_str(), O_RDONLY), 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

Outcome execute(const std::vector<std::string> &command, const std::string &input) {
  TemporaryFolder folder;
  std::string in = folder.write("in", input), out = folder.path("out");
  pid_t child = ::fork();
  if (child == 0)
    becomeProgram(command, in, out);
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), readAll(out)};
}

std::string shell(const std::vector<std::string> &command, const std::string &input) {
  Outcome outcome = execute(command, input);
  if (outcome.status != 0) {
    std::string line;
    for (const std::string &word : command)
      line += word + " ";
    FAIL(line << "ended with " << outcome.status << ":\n" << outcome.output);
  }
  return outcome.output;
}

std::string readAll(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  INFO("reading " << path);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> namesIn(const std::string &folder) {
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace test
