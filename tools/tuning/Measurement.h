// One measured time, and what it is the time of.
#pragma once

#include "ir/plan/cuda/Tuning.h"
#include "ir/plan/x86/Tuning.h"
#include "tools/tuning/Device.h"
#include "tools/tuning/ExportText.h"
#include "tools/tuning/GpuDevice.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace skip::tuning {

/// Of each target its own kind: all three of a measurement are of one.
using AnyDevice = std::variant<Device, GpuDevice>;
using Problem = std::variant<plan::ConvProblem, plan::CudaProblem>;
using Choice = std::variant<plan::ConvChoice, plan::CudaChoice>;

std::string textOf(const AnyDevice &device);
std::string problemText(const Problem &problem);
std::string choiceText(const Choice &choice);
/// Nothing unless the text is one of some target's.
std::optional<AnyDevice> parseDevice(std::string_view text);
std::optional<Problem> parseProblem(std::string_view text);
std::optional<Choice> parseChoice(std::string_view text);

/// Of one kind; infinite between the kinds.
double distance(const AnyDevice &a, const AnyDevice &b);

struct Measurement {
  AnyDevice device;
  std::string compiler; ///< compilerVersion() of the compiler whose code was measured
  Problem problem;
  Choice choice;
  int64_t threads = 1;
  int64_t nanoseconds = 1; ///< of several runs (Placements.h)
  int64_t runs = 1;        ///< each with memory of its own, after some that were warm-up
  int64_t noise = 0;       ///< nanoseconds by which that may be off; 0: not known

  bool operator==(const Measurement &) const = default;
};

MeasurementText textOf(const Measurement &measurement);

/// Whether threads, nanoseconds, runs and noise are numbers that a measurement can have.
bool numbersAreSane(const MeasurementText &text);

/// Nothing unless every part is well-formed, all are of one target, and the choice is legal for the problem.
std::optional<Measurement> parse(const MeasurementText &text);

/// What kernels depend on besides their schedules: the versions of Skip, of its kernels (plan::kernelRevision) and of LLVM.
std::string compilerVersion();

/// Whether the problem's weights are so large that placing them is what takes time: few runs must do.
bool isHeavy(const plan::ConvProblem &problem);

/// A search is finished when the fastest choice has so many runs.
int64_t settledRuns(const Problem &problem);

} // namespace skip::tuning
