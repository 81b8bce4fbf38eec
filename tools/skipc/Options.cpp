// The commands and their flags, with CLI11: one function a command. Flags that commands share are in OptionGroups.cpp.
#include "tools/skipc/AnalyzeOptions.h"
#include "tools/skipc/CommandOptions.h"
#include "tools/skipc/ImportOptions.h"
#include "tools/skipc/OptionGroups.h"

#include "tools/compile/Targets.h"
#include "tools/skipc/Commands.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace skip;
using namespace skip::tool::flags;
using tool::Options;

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
      "  cubin   NAME.sm_NN.cubin, the object of each --gpu-arch as it is in the library\n"
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
  build.add_option("--emit", o.emit, "what to write, of lib, shared, exe, obj, asm, llvm, ptx, cubin (default: lib,shared)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"lib", "shared", "exe", "obj", "asm", "llvm", "ptx", "cubin"}))
      ->type_name("KIND[,KIND...]");
  build.add_option("--stop-after", o.stopAfter, "show a stage's text: ast, graph, plan, kernel, llvm or object")
      ->check(CLI::IsMember({"ast", "graph", "plan", "kernel", "llvm", "object"}));
  addTargets(build, o);
  addObjects(build, o);
  addTrain(build, o);
  addCompile(build, o);
}

static void addOutputName(CLI::App &app, Options &o) {
  app.add_option("--output-name", o.outputName, "the output that is the classes, where a model has several that can be")
      ->type_name("NAME");
}

static void addRun(CLI::App &app, Options &o) {
  CLI::App &run = addCommand(app, o, "run", tool::run, "classify pictures, or run a tensor",
                             "  skipc run resnet50 --weights resnet50.safetensors cat.jpg dog.png\n"
                             "  skipc run resnet18 --weights random:1 --input x.npy --output y.npy");
  addSpec(run, o);
  run.add_option("PICTURE", o.pictures, "JPEG or PNG files");
  repeatable(run.add_option("--input", o.inputs, "run this tensor instead of pictures"))->type_name("X.npy");
  repeatable(run.add_option("--output", o.outputs, "write the result there"))->type_name("Y.npy");
  addOutputName(run, o);
  addWhole(run, "--top", o.top, {1, 1'000'000}, "how many classes to show (default: 5)");
  run.add_option(
         "--classes", o.classes,
         "class names, one a line, or `index<TAB>...<TAB>name` (default: the spec's, or those of the training that left "
         "the checkpoint)")
      ->type_name("FILE");
  addWeights(run, o)->description("a safetensors checkpoint, a PyTorch file, or random:SEED (required if SPEC has parameters)");
  addBatches(run, o, "images at a time");
  addPictures(run, o);
  addExif(run, o);
  addThreads(run, o);
  addRunTarget(run, o);
  addObjects(run, o);
  addCompileToRun(run, o);
  addRule(run, tool::bodyRule);
}

static void addEval(CLI::App &app, Options &o) {
  CLI::App &eval =
      addCommand(app, o, "eval", tool::eval, "count right answers on a labelled data set",
                 "  skipc eval cifar_resnet --weights resnet20.safetensors --data cifar-10-batches-bin\n"
                 "  skipc eval resnet50 --weights resnet50.safetensors --data pictures --json\n"
                 "  skipc eval resnet50 --weights resnet50.safetensors --data pictures --skip-broken --wrong wrong.tsv");
  addSpec(eval, o);
  addWeights(eval, o)->description(
      "a safetensors checkpoint, a PyTorch file, or random:SEED (required if SPEC has parameters)");
  eval.add_option("--data", o.data, "a folder with CIFAR-10's test_batch.bin, or with pictures and labels.tsv")
      ->required()
      ->type_name("DIR");
  addBatches(eval, o, "images at a time");
  addOutputName(eval, o);
  eval.add_flag("--skip-broken", o.skipBroken,
                "leave out pictures that cannot be read, and name them (default: end at the first)");
  eval.add_option("--wrong", o.wrong, "list there what is misjudged: file, label, class and its probability, between tabs")
      ->type_name("FILE.tsv");
  addPictures(eval, o);
  addExif(eval, o);
  addThreads(eval, o);
  addRunTarget(eval, o);
  addObjects(eval, o);
  addCompileToRun(eval, o);
  addRule(eval, tool::bodyRule);
}

