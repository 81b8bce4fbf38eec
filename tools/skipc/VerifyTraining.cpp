// The reference is the graph of a step after all graph passes, whose gradients are proven against differences of the loss
// (tests/unit/ir); the compiled function is held against it, step by step.
#include "tools/skipc/VerifyTraining.h"

#include "ir/plan/Plan.h"
#include "tools/compile/StageTimer.h"
#include "tools/running/GuardedTrainer.h"
#include "tools/running/Session.h"
#include "tools/skipc/OpenWeights.h"
#include "tools/skipc/VerifyReport.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/verifying/GradientCheck.h"

using namespace skip;
using tool::Findings;
using tool::Options;

namespace {
/// All that a step is checked with.
struct Check {
  const Options &options;
  tool::Compilation &compilation;
  const tool::Session &session;
  const tool::WeightsSource &weights;
  const tool::Checkpoint &checkpoint;
  mlir::func::FuncOp model; // as the reference computes it
  int64_t images;           // of a group
  int64_t groups;           // of a step

  llvm::Expected<std::unique_ptr<tool::GuardedTrainer>> open(llvm::StringRef body, int64_t groups = 1) const;
  llvm::Error steps(llvm::ArrayRef<std::string> bodies, Findings &findings) const;
  llvm::Error runs(llvm::StringRef body, llvm::ArrayRef<reference::Tensor> expected, Findings &findings) const;
  llvm::Error sums(llvm::StringRef body, Findings &findings) const;
  llvm::Expected<Findings> all(llvm::ArrayRef<std::string> bodies) const;
  mlir::func::FuncOp variant() const { return *compilation.training().getOps<mlir::func::FuncOp>().begin(); }
};
} // namespace

llvm::Expected<std::unique_ptr<tool::GuardedTrainer>> Check::open(llvm::StringRef body, int64_t groups) const {
  llvm::ArrayRef<char> bytes(static_cast<const char *>(weights.data()), weights.size());
  return tool::GuardedTrainer::open(session.model(), *compilation.lowered().training,
                                    {body, options.threads, images, bytes, groups});
}

llvm::Error Check::steps(llvm::ArrayRef<std::string> bodies, Findings &findings) const {
  std::vector<std::unique_ptr<tool::RunningBody>> trainers;
  for (const std::string &body : bodies)
    if (llvm::Error error = open(body).moveInto(trainers.emplace_back()))
      return error;
  tool::StepReference reference(model, checkpoint);
  data::Progress progress(compilation.lowered().training->model.targets.front().variants.front().steps.size(), "verifying");
  tool::RandomInput input(tool::describePorts(variant()), images, options.seed);
  return tool::checkSteps(variant(), reference, input, images, trainers, progress).moveInto(findings.errors);
}

llvm::Error Check::runs(llvm::StringRef body, llvm::ArrayRef<reference::Tensor> expected, Findings &findings) const {
  llvm::Expected<std::unique_ptr<tool::GuardedTrainer>> trainer = open(body);
  if (!trainer)
    return trainer.takeError();
  tool::Ports ports = tool::describePorts(variant());
  tool::RandomInput first(ports, images, options.seed), other(ports, images, options.seed + 1);
  llvm::Expected<std::vector<std::string>> faults = tool::checkGroups(**trainer, variant(), first, other, images);
  if (!faults)
    return faults.takeError();
  for (const std::string &fault : *faults)
    findings.faults.push_back(body.str() + ", group of " + std::to_string(images) + ": " + fault);
  if (expected.empty())
    return llvm::Error::success();
  tool::GradientError error = tool::gradientError(**trainer, variant(), expected);
  findings.outputs.push_back({body.str(), images, error.loss, tool::outputBound(plan::Precision::f32), "loss"});
  findings.outputs.push_back({body.str(), images, error.gradients, tool::gradientBound, "gradients"});
  return llvm::Error::success();
}

/// Of three groups at most: all kinds of sums are among them.
llvm::Error Check::sums(llvm::StringRef body, Findings &findings) const {
  int64_t count = std::min<int64_t>(groups, 3);
  llvm::Expected<std::unique_ptr<tool::GuardedTrainer>> trainer = open(body, count);
  if (!trainer)
    return trainer.takeError();
  std::vector<tool::RandomInput> inputs;
  for (int64_t group = 0; group < count; ++group)
    inputs.emplace_back(tool::describePorts(variant()), images, options.seed + static_cast<uint64_t>(group));
  llvm::Expected<std::vector<std::string>> faults = tool::checkSums(**trainer, inputs, images);
  if (!faults)
    return faults.takeError();
  for (const std::string &fault : *faults)
    findings.faults.push_back(body.str() + ", group of " + std::to_string(images) + ": " + fault);
  return llvm::Error::success();
}

llvm::Expected<Findings> Check::all(llvm::ArrayRef<std::string> bodies) const {
  Findings findings;
  if (llvm::Error error = steps(bodies, findings))
    return error;
  std::vector<reference::Tensor> expected;
  if (tool::isSmallEnough(model, images)) { // not counting gradients of filters

    tool::RandomInput input(tool::describePorts(variant()), images, options.seed);
    if (llvm::Error error = tool::expectedGradients(model, checkpoint, input, images).moveInto(expected))
      return error;
  }
  for (const std::string &body : bodies) {
    if (llvm::Error error = runs(body, expected, findings))
      return error;
    if (llvm::Error error = sums(body, findings))
      return error;
  }
  return findings;
}

/// The graph, compiled, and a clone from before the plan.
static llvm::Expected<tool::Session> compile(tool::Compilation &compilation, const std::vector<tool::Body> &bodies,
                                             const tool::WeightsSource &weights, mlir::OwningOpRef<mlir::ModuleOp> &reference) {
  if (llvm::Error error = compilation.optimizeGraph())
    return error;
  reference = compilation.training().clone();
  if (llvm::Error error = compilation.makePlan({"", {1}, bodies}))
    return error;
  return tool::Session::load(compilation, weights);
}

llvm::Error tool::verifyTraining(const Options &options, const std::vector<Body> &bodies) {
  StageTimer timer(StageTimer::wholeName, options.timing);
  if (!options.batches.empty())
    return badInput("a step's group is what the recipe says: --set batch=N --set groups=M, in place of --batch");
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  llvm::Expected<WeightsSource> weights = openWeights(options, compilation, "random:1");
  if (!weights)
    return weights.takeError();
  int64_t images = compilation.recipe()->batch / compilation.recipe()->groups;
  mlir::OwningOpRef<mlir::ModuleOp> reference;
  llvm::Expected<Session> session = compile(compilation, bodies, *weights, reference);
  if (!session)
    return session.takeError();
  llvm::Expected<Checkpoint> checkpoint = Checkpoint::open(*weights, compilation.lowered().image);
  if (!checkpoint)
    return checkpoint.takeError();
  std::vector<std::string> built;
  for (Body body : bodies)
    built.emplace_back(nameOf(body));
  Check check{options, compilation, *session, *weights, *checkpoint, modelOf(*reference), images, compilation.recipe()->groups};
  llvm::Expected<Findings> findings = check.all(built);
  if (!findings)
    return findings.takeError();
  return report(options, *findings, built, timer.seconds());
}
