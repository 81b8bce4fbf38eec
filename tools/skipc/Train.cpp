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

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <unistd.h>

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

/// Fails where the folder cannot be made, or nothing can be written there, which is found out before all else; nothing is made
/// yet, since what comes may fail.
static llvm::Error checkPlace(const std::string &folder) {
  std::error_code code;
  std::filesystem::path place = std::filesystem::absolute(folder, code);
  while (!std::filesystem::exists(place, code) && place.has_relative_path())
    place = place.parent_path();
  if (!std::filesystem::is_directory(place, code))
    return tool::badInput("cannot make the folder " + quotedName(folder) + ": " + quotedName(place.string()) +
                              " is not a folder",
                          "name another one (-o)");
  if (::access(place.c_str(), W_OK) != 0)
    return tool::badInput("cannot write into " + quotedName(place.string()) + ": " + std::generic_category().message(errno),
                          "name another folder (-o)");
  return llvm::Error::success();
}

/// A run of hours is not written over by chance.
static llvm::Error checkFolder(const Options &options, const std::string &folder) {
  bool resumes = options.resume;
  std::string last = Loop::lastPath(folder);
  llvm::Expected<bool> isThere = tool::isThere(last);
  if (!isThere)
    return isThere.takeError();
  if (resumes && !*isThere)
    return tool::badInput("--resume: there is no `" + last + "` to go on from");
  if (!resumes && *isThere)
    return tool::badInput("`" + last + "` is there already",
                          "go on from it with `" + resumingCommand(options) + "`, or write into another folder (-o)");
  return checkPlace(folder);
}

/// The folder is there, without what a killed run was writing.
static llvm::Error makeFolder(const std::string &folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code)
    return tool::badInput("cannot make the folder " + quotedName(folder) + ": " + code.message());
  for (const char *name : {"last.safetensors", "best.safetensors", "metrics.jsonl", "curve.svg"})
    removeLeftovers(folder + "/" + name);
  return llvm::Error::success();
}

/// What the flags say beside the spec, as compile options.
static Options compileOptions(Options options) {
  options.train = true;
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
    if (llvm::Error error = tool::bestScoreOf(Loop::bestPath(folder), identity).moveInto(best))
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
    json.attribute("validation_broken_count", static_cast<int64_t>(result.badValidation.size()));
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
  if (result.steps > 0)
    llvm::outs() << "seconds           " << tool::fixed(result.seconds, 1) << "  (" << tool::fixed(result.imagesPerSecond, 1)
                 << " images/s)\n";
  if (size_t bad = result.badPictures.size() + result.badValidation.size())
    llvm::outs() << "pictures left out " << bad << ", " << result.badValidation.size() << " of them to validate on\n";
  llvm::outs() << "written to        " << printable(folder) << "\n";
}

/// As of Ctrl-C anywhere else; but nothing was lost.
static void tellInterrupted(const Options &options, const tool::TrainingMemory &memory, int64_t lastStep,
                            const std::string &folder) {
  tool::note("stopped after step " + llvm::Twine(memory.step) + " of " + llvm::Twine(lastStep) + ", which is in " +
             quotedName(Loop::lastPath(folder)) + "; `" + resumingCommand(options) + "` goes on from there");
}

