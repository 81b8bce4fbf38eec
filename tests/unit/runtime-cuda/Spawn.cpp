#include "tests/unit/runtime-cuda/Spawn.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace test {

[[noreturn]] static void become(const std::string &name, const std::vector<std::pair<std::string, std::string>> &variables,
                                int to) {
  for (const auto &[variable, value] : variables)
    setenv(variable.c_str(), value.c_str(), 1);
  dup2(to, 1);
  dup2(to, 2);
  execl("/proc/self/exe", "skip-runtime-cuda-tests", name.c_str(), static_cast<char *>(nullptr));
  _exit(127);
}

Ended runAlone(const std::string &name, const std::vector<std::pair<std::string, std::string>> &variables) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0)
    become(name, variables, ends[1]);
  close(ends[1]);
  Ended ended{0, {}};
  char buffer[4096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;)
    ended.text.append(buffer, static_cast<size_t>(count));
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended;
}

} // namespace test
