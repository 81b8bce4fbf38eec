// `skipc verify`: each compiled step against the double-precision reference.
#include "ir/plan/Plan.h"
#include "passes/graph/Passes.h"
#include "tools/compile/StageTimer.h"
#include "tools/compile/Targets.h"
#include "tools/running/Session.h"
#include "tools/skipc/Commands.h"
#include "tools/skipc/OpenWeights.h"
#include "tools/skipc/VerifyReport.h"
#include "tools/skipc/VerifyTraining.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/verifying/OutputCheck.h"
#include "tools/verifying/RunCheck.h"
#include "tools/verifying/StepCheck.h"

#include "mlir/Pass/PassManager.h"

using namespace skip;
using tool::Options;
using tool::StepError;

static mlir::func::FuncOp variantFor(mlir::ModuleOp module, int64_t batch) {
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (auto attribute = function->getAttrOfType<mlir::IntegerAttr>(plan::batchAttr); attribute && attribute.getInt() == batch)
      return function;
  return nullptr;
}

/// The graph that steps are held against: as written, but that equal values are one.
static llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> referenceGraph(mlir::ModuleOp written) {
  mlir::OwningOpRef<mlir::ModuleOp> graph = written.clone();
  mlir::PassManager passes(written.getContext());
  graph::buildReferencePipeline(passes);
  if (mlir::failed(passes.run(*graph)))
    return tool::internalError("verify", "the reference's passes failed");
  return graph;
}

using tool::Findings;
using Bodies = std::vector<std::unique_ptr<tool::RunningBody>>;

namespace {
/// All that a variant of the plan is checked with.
struct Check {
  const Options &options;
  tool::Compilation &compilation;
  const tool::Session &session;
  mlir::func::FuncOp model; // as the reference computes it
  const tool::Checkpoint &checkpoint;
  const tool::StepReference &reference;
  const tool::Ports &ports;
  llvm::ArrayRef<std::string> built; // bodies, by name
  data::Progress &progress;

  llvm::Error batch(int64_t images, Findings &findings) const;
  llvm::Expected<Bodies> bodiesFor(int64_t images) const;
  llvm::Error runs(const Bodies &bodies, const tool::RandomInput &input, int64_t images, Findings &findings) const;
};
} // namespace

/// Of a batch's own, since the variants of smaller batches use less of a workspace. That of a GPU is its own memory, whose
/// bounds the runtime cannot guard: the emulator does.
llvm::Expected<Bodies> Check::bodiesFor(int64_t images) const {
  bool isGuarded = compilation.lowered().image.targets.front().target == SKIP_TARGET_X86;
  Bodies bodies;
  for (const std::string &body : built) {
    llvm::Expected<std::unique_ptr<tool::Runner>> runner =
        isGuarded ? session.guardedRunner(options.threads, body, images) : session.runner(1);
    if (!runner)
      return runner.takeError();
    bodies.push_back(std::move(*runner));
  }
  return bodies;
}

llvm::Error Check::runs(const Bodies &bodies, const tool::RandomInput &input, int64_t images, Findings &findings) const {
  tool::RandomInput other(ports, images, options.seed + 1);
  std::vector<tool::Measured> expected;
  plan::Precision precision = llvm::cantFail(tool::precisionFor(options, {})); // makePlan has asked
  if (tool::isSmallEnough(model, images))
    if (llvm::Error error = (precision == plan::Precision::f32
                                 ? tool::expectedOutputs(model, checkpoint, input, images)
                                 : tool::roundedOutputs(variantFor(compilation.module(), images), reference, input, images))
                                .moveInto(expected))
      return error;
  for (const std::unique_ptr<tool::RunningBody> &body : bodies) {
    llvm::Expected<tool::RunFindings> found = tool::checkRuns(*body, {ports, input, other, images});
    if (!found)
      return found.takeError();
    if (!expected.empty())
      findings.outputs.push_back(
          {body->isa().str(), images, tool::outputError(found->outputs, expected), tool::outputBound(precision)});
    for (const std::string &fault : found->faults)
      findings.faults.push_back(body->isa().str() + ", batch " + std::to_string(images) + ": " + fault);
  }
  return llvm::Error::success();
}

