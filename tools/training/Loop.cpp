// What a step does to the trainer and to the memory, and what it leaves on the disk, happens in one order, so that a run that
// goes on from a checkpoint does the same as one that never stopped: step, schedule's memory, line of metrics, evaluation, best
// checkpoint, last checkpoint.
#include "tools/training/Loop.h"

#include "support/AtomicFile.h"
#include "support/Printable.h"
#include "tools/text/Failure.h"
#include "tools/text/Numbers.h"
#include "tools/training/Curve.h"
#include "tools/training/FirstBad.h"
#include "tools/training/Interrupt.h"

#include <chrono>

using namespace skip;
using tool::Loop;
using Clock = std::chrono::steady_clock;

Loop::Loop(Trainer &trainer, const codegen::TrainingImage &image, const Pictures &pictures, const frontend::Recipe &recipe,
           const TrainingIdentity &identity, TrainingMemory &memory, BestScore best, LoopOptions given)
    : trainer(trainer), image(image), pictures(pictures), recipe(recipe), identity(identity), memory(memory),
      options(std::move(given)) {
  result.best = best;
  if (pictures.validatedOn() > 0)
    evaluation.emplace(trainer, pictures, recipe.classes, options.loaderThreads);
}

std::string tool::mustBeSame(const TrainingIdentity &identity, const TrainingMemory &memory, const LoopOptions &options) {
  std::string text;
  for (const auto &[name, value] : metadataOf(identity, memory))
    text += name + "=" + (value.find('\n') == std::string::npos ? "" : "\n") + value + "\n"; // settings by their own names
  for (auto [name, value] :
       {std::pair("--steps", options.lastStep), std::pair("--log-every", options.logEvery),
        std::pair("--evaluate-every", options.evaluateEvery), std::pair("--save-every", options.saveEvery)})
    text += std::string(name) + "=" + std::to_string(value) + "\n";
  return text;
}

llvm::Error Loop::saveLast() {
  if (writes())
    if (llvm::Error error = trainer.save(lastPath(options.folder), metadataOf(identity, memory)))
      return error;
  savedStep = memory.step;
  return llvm::Error::success();
}

llvm::Error Loop::drawCurve() {
  if (!writes())
    return llvm::Error::success();
  std::string problem, svg = curveSvg(metrics->all(), std::max(recipe.length, options.lastStep), options.title);
  return writeFileAtomically(options.folder + "/curve.svg", svg, problem) ? llvm::Error::success() : badInput(problem);
}

/// Where a training that ends with an error stands, behind what is the matter.
std::string Loop::keptText() const {
  return savedStep < 0 ? "; no checkpoint was written yet"
                       : "; `" + lastPath(options.folder) + "` is that of step " + std::to_string(savedStep);
}

/// The error of a step in which something is no number: `the loss is`.
llvm::Error Loop::stopAt(const data::Batch &batch, const std::string &gone) {
  size_t groupFloats = batch.pixels.size() / static_cast<size_t>(recipe.groups);
  if (llvm::Error error = trainer.shareNoMore())
    return error;
  llvm::Expected<std::string> layer = firstBadLayer(trainer, image, batch.pixels.data(), groupFloats, batch.labels.data());
  if (!layer)
    return layer.takeError();
  std::string where =
      layer->empty() ? "" : "; the first layer whose output went is `" + layerOfStep(*layer, options.layers) + "`";
  return checkFailed("step " + llvm::Twine(memory.step + 1) + ": " + gone + " NaN or infinite" + where + keptText() +
                     ". A lower rate may help (--set rate.start=...)");
}

/// Those of this process.
llvm::Error Loop::runGroups(const data::Batch &batch, std::vector<GroupResult> &results) {
  size_t groupFloats = batch.pixels.size() / static_cast<size_t>(recipe.groups);
  for (int64_t i = 0; i < recipe.groups / processCount(); ++i) {
    int64_t group = trainer.nextGroup();
    llvm::Expected<skip_training_result> got = trainer.gradients(batch.pixels.data() + static_cast<size_t>(group) * groupFloats,
                                                                 batch.labels.data() + group * trainer.shape().groupImages);
    if (!got)
      return got.takeError();
    results[static_cast<size_t>(group)] = {true, got->wrong, got->loss};
  }
  return llvm::Error::success();
}

