// The library as programs meet it: opened by name, told by the environment, in a process of its own (program/saxpy.c).
#include "tests/unit/TemporaryFolder.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <dlfcn.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {
struct Run {
  int status = -1;
  std::string output; // both streams
};
} // namespace

/// `variables` are NAME=VALUE without the prefix, between blanks.
static Run run(const std::string &variables, const std::string &mode = "run") {
  std::string environment;
  std::istringstream each(variables);
  for (std::string variable; each >> variable;)
    environment += "SKIP_EMULATOR_" + variable + " ";
  std::string command = "env " + environment + SAXPY_PROGRAM + " " + EMULATOR_LIBRARY + " " + mode + " 2>&1";
  std::FILE *pipe = popen(command.c_str(), "r");
  REQUIRE(pipe);
  Run result;
  char buffer[4096];
  while (size_t count = std::fread(buffer, 1, sizeof buffer, pipe))
    result.output.append(buffer, count);
  int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

static std::vector<std::string> lines(const std::string &path) {
  std::ifstream file(path);
  std::vector<std::string> found;
  for (std::string line; std::getline(file, line);)
    found.push_back(line);
  return found;
}

TEST_CASE("program: it runs on each architecture, in each mode of completion, with any seed") {
  for (const char *variables :
       {"ARCH=sm_80", "ARCH=sm_86", "ARCH=sm_89", "ARCH=sm_90", "ARCH=sm_90a", "COMPLETION=eager", "COMPLETION=lazy", "SEED=2",
        "SEED=3", "SEED=4", "CHECKS=off", "DRIVER_VERSION=12000", "LEAKS=fail", "DEVICES=3"}) {
    INFO(variables);
    Run result = run(variables);
    INFO(result.output);
    CHECK(result.status == 0);
    CHECK(result.output.empty());
  }
}

TEST_CASE("program: a wrong variable is told, and nothing runs") {
  Run result = run("ARCH=sm_20");
  CHECK(result.status == 1);
  CHECK_THAT(result.output, Catch::Matchers::Contains("skip-emulator: SKIP_EMULATOR_ARCH is `sm_20`"));
  CHECK_THAT(result.output, Catch::Matchers::Contains("cuInit: CUDA_ERROR_SYSTEM_NOT_READY"));
  CHECK_THAT(run("TRACE=/no/such/folder/file").output, Catch::Matchers::Contains("which cannot be written: No such file"));
  CHECK_THAT(run("DEVICES=0").output, Catch::Matchers::Contains("cuInit: CUDA_ERROR_NO_DEVICE"));
}

TEST_CASE("program: leaks are told at the end, and decide the status if they are to") {
  Run told = run("", "leak");
  CHECK(told.status == 0);
  for (const char *part : {"leak: 4000 bytes of device memory at 0x", "leak: 4000 bytes of pinned memory at 0x",
                           "leak: 1 stream was not destroyed", "leak: 1 executable graph was not destroyed",
                           "leak: a primary context was not released", "leak: 1 library was not unloaded"})
    CHECK_THAT(told.output, Catch::Matchers::Contains(part));
  CHECK(run("LEAKS=fail", "leak").status == 86);
}

TEST_CASE("program: a fault is told with its place") {
  test::TemporaryFolder folder;
  Run result = run("REPORT=" + folder.path("report"), "fault");
  CHECK(result.status == 1);
  INFO(result.output);
  CHECK_THAT(result.output,
             Catch::Matchers::Contains("in kernel `saxpy`, block (") && Catch::Matchers::Contains("of its PTX (`"));
  CHECK_THAT(result.output, Catch::Matchers::Contains(": CUDA_ERROR_ILLEGAL_ADDRESS"));
  nlohmann::json fault;
  for (const std::string &line : lines(folder.path("report")))
    if (auto parsed = nlohmann::json::parse(line); parsed["event"] == "fault")
      fault = parsed;
  CHECK(fault["kernel"] == "saxpy");
  CHECK(fault["line"] > 0);
}

TEST_CASE("program: the trace has each call, the report each kernel") {
  test::TemporaryFolder folder;
  Run result = run("TRACE=" + folder.path("trace") + " REPORT=" + folder.path("report"));
  REQUIRE(result.status == 0);
  std::vector<std::string> trace = lines(folder.path("trace"));
  REQUIRE(trace.size() > 20);
  CHECK_THAT(trace[0], Catch::Matchers::StartsWith("cuGetProcAddress(\"cuGetErrorName\", 0x"));
  size_t allocations = 0;
  for (const std::string &line : trace) {
    CHECK_THAT(line, Catch::Matchers::EndsWith(" = CUDA_SUCCESS"));
    allocations += line.starts_with("cuMemAlloc(0x") && line.find(" = 0x") != line.npos && line.find(", 4000)") != line.npos;
  }
  CHECK(allocations == 2);
  size_t kernels = 0;
  for (const std::string &line : lines(folder.path("report"))) {
    auto event = nlohmann::json::parse(line);
    if (event["event"] != "kernel")
      continue;
    ++kernels;
    CHECK(event["kernel"] == "saxpy");
    CHECK(event["grid"] == nlohmann::json::array({8, 1, 1}));
    CHECK(event["global_read_bytes"] == 8000);
    CHECK(event["global_write_bytes"] == 4000);
    CHECK(event["warp_instructions"] > 8 * 4 * 10);
  }
  CHECK(kernels == 5);
}

TEST_CASE("program: every call that it makes may fail, and it says which") {
  test::TemporaryFolder folder;
  REQUIRE(run("TRACE=" + folder.path("trace")).status == 0);
  std::map<std::string, int> calls;
  for (const std::string &line : lines(folder.path("trace")))
    ++calls[line.substr(0, line.find('('))];
  CHECK(calls.size() > 20);
  for (auto &[name, count] : calls)
    for (int call = 1; call <= count; call += name == "cuGetProcAddress" ? 7 : 1) {
      Run result = run("FAIL=" + name + ":" + std::to_string(call) + ":CUDA_ERROR_ECC_UNCORRECTABLE");
      INFO(name << " " << call << "\n" << result.output);
      CHECK(result.status == (name == "cuGetErrorName" ? 0 : 1));
      if (name != "cuGetProcAddress" && name != "cuGetErrorName")
        CHECK_THAT(result.output, Catch::Matchers::Contains(name + ": CUDA_ERROR_ECC_UNCORRECTABLE"));
    }
}

TEST_CASE("program: the library exports the entry points and nothing else") {
  void *library = dlopen(EMULATOR_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library);
  CHECK(dlsym(library, "cuInit"));
  CHECK(dlsym(library, "cuMemAlloc_v2"));
  CHECK_FALSE(dlsym(library, "_ZN4skip6driver5stateEv"));
  CHECK_FALSE(dlsym(library, "_ZN4skip9printableB5cxx11ESt17basic_string_viewIcSt11char_traitsIcEE"));
  dlclose(library);
}
