// What `skipc bench` measures, of inference and of training.
#pragma once

#include "tools/skipc/Options.h"
#include "tools/training/Trainer.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <functional>
#include <optional>

namespace skip::tool {

/// One step of the plan and what was measured of it.
struct StepTime {
  std::string name, layer, operations, kernel;
  double flops = 0, bytes = 0; ///< of all images
  std::vector<double> seconds; ///< of each repetition
  double median = 0, roofline = 0;
  bool boundByMemory = false;
};

/// What only a step of training has.
struct TrainingTimes {
  int64_t groups = 1;
  Trainer::Bytes bytes;
  std::vector<double> update; ///< seconds of each repetition

  size_t peakBytes() const { return bytes.state + bytes.workspace + bytes.input; }
};

struct Measurement {
  int64_t batch = 1;
  std::string isa;
  int32_t threads = 1;         // 0: the target has no use for them
  std::vector<double> seconds; ///< of each repetition, ascending
  std::vector<StepTime> steps;
  double peakFlops = 0;
  std::optional<TrainingTimes> training;
};

/// What is measured: one run of all images.
using BenchRun = std::function<llvm::Error()>;
using BenchObserve = std::function<llvm::Error(std::function<void(const skip_step_event &)>)>;

double median(std::vector<double> values);
/// Of times that ascend: what so large a share of them does not exceed, 0.9 nine tenths.
double percentile(const std::vector<double> &ascending, double share);

/// Runs for about `budget` seconds, at least 5 times, after a warm-up of a tenth of that.
llvm::Error measure(const BenchRun &run, double budget, std::vector<double> &seconds);

/// Of a plan's function, for runs of `images` images each.
llvm::Expected<std::vector<StepTime>> describeSteps(mlir::func::FuncOp variant, int64_t images);

/// Times of `result.steps`, and their rooflines on `body`.
llvm::Error measureSteps(const BenchObserve &observe, const BenchRun &run, double budget, Body body, Measurement &result);

/// Of one model, for several numbers of images.
struct BenchReport {
  std::string model;
  std::vector<Measurement> measurements; ///< by batch, ascending; not empty
};

/// As the options say: a line, or a table of several with bars, or JSON; and a picture for --svg.
llvm::Error printReport(const BenchReport &report, const Options &options);

} // namespace skip::tool
