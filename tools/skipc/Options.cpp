// The command line, with CLI11: groups of flags that commands share, then one function a command.
#include "tools/skipc/Options.h"

#include "frontend/Diagnostics.h"
#include "tools/compile/Targets.h"
#include "tools/running/Preprocessing.h"
#include "tools/skipc/Commands.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"

#include <CLI/CLI.hpp>

using namespace skip;
using tool::Options;

/// Takes one value each time it is given, so that it never swallows the arguments behind it.
static CLI::Option *repeatable(CLI::Option *option) { return option->allow_extra_args(false); }

static void addJson(CLI::App &app, Options &o) { app.add_flag("--json", o.json, "print one JSON object on stdout"); }

static void addDefine(Options &o, const std::string &text) {
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    throw CLI::ValidationError("-D", "`" + text + "` is not NAME=VALUE");
  o.defines.push_back({text.substr(0, equals), text.substr(equals + 1)});
}

static void addDefines(CLI::App &app, Options &o) {
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

static void addSpec(CLI::App &app, Options &o) {
  app.add_option("SPEC", o.spec, "a .skip file, or a name of the catalogue (resnet50)")->required();
  addDefines(app, o);
}

static void addCompile(CLI::App &app, Options &o) {
  CLI::Option_group *group = app.add_option_group("Compiling");
  group->add_option("--target-cpu", o.targetCpu, "build one body: native, x86-64-v3 or x86-64-v4")
      ->check(CLI::IsMember({"native", "x86-64-v3", "x86-64-v4"}));
  group->add_option("-j,--jobs", o.jobs, "threads that compile kernels (default: all cores)")->check(CLI::Range(1u, 1024u));
  group->add_flag("--exact", o.exact,
                  "compute convolutions directly: no Winograd or Strassen, whose rounding errors are larger");
  group
      ->add_option("--db", o.database,
                   "go by this tuning database (default: yours, ~/.cache/skip/tuning.db, and those that Skip ships)")
      ->type_name("FILE");
  group->add_flag("--no-tuning", o.noTuning, "go by no tuning database: the cost model chooses all schedules")
      ->excludes("--db");
  group
      ->add_option(
          "--device", o.device,
          "choose what is fastest on this machine, not here: a fingerprint as `skipc tune --show` prints it, or a file "
          "with one, such as an export; times that explain-plan predicts are then of a core at 3 GHz")
      ->type_name("TEXT|FILE");
  group->add_option("--dump-dir", o.dumpDir, "write the text of every stage into this folder")->type_name("DIR");
  group->add_flag("--print-ir-after-all", o.printIrAfterAll, "print the IR after each pass to stderr");
  group->add_flag("--timing", o.timing, "print how long each stage and pass took to stderr");
}

/// Of the recipe in the spec's `train` statement.
static void addSettings(CLI::App &app, Options &o) {
  repeatable(app.add_option("--set", o.settings, "of training, over the spec's recipe, such as rate.start=0.05 or batch=64"))
      ->type_name("NAME=VALUE");
}

/// Of commands that build or plan.
static void addTrain(CLI::App &app, Options &o) {
  app.add_flag("--train", o.train, "also the gradients of a training step, as the spec's `train` statement says");
  addSettings(app, o);
}

static CLI::Option *addTarget(CLI::App &app, Options &o, const char *help) {
  return app.add_option("--target", o.targets, help)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"x86", "cuda"}));
}

/// Of commands that build or plan.
static void addTargets(CLI::App &app, Options &o) {
  addTarget(app, o, "what to build for, of x86 and cuda; of several a library runs the first that it can (default: x86)")
      ->type_name("NAME[,NAME]");
  app.add_option_function<std::string>(
         "--precision",
         [](const std::string &text) {
           if (text != "f32")
             throw CLI::ValidationError("--precision", "`" + text + "`: kernels compute in f32 alone");
         },
         "what values are computed and stored in: f32 (default)")
      ->type_name("f32");
}