llvm::Error Loop::exchange(std::vector<GroupResult> &results) {
  std::vector<GroupResult> own = results;
  for (int32_t root = 0; root < processCount() && processCount() > 1; ++root) {
    std::vector<GroupResult> theirs = own;
    if (llvm::Error error = options.processes->broadcast(root, theirs.data(), theirs.size() * sizeof(GroupResult)))
      return error;
    for (size_t group = 0; group < results.size(); ++group)
      if (theirs[group].isThere)
        results[group] = theirs[group];
  }
  return llvm::Error::success();
}

llvm::Error Loop::step(const data::Batch &batch) {
  double rate = frontend::learningRate(recipe, memory.rate, memory.step), loss = 0;
  std::vector<GroupResult> results(static_cast<size_t>(recipe.groups));
  if (llvm::Error error = runGroups(batch, results))
    return error;
  if (llvm::Error error = exchange(results))
    return error;
  int64_t wrong = 0;
  for (const GroupResult &group : results) { // in their order, whoever computed them
    loss += group.loss / static_cast<double>(recipe.groups);
    wrong += group.wrong;
  }
  llvm::Expected<std::string> gone = trainer.apply(rate);
  if (!gone)
    return gone.takeError();
  if (!gone->empty())
    return stopAt(batch, *gone);
  double seconds = std::chrono::duration<double>(Clock::now() - stepStart).count();
  stepSeconds += seconds;
  loggedSeconds += seconds;
  ++doneSteps;
  ++memory.step;
  frontend::noteTrainingError(recipe, memory.rate, static_cast<double>(wrong) / static_cast<double>(recipe.batch));
  for (Window *window : {&memory.logged, &memory.looked}) {
    window->loss += loss;
    ++window->steps;
    window->wrong += wrong;
    window->pictures += recipe.batch;
  }
  return afterStep(rate);
}

llvm::Error Loop::log(double rate) {
  double pictures = static_cast<double>(memory.logged.steps * recipe.batch);
  result.last = {.step = memory.step,
                 .loss = memory.logged.meanLoss(),
                 .error = memory.logged.error(),
                 .rate = rate,
                 .imagesPerSecond = loggedSeconds > 0 ? pictures / loggedSeconds : 0};
  progress->tell("loss " + fixed(result.last.loss, 3) + "  error " + fixed(100 * result.last.error, 1) + " %  " +
                 fixed(stepSeconds > 0 ? static_cast<double>(doneSteps * recipe.batch) / stepSeconds : 0, 0) + " img/s");
  if (memory.step % options.logEvery == 0) // or it is the last step, and a longer run would go on with these sums
    memory.logged = {};
  loggedSeconds = 0;
  return writes() ? metrics->add(result.last) : llvm::Error::success();
}

/// By the first process, for all.
llvm::Expected<tool::Score> Loop::score() {
  Score score;
  if (writes())
    if (llvm::Error error = evaluation->run().moveInto(score))
      return error;
  if (processCount() > 1)
    if (llvm::Error error = options.processes->broadcast(0, &score, sizeof score))
      return error;
  return score;
}

llvm::Error Loop::evaluate() {
  llvm::Expected<Score> score = this->score();
  if (!score)
    return score.takeError();
  tellBadPictures(evaluation->badPictures(), result.badValidation);
  result.validationError = score->error;
  return writes() ? metrics->add({.step = memory.step, .validationLoss = score->loss, .validationError = score->error})
                  : llvm::Error::success();
}

/// After the schedule has looked at the error, so that a run may go on from the best checkpoint as from the last one.
llvm::Error Loop::keepBest() {
  bool isBest = result.validationError < result.best.error;
  if (isBest)
    result.best = {result.validationError, memory.step};
  if (isBest && writes())
    if (llvm::Error error = trainer.save(bestPath(options.folder), metadataOf(identity, memory, result.best)))
      return error;
  return llvm::Error::success();
}

