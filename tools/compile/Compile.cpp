// The table of contents of a compilation.
#include "tools/compile/Compile.h"

#include "codegen/Assemble.h"
#include "codegen/NameKernels.h"
#include "codegen/TargetLowering.h"
#include "codegen/x86/EmitObject.h"
#include "frontend/RecipeSettings.h"
#include "ir/plan/Plan.h"
#include "passes/graph/Passes.h"
#include "passes/plan/Passes.h"
#include "support/AtomicFile.h"
#include "tools/compile/Aim.h"
#include "tools/compile/CacheFolder.h"
#include "tools/compile/Catalogue.h"
#include "tools/compile/Findings.h"
#include "tools/compile/StageTimer.h"
#include "tools/compile/Stages.h"
#include "tools/compile/Targets.h"
#include "tools/compile/Training.h"
#include "tools/compile/Tuning.h"
#include "tools/data/Progress.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"

#include <thread>

using namespace skip;
using tool::Compilation;

Compilation::Compilation(const CompileOptions &options)
    : options(options), context(mlir::MLIRContext::Threading::DISABLED), sources(importFolders(options.importPaths)) {
  context.loadDialect<graph::GraphDialect, plan::PlanDialect, mlir::func::FuncDialect>();
}

llvm::Error Compilation::readGraph() {
  StageTimer timer("graph", options.timing);
  if (llvm::Error error = findSpec(options.spec).moveInto(path))
    return error;
  frontend::Diagnostics diagnostics(sources);
  frontend::ElaboratedModel model =
      frontend::elaborateModel(context, sources, {path, options.model, options.defines, {}}, diagnostics);
  diagnostics.print(llvm::errs(), coloursOnStderr());
  if (!model.module)
    return llvm::make_error<Failure>(Exit::badInput, "", findingsOf(diagnostics, sources));
  if (options.onWarning)
    llvm::for_each(findingsOf(diagnostics, sources), options.onWarning);
  workModule = std::move(model.module);
  trainingRecipe = std::move(model.recipe);
  name = modelOf(*workModule).getName().str();
  if (!options.dumpDir.empty()) {
    std::string text;
    llvm::raw_string_ostream os(text);
    if (frontend::printSyntax(sources, path, diagnostics, os))
      if (llvm::Error error = dump("ast.skip", [&](llvm::raw_ostream &file) { file << text; }))
        return error;
  }
  if (llvm::Error error = dump("graph-written.mlir", [&](llvm::raw_ostream &os) { printModule(*workModule, os); }))
    return error;
  return options.train ? startTraining() : llvm::Error::success();
}

llvm::Error Compilation::startTraining() {
  if (!trainingRecipe)
    return badInput("model `" + name + "` has no `train` statement, which says how it is trained");
  if (llvm::Error error = applySettings(*trainingRecipe, options.settings))
    return error;
  if (!options.freeze.empty())
    trainingRecipe->freeze = options.freeze;
  trainingModule = workModule->clone();
  return markTrained(*trainingModule, *trainingRecipe);
}

llvm::Error Compilation::optimizeGraph() {
  if (llvm::Error error = runPasses("graph", *workModule, Verify::byWhoReads, graph::buildInferencePipeline))
    return error;
  if (trainingModule) {
    graph::PrepareTrainingOptions training;
    training.output = trainingRecipe->output;
    training.smoothing = trainingRecipe->smoothing;
    if (llvm::Error error = runPasses("gradients", *trainingModule, Verify::byWhoReads,
                                      [&](mlir::OpPassManager &passes) { graph::buildTrainingPipeline(passes, training); }))
      return error;
    if (llvm::Error error = dump("gradients.mlir", [&](llvm::raw_ostream &os) { printModule(*trainingModule, os); }))
      return error;
  }
  return dump("graph.mlir", [&](llvm::raw_ostream &os) { printModule(*workModule, os); });
}

static void tellUntuned(mlir::ModuleOp module) {
  size_t total = 0;
  std::vector<std::string> steps = tool::untunedSteps(module, total);
  llvm::ArrayRef<std::string> shown = llvm::ArrayRef(steps).take_front(10); // a deep network has thousands
  llvm::errs() << llvm::format("%10zu  of %zu schedules were not tuned", steps.size(), total)
               << (steps.empty() ? "" : ": " + llvm::join(shown, ", ")) << (shown.size() < steps.size() ? ", ..." : "") << "\n";
}