/// Of commands that run what they build.
static void addRunTarget(CLI::App &app, Options &o) {
  addTarget(app, o, "what to run on, x86 or cuda (default: x86)")->type_name("NAME");
}

static void addRule(CLI::App &app, const char *rule) { app.footer(app.get_footer() + "\n\n" + rule); }

/// CLI11's own lists pass over what is empty.
static void setBatches(Options &o, llvm::StringRef text) {
  constexpr int64_t most = int64_t(1) << 20;
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',');
  for (llvm::StringRef part : parts) {
    int64_t batch = 0;
    if (part.getAsInteger(10, batch) || batch < 1 || batch > most)
      throw CLI::ValidationError("--batch", "`" + part.str() + "` is not a number of images from 1 to " + std::to_string(most));
    o.batches.push_back(batch);
  }
}

static CLI::Option *addBatches(CLI::App &app, Options &o, const char *help) {
  return app.add_option_function<std::string>(
                "--batch", [&o](const std::string &text) { setBatches(o, text); }, help)
      ->type_name("N[,N...]");
}

static CLI::Option *addWeights(CLI::App &app, Options &o) {
  return app.add_option("--weights", o.weights, "a safetensors checkpoint, a PyTorch file, or random:SEED")->type_name("FILE");
}

static void addThreads(CLI::App &app, Options &o) {
  app.add_option("--threads", o.threads, "threads to run on (default: all cores)")->check(CLI::Range(1u, 1024u));
}

static void addPictures(CLI::App &app, Options &o) {
  for (auto [flag, list, help] : {std::tuple("--mean", &o.mean, "subtract this from each channel, of pixels in 0..1"),
                                  std::tuple("--std", &o.deviation, "then divide by this")})
    app.add_option(flag, *list, help)->delimiter(',')->allow_extra_args(false)->type_name("R,G,B");
  app.add_flag("--as-is", o.asIs,
               "take pictures as they are, neither scaled nor cropped; those of another size than the input's are refused");
  addRule(app, tool::pictureRule);
}

/// One command: its name, what it does, its examples, its flags.
static CLI::App &addCommand(CLI::App &app, Options &o, const char *name, tool::Command command, const char *summary,
                            const char *examples) {
  CLI::App &added = *app.add_subcommand(name, summary);
  added.footer(std::string("Examples:\n") + examples);
  added.callback([&o, command] { o.command = command; });
  return added;
}

static void setName(Options &o, const std::string &text) {
  bool isIdentifier =
      !text.empty() && !llvm::isDigit(text[0]) && llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (!isIdentifier)
    throw CLI::ValidationError("--name", "`" + text + "` is not a C identifier, of letters, digits and `_`");
  o.name = text;
}