llvm::Error Loop::closeStep(double rate) {
  bool looks = frontend::looksAtError(recipe, memory.step - 1);
  bool evaluates = evaluation && (looks || isDue(options.evaluateEvery));
  isClosed = false;
  if (isDue(options.logEvery))
    if (llvm::Error error = log(rate))
      return error;
  if (evaluates)
    if (llvm::Error error = evaluate())
      return error;
  if (looks) {
    frontend::noteError(recipe, memory.rate, evaluation ? result.validationError : memory.looked.error());
    memory.looked = {};
  }
  if (evaluates)
    if (llvm::Error error = keepBest())
      return error;
  isClosed = true;
  if (evaluates)
    if (llvm::Error error = drawCurve())
      return error;
  return isDue(options.saveEvery) ? saveLast() : llvm::Error::success();
}

/// A step of which nothing is owed any more is not lost by what fails behind it. One whose line, evaluation or best checkpoint
/// is missing is done again.
llvm::Error Loop::afterStep(double rate) {
  llvm::Error error = closeStep(rate);
  if (!error)
    return error;
  if (isClosed && savedStep != memory.step)
    llvm::consumeError(saveLast()); // what is the matter is said already
  return llvm::handleErrors(std::move(error), [&](const Failure &failure) {
    return llvm::make_error<Failure>(failure.exit, "step " + std::to_string(memory.step) + ": " + failure.text + keptText());
  });
}

/// Each once, when it was found.
void Loop::tellBadPictures(std::vector<data::BadPicture> found, std::vector<data::BadPicture> &known) {
  for (const data::BadPicture &picture : found)
    if (writes() && llvm::none_of(known, [&](const data::BadPicture &other) { return other.index == picture.index; }))
      note("left out: " + picture.error);
  known = std::move(found);
}

llvm::Error Loop::openMetrics() {
  if (!writes())
    return llvm::Error::success();
  llvm::Expected<Metrics> opened = Metrics::open(options.folder + "/metrics.jsonl", memory.step);
  if (!opened)
    return opened.takeError();
  metrics.emplace(std::move(*opened));
  return llvm::Error::success();
}

/// All processes end after the same step, by what the first one heard.
llvm::Expected<bool> Loop::goesOn(bool interrupted) {
  uint8_t stops = interrupted;
  if (processCount() > 1)
    if (llvm::Error error = options.processes->broadcast(0, &stops, sizeof stops))
      return error;
  return !stops && memory.step < options.lastStep;
}

llvm::Error Loop::finish() {
  progress.reset();
  result.interrupted = memory.step < options.lastStep;
  result.steps = doneSteps;
  result.seconds = stepSeconds;
  result.imagesPerSecond = stepSeconds > 0 ? static_cast<double>(doneSteps * recipe.batch) / stepSeconds : 0;
  if (result.interrupted && savedStep != memory.step)
    if (llvm::Error error = saveLast())
      return error;
  return drawCurve();
}

llvm::Expected<tool::LoopResult> Loop::run() {
  if (llvm::Error error = openMetrics())
    return error;
  if (llvm::Error error = trainer.setDraws(identity.seed, memory.step))
    return error;
  savedStep = memory.step > 0 ? memory.step : -1;
  std::unique_ptr<data::Loader> loader =
      pictures.batches(recipe, identity.seed, static_cast<uint64_t>(memory.step), options.loaderThreads);
  progress = std::make_unique<data::Progress>(static_cast<uint64_t>(options.lastStep), "training", 2,
                                              static_cast<uint64_t>(memory.step));
  Interrupt interrupt;
  data::Batch batch;
  std::string problem;
  for (;;) {
    llvm::Expected<bool> more = goesOn(interrupt.came());
    if (!more)
      return more.takeError();
    if (!*more)
      break;
    stepStart = Clock::now();
    if (!loader->next(batch, problem))
      return badInput(problem);
    tellBadPictures(loader->badPictures(), result.badPictures);
    if (llvm::Error error = step(batch))
      return error;
    progress->advance();
  }
  if (llvm::Error error = finish())
    return error;
  return result;
}