static void addSteps(CLI::App &app, const char *flag, int64_t &steps, const char *help) {
  addWhole(app, flag, steps, {1, uint64_t(1) << 40}, help);
}

static void addTraining(CLI::App &app, Options &o) {
  CLI::App &train = addCommand(
      app, o, "train", tool::train, "train a model on pictures, as its `train` statement says",
      "  skipc train cifar_resnet --data cifar-10-batches-bin -o run\n"
      "  skipc train cifar_resnet --data cifar-10-batches-bin -o run --resume\n"
      "  skipc train cifar_resnet -D depth=56 --set rate.start=0.05 --set hold_out=5000 --data cifar-10-batches-bin\n"
      "  skipc train resnet18 -D classes=37 --weights resnet18.safetensors --fresh fc --freeze conv1 --freeze bn1 \\\n"
      "      --freeze layer1 --set length=2000 --set batch=32 --data pets -o pets-run\n"
      "\n"
      "The folder of -o gets last.safetensors and best.safetensors, checkpoints with the public names and the momentum,\n"
      "metrics.jsonl, a line for each step and each evaluation, and curve.svg. --data is a folder with CIFAR-10's binary\n"
      "files, or with pictures: a subfolder a class, or labels.tsv; of folders `train` and `val` the second is validated on.\n"
      "Ctrl-C finishes the step and saves; --resume goes on, with the bits of a run that was never stopped.\n"
      "`mpirun -n N skipc train ...` shares each step's groups among N processes, with the same bits (docs/training.md).");
  addSpec(train, o);
  train.add_option("--data", o.data, "the pictures to train on")->required()->type_name("DIR");
  train.add_option("-o,--output", o.output, "the folder to write into (default: MODEL-training)")->type_name("DIR");
  addWeights(train, o)->description("start from a safetensors checkpoint, a PyTorch file, or random:SEED");
  repeatable(train.add_option("--fresh", o.fresh, "of --weights, do not take what is below this label: it begins anew"))
      ->type_name("LABEL");
  repeatable(train.add_option("--freeze", o.freeze, "keep what is below this label as it is, in place of the spec's `freeze`"))
      ->type_name("LABEL");
  train.add_flag("--resume", o.resume, "go on from last.safetensors in the folder");
  addSteps(train, "--steps", o.lastStep,
           "end after so many steps (default: the recipe's length, which is also the schedule's)");
  addSeed(train, o, "of fresh values, the order of pictures and what is drawn for them (default: 1)");
  addSteps(train, "--log-every", o.logEvery, "steps to a line of metrics.jsonl, which has their means (default: 1)");
  addSteps(train, "--evaluate-every", o.evaluateEvery, "steps between evaluations (default: 1000)");
  addSteps(train, "--save-every", o.saveEvery, "steps between checkpoints (default: 500)");
  addSettings(train, o);
  addPictures(train, o);
  addThreads(train, o);
  addCompile(train, o);
  addRule(train, tool::bodyRule);
}

static void addVerify(CLI::App &app, Options &o) {
  CLI::App &verify =
      addCommand(app, o, "verify", tool::verify, "compare each compiled step with the double-precision reference",
                 "  skipc verify resnet50\n"
                 "  skipc verify cifar_resnet -D depth=110 --batch 1,3 --isa avx2\n"
                 "  skipc verify resnet18 --train --set batch=4 --set groups=2");
  addSpec(verify, o);
  addWide(verify, o);
  addWeights(verify, o);
  addBatches(verify, o, "batch sizes to verify (default: 1)");
  verify.add_option("--isa", o.isa, "which bodies to verify: avx2, avx512 or both (default: all that run here)")
      ->check(CLI::IsMember({"avx2", "avx512", "both"}));
  addSeed(verify, o, "of the random input (default: 1)");
  addThreads(verify, o);
  addRunTarget(verify, o);
  addObjects(verify, o);
  verify.add_flag("--train", o.train,
                  "verify the gradients of a training step instead, of one group, as the spec's `train` statement says");
  addSettings(verify, o);
  addCompileToRun(verify, o);
  addRule(verify, tool::bodyRule);
}