llvm::Error Check::batch(int64_t images, Findings &findings) const {
  tool::RandomInput input(ports, images, options.seed);
  llvm::Expected<Bodies> bodies = bodiesFor(images);
  if (!bodies)
    return bodies.takeError();
  llvm::Expected<std::vector<StepError>> some =
      tool::checkSteps(variantFor(compilation.module(), images), reference, input, images, *bodies, progress);
  if (!some)
    return some.takeError();
  findings.errors.insert(findings.errors.end(), some->begin(), some->end());
  return runs(*bodies, input, images, findings);
}

static llvm::Expected<Findings> verifyAll(const Options &options, tool::Compilation &compilation, const tool::Session &session,
                                          const tool::Checkpoint &checkpoint, mlir::func::FuncOp model,
                                          llvm::ArrayRef<std::string> built, llvm::ArrayRef<int64_t> batches) {
  tool::StepReference reference(model, checkpoint);
  tool::Ports ports = tool::describePorts(model);
  size_t steps = compilation.lowered().image.targets.front().variants.front().steps.size();
  data::Progress progress(steps * batches.size(), "verifying");
  Check check{options, compilation, session, model, checkpoint, reference, ports, built, progress};
  Findings findings;
  for (int64_t batch : batches)
    if (llvm::Error error = check.batch(batch, findings))
      return error;
  return findings;
}

/// Those of x86 that are to be verified; for a GPU none.
static llvm::Expected<std::vector<tool::Body>> bodiesToVerify(const Options &options) {
  llvm::Expected<tool::Target> target = tool::runnableTarget(options);
  if (!target)
    return target.takeError();
  if (*target != tool::Target::x86)
    return options.isa.empty() ? std::vector<tool::Body>()
                               : llvm::Expected<std::vector<tool::Body>>(
                                     tool::badInput("--isa names bodies of x86, and --target is " + tool::nameOf(*target)));
  llvm::Expected<std::vector<tool::Body>> bodies = tool::runnableBodies(options);
  if (bodies && bodies->back() != tool::Body::avx512 && options.isa.empty() && options.targetCpu.empty() &&
      !std::getenv("SKIP_ISA"))
    tool::note("this machine has no AVX-512: only the AVX2 body is verified");
  return bodies;
}

/// The names of what is verified: x86's bodies, or what the library runs on.
static llvm::Expected<std::vector<std::string>> builtNames(const tool::Session &session, llvm::ArrayRef<tool::Body> bodies) {
  std::vector<std::string> names;
  for (tool::Body body : bodies)
    names.emplace_back(tool::nameOf(body));
  if (!names.empty())
    return names;
  llvm::Expected<std::unique_ptr<tool::Runner>> runner = session.runner(1);
  if (!runner)
    return runner.takeError();
  return std::vector{(*runner)->isa().str()};
}

llvm::Error tool::verify(const Options &options) {
  StageTimer timer(StageTimer::wholeName, options.timing);
  if (!options.train && !options.settings.empty())
    return badInput("--set changes how a model is trained", "give --train too");
  llvm::Expected<std::vector<Body>> bodies = bodiesToVerify(options);
  if (!bodies)
    return bodies.takeError();
  if (options.train)
    return verifyTraining(options, *bodies);
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  llvm::Expected<WeightsSource> weights = openWeights(options, compilation, "random:1");
  if (!weights)
    return weights.takeError();
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> graph = referenceGraph(compilation.module());
  if (!graph)
    return graph.takeError();
  std::vector<int64_t> batches = batchBounds(options, {1});
  llvm::Expected<Session> session = Session::start(compilation, {"", batches, *bodies}, *weights);
  if (!session)
    return session.takeError();
  llvm::Expected<Checkpoint> checkpoint = Checkpoint::open(*weights, compilation.lowered().image);
  if (!checkpoint)
    return checkpoint.takeError();
  llvm::Expected<std::vector<std::string>> built = builtNames(*session, *bodies);
  if (!built)
    return built.takeError();
  llvm::Expected<Findings> findings = verifyAll(options, compilation, *session, *checkpoint, modelOf(**graph), *built, batches);
  if (!findings)
    return findings.takeError();
  if (findings->errors.empty())
    return internalError("verify", "the plan has no steps");
  return report(options, *findings, *built, timer.seconds());
}
