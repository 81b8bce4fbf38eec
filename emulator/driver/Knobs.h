// What the environment says about the GPU that is emulated: docs/emulator.md lists the variables.
#pragma once

#include "emulator/Machine.h"
#include "runtime/cuda/DriverApi.h"

#include <functional>
#include <map>
#include <string>
#include <variant>

namespace skip::driver {

/// The n-th call of an entry point (from 1) answers with `result` and does nothing else.
struct Failure {
  uint64_t call = 1;
  cuda::Result result = cuda::Result::unknown;
};

enum class Leaks { report, fail };

struct Knobs {
  emulator::Architecture architecture;
  emulator::Settings settings;
  int driverVersion = 13000;
  int devices = 1;
  uint64_t memoryBytes = 0;
  std::multimap<std::string, Failure, std::less<>> failures; // by the name of the entry point
  std::string trace, report;                                 // files; empty: none
  Leaks leaks = Leaks::report;
};

/// `environment` is a list like environ's. An error names the variable, what it holds and what it may hold.
std::variant<Knobs, std::string> parseKnobs(const char *const *environment);

} // namespace skip::driver
