// What flags of several commands are called, take and mean.
#include "tools/skipc/OptionGroups.h"

#include "tools/compile/Targets.h"
#include "tools/running/Preprocessing.h"
#include "tools/text/Table.h"

using namespace skip;
using tool::Options;
namespace flags = tool::flags;

/// Takes one value each time it is given, so that it never swallows the arguments behind it.
CLI::Option *flags::repeatable(CLI::Option *option) { return option->allow_extra_args(false); }

uint64_t flags::wholeOf(llvm::StringRef flag, llvm::StringRef text, Range range) {
  uint64_t number = 0;
  if (text.getAsInteger(10, number) || number < range.least || number > range.most)
    throw CLI::ValidationError(flag.str(), "`" + text.str() + "` is not a whole number from " + std::to_string(range.least) +
                                               " to " + std::to_string(range.most));
  return number;
}

std::string flags::typeName(Range range) {
  constexpr uint64_t mostToTell = 1'000'000;
  return range.most > mostToTell ? "N" : "N (" + std::to_string(range.least) + " to " + std::to_string(range.most) + ")";
}

void flags::addSeed(CLI::App &app, Options &o, const char *help) { addWhole(app, "--seed", o.seed, {0, UINT64_MAX}, help); }

void flags::addWide(CLI::App &app, Options &o) {
  app.add_flag("--wide", o.wide, "all columns of tables, and long texts as they are, however wide that is");
}

bool tool::isSet(const Options &options, llvm::StringRef setting) {
  return llvm::any_of(options.settings, [&](llvm::StringRef text) { return text.split('=').first.trim() == setting; });
}

size_t tool::widthOfTables(const Options &options) { return options.wide ? Table::everything : 100; }

void flags::addJson(CLI::App &app, Options &o) {
  app.add_flag("--json", o.json, "print one JSON object on stdout, of errors too (docs/json.md)");
}

static void addDefine(Options &o, const std::string &text) {
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    throw CLI::ValidationError("-D", "`" + text + "` is not NAME=VALUE");
  o.defines.push_back({text.substr(0, equals), text.substr(equals + 1)});
}

void flags::addDefines(CLI::App &app, Options &o) {
  repeatable(app.add_option_function<std::vector<std::string>>(
                 "-D,--define",
                 [&o](const std::vector<std::string> &texts) {
                   for (const std::string &text : texts)
                     addDefine(o, text);
                 },
                 "set a compile-time parameter of the spec"))
      ->type_name("NAME=VALUE");
  app.add_option("--model", o.model, "the model, where the spec holds several")->type_name("NAME");
  repeatable(app.add_option("-I,--import-path", o.importPaths, "search imported files here, before the catalogue"))
      ->type_name("DIR");
  addJson(app, o);
}

void flags::addSpec(CLI::App &app, Options &o) {
  app.add_option("SPEC", o.spec, "a .skip file, or a name of the catalogue (resnet50)")->required();
  addDefines(app, o);
}

static CLI::Option_group *addCompileGroup(CLI::App &app, Options &o) {
  CLI::Option_group *group = app.add_option_group("Compiling");
  group->add_option("--target-cpu", o.targetCpu, "build one body: native, x86-64-v3 or x86-64-v4")
      ->check(CLI::IsMember({"native", "x86-64-v3", "x86-64-v4"}));
  flags::addWhole(*group, "-j,--jobs", o.jobs, {1, 1024}, "threads that compile kernels (default: all cores)");
  group->add_flag("--exact", o.exact,
                  "compute convolutions directly: no Winograd or Strassen, whose rounding errors are larger");
  group
      ->add_option("--db", o.database,
                   "go by this tuning database (default: yours, ~/.cache/skip/tuning.db, and those that Skip ships)")
      ->type_name("FILE");
  group->add_flag("--no-tuning", o.noTuning, "go by no tuning database: the cost model chooses all schedules")
      ->excludes("--db");
  group->add_option("--dump-dir", o.dumpDir, "write the text of every stage into this folder")->type_name("DIR");
  group->add_flag("--print-ir-after-all", o.printIrAfterAll, "print the IR after each pass to stderr");
  group->add_flag("--timing", o.timing, "print how long each stage and pass took to stderr");
  return group;
}

