// `skipc train`: from a spec and pictures to a checkpoint.
#include "frontend/RecipeSettings.h"
#include "support/AtomicFile.h"
#include "support/Printable.h"
#include "tools/compile/Targets.h"
#include "tools/skipc/Advice.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/OpenWeights.h"
#include "tools/text/Failure.h"
#include "tools/text/Json.h"
#include "tools/text/Layers.h"
#include "tools/text/Numbers.h"
#include "tools/training/Loop.h"
#include "tools/training/Start.h"
#include "tools/weights/WeightsSource.h"

#include <filesystem>
#include <system_error>

using namespace skip;
using tool::Loop;
using tool::Options;

static std::string folderOf(const Options &options, const tool::Compilation &compilation) {
  return options.output.empty() ? compilation.libraryName() + "-training" : options.output;
}

/// The checkpoint of the folder stands in for that of --weights.
static std::string resumingCommand(const Options &options) {
  return tool::sameCommand(options, options.resume ? "" : "--resume", {"--weights", "--fresh"});
}

/// A run of hours is not written over by chance.
static llvm::Error checkFolder(const Options &options, const std::string &folder) {
  bool resumes = options.resume;
  std::string last = Loop::lastPath(folder);
  if (resumes && !std::filesystem::exists(last))
    return tool::badInput("--resume: there is no `" + last + "` to go on from");
  if (!resumes && std::filesystem::exists(last))
    return tool::badInput("`" + last + "` is there already",
                          "go on from it with `" + resumingCommand(options) + "`, or write into another folder (-o)");
  return llvm::Error::success();
}

/// The folder is there, without what a killed run was writing.
static llvm::Error makeFolder(const std::string &folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code)
    return tool::badInput("cannot make the folder `" + folder + "`: " + code.message());
  for (const char *name : {"last.safetensors", "best.safetensors", "metrics.jsonl", "curve.svg"})
    removeLeftovers(folder + "/" + name);
  return llvm::Error::success();
}

/// What the flags say beside the spec, as compile options.
static Options compileOptions(Options options) {
  options.train = true;
  std::string labels;
  for (const std::string &label : options.freeze)
    labels += (labels.empty() ? "\"" : ", \"") + label + "\"";
  if (!labels.empty())
    options.settings.push_back("freeze=[" + labels + "]");
  return options;
}

/// Of a run of the inference half, for evaluations: pictures of a megabyte or so.
static int64_t imagesAtOnce(const tool::InputPort &input) {
  return std::clamp<int64_t>((int64_t(1) << 20) / input.elements(), 1, 64);
}

static llvm::Expected<std::unique_ptr<loaded::LoadedModel>> compile(tool::Compilation &compilation, const Options &options,
                                                                    int64_t atOnce) {
  llvm::Expected<std::vector<tool::Body>> bodies = tool::preferredBody(options);
  if (!bodies)
    return bodies.takeError();
  if (llvm::Error error = compilation.optimizeGraph())
    return error;
  if (llvm::Error error = compilation.makePlan({"", {atOnce}, *bodies}))
    return error;
  if (llvm::Error error = compilation.lower())
    return error;
  if (llvm::Error error = compilation.compileKernels())
    return error;
  codegen::PackageInput input{compilation.lowered().image, compilation.objects()};
  input.training = &*compilation.lowered().training;
  llvm::Expected<std::unique_ptr<loaded::LoadedModel>> library = loaded::LoadedModel::build(input);
  if (!library)
    return tool::badInput("cannot load the compiled model: " + llvm::toString(library.takeError()));
  return library;
}

/// Where the training begins; `best` is what an earlier run's best checkpoint is worth.
static llvm::Expected<tool::TrainingMemory> start(const Options &options, const std::string &folder, tool::Trainer &trainer,
                                                  const codegen::Image &image, const tool::WeightsSource *weights,
                                                  const tool::TrainingIdentity &identity, tool::BestScore &best) {
  if (options.resume) {
    if (llvm::Error error = tool::bestScoreOf(Loop::bestPath(folder)).moveInto(best))
      return error;
    return tool::startAgain(trainer, Loop::lastPath(folder), identity);
  }
  if (!weights) {
    if (llvm::Error error = tool::startFresh(trainer, options.seed))
      return error;
    return tool::TrainingMemory();
  }
  llvm::ArrayRef<char> bytes(static_cast<const char *>(weights->data()), weights->size());
  if (llvm::Error error = tool::startFrom(trainer, image, options.seed, bytes, weights->path(),
                                          {options.fresh, tool::commandOnSpec(options, "summary")}))
    return error;
  return tool::TrainingMemory();
}

