// `skipc build`: from a spec to a library.
#include "codegen/PackWeights.h"
#include "codegen/Package.h"
#include "support/Printable.h"
#include "tools/compile/Compile.h"
#include "tools/compile/StageTimer.h"
#include "tools/compile/Stages.h"
#include "tools/compile/Targets.h"
#include "tools/compile/Tuning.h"
#include "tools/skipc/Advice.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/OpenWeights.h"
#include "tools/skipc/Overwriting.h"
#include "tools/text/Failure.h"
#include "tools/text/Json.h"
#include "tools/text/Layers.h"
#include "tools/weights/WeightsSource.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace skip;
using tool::Options;

static bool emits(const Options &options, llvm::StringRef kind) {
  if (options.emit.empty())
    return kind == "lib" || kind == "shared";
  return llvm::is_contained(options.emit, kind);
}

static llvm::Error checkUsage(const Options &options) {
  if (options.json && !options.stopAfter.empty())
    return tool::badInput("--json and --stop-after exclude each other: a stage is shown as text");
  if (!options.weights.empty() && options.weightsMode == "none")
    tool::note("--weights-mode=none: the library is built without `" + options.weights + "`");
  if (options.weights.empty() && !options.weightsMode.empty() && options.weightsMode != "none")
    return tool::badInput("--weights-mode=" + options.weightsMode + " needs --weights");
  namespace fs = llvm::sys::fs;
  if (options.stopAfter.empty() && fs::exists(options.output) && !fs::is_directory(options.output))
    return tool::badInput("-o names the folder to write into, and `" + options.output + "` is a file");
  return llvm::Error::success();
}

static codegen::WeightsMode weightsMode(const Options &options) {
  if (options.weights.empty() || options.weightsMode == "none")
    return codegen::WeightsMode::none;
  return options.weightsMode == "file" ? codegen::WeightsMode::file : codegen::WeightsMode::embed;
}

/// Of the file that a code is written to.
static std::string suffixOf(const codegen::Code &code) {
  bool isCommon = code.isText && !isForOneAlone(code);
  return (isCommon ? "" : "." + architectureOf(code)) + (code.isText ? ".ptx" : ".cubin");
}

static llvm::Error writePackage(tool::Compilation &compilation, const Options &options,
                                llvm::ArrayRef<codegen::Segment> segments) {
  tool::StageTimer timer("package", options.timing);
  std::vector<codegen::ExtraFile> extra;
  for (auto [kind, stage] : {std::pair("asm", x86::Stage::Asm), std::pair("llvm", x86::Stage::Llvm)})
    if (emits(options, kind))
      if (llvm::Error error = tool::appendKernelFiles(compilation, stage, extra))
        return error;
  for (const codegen::TargetImage &target : compilation.lowered().image.targets)
    for (const codegen::Code &code : target.codes)
      if (emits(options, code.isText ? "ptx" : "cubin"))
        extra.push_back({compilation.libraryName() + suffixOf(code), code.bytes});
  auto bytes = llvm::map_to_vector(segments, [](const codegen::Segment &segment) { return segment.bytes(); });
  codegen::PackageInput input{.image = compilation.lowered().image,
                              .kernels = compilation.objects(),
                              .segments = bytes,
                              .extra = extra,
                              .training = compilation.lowered().training ? &*compilation.lowered().training : nullptr};
  codegen::PackageOptions wanted;
  wanted.folder = options.output.empty() ? "." : options.output;
  wanted.weights = weightsMode(options);
  wanted.archive = emits(options, "lib");
  wanted.shared = emits(options, "shared");
  wanted.object = emits(options, "obj");
  wanted.executable = emits(options, "exe");
  if (llvm::Error error = codegen::writePackage(input, wanted))
    return tool::badInput(llvm::toString(std::move(error)));
  return llvm::Error::success();
}

/// Of all targets' plans, a step once for each plan that it is in; `total` counts what could be.
static std::vector<std::string> untunedSteps(tool::Compilation &compilation, size_t &total) {
  std::vector<std::string> steps;
  for (mlir::ModuleOp module : compilation.plans()) {
    size_t count = 0;
    llvm::append_range(steps, tool::untunedSteps(module, count));
    total += count;
  }
  return steps;
}

/// Where the steps are not listed anyway. Exact builds are not tuned for: where a transform is faster, tuning measures that.
static void noteUntuned(tool::Compilation &compilation, const Options &options) {
  size_t total = 0, untuned = untunedSteps(compilation, total).size();
  if (untuned != 0 && !options.noTuning && !options.exact && !options.timing && !options.json)
    tool::note(llvm::Twine(untuned) + " of " + llvm::Twine(total) + " schedules are untuned, by the cost model (`" +
               tuneCommand(options) + "`" + (options.device.empty() ? "" : " on that machine") +
               " measures them, --timing names them)");
}

static size_t functionsOf(tool::Compilation &compilation) {
  return compilation.lowered().jobs.size() + compilation.lowered().cudaJobs.size();
}

/// What was packed would stand in the place of the checkpoint, where that has its name.
static llvm::Error checkPackedFiles(const Options &options, const codegen::Image &image) {
  if (weightsMode(options) != codegen::WeightsMode::file)
    return llvm::Error::success();
  for (size_t target = 0; target < image.targets.size(); ++target) {
    llvm::SmallString<256> file(options.output.empty() ? "." : options.output);
    llvm::sys::path::append(file, codegen::packedName(image.name, image, target));
    if (llvm::Error error = tool::refuseOverwriting(options, "--weights-mode=file", file))
      return error;
  }
  return llvm::Error::success();
}