static void addBench(CLI::App &app, Options &o) {
  CLI::App &bench = addCommand(app, o, "bench", tool::bench, "measure a model's speed",
                               "  skipc bench resnet50 --batch 16 --threads 2\n"
                               "  skipc bench resnet18 --steps\n"
                               "  skipc bench resnet18 --batch 1-16 --svg times.svg\n"
                               "  skipc bench cifar_resnet -D depth=20 --train --batch 128 --threads 2 --json");
  addSpec(bench, o);
  addWeights(bench, o);
  addBatchRanges(bench, o,
                 "images a run, one library for all of them, built for both ends of a range (default: 1); or with --train a "
                 "step, in one group, and in place of --set batch (default: as the recipe says)");
  bench.add_option("--svg", o.svg, "draw the times over the images, as a picture")->type_name("FILE.svg");
  addThreads(bench, o);
  bench.add_flag("--train", o.train, "measure a step of training instead: gradients of all groups, and the update");
  addSettings(bench, o);
  addWide(bench, o);
  bench.add_flag("--steps", o.steps,
                 "show each step's time beside its roofline, which counts a direct convolution's multiply-adds: Winograd "
                 "steps may pass 100 %");
  bench.add_option("--seconds", o.seconds, "how long to measure (default: 2)")->check([](const std::string &text) {
    double seconds;
    bool valid = !llvm::StringRef(text).getAsDouble(seconds) && seconds >= 0.01 && seconds <= 3600;
    return valid ? "" : "expected 0.01 to 3600 seconds";
  });
  addRunTarget(bench, o);
  addObjects(bench, o);
  addCompileToRun(bench, o);
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
  CLI::App &tune = addCommand(
      app, o, "tune", tool::tune, "measure which algorithms and schedules are the fastest here",
      "  skipc tune resnet18 resnet50 --threads 2 --budget 5m\n"
      "  skipc tune cifar_resnet -D depth=20 --batch 1,16 --isa both\n"
      "  skipc tune resnet18 --train --set batch=16 --set groups=1 --threads 2\n"
      "  skipc tune --show\n"
      "  skipc tune --merge other.db --export tuning.txt\n"
      "  skipc tune resnet50 --target=cuda --precision bf16 --batch 1,32 --compile-only candidates\n"
      "\n"
      "Every measurement is kept at once in the database that builds then go by, so tuning may be interrupted\n"
      "and goes on where it stood. --export writes a database as text, --merge takes a database or such a text;\n"
      "both and --show need no SPEC, and are done after tuning where there is one.\n"
      "For GPUs, --compile-only makes a folder of at most 64 MiB; `skip-time DIR`, where the GPU is, measures what is\n"
      "in it, and writes such a text.");
  tune.add_option("SPEC", o.specs, "a .skip file, or a name of the catalogue (resnet50)");
  addDefines(tune, o);
  CLI::Option *batches = addBatches(tune, o, "batch sizes to tune for (default: 1)");
  tune.add_flag("--train", o.train, "tune for the steps of a training of the SPECs instead")->excludes(batches);
  addSettings(tune, o);
  addThreads(tune, o);
  tune.add_option("--isa", o.isa, "which bodies to tune: avx2, avx512 or both (default: the widest that runs here)")
      ->check(CLI::IsMember({"avx2", "avx512", "both"}));
  tune.add_option_function<std::string>(
          "--budget", [&o](const std::string &text) { setBudget(o, text); }, "when to stop (default: 60s)")
      ->type_name("TIME");
  tune.add_option("--db", o.database, "the database (default: $XDG_CACHE_HOME/skip/tuning.db, or ~/.cache/skip/tuning.db)")
      ->type_name("FILE");
  addWide(tune, o);
  tune.add_flag("--show", o.show, "print the fastest known choices for this machine");
  tune.add_option("--merge", o.merge, "add the measurements of another database or export")->type_name("FILE");
  tune.add_option("--export", o.exportTo, "write all measurements as text; `-`: to the standard output")->type_name("FILE");
  addRunTarget(tune, o);
  addArchitectures(tune, o,
                   "with --compile-only: the GPU that measures, sm_80 or a later one by its code (default), or sm_90a");
  CLI::Option *compileOnly =
      tune.add_option("--compile-only", o.compileOnly, "for cuda: write candidates into this folder, and measure nothing")
          ->type_name("DIR");
  for (const char *other : {"--train", "--set", "--isa", "--budget", "--threads", "--db", "--show", "--merge", "--export"})
    compileOnly->excludes(other);
  addWhole(tune, "-j,--jobs", o.jobs, {1, 1024}, "threads that compile kernels, of --compile-only (default: all cores)");
}

