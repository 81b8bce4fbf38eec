// `skipc eval`: how often a model is right, on a labelled data set. All that can be checked before the model is compiled is.
#include "support/AtomicFile.h"
#include "support/Printable.h"
#include "tools/compile/StageTimer.h"
#include "tools/running/ClassOutput.h"
#include "tools/running/Judging.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/DatasetCheck.h"
#include "tools/skipc/Overwriting.h"
#include "tools/skipc/StartSession.h"
#include "tools/text/Json.h"
#include "tools/text/Layers.h"
#include "tools/text/Numbers.h"

using namespace skip;
using tool::Judging;
using tool::Options;

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

/// Lines of a heading and of what is misjudged; what is not printable of a name is escaped, tabs too.
static std::string wrongText(const Judging &judging, const data::Dataset &dataset) {
  std::string text = "path\tlabel\tpredicted\tprobability\n";
  for (const tool::Misjudged &wrong : judging.misjudged)
    text += printable(dataset.name(wrong.index)) + "\t" + std::to_string(dataset.label(wrong.index)) + "\t" +
            std::to_string(wrong.best.index) + "\t" + tool::fixed(wrong.best.probability, 6) + "\n";
  return text;
}

/// Like train's; JSON has all of them.
static void nameBroken(const Judging &judging) {
  constexpr size_t mostNamed = 20;
  for (const tool::Broken &broken : llvm::ArrayRef(judging.broken).take_front(mostNamed))
    tool::note("left out: " + broken.error);
  if (judging.broken.size() > mostNamed)
    tool::note("left out: " + llvm::Twine(judging.broken.size() - mostNamed) + " more (--json names all)");
}

static void writeJson(llvm::json::OStream &json, const Judging &judging, const data::Dataset &dataset, double seconds) {
  json.attribute("images", judging.judged.load());
  json.attribute("top1", judging.top1.load());
  json.attribute("top5", judging.top5.load());
  json.attribute("seconds", seconds);
  json.attribute("broken_count", static_cast<int64_t>(judging.broken.size()));
  json.attributeArray("broken", [&] {
    for (const tool::Broken &broken : judging.broken)
      json.object([&] {
        tool::addText(json, "picture", dataset.name(broken.index));
        tool::addText(json, "message", broken.error);
      });
  });
}

static void printText(const Judging &judging, double seconds) {
  int64_t images = judging.judged;
  auto percent = [&](int64_t count) {
    return tool::fixed(100.0 * static_cast<double>(count) / static_cast<double>(images), 2);
  };
  llvm::outs() << "images  " << images << "\n"
               << "top-1   " << judging.top1 << "  (" << percent(judging.top1) << " %)\n"
               << "top-5   " << judging.top5 << "  (" << percent(judging.top5) << " %)\n"
               << "seconds " << tool::fixed(seconds, 2) << "  (" << tool::fixed(static_cast<double>(images) / seconds, 1)
               << " images/s)\n";
  if (!judging.broken.empty())
    llvm::outs() << "left out " << judging.broken.size() << "\n";
}

namespace {
/// What is judged, and by what.
struct Task {
  tool::Ports ports;
  size_t classes; // of the outputs
  tool::Preprocessing preprocessing;
  std::unique_ptr<data::Dataset> dataset;
};
} // namespace

/// All that can be said before the model is compiled.
static llvm::Expected<Task> prepare(const Options &options, const tool::Compilation &compilation) {
  tool::Ports ports = tool::describePorts(tool::modelOf(compilation.module()));
  llvm::Expected<size_t> classes = tool::classOutput(ports, options.outputName);
  if (!classes)
    return classes.takeError();
  llvm::Expected<tool::Preprocessing> preprocessing = tool::Preprocessing::of(ports, options);
  if (!preprocessing)
    return preprocessing.takeError();
  std::string problem;
  std::unique_ptr<data::Dataset> dataset = data::openDataset(options.data, problem);
  if (!dataset)
    return tool::badInput(problem);
  if (llvm::Error error = tool::checkLabels(options, *dataset, ports.outputs[*classes]))
    return error;
  if (llvm::Error error = tool::checkPictures(options, *dataset, *preprocessing, ports.inputs[0]))
    return error;
  if (llvm::Error error = tool::refuseOverwriting(options, "--wrong", options.wrong))
    return error;
  return Task{std::move(ports), *classes, std::move(*preprocessing), std::move(dataset)};
}

/// On a terminal a bar; else, as a log is followed by people, lines now and then. Both on stderr, which --json leaves alone.
static llvm::Error judgeAll(Judging &judging, const data::Dataset &dataset,
                            llvm::ArrayRef<std::unique_ptr<tool::Runner>> runners) {
  data::Progress progress(dataset.size(), "evaluating");
  progress.tellLines(std::chrono::seconds(10));
  return judging.run(runners, progress);
}

static llvm::Error tellResult(const Options &options, const Judging &judging, const data::Dataset &dataset, AtomicFile &wrong,
                              double seconds) {
  std::string problem, text = options.wrong.empty() ? "" : wrongText(judging, dataset);
  if (!text.empty() && (!wrong.write(text.data(), text.size(), problem) || !wrong.commit(problem)))
    return tool::badInput(problem);
  nameBroken(judging);
  if (options.json)
    options.reply->add([&](llvm::json::OStream &json) { writeJson(json, judging, dataset, seconds); });
  else
    printText(judging, seconds);
  return llvm::Error::success();
}

llvm::Error tool::eval(const Options &options) {
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  llvm::Expected<Task> task = prepare(options, compilation);
  if (!task)
    return task.takeError();
  std::string problem;
  AtomicFile wrong; // a place that cannot be written to is said now
  if (!options.wrong.empty() && !wrong.open(options.wrong, problem))
    return badInput(problem);
  const data::Dataset &dataset = *task->dataset;
  std::vector<int64_t> bounds = batchBounds(options, {imagesAtOnce(task->ports.inputs[0])});
  llvm::Expected<Session> session = startSession(options, compilation, bounds);
  if (!session)
    return session.takeError();
  std::vector<std::unique_ptr<Runner>> runners;
  auto batches = static_cast<unsigned>((dataset.size() + bounds.back() - 1) / bounds.back());
  if (llvm::Error error = makeRunners(*session, options.threads, std::max(1u, batches), runners))
    return error;
  Judging judging({dataset, task->preprocessing, task->ports, task->classes, bounds.back(), options.skipBroken});
  StageTimer timer("evaluation", options.timing);
  if (llvm::Error error = judgeAll(judging, dataset, runners))
    return error;
  return tellResult(options, judging, dataset, wrong, timer.seconds());
}
