// `skipc eval`: how often a model is right.
//
// Each thread has a context of its own and takes the next pictures when it is done with its last ones: reading, running and
// counting need no agreement between threads, and no more pictures are in memory than are being run.
#include "support/Threads.h"
#include "tools/compile/StageTimer.h"
#include "tools/compile/Targets.h"
#include "tools/data/Dataset.h"
#include "tools/data/Progress.h"
#include "tools/running/ClassOutput.h"
#include "tools/running/Preprocessing.h"
#include "tools/running/Ranking.h"
#include "tools/running/Session.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/OpenWeights.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/text/Table.h"

#include "llvm/Support/JSON.h"

#include <atomic>
#include <cmath>
#include <mutex>

using namespace skip;
using tool::Options;

namespace {
class Evaluation {
public:
  Evaluation(const data::Dataset &dataset, const tool::Preprocessing &preprocessing, const tool::Ports &ports, size_t classes,
             int64_t atOnce)
      : dataset(dataset), preprocessing(preprocessing), input(ports.inputs[0]), output(ports.outputs[classes]),
        outputCount(ports.outputs.size()), classes(classes), atOnce(atOnce) {}

  llvm::Error run(llvm::ArrayRef<std::unique_ptr<tool::Runner>> runners);

  std::atomic<int64_t> top1{0}, top5{0};

private:
  void work(tool::Runner &runner, data::Progress &progress);
  llvm::Error runBatch(tool::Runner &runner, int64_t first, int64_t count, std::vector<float> &inputs,
                       std::vector<float> &outputs);
  void fail(llvm::Error error);

  const data::Dataset &dataset;
  const tool::Preprocessing &preprocessing;
  const tool::InputPort &input;
  const tool::OutputPort &output;
  const size_t outputCount, classes; // of which that is the one
  const int64_t atOnce;
  std::atomic<int64_t> next{0};
  std::atomic<bool> stopped{false};
  std::mutex guard; // of `failure`
  std::optional<llvm::Error> failure;
};
} // namespace

void Evaluation::fail(llvm::Error error) {
  std::lock_guard lock(guard);
  stopped = true;
  if (failure)
    llvm::consumeError(std::move(error)); // one is enough
  else
    failure.emplace(std::move(error));
}

llvm::Error Evaluation::runBatch(tool::Runner &runner, int64_t first, int64_t count, std::vector<float> &inputs,
                                 std::vector<float> &outputs) {
  for (int64_t i = 0; i < count; ++i) {
    std::string error;
    std::optional<data::Picture> picture = dataset.picture(static_cast<size_t>(first + i), error);
    if (!picture)
      return tool::badInput(error);
    if (!preprocessing.apply(*picture, inputs.data() + i * input.elements(), error))
      return tool::badInput("`" + dataset.name(static_cast<size_t>(first + i)) + "`: " + error);
  }
  std::vector<float *> arrays(outputCount); // the others are not wanted
  arrays[classes] = outputs.data();
  if (llvm::Error error = runner.run(count, {inputs.data()}, arrays))
    return error;
  for (int64_t i = 0; i < count; ++i) {
    llvm::ArrayRef<float> scores = llvm::ArrayRef(outputs).slice(i * output.elements(), output.elements());
    if (!llvm::all_of(scores, [](float score) { return std::isfinite(score); }))
      return tool::checkFailed("the scores of picture " + llvm::Twine(first + i + 1) +
                               " hold NaN or infinity: look for such values in the weights");
    std::vector<tool::Ranked> best = tool::rank(scores, 5, output.probabilities);
    int64_t label = dataset.label(static_cast<size_t>(first + i));
    top1 += best[0].index == label;
    top5 += llvm::any_of(best, [&](tool::Ranked ranked) { return ranked.index == label; });
  }
  return llvm::Error::success();
}

void Evaluation::work(tool::Runner &runner, data::Progress &progress) {
  std::vector<float> inputs(atOnce * input.elements()), outputs(atOnce * output.elements());
  auto total = static_cast<int64_t>(dataset.size());
  for (int64_t first = next.fetch_add(atOnce); first < total && !stopped; first = next.fetch_add(atOnce)) {
    int64_t count = std::min(atOnce, total - first);
    if (llvm::Error error = runBatch(runner, first, count, inputs, outputs))
      return fail(std::move(error));
    progress.advance(static_cast<uint64_t>(count));
  }
}