static void addBuild(CLI::App &app, Options &o) {
  CLI::App &build = addCommand(
      app, o, "build", tool::build, "compile a spec to a native library",
      "  skipc build resnet50 --weights resnet50.safetensors -o out\n"
      "  skipc build cifar_resnet -D depth=56 --name resnet56 --batch 1,64 -o out\n"
      "  skipc build resnet18 --emit=obj -o out && cc main.c out/resnet18.o -Iout -lpthread\n"
      "  skipc build resnet18 --stop-after=plan\n"
      "\n"
      "Kinds of --emit, of which lib, shared and obj come with the header NAME.h:\n"
      "  lib     libNAME.a\n"
      "  shared  libNAME.so, which needs libc alone\n"
      "  obj     NAME.o, one relocatable object with all that libNAME.a holds: kernels, runtime, weights. As with libNAME.a,\n"
      "          only the functions of NAME.h are visible, so any number of models link into one program\n"
      "  exe     NAME, a program (`NAME --help`) that ends with 0 done, 1 input, weights, memory or disk failed,\n"
      "          2 wrong arguments; it needs `cc`\n"
      "  asm     each kernel's assembly, k.*.s, of cuda k$*.ptx\n"
      "  llvm    each kernel's LLVM IR, k.*.ll\n"
      "  ptx     NAME.ptx, all of cuda's kernels as they are in the library\n"
      "\n"
      "--stop-after=kernel and llvm show all kernels in one text, each below a line `=== kernel NAME (ISA) ===`,\n"
      "which is a comment there (`//`, `;`).");
  addSpec(build, o);
  build.add_option("-o,--output", o.output, "the folder to write into (default: this one); with --stop-after a file");
  build
      .add_option_function<std::string>(
          "--name", [&o](const std::string &text) { setName(o, text); },
          "the library's name, a C identifier (default: the model's)")
      ->type_name("NAME");
  addBatches(build, o, "batch sizes to choose schedules for; the largest is the limit of a run (default: 1)");
  addWeights(build, o);
  build.add_option("--weights-mode", o.weightsMode, "where the weights go: embed (default with --weights), file or none")
      ->check(CLI::IsMember({"embed", "file", "none"}));
  build.add_option("--emit", o.emit, "what to write, of lib, shared, exe, obj, asm, llvm, ptx (default: lib,shared)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"lib", "shared", "exe", "obj", "asm", "llvm", "ptx"}))
      ->type_name("KIND[,KIND...]");
  build.add_option("--stop-after", o.stopAfter, "show a stage's text: ast, graph, plan, kernel, llvm or object")
      ->check(CLI::IsMember({"ast", "graph", "plan", "kernel", "llvm", "object"}));
  addTargets(build, o);
  addTrain(build, o);
  addCompile(build, o);
}

static void addRun(CLI::App &app, Options &o) {
  CLI::App &run = addCommand(app, o, "run", tool::run, "classify pictures, or run a tensor",
                             "  skipc run resnet50 --weights resnet50.safetensors cat.jpg dog.png\n"
                             "  skipc run resnet18 --weights random:1 --input x.npy --output y.npy");
  addSpec(run, o);
  run.add_option("PICTURE", o.pictures, "JPEG or PNG files");
  repeatable(run.add_option("--input", o.inputs, "run this tensor instead of pictures"))->type_name("X.npy");
  repeatable(run.add_option("--output", o.outputs, "write the result there"))->type_name("Y.npy");
  run.add_option("--top", o.top, "how many classes to show (default: 5)")->check(CLI::Range(int64_t(1), int64_t(1000000)));
  run.add_option("--classes", o.classes, "class names, one a line, or `index<TAB>...<TAB>name`")->type_name("FILE");
  addWeights(run, o)->required();
  addBatches(run, o, "images at a time");
  addPictures(run, o);
  addThreads(run, o);
  addRunTarget(run, o);
  addCompile(run, o);
  addRule(run, tool::bodyRule);
}

static void addEval(CLI::App &app, Options &o) {
  CLI::App &eval = addCommand(app, o, "eval", tool::eval, "count right answers on a labelled data set",
                              "  skipc eval cifar_resnet --weights resnet20.safetensors --data cifar-10-batches-bin\n"
                              "  skipc eval resnet50 --weights resnet50.safetensors --data pictures --json");
  addSpec(eval, o);
  addWeights(eval, o)->required();
  eval.add_option("--data", o.data, "a folder with CIFAR-10's test_batch.bin, or with pictures and labels.tsv")
      ->required()
      ->type_name("DIR");
  addBatches(eval, o, "images at a time");
  addPictures(eval, o);
  addThreads(eval, o);
  addRunTarget(eval, o);
  addCompile(eval, o);
  addRule(eval, tool::bodyRule);
}

static void addVerify(CLI::App &app, Options &o) {
  CLI::App &verify =
      addCommand(app, o, "verify", tool::verify, "compare each compiled step with the double-precision reference",
                 "  skipc verify resnet50\n"
                 "  skipc verify cifar_resnet -D depth=110 --batch 1,3 --isa avx2");
  addSpec(verify, o);
  addWeights(verify, o);
  addBatches(verify, o, "batch sizes to verify (default: 1)");
  verify.add_option("--isa", o.isa, "which bodies to verify: avx2, avx512 or both (default: all that run here)")
      ->check(CLI::IsMember({"avx2", "avx512", "both"}));
  verify.add_option("--seed", o.seed, "of the random input (default: 1)");
  addThreads(verify, o);
  addRunTarget(verify, o);
  addCompile(verify, o);
  addRule(verify, tool::bodyRule);
}

static void addBench(CLI::App &app, Options &o) {
  CLI::App &bench = addCommand(app, o, "bench", tool::bench, "measure a model's speed",
                               "  skipc bench resnet50 --batch 16 --threads 2\n"
                               "  skipc bench resnet18 --steps");
  addSpec(bench, o);
  addWeights(bench, o);
  addBatches(bench, o, "images a run (default: 1)")->type_name("N");
  addThreads(bench, o);
  bench.add_flag("--steps", o.steps,
                 "show each step's time beside its roofline, which counts a direct convolution's multiply-adds: Winograd "
                 "steps may pass 100 %");
  bench.add_option("--seconds", o.seconds, "how long to measure (default: 2)")->check([](const std::string &text) {
    double seconds;
    bool valid = !llvm::StringRef(text).getAsDouble(seconds) && seconds >= 0.01 && seconds <= 3600;
    return valid ? "" : "expected 0.01 to 3600 seconds";
  });
  addRunTarget(bench, o);
  addCompile(bench, o);
  addRule(bench, tool::bodyRule);
}

/// "90", "90s", "10m", "1h".
static void setBudget(Options &o, llvm::StringRef text) {
  double unit = text.consume_back("h") ? 3600 : text.consume_back("m") ? 60 : (text.consume_back("s"), 1);
  if (text.getAsDouble(o.budget) || !(o.budget > 0) || o.budget > 1e6)
    throw CLI::ValidationError("--budget", "expected a time such as 90s, 10m or 1h");
  o.budget *= unit;
}

static void addTune(CLI::App &app, Options &o) {
  CLI::App &tune =
      addCommand(app, o, "tune", tool::tune, "measure which algorithms and schedules are the fastest here",
                 "  skipc tune resnet18 resnet50 --threads 2 --budget 5m\n"
                 "  skipc tune cifar_resnet -D depth=20 --batch 1,16 --isa both\n"
                 "  skipc tune --show\n"
                 "  skipc tune --merge other.db --export tuning.txt\n"
                 "\n"
                 "Every measurement is kept at once in the database that builds then go by, so tuning may be interrupted\n"
                 "and goes on where it stood. --export writes a database as text, --merge takes a database or such a text;\n"
                 "both and --show need no SPEC, and are done after tuning where there is one.");
  tune.add_option("SPEC", o.specs, "a .skip file, or a name of the catalogue (resnet50)");
  addDefines(tune, o);
  addBatches(tune, o, "batch sizes to tune for (default: 1)");
  addThreads(tune, o);
  tune.add_option("--isa", o.isa, "which bodies to tune: avx2, avx512 or both (default: the widest that runs here)")
      ->check(CLI::IsMember({"avx2", "avx512", "both"}));
  tune.add_option_function<std::string>(
          "--budget", [&o](const std::string &text) { setBudget(o, text); }, "when to stop (default: 60s)")
      ->type_name("TIME");
  tune.add_option("--db", o.database, "the database (default: $XDG_CACHE_HOME/skip/tuning.db, or ~/.cache/skip/tuning.db)")
      ->type_name("FILE");
  tune.add_flag("--show", o.show, "print the fastest known choices for this machine");
  tune.add_option("--merge", o.merge, "add the measurements of another database or export")->type_name("FILE");
  tune.add_option("--export", o.exportTo, "write all measurements as text; `-`: to the standard output")->type_name("FILE");
}

static void addSummaryPlanExplain(CLI::App &app, Options &o) {
  addSpec(addCommand(app, o, "summary", tool::summary, "print the layer table: output sizes, parameters, multiply-adds",
                     "  skipc summary resnet34 -D shortcut=A\n  skipc summary my.skip --model tiny --json"),
          o);
  CLI::App &plan = addCommand(app, o, "plan", tool::plan, "print the table of steps, kernels, layouts and memory",
                              "  skipc plan resnet50 --batch 1,16\n  skipc plan cifar_resnet -D depth=1202 --json");
  addSpec(plan, o);
  addBatches(plan, o, "batch sizes to plan for (default: 1)");
  addTargets(plan, o);
  addTrain(plan, o);
  addCompile(plan, o);
  CLI::App &why =
      addCommand(app, o, "explain-plan", tool::explainPlan, "say which fusions and algorithms were chosen, and why",
                 "  skipc explain-plan resnet18\n  skipc explain-plan resnet50 --batch 1,16 --json\n\n"
                 "How far results may be from exact ones, which `skipc verify` holds them to: `error bound` of a step's\n"
                 "largest value, `of terms` of the sum of absolute values that an element is made of, where these are\n"
                 "unlike, as random weights are, and `at most` whatever they are, within float32's range\n"
                 "(docs/verification.md).");
  addSpec(why, o);
  addBatches(why, o, "batch sizes to plan for (default: 1)");
  addCompile(why, o);
  CLI::App &explain = addCommand(app, o, "explain", tool::explain, "describe an error code of the language",
                                 "  skipc explain E0203\n  skipc explain");
  explain.add_option("CODE", o.code, "such as E0203; without it, all are listed");
  addJson(explain, o);
}

static void addList(CLI::App &app, Options &o) {
  CLI::App &list = addCommand(app, o, "weights", tool::weights, "list a checkpoint's tensors: names, types, shapes, bytes",
                              "  skipc weights checkpoint.pth\n  skipc weights resnet50.safetensors --stats --json");
  list.add_option("FILE", o.weights, "a safetensors checkpoint, or a PyTorch file")->required();
  list.add_flag("--stats", o.stats, "also the least, largest and mean value of each tensor of floats, and how many are NaN");
  addJson(list, o);
}

/// CLI11 says of an unknown command only that one is missing.
static llvm::Error checkCommand(const CLI::App &app, llvm::StringRef word) {
  std::vector<llvm::StringRef> names;
  for (const CLI::App *command : app.get_subcommands({}))
    names.push_back(command->get_name());
  if (word.starts_with("-") || llvm::is_contained(names, word))
    return llvm::Error::success();
  llvm::StringRef near = frontend::nearest(word, names);
  return tool::badInput(
      "there is no command `" + word + "`; " +
      (near.empty() ? "the commands are " + frontend::quotedList(names) : ("did you mean `" + near + "`?").str()));
}

std::optional<Options> tool::parseOptions(int argc, char **argv, int &exitCode) {
  Options options;
  CLI::App app("Skip, an ahead-of-time compiler for residual networks");
  app.set_version_flag("--version", "skipc " SKIP_VERSION " (LLVM " LLVM_VERSION_STRING ")");
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 1 a check failed, 2 usage or input, 3 internal error, 130 interrupted.\n"
             "`skipc COMMAND --help` shows a command's flags and examples.");
  for (auto *add : {addBuild, addRun, addEval, addSummaryPlanExplain, addVerify, addBench, addTune, addList})
    add(app, options);
  if (llvm::Error error = argc > 1 ? checkCommand(app, argv[1]) : llvm::Error::success()) {
    exitCode = report(std::move(error));
    return std::nullopt;
  }
  exitCode = 0;
  try {
    app.parse(argc, argv);
    return options;
  } catch (const CLI::Success &help) {
    app.exit(help);
  } catch (const CLI::ParseError &error) {
    exitCode = report(badInput(llvm::Twine(error.what()) + "; `skipc --help` or `skipc COMMAND --help` tells more"));
  }
  return std::nullopt;
}