static llvm::Error checkUsage(const Options &options) {
  if (options.resume && (!options.weights.empty() || !options.fresh.empty()))
    return tool::badInput("--resume goes on from the folder's own checkpoint: leave out --weights and --fresh");
  if (!options.fresh.empty() && options.weights.empty())
    return tool::badInput("--fresh says what of --weights is not taken; without --weights all is fresh");
  if (!options.freeze.empty() && tool::isSet(options, "freeze"))
    return tool::badInput("--freeze and --set freeze=... both say what is frozen: give one of them");
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

namespace {
/// What is known before anything is compiled.
struct Opened {
  tool::Compilation &compilation;
  tool::Ports ports;
  std::vector<std::string> layers; ///< the labels of the spec
  std::string network;             ///< tool::networkOf
  std::string folder;
  tool::Pictures pictures;
  std::optional<tool::WeightsSource> weights = {};
};

/// What is compiled, and belongs together.
struct Compiled {
  std::unique_ptr<loaded::LoadedModel> library;
  std::unique_ptr<tool::Trainer> trainer; // goes before its library
};
} // namespace

static std::vector<std::string> layerNames(mlir::ModuleOp module) {
  std::vector<std::string> names;
  for (const tool::Layer &layer : tool::listLayers(tool::modelOf(module)).list)
    names.push_back(layer.name);
  return names;
}

static std::string textOf(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

/// Of classes that no picture has, the folders' names tell: a model that is made for more learns, and is no worse for it, but
/// that is seldom meant.
static void noteUnusedClasses(const tool::Pictures &pictures, const frontend::Recipe &recipe, const Options &options) {
  auto found = static_cast<int64_t>(pictures.classNames().size());
  if (found > 0 && found < recipe.classes)
    tool::note(quotedName(options.data) + " has folders of " + llvm::Twine(found) + " classes, and the model has " +
               llvm::Twine(recipe.classes) + ": -D classes=" + llvm::Twine(found) +
               " makes it one for these, if the spec has that parameter");
}

static llvm::Expected<Opened> open(const Options &options, const tool::Processes &processes) {
  using namespace tool;
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
  if (processes.isFirst())
    noteUnusedClasses(*pictures, recipe, options);
  Opened opened{.compilation = compilation,
                .ports = std::move(ports),
                .layers = layerNames(compilation.module()),
                .network = networkOf(textOf(compilation.module())),
                .folder = folderOf(options, compilation),
                .pictures = std::move(*pictures)};
  if (!options.weights.empty())
    if (llvm::Error error = openWeights(options, compilation, "", /*judged=*/false).moveInto(opened.weights))
      return error;
  if (llvm::Error error = checkFolder(options, opened.folder))
    return error;
  return opened;
}

static llvm::Expected<Compiled> makeTrainer(const Opened &opened, const Options &options) {
  const frontend::Recipe &recipe = *opened.compilation.recipe();
  Compiled made;
  if (llvm::Error error = compile(opened.compilation, options, imagesAtOnce(opened.ports.inputs[0])).moveInto(made.library))
    return error;
  int64_t batches = data::LoaderOptions().ahead + 1; // that are made ahead, and the one of the step
  tool::Trainer::Shape shape{recipe.batch / recipe.groups, recipe.groups, options.threads, recipe.groups * batches};
  if (llvm::Error error = tool::Trainer::open(*made.library, shape).moveInto(made.trainer))
    return error;
  if (llvm::Error error = made.trainer->setNumbers(recipe))
    return error;
  return made;
}

static tool::TrainingIdentity identityOf(const Opened &opened, const Compiled &compiled, const Options &options) {
  const codegen::LoweredModel &lowered = opened.compilation.lowered();
  return {.model = lowered.image.name,
          .seed = options.seed,
          .pictures = opened.pictures.trainedOn(),
          .settings = frontend::listSettings(*opened.compilation.recipe()),
          .plan = tool::planOf(*lowered.training, compiled.library->isa()),
          .classes = opened.pictures.classNames(),
          .pixels = opened.pictures.settings(),
          .data = opened.pictures.fingerprint(),
          .validation = opened.pictures.validationFingerprint(),
          .network = opened.network,
          .exact = options.exact};
}

static tool::LoopOptions loopOptions(const Opened &opened, const Options &options, const tool::Processes &processes) {
  return {.folder = opened.folder,
          .title = opened.compilation.lowered().image.name,
          .lastStep = options.lastStep > 0 ? options.lastStep : opened.compilation.recipe()->length,
          .logEvery = options.logEvery,
          .evaluateEvery = options.evaluateEvery,
          .saveEvery = options.saveEvery,
          .layers = opened.layers,
          .processes = &processes};
}

static void tell(const tool::LoopResult &result, const tool::TrainingMemory &memory, const tool::LoopOptions &wanted,
                 const Options &options) {
  options.json ? printJson(result, memory, wanted.folder, *options.reply) : printText(result, memory, wanted.folder);
  if (result.interrupted)
    tellInterrupted(options, memory, wanted.lastStep, wanted.folder);
  else if (result.steps == 0)
    tool::note("nothing was to do: " + quotedName(Loop::lastPath(wanted.folder)) + " is of step " + llvm::Twine(memory.step) +
               ", and the training ends with step " + llvm::Twine(wanted.lastStep) + "; --steps N goes on to step N");
}

static llvm::Expected<bool> trainIn(const tool::Processes &processes, const Options &given) {
  using namespace tool;
  const Options &options = *new Options(compileOptions(given)); // as long as the compilation
  if (llvm::Error error = checkUsage(options))
    return error;
  llvm::Expected<Opened> opened = open(options, processes);
  if (!opened)
    return opened.takeError();
  llvm::Expected<Compiled> compiled = makeTrainer(*opened, options);
  if (!compiled)
    return compiled.takeError();
  Trainer &trainer = *compiled->trainer;
  const codegen::LoweredModel &lowered = opened->compilation.lowered();
  TrainingIdentity identity = identityOf(*opened, *compiled, options);
  BestScore best;
  llvm::Expected<TrainingMemory> memory =
      start(options, opened->folder, trainer, lowered.image, opened->weights ? &*opened->weights : nullptr, identity, best);
  if (!memory)
    return memory.takeError();
  LoopOptions wanted = loopOptions(*opened, options, processes);
  if (llvm::Error error = processes.requireSame(mustBeSame(identity, *memory, wanted), "training"))
    return error;
  if (llvm::Error error = trainer.share(processes))
    return error;
  if (processes.isFirst())
    if (llvm::Error error = makeFolder(opened->folder))
      return error;
  Loop loop(trainer, *lowered.training, opened->pictures, *opened->compilation.recipe(), identity, *memory, best, wanted);
  llvm::Expected<LoopResult> result = loop.run();
  if (!result)
    return result.takeError();
  if (processes.isFirst())
    tell(*result, *memory, wanted, options);
  return result->interrupted;
}
