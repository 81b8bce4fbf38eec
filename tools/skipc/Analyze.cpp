// `skipc analyze`: how strongly the layers of networks respond to pictures, as figure 7 of the paper shows it.
#include "support/AtomicFile.h"
#include "support/Printable.h"
#include "support/Threads.h"
#include "tools/compile/Targets.h"
#include "tools/data/Dataset.h"
#include "tools/data/Progress.h"
#include "tools/running/Preprocessing.h"
#include "tools/running/Responses.h"
#include "tools/running/Session.h"
#include "tools/skipc/AnalyzeOptions.h"
#include "tools/skipc/AnalyzeReport.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/Overwriting.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"

#include <atomic>
#include <cmath>
#include <filesystem>

using namespace skip;
using tool::AnalyzedModel;
using tool::Options;

namespace {
/// One network, compiled with its responses as outputs.
class Analysis {
public:
  explicit Analysis(const Options &options) : options(options), compilation(options) {}

  llvm::Expected<AnalyzedModel> run(const data::Dataset &dataset);

private:
  llvm::Error compile();
  llvm::Error runBatch(const data::Dataset &dataset, int64_t first, int64_t count);
  void addSpreads(int64_t count);
  std::string title() const;

  const Options &options;
  tool::Compilation compilation;
  tool::Ports ports;
  std::vector<tool::Response> responses;
  std::optional<tool::Preprocessing> preprocessing;
  std::optional<tool::Session> session;
  std::unique_ptr<tool::Runner> runner;
  int64_t atOnce = 1;
  std::vector<float> inputs;
  std::vector<std::vector<float>> outputs; // of each output
  std::vector<tool::Spread> spreads;       // of each response
};
} // namespace

/// So many images that their responses take 64 MB or so.
static int64_t imagesAtOnce(const tool::Ports &ports) {
  int64_t elements = 0;
  for (const tool::OutputPort &output : ports.outputs)
    elements += output.elements();
  return std::clamp<int64_t>((int64_t(1) << 24) / std::max<int64_t>(elements, 1), 1, 16);
}

llvm::Error Analysis::compile() {
  if (llvm::Error error = compilation.readGraph())
    return error;
  mlir::func::FuncOp model = tool::modelOf(compilation.module());
  responses = tool::exposeResponses(model);
  if (responses.empty())
    return tool::badInput("`" + llvm::Twine(options.spec) + "` has no convolution of 3x3, whose responses --responses shows");
  ports = tool::describePorts(model);
  if (llvm::Error error = tool::Preprocessing::of(ports, options).moveInto(preprocessing))
    return error;
  llvm::Expected<tool::WeightsSource> weights = tool::WeightsSource::open(options.weights, model);
  if (!weights)
    return weights.takeError();
  llvm::Expected<std::vector<tool::Body>> bodies = tool::preferredBody(options);
  if (!bodies)
    return bodies.takeError();
  atOnce = imagesAtOnce(ports);
  if (llvm::Error error = tool::Session::start(compilation, {"", {atOnce}, *bodies}, *weights).moveInto(session))
    return error;
  return session->runner(options.threads).moveInto(runner);
}

/// Of each response on one thread, so that sums do not depend on how many there are.
void Analysis::addSpreads(int64_t count) {
  std::atomic<size_t> next{0};
  onThreads(static_cast<size_t>(runner->threads()), [&] {
    for (size_t i = next++; i < responses.size(); i = next++)
      spreads[i].add(
          llvm::ArrayRef(outputs[responses[i].output]).take_front(static_cast<size_t>(count * responses[i].elements)));
  });
}

llvm::Error Analysis::runBatch(const data::Dataset &dataset, int64_t first, int64_t count) {
  int64_t elements = ports.inputs[0].elements();
  for (int64_t i = 0; i < count; ++i) {
    std::string error;
    auto index = static_cast<size_t>(first + i);
    std::optional<data::Picture> picture = dataset.picture(index, error);
    if (!picture)
      return tool::badInput(error);
    if (!preprocessing->apply(*picture, inputs.data() + i * elements, error))
      return tool::badInput(quotedName(dataset.name(index)) + ": " + error);
  }
  std::vector<float *> pointers;
  for (std::vector<float> &output : outputs)
    pointers.push_back(output.data());
  if (llvm::Error error = runner->run(count, {inputs.data()}, pointers))
    return error;
  addSpreads(count);
  return llvm::Error::success();
}

/// The spec as it was given, without a folder, and what was defined.
std::string Analysis::title() const {
  std::string text = std::filesystem::path(options.spec).stem().string();
  for (const frontend::Define &define : options.defines)
    text += ", " + define.name + "=" + define.value;
  return text;
}

llvm::Expected<AnalyzedModel> Analysis::run(const data::Dataset &dataset) {
  if (llvm::Error error = compile())
    return error;
  spreads.resize(responses.size());
  inputs.resize(static_cast<size_t>(atOnce * ports.inputs[0].elements()));
  for (const tool::OutputPort &output : ports.outputs)
    outputs.emplace_back(static_cast<size_t>(atOnce * output.elements()));
  int64_t total = options.images > 0 ? options.images : static_cast<int64_t>(dataset.size());
  data::Progress progress(static_cast<uint64_t>(total), "analyzing");
  for (int64_t first = 0; first < total; first += atOnce) {
    int64_t count = std::min(atOnce, total - first);
    if (llvm::Error error = runBatch(dataset, first, count))
      return error;
    progress.advance(static_cast<uint64_t>(count));
  }
  AnalyzedModel analyzed{title(), options.weights, total, {}};
  for (auto [response, spread] : llvm::zip(responses, spreads)) {
    if (!std::isfinite(spread.deviation()))
      return tool::checkFailed("the response of `" + llvm::Twine(response.layer) +
                               "` holds NaN or infinity: look for such values in the weights");
    analyzed.layers.push_back({response.layer, spread.deviation()});
  }
  return analyzed;
}

llvm::Error tool::analyze(const Options &options) {
  if (!options.responses)
    return badInput("analyze has one thing to show as yet: give --responses");
  llvm::Expected<std::vector<Options>> models = analyzedModels(options);
  if (!models)
    return models.takeError();
  for (const Options &model : *models)
    if (llvm::Error error = refuseOverwriting(model, "-o", options.output))
      return error;
  std::string problem;
  std::unique_ptr<data::Dataset> dataset = data::openDataset(options.data, problem);
  if (!dataset)
    return badInput(problem);
  if (options.images > static_cast<int64_t>(dataset->size()))
    return badInput("--images " + llvm::Twine(options.images) + ": " + quotedName(options.data) + " has " +
                    llvm::Twine(dataset->size()));
  std::vector<AnalyzedModel> analyzed;
  for (const Options &model : *models)
    if (llvm::Error error = Analysis(model).run(*dataset).moveInto(analyzed.emplace_back()))
      return error;
  if (!options.output.empty() && !writeFileAtomically(options.output, responsesSvg(analyzed), problem))
    return badInput(problem);
  printResponses(analyzed, options);
  return llvm::Error::success();
}