static void printJson(const tool::LoopResult &result, const tool::TrainingMemory &memory, const std::string &folder,
                      tool::JsonReply &reply) {
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("step", memory.step);
    json.attribute("interrupted", result.interrupted);
    if (result.last.step > 0) {
      tool::addNumber(json, "loss", result.last.loss);
      tool::addNumber(json, "training_error", result.last.error);
    }
    if (result.validationError >= 0)
      json.attribute("validation_error", result.validationError);
    if (result.best.error <= 1) {
      json.attribute("best_validation_error", result.best.error);
      json.attribute("best_step", result.best.step);
    }
    json.attribute("seconds", result.seconds);
    json.attribute("images_per_second", result.imagesPerSecond);
    json.attribute("broken_count", static_cast<int64_t>(result.badPictures.size()));
    tool::addText(json, "folder", folder);
  });
}

static void printText(const tool::LoopResult &result, const tool::TrainingMemory &memory, const std::string &folder) {
  auto percent = [](double share) { return tool::fixed(100 * share, 2) + " %"; };
  llvm::outs() << "steps             " << memory.step << "\n";
  if (result.last.step > 0)
    llvm::outs() << "loss              " << tool::fixed(result.last.loss, 4) << "\n"
                 << "training error    " << percent(result.last.error) << "\n";
  if (result.validationError >= 0)
    llvm::outs() << "validation error  " << percent(result.validationError) << "\n";
  if (result.best.error <= 1)
    llvm::outs() << "best              " << percent(result.best.error) << ", at step " << result.best.step << "\n";
  llvm::outs() << "seconds           " << tool::fixed(result.seconds, 1) << "  (" << tool::fixed(result.imagesPerSecond, 1)
               << " images/s)\n";
  if (!result.badPictures.empty())
    llvm::outs() << "pictures left out " << result.badPictures.size() << "\n";
  llvm::outs() << "written to        " << printable(folder) << "\n";
}

/// As of Ctrl-C anywhere else; but nothing was lost.
static void tellInterrupted(const Options &options, const tool::TrainingMemory &memory, int64_t lastStep,
                            const std::string &folder) {
  tool::note("stopped after step " + llvm::Twine(memory.step) + " of " + llvm::Twine(lastStep) + ", which is in `" +
             Loop::lastPath(folder) + "`; `" + resumingCommand(options) + "` goes on from there");
}

static llvm::Error checkUsage(const Options &options) {
  if (options.resume && (!options.weights.empty() || !options.fresh.empty()))
    return tool::badInput("--resume goes on from the folder's own checkpoint: leave out --weights and --fresh");
  if (!options.fresh.empty() && options.weights.empty())
    return tool::badInput("--fresh says what of --weights is not taken; without --weights all is fresh");
  return llvm::Error::success();
}

/// Of the recipe's groups each process has as many.
static llvm::Error checkGroups(const frontend::Recipe &recipe, const tool::Processes &processes) {
  if (recipe.groups % processes.count() == 0)
    return llvm::Error::success();
  return tool::badInput(llvm::Twine(processes.count()) + " processes cannot share the " + llvm::Twine(recipe.groups) +
                        (recipe.groups == 1 ? " group" : " groups") +
                        " of a step: their number must divide that (--set groups=N)");
}

/// All that decides which bits are computed, and from where.
static std::string textOf(const tool::TrainingIdentity &identity, const tool::TrainingMemory &memory) {
  std::string text;
  for (const auto &[key, value] : tool::metadataOf(identity, memory))
    text += key + "=" + value + "\n";
  return text;
}

/// Whether it was interrupted.
static llvm::Expected<bool> trainIn(const tool::Processes &processes, const Options &given);

