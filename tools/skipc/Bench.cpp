// `skipc bench`: how fast a model runs, and with --steps where the time goes.
#include "tools/compile/Ports.h"
#include "tools/compile/Targets.h"
#include "tools/running/RandomInput.h"
#include "tools/running/Session.h"
#include "tools/skipc/BenchTraining.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/Measurement.h"
#include "tools/skipc/OpenWeights.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"

#include <algorithm>

using namespace skip;
using tool::Options;

llvm::Error tool::bench(const Options &options) {
  if (!options.train && !options.settings.empty())
    return badInput("--set changes how a model is trained: give --train too");
  if (options.batches.size() > 1)
    return badInput("bench measures one batch size; run it once for each");
  if (options.train)
    return benchTraining(options);
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
  BenchRun run = [&] { return (*runner)->run(result.batch, input.inputs(), input.outputs()); };
  if (llvm::Error error = measure(run, options.seconds, result.seconds))
    return error;
  std::sort(result.seconds.begin(), result.seconds.end());
  if (options.steps) {
    auto observe = [&](RunningBody::Observer observer) { return (*runner)->observe(std::move(observer)); };
    result.steps = describeSteps(modelOf(compilation.module()), result.batch);
    if (llvm::Error error = measureSteps(observe, run, options.seconds, bodies->back(), result))
      return error;
  }
  printMeasurement(result, options.json, widthOfTables(options));
  return llvm::Error::success();
}