static void addSummaryPlanExplain(CLI::App &app, Options &o) {
  CLI::App &summary =
      addCommand(app, o, "summary", tool::summary, "print the layer table: output sizes, parameters, multiply-adds",
                 "  skipc summary resnet34 -D shortcut=A\n  skipc summary my.skip --model tiny --json");
  addSpec(summary, o);
  addWide(summary, o);
  CLI::App &plan = addCommand(app, o, "plan", tool::plan, "print the table of steps, kernels, layouts and memory",
                              "  skipc plan resnet50 --batch 1,16\n  skipc plan cifar_resnet -D depth=1202 --json");
  addSpec(plan, o);
  addWide(plan, o);
  addBatches(plan, o, "batch sizes to plan for (default: 1)");
  addTargets(plan, o);
  addObjects(plan, o);
  addTrain(plan, o);
  addCompile(plan, o);
  CLI::App &why = addCommand(
      app, o, "explain-plan", tool::explainPlan, "say which fusions and algorithms were chosen, and why",
      "  skipc explain-plan resnet18\n  skipc explain-plan resnet50 --batch 1,16 --json\n"
      "  skipc explain-plan resnet50 --target=cuda --precision bf16 --gpu h200\n\n"
      "--wide tells how far results may be from exact ones, which `skipc verify` holds them to: `error bound` of a step's\n"
      "largest value, `of terms` of the sum of absolute values that an element is made of, where these are\n"
      "unlike, as random weights are, and `at most` whatever they are, within float32's range\n"
      "(docs/verification.md).");
  addSpec(why, o);
  addWide(why, o);
  addBatches(why, o, "batch sizes to plan for (default: 1)");
  addRunTarget(why, o);
  addObjects(why, o);
  why.add_option("--gpu", o.gpu, "of cuda: the GPU that times are predicted for (default: h100)")
      ->check(CLI::IsMember({"a100", "h100", "h200"}))
      ->type_name("NAME");
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
  addWide(list, o);
  addJson(list, o);
}

static void addPack(CLI::App &app, Options &o) {
  CLI::App &pack = addCommand(
      app, o, "pack", tool::pack, "write a checkpoint in the form that a built library maps, without a build",
      "  skipc pack resnet50.safetensors --for out\n"
      "  skipc pack checkpoint.pth --for out/resnet50.json -o new.skipweights --rename encoder=\n"
      "\n"
      "The file is what `skipc build --weights-mode=file` writes, bit for bit; NAME_weights_load_file maps it as fast as the\n"
      "disk is. It fits the library that skipc built into DIR, and copies of it, but no other. Of a library with several\n"
      "targets each gets a file of its own, whose name says which.");
  pack.add_option("WEIGHTS", o.weights, "a safetensors checkpoint, or a PyTorch file")->required();
  pack.add_option("--for", o.library,
                  "the folder that `skipc build` wrote the library into, or of several there one's manifest")
      ->required()
      ->type_name("DIR|NAME.json");
  pack.add_option("-o,--output", o.output, "the file to write (default: in DIR, WEIGHTS with `.skipweights` for its ending)")
      ->type_name("FILE");
  addNaming(pack, o);
  addJson(pack, o);
}

void tool::addCommands(CLI::App &app, Options &options) {
  for (auto *add : {addBuild, addRun, addEval, addTraining, tool::addAnalyze, addSummaryPlanExplain, addVerify, addBench,
                    addTune, addList, addPack, tool::addImport})
    add(app, options);
}
