// `skipc bench`: how fast a model runs, and with --steps where the time goes.
#include "ir/graph/Graph.h"
#include "ir/plan/Plan.h"
#include "tools/compile/Ports.h"
#include "tools/compile/Targets.h"
#include "tools/running/RandomInput.h"
#include "tools/running/Session.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/OpenWeights.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/text/PlanText.h"
#include "tools/text/Table.h"
#include "tools/tuning/Peak.h"

#include "llvm/Support/JSON.h"

#include <algorithm>
#include <chrono>

using namespace skip;
using tool::Options;

namespace {
/// One step of the plan and what was measured of it.
struct StepTime {
  std::string name, operations, kernel;
  double flops = 0, bytes = 0; ///< of all images
  std::vector<double> seconds; ///< of each repetition
  double median = 0, roofline = 0;
  bool boundByMemory = false;
};

struct Measurement {
  int64_t batch = 1;
  std::string isa;
  int32_t threads = 1;         // 0: the target has no use for them
  std::vector<double> seconds; ///< of each repetition, ascending
  std::vector<StepTime> steps;
  double peakFlops = 0;

  double median() const { return seconds[seconds.size() / 2]; }
};
} // namespace

static double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Runs for about `budget` seconds, at least 5 times, after a warm-up of a tenth of that.
static llvm::Error measure(const std::function<llvm::Error()> &run, double budget, std::vector<double> &seconds) {
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

static std::vector<StepTime> describeSteps(mlir::func::FuncOp variant, int64_t batch) {
  std::vector<StepTime> steps;
  for (auto kernel : variant.getOps<plan::KernelOp>()) {
    StepTime &step = steps.emplace_back();
    step.name = graph::valueName(kernel.getLoc()).str();
    step.operations = tool::operationsText(kernel);
    step.kernel = kernel.getKernel().value_or("").str();
    for (mlir::Operation &op : kernel.getBody().front())
      if (auto costed = llvm::dyn_cast<graph::Costed>(op))
        step.flops += 2.0 * static_cast<double>(costed.multiplyAdds() * batch);
    double turns = static_cast<double>(batch) / static_cast<double>(kernel.getImages().value_or(batch));
    for (auto slot : kernel.getSlotsAttr().getAsRange<plan::SlotAttr>()) {
      bool holdsTurn = slot.getSegment() == plan::Segment::workspace && slot.getImageBytes() == 0;
      step.bytes += static_cast<double>(slot.getBytes()) * (holdsTurn ? turns : 1);
    }
  }
  return steps;
}

static llvm::Error measureSteps(tool::Runner &runner, const std::function<llvm::Error()> &run, double budget, tool::Body body,
                                Measurement &result) {
  bool counts = false; // not during the warm-up
  if (llvm::Error error = runner.observe([&](const skip_step_event &event) {
        if (!counts)
          return;
        std::vector<double> &seconds = result.steps[static_cast<size_t>(event.index)].seconds;
        if (event.first_image == 0)
          seconds.push_back(0);
        seconds.back() += event.seconds;
      }))
    return error;
  std::vector<double> ignored;
  if (llvm::Error error = run())
    return error;
  counts = true;
  if (llvm::Error error = measure(run, budget, ignored))
    return error;
  if (llvm::Error error = runner.observe({}))
    return error;
  tool::Peak peak = tool::Peak::measure(body, static_cast<unsigned>(result.threads));
  result.peakFlops = peak.flopsPerSecond;
  for (StepTime &step : result.steps) {
    step.median = median(step.seconds);
    step.roofline = peak.seconds(step.flops, step.bytes);
    step.boundByMemory = peak.boundByMemory(step.flops, step.bytes);
  }
  return llvm::Error::success();
}

static void printSteps(const Measurement &result) {
  constexpr auto right = tool::Table::Align::right;
  tool::Table table(
      {{"step"}, {"operations"}, {"us", right}, {"GFLOP/s", right}, {"roofline us", right}, {"of it", right}, {"bound by"}});
  auto row = [&](std::string name, std::string operations, double seconds, double flops, double roofline, std::string bound) {
    table.add({std::move(name), std::move(operations), tool::fixed(seconds * 1e6, 1), tool::fixed(flops / seconds * 1e-9, 1),
               tool::fixed(roofline * 1e6, 1), tool::fixed(100 * roofline / seconds, 0) + " %", std::move(bound)});
  };
  double seconds = 0, flops = 0, roofline = 0;
  for (const StepTime &step : result.steps) {
    row(step.name, step.operations, step.median, step.flops, step.roofline, step.boundByMemory ? "memory" : "arithmetic");
    seconds += step.median;
    flops += step.flops;
    roofline += step.roofline;
  }
  row("total", "", seconds, flops, roofline, "");
  table.print(llvm::outs());
  llvm::outs() << "\nmeasured peak " << tool::fixed(result.peakFlops * 1e-9, 1) << " GFLOP/s\n\n";
}

static void printText(const Measurement &result) {
  if (!result.steps.empty())
    printSteps(result);
  double perSecond = static_cast<double>(result.batch) / result.median();
  std::string threads = result.threads ? std::to_string(result.threads) + " threads, " : "";
  llvm::outs() << "batch " << result.batch << ", " << threads << result.isa << ": median "
               << tool::fixed(result.median() * 1e3, 3) << " ms, min " << tool::fixed(result.seconds.front() * 1e3, 3)
               << " ms, " << tool::fixed(perSecond, 1) << " images/s (" << result.seconds.size() << " runs)\n";
}

static void printJson(const Measurement &result) {
  llvm::json::OStream json(llvm::outs(), 1);
  json.object([&] {
    json.attribute("median_ms", result.median() * 1e3);
    json.attribute("min_ms", result.seconds.front() * 1e3);
    json.attribute("images_per_second", static_cast<double>(result.batch) / result.median());
    json.attribute("batch", result.batch);
    if (result.threads)
      json.attribute("threads", result.threads);
    json.attribute("isa", result.isa);
    json.attribute("runs", static_cast<int64_t>(result.seconds.size()));
    if (result.steps.empty())
      return;
    json.attribute("peak_gflops", result.peakFlops * 1e-9);
    json.attributeArray("steps", [&] {
      for (const StepTime &step : result.steps)
        json.object([&] {
          json.attribute("name", step.name);
          json.attribute("operations", step.operations);
          json.attribute("kernel", step.kernel);
          json.attribute("ms", step.median * 1e3);
          json.attribute("roofline_ms", step.roofline * 1e3);
          json.attribute("flops", step.flops);
          json.attribute("bytes", step.bytes);
          json.attribute("bound_by", step.boundByMemory ? "memory" : "arithmetic");
        });
    });
  });
  llvm::outs() << "\n";
}

llvm::Error tool::bench(const Options &options) {
  if (options.batches.size() > 1)
    return badInput("bench measures one batch size; run it once for each");
  Measurement result;
  result.batch = options.batches.empty() ? 1 : options.batches.front();
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  mlir::func::FuncOp model = modelOf(compilation.module()); // before any pass
  Ports ports = describePorts(model);
  llvm::Expected<WeightsSource> weights = openWeights(options, compilation, "random:1");
  if (!weights)
    return weights.takeError();
  llvm::Expected<std::vector<Body>> bodies = preferredBody(options);
  if (!bodies)
    return bodies.takeError();
  if (options.steps && bodies->empty())
    return badInput("--steps compares each step with what this machine's CPU can do, and the target is no CPU");
  llvm::Expected<Session> session = Session::start(compilation, {"", {result.batch}, *bodies}, *weights);
  if (!session)
    return session.takeError();
  llvm::Expected<std::unique_ptr<Runner>> runner = session->runner(options.threads);
  if (!runner)
    return runner.takeError();
  result.isa = (*runner)->isa().str();
  result.threads = bodies->empty() ? 0 : (*runner)->threads();

  RandomInput input(ports, result.batch, options.seed);
  auto run = [&] { return (*runner)->run(result.batch, input.inputs(), input.outputs()); };
  if (llvm::Error error = measure(run, options.seconds, result.seconds))
    return error;
  std::sort(result.seconds.begin(), result.seconds.end());
  if (options.steps) {
    result.steps = describeSteps(modelOf(compilation.module()), result.batch);
    if (llvm::Error error = measureSteps(**runner, run, options.seconds, bodies->back(), result))
      return error;
  }
  options.json ? printJson(result) : printText(result);
  return llvm::Error::success();
}
