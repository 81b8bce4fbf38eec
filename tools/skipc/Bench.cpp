// `skipc bench`: how fast a model runs, and with --steps where the time goes.
#include "ir/plan/Plan.h"
#include "tools/compile/Ports.h"
#include "tools/compile/Targets.h"
#include "tools/data/Progress.h"
#include "tools/running/RandomInput.h"
#include "tools/running/Session.h"
#include "tools/skipc/BenchTraining.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/Measurement.h"
#include "tools/skipc/OpenWeights.h"
#include "tools/skipc/Overwriting.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"

#include <algorithm>

using namespace skip;
using tool::Measurement;
using tool::Options;

/// The variant that a run of so many images takes: that of the least bound which has room for them.
static mlir::func::FuncOp variantFor(mlir::ModuleOp module, int64_t images) {
  mlir::func::FuncOp found;
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (auto bound = function->getAttrOfType<mlir::IntegerAttr>(plan::batchAttr); bound && bound.getInt() >= images && !found)
      found = function;
  return found;
}

/// The numbers of images to measure, ascending.
static std::vector<int64_t> countsOf(const Options &options) {
  return options.counts.empty() ? tool::batchBounds(options, {1}) : options.counts;
}

static llvm::Error checkUsage(const Options &options) {
  if (!options.train && !options.settings.empty())
    return tool::badInput("--set changes how a model is trained", "give --train too");
  if (options.train && countsOf(options).size() > 1)
    return tool::badInput("--train measures one batch size", "run it once for each");
  if (options.train && !options.batches.empty() && tool::isSet(options, "batch"))
    return tool::badInput("--batch and --set batch=... both say how many images a step has: give one of them");
  if (options.steps && options.counts != std::vector<int64_t>() && countsOf(options) != tool::batchBounds(options, {1}))
    return tool::badInput("--steps tells of runs that the library is built for, not of those of a range",
                          "give --batch N[,N...]");
  return tool::refuseOverwriting(options, "--svg", options.svg);
}

/// One row of the report.
static llvm::Expected<Measurement> measureRuns(const Options &options, tool::Compilation &compilation, tool::Runner &runner,
                                               const tool::Ports &ports, llvm::ArrayRef<tool::Body> bodies, int64_t images) {
  Measurement result;
  result.batch = images;
  result.isa = runner.isa().str();
  result.threads = bodies.empty() ? 0 : runner.threads();
  tool::RandomInput input(ports, images, options.seed);
  tool::BenchRun run = [&] { return runner.run(images, input.inputs(), input.outputs()); };
  if (llvm::Error error = tool::measure(run, options.seconds, result.seconds))
    return error;
  std::sort(result.seconds.begin(), result.seconds.end());
  if (!options.steps)
    return result;
  auto observe = [&](tool::RunningBody::Observer observer) { return runner.observe(std::move(observer)); };
  llvm::Expected<std::vector<tool::StepTime>> steps = tool::describeSteps(variantFor(compilation.module(), images), images);
  if (!steps)
    return steps.takeError();
  result.steps = std::move(*steps);
  if (llvm::Error error = tool::measureSteps(observe, run, options.seconds, bodies.back(), result))
    return error;
  return result;
}

llvm::Error tool::bench(const Options &options) {
  if (llvm::Error error = checkUsage(options))
    return error;
  if (options.train)
    return benchTraining(options);
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  Ports ports = describePorts(modelOf(compilation.module())); // before any pass
  llvm::Expected<WeightsSource> weights = openWeights(options, compilation, "random:1");
  if (!weights)
    return weights.takeError();
  llvm::Expected<std::vector<Body>> bodies = preferredBody(options);
  if (!bodies)
    return bodies.takeError();
  if (options.steps && bodies->empty())
    return badInput("--steps compares each step with what this machine's CPU can do, and the target is no CPU");
  llvm::Expected<Session> session = Session::start(compilation, {"", batchBounds(options, {1}), *bodies}, *weights);
  if (!session)
    return session.takeError();
  llvm::Expected<std::unique_ptr<Runner>> runner = session->runner(options.threads, {}, options.steps);
  if (!runner)
    return runner.takeError();
  BenchReport report{compilation.libraryName(), {}};
  std::vector<int64_t> counts = countsOf(options);
  data::Progress progress(counts.size(), "measuring");
  for (int64_t images : counts) {
    llvm::Expected<Measurement> result = measureRuns(options, compilation, **runner, ports, *bodies, images);
    if (!result)
      return result.takeError();
    report.measurements.push_back(std::move(*result));
    progress.advance();
  }
  return printReport(report, options);
}
