// One measured time, and what it is the time of.
#pragma once

#include "ir/plan/x86/Tuning.h"
#include "tools/tuning/Device.h"

#include <string>
#include <vector>

namespace skip::tuning {

struct Measurement {
  Device device;
  std::string compiler; ///< compilerVersion() of the compiler whose code was measured
  plan::ConvProblem problem;
  plan::ConvChoice choice;
  int64_t threads = 1;
  int64_t nanoseconds = 1; ///< of several runs (Placements.h)
  int64_t runs = 1;        ///< each with memory of its own, after some that were warm-up
  int64_t noise = 0;       ///< nanoseconds by which that may be off; 0: not known

  bool operator==(const Measurement &) const = default;
};

/// A measurement as databases and exports hold it.
struct MeasurementText {
  std::string device, compiler, problem, choice;
  int64_t threads = 0, nanoseconds = 0, runs = 0, noise = 0;
};

MeasurementText textOf(const Measurement &measurement);

/// Whether threads, nanoseconds, runs and noise are numbers that a measurement can have.
bool numbersAreSane(const MeasurementText &text);

/// Nothing unless every part is well-formed and the choice is legal for the problem.
std::optional<Measurement> parse(const MeasurementText &text);

/// What kernels depend on besides their schedules: the versions of Skip, of its kernels (plan::kernelRevision) and of LLVM.
std::string compilerVersion();

/// Whether the problem's weights are so large that placing them is what takes time: few runs must do.
bool isHeavy(const plan::ConvProblem &problem);

/// A search is finished when the fastest choice has so many runs.
int64_t settledRuns(const plan::ConvProblem &problem);

} // namespace skip::tuning
