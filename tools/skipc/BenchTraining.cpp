// A step is measured on made-up images, at a rate of 0: the update computes all that it does at another rate, and the
// parameters stay what they are, however many steps are run.
#include "tools/skipc/BenchTraining.h"

#include "tools/compile/Ports.h"
#include "tools/compile/Targets.h"
#include "tools/running/RandomInput.h"
#include "tools/running/Session.h"
#include "tools/skipc/Measurement.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"

#include <algorithm>
#include <chrono>

using namespace skip;
using tool::Options;

namespace {
/// Steps of one trainer.
class Steps {
public:
  Steps(tool::Trainer &trainer, tool::RandomInput &input, tool::TrainingTimes &times)
      : trainer(trainer), input(input), times(times) {}

  llvm::Error run() {
    for (int64_t group = 0; group < times.groups; ++group) {
      auto *labels = reinterpret_cast<const int32_t *>(input.inputs().back());
      llvm::Expected<skip_training_result> result = trainer.gradients(input.inputs().front(), labels);
      if (!result)
        return result.takeError();
    }
    return update();
  }

private:
  llvm::Error update() {
    using Clock = std::chrono::steady_clock;
    Clock::time_point begin = Clock::now();
    llvm::Expected<std::string> gone = trainer.apply(0);
    if (!gone)
      return gone.takeError();
    times.update.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    return gone->empty() ? llvm::Error::success()
                         : tool::badInput("a step of training went wrong: " + *gone + " NaN or infinite; give other --weights");
  }

  tool::Trainer &trainer;
  tool::RandomInput &input;
  tool::TrainingTimes &times;
};
} // namespace

/// --batch as settings of the recipe; what --set says comes behind them.
static Options withBatch(Options options) {
  if (!options.batches.empty()) {
    std::string batch = "batch=" + std::to_string(options.batches.front());
    options.settings.insert(options.settings.begin(), {batch, "groups=1"});
  }
  return options;
}

static llvm::Expected<std::unique_ptr<tool::Trainer>> openTrainer(const loaded::LoadedModel &library,
                                                                  const frontend::Recipe &recipe,
                                                                  const tool::WeightsSource &weights, unsigned threads) {
  llvm::Expected<std::unique_ptr<tool::Trainer>> trainer =
      tool::Trainer::open(library, {recipe.batch / recipe.groups, recipe.groups, threads});
  if (!trainer)
    return trainer;
  if (llvm::Error error = (*trainer)->setNumbers(recipe))
    return error;
  llvm::ArrayRef<char> bytes(static_cast<const char *>(weights.data()), weights.size());
  if (llvm::Error error = (*trainer)->load(bytes, weights.path()))
    return error;
  return trainer;
}

/// The plan's one function, of whose runs a step has one a group.
static llvm::Expected<std::vector<tool::StepTime>> describeTraining(mlir::ModuleOp plan, int64_t images, int64_t groups) {
  llvm::Expected<std::vector<tool::StepTime>> steps = tool::describeSteps(*plan.getOps<mlir::func::FuncOp>().begin(), images);
  if (!steps)
    return steps.takeError();
  for (tool::StepTime &step : *steps) {
    step.flops *= static_cast<double>(groups);
    step.bytes *= static_cast<double>(groups);
  }
  return steps;
}

llvm::Error tool::benchTraining(const Options &given) {
  const Options options = withBatch(given);
  llvm::Expected<std::vector<Body>> bodies = preferredBody(options);
  if (!bodies)
    return bodies.takeError();
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  llvm::Expected<WeightsSource> weights =
      WeightsSource::open(options.weights.empty() ? "random:1" : options.weights, modelOf(compilation.module()));
  if (!weights)
    return weights.takeError();
  llvm::Expected<Session> session = Session::start(compilation, {"", {1}, *bodies}, *weights);
  if (!session)
    return session.takeError();
  const frontend::Recipe &recipe = *compilation.recipe();
  llvm::Expected<std::unique_ptr<Trainer>> trainer = openTrainer(session->model(), recipe, *weights, options.threads);
  if (!trainer)
    return trainer.takeError();

  Measurement result;
  result.batch = recipe.batch;
  result.isa = session->model().isa();
  result.threads = session->model().api().poolThreads((*trainer)->threads());
  result.training = {recipe.groups, (*trainer)->bytes(), {}};
  int64_t images = recipe.batch / recipe.groups;
  RandomInput input(describePorts(*compilation.training().getOps<mlir::func::FuncOp>().begin()), images, options.seed);
  Steps steps(**trainer, input, *result.training);
  BenchRun run = [&] { return steps.run(); };
  if (llvm::Error error = measure(run, options.seconds, result.seconds))
    return error;
  std::sort(result.seconds.begin(), result.seconds.end());
  if (options.steps) {
    auto observe = [&](Trainer::Observer observer) { return (*trainer)->observe(std::move(observer)); };
    llvm::Expected<std::vector<StepTime>> described = describeTraining(compilation.training(), images, recipe.groups);
    if (!described)
      return described.takeError();
    result.steps = std::move(*described);
    if (llvm::Error error = measureSteps(observe, run, options.seconds, bodies->back(), result))
      return error;
  }
  return printReport({compilation.libraryName(), {std::move(result)}}, options);
}