llvm::Error Compilation::planFor(Target target, mlir::ModuleOp module, const PlanRequest &request) {
  if (llvm::Error error = aimAt(target, module, options, request))
    return error;
  plan::PipelineOptions pipeline;
  pipeline.batches.assign(request.batches.begin(), request.batches.end());
  pipeline.exact = options.exact;
  if (llvm::Error error = runPasses("plan", module, Verify::inTheEnd,
                                    [&](mlir::OpPassManager &passes) { codegen::buildPipeline(passes, pipeline); }))
    return error;
  if (options.timing && target == Target::x86)
    tellUntuned(module);
  return llvm::Error::success();
}

/// Of one group; no channels are added up, since weights change.
llvm::Error Compilation::planTraining(const PlanRequest &request) {
  plan::PipelineOptions pipeline;
  pipeline.batches = {trainingRecipe->batch / trainingRecipe->groups};
  if (llvm::Error error =
          aimAtX86(*trainingModule, options, {"", {pipeline.batches.begin(), pipeline.batches.end()}, request.bodies}))
    return error;
  pipeline.exact = options.exact;
  pipeline.strassen = false;
  if (llvm::Error error = runPasses("training plan", *trainingModule, Verify::inTheEnd,
                                    [&](mlir::OpPassManager &passes) { codegen::buildPipeline(passes, pipeline); }))
    return error;
  return dump("plan-training.mlir", [&](llvm::raw_ostream &os) { printModule(*trainingModule, os); });
}

/// Flags that say nothing of these targets.
static llvm::Error checkTargets(const tool::CompileOptions &options, llvm::ArrayRef<tool::Target> targets) {
  using tool::Target;
  bool usesCpu = llvm::is_contained(targets, Target::x86), usesGpu = llvm::is_contained(targets, Target::cuda);
  if (options.train && (!usesCpu || usesGpu))
    return tool::badInput("training libraries are built for x86 alone as yet");
  if (!options.targetCpu.empty() && !usesCpu)
    return tool::badInput("--target-cpu says which x86 CPU to build for, and --target names no x86");
  if (llvm::Error error = tool::precisionFor(options, targets).takeError())
    return error;
  if (llvm::Error error = tool::checkDevice(options, usesCpu, usesGpu))
    return error;
  if (options.runsOn && !usesGpu)
    return tool::badInput("--device " + llvm::Twine(*options.runsOn) + " is the number of a GPU, and --target names no cuda");
  if (!options.objects.architectures.empty() && !usesGpu)
    return tool::badInput("--gpu-arch says which GPUs to make objects for, and --target names no cuda");
  return tool::checkObjects(options.objects);
}

llvm::Error Compilation::makePlan(const PlanRequest &request) {
  if (!request.name.empty())
    name = request.name;
  llvm::Expected<std::vector<Target>> targets = targetsNamed(options.targets);
  if (!targets)
    return targets.takeError();
  if (llvm::Error error = checkTargets(options, *targets))
    return error;
  for (size_t i = 1; i < targets->size(); ++i)
    otherPlans.push_back(workModule->clone());
  for (auto [target, module] : llvm::zip_equal(*targets, plans())) {
    if (llvm::Error error = planFor(target, module, request))
      return error;
    std::string file = targets->size() == 1 ? "plan.mlir" : ("plan-" + nameOf(target) + ".mlir").str();
    if (llvm::Error error = dump(file, [&](llvm::raw_ostream &os) { printModule(module, os); }))
      return error;
  }
  return trainingModule ? planTraining(request) : llvm::Error::success();
}

std::vector<mlir::ModuleOp> Compilation::plans() const {
  std::vector<mlir::ModuleOp> modules{*workModule};
  for (const mlir::OwningOpRef<mlir::ModuleOp> &plan : otherPlans)
    modules.push_back(*plan);
  return modules;
}

llvm::Error Compilation::lower() {
  StageTimer timer("tables", options.timing);
  std::string what = "unknown cause";
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) { what = diagnostic.str(); });
  mlir::FailureOr<codegen::LoweredModel> result = codegen::lowerPlans(plans(), name);
  if (mlir::failed(result) || (trainingModule && mlir::failed(codegen::lowerTraining(*trainingModule, name, *result))))
    return internalError("plan", what);
  loweredModel = std::move(*result);
  if (loweredModel.training)
    loweredModel.training->recipe = frontend::recipeText(*trainingRecipe);
  return llvm::Error::success();
}

