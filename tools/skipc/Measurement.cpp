// Runs are repeated and timed; with --steps an observer hears each step of the plan.
#include "tools/skipc/Measurement.h"

#include "ir/graph/Graph.h"
#include "ir/plan/Plan.h"
#include "tools/text/Failure.h"
#include "tools/text/PlanText.h"
#include "tools/tuning/Peak.h"

#include <algorithm>
#include <chrono>

using namespace skip;
using tool::StepTime;

double tool::median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double tool::percentile(const std::vector<double> &ascending, double share) {
  auto index = static_cast<size_t>(share * static_cast<double>(ascending.size()));
  return ascending[std::min(index, ascending.size() - 1)];
}

llvm::Error tool::measure(const BenchRun &run, double budget, std::vector<double> &seconds) {
  using Clock = std::chrono::steady_clock;
  auto since = [](Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); };
  for (Clock::time_point start = Clock::now(); since(start) < budget / 10;)
    if (llvm::Error error = run())
      return error;
  for (Clock::time_point start = Clock::now(); seconds.size() < 5 || since(start) < budget;) {
    Clock::time_point begin = Clock::now();
    if (llvm::Error error = run())
      return error;
    seconds.push_back(since(begin));
  }
  return llvm::Error::success();
}

/// Of what stands in a kernel without being a root: it is elementwise, or selects.
static bool multipliesNothing(mlir::Operation &op) {
  auto fusible = llvm::dyn_cast<graph::Fusible>(op);
  return fusible && (fusible.canBeEpilogue() || fusible.canBePrologue());
}

/// Of `images` images.
static llvm::Expected<double> flopsOf(plan::KernelOp kernel, int64_t images) {
  double flops = 0;
  for (mlir::Operation &op : kernel.getBody().front().without_terminator())
    if (auto costed = llvm::dyn_cast<graph::Costed>(op))
      flops += 2.0 * static_cast<double>(costed.multiplyAdds() * images);
    else if (!multipliesNothing(op))
      return tool::internalError("bench", "step `" + graph::valueName(kernel.getLoc()) + "`: what `" +
                                              op.getName().getStringRef() + "` multiplies is not known");
  return flops;
}

llvm::Expected<std::vector<StepTime>> tool::describeSteps(mlir::func::FuncOp variant, int64_t images) {
  std::vector<StepTime> steps;
  for (auto kernel : variant.getOps<plan::KernelOp>()) {
    llvm::Expected<double> flops = flopsOf(kernel, images);
    if (!flops)
      return flops.takeError();
    StepTime &step = steps.emplace_back();
    step.name = graph::valueName(kernel.getLoc()).str();
    step.layer = tool::stepText(kernel);
    step.operations = tool::operationsText(kernel);
    step.kernel = kernel.getKernel().value_or("").str();
    step.flops = *flops;
    double turns = static_cast<double>(images) / static_cast<double>(kernel.getImages().value_or(images));
    for (auto slot : kernel.getSlotsAttr().getAsRange<plan::SlotAttr>()) {
      bool holdsTurn = slot.getSegment() == plan::Segment::workspace && slot.getImageBytes() == 0;
      step.bytes += static_cast<double>(slot.getBytes()) * (holdsTurn ? turns : 1);
    }
  }
  return steps;
}

llvm::Error tool::measureSteps(const BenchObserve &observe, const BenchRun &run, double budget, Body body,
                               Measurement &result) {
  llvm::Error error = observe(
      [&](const skip_step_event &event) { result.steps[static_cast<size_t>(event.index)].seconds.back() += event.seconds; });
  if (error)
    return error;
  auto observed = [&] {
    for (StepTime &step : result.steps)
      step.seconds.push_back(0);
    return run();
  };
  std::vector<double> ignored;
  if (llvm::Error failed = measure(observed, budget, ignored))
    return failed;
  if (llvm::Error failed = observe({}))
    return failed;
  Peak peak = Peak::measure(body, static_cast<unsigned>(result.threads));
  result.peakFlops = peak.flopsPerSecond;
  for (StepTime &step : result.steps) {
    step.median = median(step.seconds);
    step.roofline = peak.seconds(step.flops, step.bytes);
    step.boundByMemory = peak.boundByMemory(step.flops, step.bytes);
  }
  return llvm::Error::success();
}