llvm::Error Evaluation::run(llvm::ArrayRef<std::unique_ptr<tool::Runner>> runners) {
  data::Progress progress(dataset.size(), "evaluating");
  std::atomic<size_t> taken{0};
  onThreads(runners.size(), [&] { work(*runners[taken++], progress); });
  return failure ? std::move(*failure) : llvm::Error::success();
}

static llvm::Error checkLabels(const data::Dataset &dataset, const tool::OutputPort &output) {
  for (size_t i = 0; i < dataset.size(); ++i)
    if (dataset.label(i) >= output.elements())
      return tool::badInput("`" + llvm::Twine(dataset.name(i)) + "` has class " + llvm::Twine(dataset.label(i)) +
                            ", the model has " + llvm::Twine(output.elements()) + " classes, 0 to " +
                            llvm::Twine(output.elements() - 1));
  return llvm::Error::success();
}

/// Enough images that a linear layer is a matrix product, few enough that small pictures' layers stay in the cache.
static int64_t imagesAtOnce(const tool::InputPort &input) {
  return std::clamp<int64_t>((int64_t(1) << 19) / input.elements(), 1, 16);
}

/// Runners of one thread each: `threads` of them (0: as many as this process may use), at most `useful`, since more would have
/// nothing to do.
static llvm::Error makeRunners(const tool::Session &session, unsigned threads, unsigned useful,
                               std::vector<std::unique_ptr<tool::Runner>> &runners) {
  if (threads == 0) {
    llvm::Expected<std::unique_ptr<tool::Runner>> all = session.runner(0);
    if (!all)
      return all.takeError();
    threads = static_cast<unsigned>((*all)->threads());
  }
  runners.resize(std::min(threads, useful));
  for (std::unique_ptr<tool::Runner> &runner : runners)
    if (llvm::Error error = session.runner(1).moveInto(runner))
      return error;
  return llvm::Error::success();
}

static void printResult(const Options &options, const Evaluation &evaluation, int64_t images, double seconds) {
  if (options.json) {
    llvm::json::OStream json(llvm::outs(), 2);
    json.object([&] {
      json.attribute("images", images);
      json.attribute("top1", evaluation.top1.load());
      json.attribute("top5", evaluation.top5.load());
      json.attribute("seconds", seconds);
    });
    llvm::outs() << "\n";
    return;
  }
  auto percent = [&](int64_t count) {
    return tool::fixed(100.0 * static_cast<double>(count) / static_cast<double>(images), 2);
  };
  llvm::outs() << "images  " << images << "\n"
               << "top-1   " << evaluation.top1 << "  (" << percent(evaluation.top1) << " %)\n"
               << "top-5   " << evaluation.top5 << "  (" << percent(evaluation.top5) << " %)\n"
               << "seconds " << tool::fixed(seconds, 2) << "  (" << tool::fixed(static_cast<double>(images) / seconds, 1)
               << " images/s)\n";
}

llvm::Error tool::eval(const Options &options) {
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  Ports ports = describePorts(modelOf(compilation.module()));
  llvm::Expected<size_t> classes = classOutput(ports, options.outputName);
  if (!classes)
    return classes.takeError();
  llvm::Expected<Preprocessing> preprocessing = Preprocessing::of(ports, options);
  if (!preprocessing)
    return preprocessing.takeError();
  std::string problem;
  std::unique_ptr<data::Dataset> dataset = data::openDataset(options.data, problem);
  if (!dataset)
    return badInput(problem);
  if (llvm::Error error = checkLabels(*dataset, ports.outputs[*classes]))
    return error;
  llvm::Expected<WeightsSource> weights = openWeights(options, compilation);
  if (!weights)
    return weights.takeError();
  llvm::Expected<std::vector<Body>> bodies = preferredBody(options);
  if (!bodies)
    return bodies.takeError();
  std::vector<int64_t> bounds = batchBounds(options, {imagesAtOnce(ports.inputs[0])});
  llvm::Expected<Session> session = Session::start(compilation, {"", bounds, *bodies}, *weights);
  if (!session)
    return session.takeError();
  std::vector<std::unique_ptr<Runner>> runners;
  auto batches = static_cast<unsigned>((dataset->size() + bounds.back() - 1) / bounds.back());
  if (llvm::Error error = makeRunners(*session, options.threads, std::max(1u, batches), runners))
    return error;
  Evaluation evaluation(*dataset, *preprocessing, ports, *classes, bounds.back());
  StageTimer timer("evaluation", options.timing);
  if (llvm::Error error = evaluation.run(runners))
    return error;
  printResult(options, evaluation, static_cast<int64_t>(dataset->size()), timer.seconds());
  return llvm::Error::success();
}