llvm::Error Compilation::compileX86(codegen::KernelCache &cache, llvm::function_ref<void()> onCompiled) {
  if (llvm::Error error = x86::compileKernels(loweredModel.jobs, compileThreads(options), cache, onCompiled).moveInto(compiled))
    return internalError("object", std::move(error));
  for (codegen::TargetImage &target : loweredModel.image.targets)
    if (target.target == SKIP_TARGET_X86)
      target.kernelStackBytes = compiled.stackBytes;
  if (loweredModel.training)
    loweredModel.training->model.targets.front().kernelStackBytes = compiled.stackBytes;
  return llvm::Error::success();
}

/// An object for each architecture of --gpu-arch, of the text that it has.
llvm::Error Compilation::assembleCuda(llvm::ArrayRef<codegen::Code> texts, std::vector<codegen::Code> &codes) {
  llvm::Expected<std::vector<GpuArchitecture>> architectures = architecturesOf(options.objects);
  if (!architectures)
    return architectures.takeError();
  if (!makesObjects(options.objects))
    return llvm::Error::success();
  llvm::Expected<std::string> ptxas = findAssembler(options.objects);
  if (!ptxas)
    return ptxas.takeError();
  for (const GpuArchitecture &architecture : *architectures) {
    const codegen::Code *text =
        llvm::find_if(texts, [&](const codegen::Code &each) { return isForOneAlone(each) == architecture.hasOwn; });
    codegen::Code code{architecture.number, /*isText=*/false, text->column, ""};
    llvm::Expected<std::string> object = codegen::assemble(*ptxas, text->bytes, architectureOf(code));
    if (!object)
      return badInput(llvm::toString(object.takeError()));
    code.bytes = std::move(*object);
    codes.push_back(std::move(code));
  }
  return llvm::Error::success();
}

/// The text that every GPU runs always stands in the library, behind the objects; another one where --gpu-code asks for it.
llvm::Error Compilation::compileCuda(codegen::KernelCache &cache, llvm::function_ref<void()> onCompiled) {
  llvm::ArrayRef<nvptx::Job> jobs = loweredModel.cudaJobs;
  if (jobs.empty())
    return llvm::Error::success();
  if (llvm::Error error = nvptx::compileKernels(jobs, compileThreads(options), cache, onCompiled).moveInto(cudaTexts))
    return internalError("ptx", std::move(error));
  std::vector<codegen::Code> texts, codes;
  for (nvptx::Text &text : nvptx::joinKernels(jobs, cudaTexts))
    texts.push_back({nvptx::codeOf(text.column).architecture, /*isText=*/true, text.column, std::move(text.bytes)});
  if (llvm::Error error = assembleCuda(texts, codes))
    return error;
  for (codegen::Code &text : texts)
    if (!isForOneAlone(text) || makesText(options.objects))
      codes.push_back(std::move(text));
  for (codegen::TargetImage &target : loweredModel.image.targets)
    if (target.target == SKIP_TARGET_CUDA)
      target.codes = std::move(codes);
  return llvm::Error::success();
}

llvm::Error Compilation::compileKernels() {
  StageTimer timer("object", options.timing);
  size_t kernels = loweredModel.jobs.size() + loweredModel.cudaJobs.size();
  data::Progress progress(kernels, "compiling kernels");
  codegen::KernelCache cache(kernelCacheFolder());
  if (llvm::Error error = compileX86(cache, [&] { progress.advance(); }))
    return error;
  if (llvm::Error error = compileCuda(cache, [&] { progress.advance(); }))
    return error;
  if (options.timing)
    llvm::errs() << llvm::format("%10zu  of %zu kernels had been compiled before\n", cache.found(), kernels);
  return dumpKernels();
}

llvm::Error Compilation::printSyntax(llvm::raw_ostream &os) {
  if (llvm::Error error = findSpec(options.spec).moveInto(path))
    return error;
  frontend::Diagnostics diagnostics(sources);
  if (frontend::printSyntax(sources, path, diagnostics, os))
    return llvm::Error::success();
  diagnostics.print(llvm::errs(), coloursOnStderr());
  return llvm::make_error<Failure>(Exit::badInput, "", findingsOf(diagnostics, sources));
}