constexpr char deviceHelp[] =
    "choose what is fastest on this machine, not here: a fingerprint as `skipc tune --show` prints it, or a file with one, "
    "such as an export";

void flags::addCompile(CLI::App &app, Options &o) {
  addCompileGroup(app, o)->add_option("--device", o.device, deviceHelp)->type_name("TEXT|FILE");
}

void flags::addCompileToRun(CLI::App &app, Options &o) {
  auto add = [&o](const std::vector<std::string> &texts) {
    for (const std::string &text : texts) {
      bool isNumber = llvm::all_of(text, llvm::isDigit);
      if (isNumber ? o.runsOn.has_value() : !o.device.empty())
        throw CLI::ValidationError("--device",
                                   "takes one GPU to run on and one machine to choose for, and `" + text + "` is one more");
      if (isNumber)
        o.runsOn = static_cast<int32_t>(wholeOf("--device", text, {0, INT32_MAX}));
      else
        o.device = text;
    }
  };
  CLI::Option_group *group = addCompileGroup(app, o);
  repeatable(group->add_option_function<std::vector<std::string>>(
                 "--device", add,
                 std::string("of target cuda, the number of the GPU that runs it, from 0 (default: 0); or ") + deviceHelp))
      ->type_name("N|TEXT|FILE");
}

/// Of the recipe in the spec's `train` statement.
void flags::addSettings(CLI::App &app, Options &o) {
  repeatable(app.add_option("--set", o.settings, "of training, over the spec's recipe, such as rate.start=0.05 or batch=64"))
      ->type_name("NAME=VALUE");
}

/// Of commands that build or plan.
void flags::addTrain(CLI::App &app, Options &o) {
  app.add_flag("--train", o.train, "also the gradients of a training step, as the spec's `train` statement says");
  addSettings(app, o);
}

static CLI::Option *addTarget(CLI::App &app, Options &o, const char *help) {
  return app.add_option("--target", o.targets, help)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(tool::targetNames()));
}

static void addPrecision(CLI::App &app, Options &o) {
  app.add_option(
         "--precision", o.precision,
         "what cuda's convolutions and linear layers multiply, in sums of f32: f32 (default), or on tensor cores tf32, f16 "
         "or bf16; of the last two activations and filters are stored so")
      ->check(CLI::IsMember({"f32", "tf32", "f16", "bf16"}))
      ->type_name("TYPE");
}

/// Of commands that build or plan.
void flags::addTargets(CLI::App &app, Options &o) {
  addTarget(app, o, "what to build for, of x86 and cuda; of several a library runs the first that it can (default: x86)")
      ->type_name("NAME[,NAME]");
  addPrecision(app, o);
}

void flags::addArchitectures(CLI::App &app, Options &o, const char *what) {
  app.add_option("--gpu-arch", o.objects.architectures, what)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("sm_NN[,sm_NN...]");
}

/// Code for GPUs that is made when the library is built.
void flags::addObjects(CLI::App &app, Options &o) {
  addArchitectures(
      app, o,
      "for cuda: also put objects for these GPUs into the library, which start without being compiled first; NVIDIA's "
      "ptxas makes them. sm_90a has kernels of its own, for GPUs of compute capability 9.0");
  app.add_option(
         "--gpu-code", o.objects.kinds,
         "what to make for --gpu-arch: object, or of sm_90a's own kernels ptx, which the driver compiles, or both (default: "
         "object)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"object", "ptx"}))
      ->type_name("KIND[,KIND]");
  app.add_option("--ptxas", o.objects.ptxas, "the assembler for --gpu-arch (default: that of PATH, or of CUDA_HOME/bin)")
      ->type_name("FILE");
}

/// Of commands that run what they build.
void flags::addRunTarget(CLI::App &app, Options &o) {
  addTarget(app, o, "what to run on, x86 or cuda (default: x86)")->type_name("NAME");
  addPrecision(app, o);
}

void flags::addRule(CLI::App &app, const char *rule) { app.footer(app.get_footer() + "\n\n" + rule); }

static int64_t batchOf(llvm::StringRef text, llvm::StringRef whole) {
  constexpr int64_t most = int64_t(1) << 20;
  int64_t batch = 0;
  if (text.getAsInteger(10, batch) || batch < 1 || batch > most)
    throw CLI::ValidationError("--batch", "`" + whole.str() + "` is not a number of images from 1 to " + std::to_string(most));
  return batch;
}

/// CLI11's own lists pass over what is empty.
static llvm::SmallVector<llvm::StringRef> partsOf(llvm::StringRef text) {
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',');
  return parts;
}

