// The variables of the environment, and what is said of wrong ones.
#include "emulator/driver/Knobs.h"

#include <catch2/catch.hpp>

using namespace skip::driver;
using skip::cuda::Result;

static std::variant<Knobs, std::string> parse(std::vector<const char *> lines) {
  lines.push_back(nullptr);
  return parseKnobs(lines.data());
}
static Knobs good(std::vector<const char *> lines) {
  auto parsed = parse(std::move(lines));
  if (auto *error = std::get_if<std::string>(&parsed))
    FAIL(*error);
  return std::get<Knobs>(parsed);
}

TEST_CASE("knobs: without variables it is an sm_80 with all checks") {
  Knobs knobs = good({"PATH=/bin", "SKIP_OTHER=1"});
  CHECK(knobs.architecture.name == "sm_80");
  CHECK(knobs.settings.completion == skip::emulator::Completion::mixed);
  CHECK(knobs.settings.checks);
  CHECK(knobs.devices == 1);
  CHECK(knobs.memoryBytes == knobs.architecture.memoryBytes);
  CHECK(knobs.failures.empty());
  CHECK(knobs.leaks == Leaks::report);
}

TEST_CASE("knobs: each variable is taken") {
  Knobs knobs =
      good({"SKIP_EMULATOR_ARCH=sm_90a", "SKIP_EMULATOR_SEED=18446744073709551615", "SKIP_EMULATOR_COMPLETION=lazy",
            "SKIP_EMULATOR_CHECKS=off", "SKIP_EMULATOR_LIMIT=1000", "SKIP_EMULATOR_DRIVER_VERSION=12080",
            "SKIP_EMULATOR_DEVICES=2", "SKIP_EMULATOR_MEMORY=1048576", "SKIP_EMULATOR_TRACE=a", "SKIP_EMULATOR_REPORT=b",
            "SKIP_EMULATOR_LEAKS=fail", "SKIP_EMULATOR_FAIL=cuMemAlloc:3,cuLaunchKernelEx:1:CUDA_ERROR_ILLEGAL_ADDRESS"});
  CHECK(knobs.architecture.name == "sm_90a");
  CHECK(knobs.settings.seed == UINT64_MAX);
  CHECK(knobs.settings.completion == skip::emulator::Completion::lazy);
  CHECK_FALSE(knobs.settings.checks);
  CHECK(knobs.settings.maxWarpInstructions == 1000);
  CHECK(knobs.driverVersion == 12080);
  CHECK(knobs.devices == 2);
  CHECK(knobs.memoryBytes == 1048576);
  CHECK(knobs.trace == "a");
  CHECK(knobs.report == "b");
  CHECK(knobs.leaks == Leaks::fail);
  REQUIRE(knobs.failures.size() == 2);
  CHECK(knobs.failures.find("cuMemAlloc")->second.call == 3);
  CHECK(knobs.failures.find("cuMemAlloc")->second.result == Result::outOfMemory);
  CHECK(knobs.failures.find("cuLaunchKernelEx")->second.result == Result::illegalAddress);
}

TEST_CASE("knobs: what is wrong is told with what it may be") {
  struct Case {
    const char *line, *part;
  };
  for (Case c : {
           Case{"SKIP_EMULATOR_ARCH=sm_70", "SKIP_EMULATOR_ARCH is `sm_70`; it may be sm_80, sm_86, sm_89, sm_90 or sm_90a"},
           {"SKIP_EMULATOR_SEED=", "it may be a number from 0"},
           {"SKIP_EMULATOR_SEED=1x", "SKIP_EMULATOR_SEED is `1x`"},
           {"SKIP_EMULATOR_SEED=-1", "SKIP_EMULATOR_SEED is `-1`"},
           {"SKIP_EMULATOR_COMPLETION=Eager", "it may be eager, lazy or mixed"},
           {"SKIP_EMULATOR_CHECKS=1", "it may be on or off"},
           {"SKIP_EMULATOR_DRIVER_VERSION=12.8", "as in 12080"},
           {"SKIP_EMULATOR_DRIVER_VERSION=9000", "from 11060 to 13990"},
           {"SKIP_EMULATOR_DEVICES=17", "from 0 to 16"},
           {"SKIP_EMULATOR_MEMORY=0", "a number from 1"},
           {"SKIP_EMULATOR_LEAKS=abort", "it may be report or fail"},
           {"SKIP_EMULATOR_TRACE=", "the name of a file"},
           {"SKIP_EMULATOR_FAIL=cuMemAlloc", "as in cuMemAlloc:3:CUDA_ERROR_OUT_OF_MEMORY"},
           {"SKIP_EMULATOR_FAIL=cuMemAlloc:0", "n counts from 1"},
           {"SKIP_EMULATOR_FAIL=cuMemAlloc:1,", "as in cuMemAlloc:3"},
           {"SKIP_EMULATOR_FAIL=cuNothing:1", "`cuNothing` is no entry point"},
           {"SKIP_EMULATOR_FAIL=cuMemAlloc:1:OOM", "`OOM` is no result"},
           {"SKIP_EMULATOR_SEDE=1", "SKIP_EMULATOR_SEDE is no variable of the emulator; there are SKIP_EMULATOR_ARCH,"},
           {"SKIP_EMULATOR_ARCH=\x1b[31m", "is `\\x1b[31m`"},
       }) {
    INFO(c.line);
    auto parsed = parse({c.line});
    REQUIRE(std::holds_alternative<std::string>(parsed));
    CHECK_THAT(std::get<std::string>(parsed), Catch::Matchers::Contains(c.part));
  }
}