/// What a target lacks, at its place in the spec.
static tool::Finding lackOf(mlir::Diagnostic &diagnostic) {
  std::string text = "layer `" + graph::valueName(diagnostic.getLocation()).str() + "`: " + diagnostic.str();
  tool::Finding finding{.message = std::move(text), .code = {}, .file = {}, .hint = {}, .notes = {}};
  if (auto place = diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>()) {
    finding.file = place.getFilename().str();
    finding.line = place.getLine();
    finding.column = place.getColumn();
  }
  return finding;
}

/// One line of the first of them; programs get all.
static llvm::Error lacking(std::vector<tool::Finding> lacks) {
  const tool::Finding &first = lacks.front();
  std::string text = first.message;
  if (first.line)
    text = first.file + ":" + std::to_string(first.line) + ":" + std::to_string(first.column) + ": " + text;
  if (size_t others = lacks.size() - 1)
    text += " (and " + std::to_string(others) + (others == 1 ? " more layer" : " more layers") + " without kernels)";
  return llvm::make_error<tool::Failure>(tool::Exit::badInput, std::move(text), std::move(lacks));
}

/// Any other error after semantic analysis is ours: it names the stage, the layer, and how to see it again.
static std::string describe(mlir::Diagnostic &diagnostic) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (llvm::StringRef layer = graph::valueName(diagnostic.getLocation()); !layer.empty())
    os << "layer `" << layer << "`: ";
  os << diagnostic << " (at " << diagnostic.getLocation() << ")";
  return text;
}

llvm::Error Compilation::runPasses(llvm::StringRef stage, mlir::ModuleOp module, Verify verify,
                                   llvm::function_ref<void(mlir::OpPassManager &)> build) {
  StageTimer timer((stage + " passes").str(), options.timing);
  std::string what;
  std::vector<Finding> lacks;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    if (codegen::isKnownLack(diagnostic)) {
      Finding lack = lackOf(diagnostic);
      if (llvm::none_of(lacks, [&](const Finding &other) { return other.message == lack.message; })) // of another batch
        lacks.push_back(std::move(lack));
    } else if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error && what.empty()) {
      what = describe(diagnostic);
    }
  });
  mlir::PassManager passes(&context);
  passes.enableVerifier(options.printIrAfterAll || !options.dumpDir.empty());
  if (options.printIrAfterAll)
    passes.enableIRPrinting([](mlir::Pass *, mlir::Operation *) { return false; },
                            [](mlir::Pass *, mlir::Operation *) { return true; });
  if (options.timing)
    passes.enableTiming();
  if (!options.dumpDir.empty())
    passes.enableCrashReproducerGeneration(options.dumpDir + "/" + stage.str() + "-reproducer.mlir");
  build(passes);
  if (mlir::succeeded(passes.run(module)) && (verify == Verify::byWhoReads || mlir::succeeded(mlir::verify(module))))
    return llvm::Error::success();
  if (what.empty() && !lacks.empty())
    return lacking(std::move(lacks));
  return internalError(stage, what + "; --dump-dir DIR leaves a reproducer for skip-opt there");
}

llvm::Error Compilation::dump(llvm::StringRef file, llvm::function_ref<void(llvm::raw_ostream &)> print) {
  if (options.dumpDir.empty())
    return llvm::Error::success();
  if (std::error_code code = llvm::sys::fs::create_directories(options.dumpDir))
    return badInput("cannot create the folder `" + options.dumpDir + "`: " + code.message());
  std::string text, error;
  llvm::raw_string_ostream os(text);
  print(os);
  return writeFileAtomically(options.dumpDir + "/" + file.str(), text, error) ? llvm::Error::success() : badInput(error);
}

std::vector<int64_t> tool::batchBounds(const CompileOptions &options, std::vector<int64_t> otherwise) {
  std::vector<int64_t> bounds = options.batches.empty() ? std::move(otherwise) : options.batches;
  llvm::sort(bounds);
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  return bounds;
}

llvm::Error Compilation::dumpKernels() {
  if (options.dumpDir.empty())
    return llvm::Error::success();
  for (x86::Stage stage : {x86::Stage::Kernel, x86::Stage::Llvm, x86::Stage::Asm})
    if (llvm::Error error = writeKernelFiles(*this, options.dumpDir, stage))
      return error;
  return llvm::Error::success();
}

void tool::printModule(mlir::ModuleOp module, llvm::raw_ostream &os) {
  module.print(os, mlir::OpPrintingFlags().printNameLocAsPrefix());
  os << "\n";
}

unsigned tool::compileThreads(const CompileOptions &options) {
  return options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
}