CLI::Option *flags::addBatches(CLI::App &app, Options &o, const char *help) {
  auto set = [&o](const std::string &text) {
    for (llvm::StringRef part : partsOf(text))
      o.batches.push_back(batchOf(part, part));
  };
  return app.add_option_function<std::string>("--batch", set, help)->type_name("N[,N...]");
}

/// The library is built for both ends of a range, as one that is to take any number of images would be.
static void setBatchRanges(Options &o, llvm::StringRef text) {
  constexpr int64_t mostCounts = 1024;
  for (llvm::StringRef part : partsOf(text)) {
    auto [first, last] = part.split('-');
    int64_t least = batchOf(first, part), most = part.contains('-') ? batchOf(last, part) : least;
    if (most < least || most - least >= mostCounts)
      throw CLI::ValidationError("--batch", "`" + part.str() + "` is not a range such as 1-16, of at most " +
                                                std::to_string(mostCounts) + " numbers");
    o.batches.insert(o.batches.end(), {least, most});
    for (int64_t count = least; count <= most; ++count)
      o.counts.push_back(count);
  }
  llvm::sort(o.counts);
  o.counts.erase(std::unique(o.counts.begin(), o.counts.end()), o.counts.end());
}

void flags::addBatchRanges(CLI::App &app, Options &o, const char *help) {
  app.add_option_function<std::string>(
         "--batch", [&o](const std::string &text) { setBatchRanges(o, text); }, help)
      ->type_name("N[,N-N...]");
}

static void addRename(Options &o, const std::string &text) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || text == "=" || text.find('=', equals + 1) != std::string::npos)
    throw CLI::ValidationError("--rename", "`" + text + "` is not OLD=NEW");
  o.naming.renames.push_back({text.substr(0, equals), text.substr(equals + 1)});
}

void flags::addNaming(CLI::App &app, Options &o) {
  flags::repeatable(app.add_option_function<std::vector<std::string>>(
                        "--rename",
                        [&o](const std::vector<std::string> &texts) {
                          for (const std::string &text : texts)
                            addRename(o, text);
                        },
                        "call the checkpoint's tensor OLD, and those below the label OLD, by a name that begins with NEW"))
      ->type_name("OLD=NEW");
  app.add_flag("--allow-extra", o.naming.allowExtra, "pass over tensors of the checkpoint that the model does not read");
  app.add_flag("--verbose", o.naming.verbose, "where a checkpoint does not fit, list all that differs");
}

CLI::Option *flags::addWeights(CLI::App &app, Options &o) {
  addNaming(app, o);
  return app.add_option("--weights", o.weights, "a safetensors checkpoint, a PyTorch file, or random:SEED")->type_name("FILE");
}

void flags::addThreads(CLI::App &app, Options &o) {
  addWhole(app, "--threads", o.threads, {1, 1024}, "threads to run on (default: all cores)");
}

void flags::addPictures(CLI::App &app, Options &o) {
  for (auto [flag, list, help] : {std::tuple("--mean", &o.mean, "subtract this from each channel, of pixels in 0..1"),
                                  std::tuple("--std", &o.deviation, "then divide by this")})
    app.add_option(flag, *list, help)->delimiter(',')->allow_extra_args(false)->type_name("R,G,B");
  app.add_flag("--as-is", o.asIs,
               "take pictures as they are, neither scaled nor cropped; those of another size than the input's are refused");
  addRule(app, tool::pictureRule);
}

void flags::addExif(CLI::App &app, Options &o) {
  app.add_flag("--exif", o.exif, "turn pictures upright first, as EXIF says (default: as their rows are stored)");
}

/// One command: its name, what it does, its examples, its flags.
CLI::App &flags::addCommand(CLI::App &app, Options &o, const char *name, tool::Command command, const char *summary,
                            const char *examples) {
  CLI::App &added = *app.add_subcommand(name, summary);
  added.footer(std::string("Examples:\n") + examples);
  added.callback([&o, command] { o.command = command; });
  return added;
}