/// Of all targets together.
static uint64_t weightsBytes(const codegen::Image &image) {
  uint64_t bytes = 0;
  for (const codegen::TargetImage &target : image.targets)
    bytes += target.weightsBytes;
  return bytes;
}

static void tellResult(tool::Compilation &compilation, const Options &options, double seconds) {
  const codegen::Image &image = compilation.lowered().image;
  llvm::StringRef folder = options.output.empty() ? "." : llvm::StringRef(options.output);
  if (!options.json) {
    if (llvm::outs().is_displayed())
      llvm::outs() << "built " << image.name << " in " << printable(folder) << ": " << functionsOf(compilation)
                   << " functions, " << weightsBytes(image) << " bytes of weights, " << llvm::format("%.2f", seconds) << " s\n";
    return;
  }
  options.reply->add([&](llvm::json::OStream &json) {
    json.attribute("model", image.name);
    tool::addText(json, "folder", folder);
    json.attribute("function_count", static_cast<int64_t>(functionsOf(compilation)));
    json.attribute("step_count", static_cast<int64_t>(image.targets.front().variants.front().steps.size()));
    json.attribute("weights_bytes", static_cast<int64_t>(weightsBytes(image)));
    size_t schedules = 0;
    std::vector<std::string> untuned = untunedSteps(compilation, schedules);
    json.attribute("schedule_count", static_cast<int64_t>(schedules));
    json.attributeArray("untuned", [&] {
      llvm::StringSet<> told;
      for (const std::string &step : untuned)
        if (told.insert(step).second)
          json.value(step);
    });
    json.attribute("seconds", seconds);
  });
}

static std::string fileOf(const Options &options, const llvm::Twine &file) {
  llvm::SmallString<256> path(options.output.empty() ? "." : options.output);
  llvm::sys::path::append(path, file);
  return path.str().str();
}

static std::string manifestOf(const Options &options, llvm::StringRef name) {
  auto text = llvm::MemoryBuffer::getFile(fileOf(options, name + ".json"), /*IsText=*/false, /*RequiresNullTerminator=*/false);
  return text ? (*text)->getBuffer().str() : "";
}

/// Of a build that gave another manifest: what it left that this build does not write, and that the header now is not of.
static void noteStale(const Options &options, llvm::StringRef name, llvm::StringRef manifestBefore) {
  if (manifestBefore.empty() || manifestBefore == manifestOf(options, name))
    return;
  for (auto [kind, file] : {std::pair<llvm::StringRef, std::string>("lib", ("lib" + name + ".a").str()),
                            {"shared", ("lib" + name + ".so").str()},
                            {"obj", (name + ".o").str()},
                            {"exe", name.str()}})
    if (std::string path = fileOf(options, file); !emits(options, kind) && llvm::sys::fs::is_regular_file(path))
      tool::note(quotedName(path) + " is of an earlier build, and the header beside it is not: build it again (--emit=" + kind +
                 ") or remove it");
}

llvm::Error tool::build(const Options &options) {
  if (llvm::Error error = checkUsage(options))
    return error;
  if (emits(options, "ptx") && !llvm::is_contained(options.targets, "cuda"))
    return badInput("--emit=ptx needs --target=cuda");
  if (emits(options, "cubin") && options.objects.architectures.empty())
    return badInput("--emit=cubin needs --gpu-arch, which says for which GPUs");
  if (emits(options, "cubin") && !makesObjects(options.objects))
    return badInput("--emit=cubin writes objects, and --gpu-code=ptx makes none");
  PlanRequest request{options.name, batchBounds(options, {1}), llvm::ArrayRef(allBodies).vec()};
  if (!options.stopAfter.empty())
    return showStage(options, request, options.stopAfter, options.output);
  StageTimer timer(StageTimer::wholeName, options.timing);
  std::optional<TuningAhead> tuning; // takes as long as the graph of a deep network, which does not need it
  if (options.targets.empty() || llvm::is_contained(options.targets, "x86"))
    request.tuning = &tuning.emplace(options);
  Compilation &compilation = *new Compilation(options); // to the process's end: a deep network's graph takes long to take apart
  if (llvm::Error error = compilation.readGraph())
    return error;
  std::optional<WeightsSource> weights;
  if (weightsMode(options) != codegen::WeightsMode::none)
    if (llvm::Error error = openWeights(options, compilation).moveInto(weights))
      return error;
  if (llvm::Error error = compilation.optimizeGraph())
    return error;
  if (llvm::Error error = compilation.makePlan(request))
    return error;
  noteUntuned(compilation, options);
  if (llvm::Error error = compilation.lower())
    return error;
  if (llvm::Error error = checkPackedFiles(options, compilation.lowered().image))
    return error;
  std::vector<codegen::Segment> segments; // before the kernels: a wrong checkpoint is said at once
  if (weights) {
    const codegen::Image &image = compilation.lowered().image;
    segments.resize(image.targets.size());
    for (size_t target = 0; target < segments.size(); ++target)
      if (llvm::Error error = weights->pack(image, target).moveInto(segments[target]))
        return error;
    weights->tellForgiven();
  }
  if (llvm::Error error = compilation.compileKernels())
    return error;
  std::string name = compilation.lowered().image.name, before = manifestOf(options, name);
  if (llvm::Error error = writePackage(compilation, options, segments))
    return error;
  noteStale(options, name, before);
  tellResult(compilation, options, timer.seconds());
  return llvm::Error::success();
}