llvm::Error tool::train(const Options &options) {
  llvm::Expected<std::unique_ptr<Processes>> processes = Processes::join();
  if (!processes)
    return processes.takeError();
  llvm::Expected<bool> interrupted = trainIn(**processes, options);
  auto say = [&] { // the process may end there
    int exitCode = tool::report(interrupted.takeError(), *options.reply);
    if (options.json)
      options.reply->print(llvm::outs(), exitCode);
    llvm::outs().flush();
    return exitCode;
  };
  if (!interrupted && (*processes)->areSeveral())
    return llvm::make_error<Failure>(static_cast<Exit>((*processes)->fail(say)), "");
  if (!interrupted)
    return interrupted.takeError();
  return *interrupted ? llvm::make_error<Failure>(Exit::interrupted, "") : llvm::Error::success();
}

static llvm::Expected<bool> trainIn(const tool::Processes &processes, const Options &given) {
  using namespace tool;
  const Options options = compileOptions(given);
  if (llvm::Error error = checkUsage(options))
    return error;
  Compilation &compilation = *new Compilation(options); // to the process's end: a deep network's graph takes long to take apart
  if (llvm::Error error = compilation.readGraph())
    return error;
  const frontend::Recipe &recipe = *compilation.recipe();
  if (llvm::Error error = checkGroups(recipe, processes))
    return error;
  Ports ports = describePorts(modelOf(compilation.module()));
  llvm::Expected<Preprocessing> preprocessing = Preprocessing::of(ports, options);
  if (!preprocessing)
    return preprocessing.takeError();
  llvm::Expected<Pictures> pictures = Pictures::open(options.data, recipe, *preprocessing);
  if (!pictures)
    return pictures.takeError();
  std::optional<WeightsSource> weights;
  if (!options.weights.empty())
    if (llvm::Error error = openWeights(options, compilation, "", /*judged=*/false).moveInto(weights))
      return error;
  std::string folder = folderOf(options, compilation);
  if (llvm::Error error = checkFolder(options, folder))
    return error;
  llvm::Expected<std::unique_ptr<loaded::LoadedModel>> library = compile(compilation, options, imagesAtOnce(ports.inputs[0]));
  if (!library)
    return library.takeError();
  const codegen::LoweredModel &lowered = compilation.lowered();
  llvm::Expected<std::unique_ptr<Trainer>> trainer =
      Trainer::open(**library, {recipe.batch / recipe.groups, recipe.groups, options.threads});
  if (!trainer)
    return trainer.takeError();
  if (llvm::Error error = (*trainer)->setNumbers(recipe))
    return error;
  TrainingIdentity identity{lowered.image.name,
                            options.seed,
                            pictures->trainedOn(),
                            frontend::listSettings(recipe),
                            planOf(*lowered.training, (*library)->isa()),
                            pictures->classNames()};
  BestScore best;
  llvm::Expected<TrainingMemory> memory =
      start(options, folder, **trainer, lowered.image, weights ? &*weights : nullptr, identity, best);
  if (!memory)
    return memory.takeError();
  LoopOptions wanted{.folder = folder,
                     .title = lowered.image.name,
                     .lastStep = options.lastStep > 0 ? options.lastStep : recipe.length,
                     .logEvery = options.logEvery,
                     .evaluateEvery = options.evaluateEvery,
                     .saveEvery = options.saveEvery,
                     .processes = &processes};
  if (llvm::Error error = processes.requireSame(textOf(identity, *memory), "training"))
    return error;
  if (llvm::Error error = (*trainer)->share(processes))
    return error;
  if (processes.isFirst())
    if (llvm::Error error = makeFolder(folder))
      return error;
  Loop loop(**trainer, *lowered.training, *pictures, recipe, identity, *memory, best, wanted);
  llvm::Expected<LoopResult> result = loop.run();
  if (!result)
    return result.takeError();
  if (processes.isFirst())
    options.json ? printJson(*result, *memory, folder, *options.reply) : printText(*result, *memory, folder);
  if (processes.isFirst() && result->interrupted)
    tellInterrupted(options, *memory, wanted.lastStep, folder);
  return result->interrupted;
}
