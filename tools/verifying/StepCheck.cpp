// The bodies run in threads of their own and meet in their observers, after each step (Turns.h), which computes all images of
// the batch or some of them. A value is kept until the last step that reads it, so that the deepest network needs the memory of
// its few live tensors.
#include "tools/verifying/StepCheck.h"

#include "ir/graph/Graph.h"
#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "tools/running/Outputs.h"
#include "tools/text/Failure.h"
#include "tools/verifying/StepValues.h"
#include "tools/verifying/Turns.h"

#include <cmath>
#include <thread>

using namespace skip;
using mlir::Value;
using reference::Tensor;
using tool::StepError;

/// The step that computes a filter's gradient in parts, of the one that adds them; null of all others. The parts are no value
/// of the graph: the two steps together realise one, and that one is compared.
static plan::KernelOp partsOf(plan::KernelOp kernel) {
  bool addsParts = llvm::isa<graph::SumPartsOp>(kernel.getBody().front().front());
  return addsParts ? kernel.getInputs().front().getDefiningOp<plan::KernelOp>() : plan::KernelOp();
}

static bool computesParts(plan::KernelOp kernel) {
  auto gradient = llvm::dyn_cast<graph::Conv2dGradFilterOp>(kernel.getBody().front().front());
  return gradient && gradient.getParts() > 1;
}

/// What a step reads in terms of the graph.
static mlir::ValueRange readBy(plan::KernelOp kernel) {
  plan::KernelOp parts = partsOf(kernel);
  return parts ? parts.getInputs() : kernel.getInputs();
}

namespace {
class Check {
public:
  Check(mlir::func::FuncOp variant, const tool::StepReference &reference, int64_t images,
        llvm::ArrayRef<std::unique_ptr<tool::RunningBody>> bodies, data::Progress &progress)
      : reference(reference), ports(tool::describePorts(variant)), images(images), bodies(bodies), progress(progress),
        turns(bodies.size() - 1), errors(bodies.size()) {
    heard.resize(bodies.size());
    std::vector<std::string> isas;
    for (const std::unique_ptr<tool::RunningBody> &body : bodies)
      isas.push_back(body->isa().str());
    for (auto kernel : variant.getOps<plan::KernelOp>()) {
      for (Value input : readBy(kernel))
        lastReader[input] = kernel;
      steps.push_back(kernel);
      algorithms.emplace_back(partsOf(kernel) ? partsOf(kernel) : kernel, isas);
    }
  }

  llvm::Expected<std::vector<StepError>> run(mlir::func::FuncOp variant, const tool::RandomInput &input);

private:
  llvm::Error runBody(size_t body, const tool::RandomInput &input);
  void lead(const skip_step_event &event);
  void follow(size_t body, const skip_step_event &event);
  llvm::Error compute(plan::KernelOp kernel, const skip_step_event &event);
  llvm::Error computeResult(mlir::OpResult result, const tool::KnownValues &known, tool::StepAlgorithms how);
  void passOn(plan::KernelOp kernel, const skip_step_event &event);
  void store(Value value, const Tensor &part, const skip_step_event &event);
  void forget(plan::KernelOp kernel, const skip_step_event &event);
  void record(size_t body, const skip_step_event &event, mlir::OpResult result, const Tensor &compiled);

  const tool::StepReference &reference;
  const tool::Ports ports;
  const int64_t images;
  llvm::ArrayRef<std::unique_ptr<tool::RunningBody>> bodies;
  data::Progress &progress;
  std::vector<plan::KernelOp> steps;
  std::vector<tool::StepAlgorithms> algorithms; // of each step
  llvm::DenseMap<Value, plan::KernelOp> lastReader;

  llvm::DenseMap<Value, Tensor> values; // the leader's, of inputs and steps, all images
  std::vector<int64_t> heard;           // events so far, by body
  // Of each result of the step at hand: the leader's, the reference's, and, by body, what its errors are measured against.
  std::vector<Tensor> led;
  std::vector<tool::Measured> expected;
  std::vector<std::vector<Tensor>> magnitudes;
  std::optional<llvm::Error> failure;
  tool::Turns turns;
  std::vector<std::vector<StepError>> errors; // by body; each is written by its own thread
};
} // namespace

static plan::LayoutAttr layoutOf(mlir::OpResult result) {
  return llvm::cast<plan::KernelOp>(result.getOwner()).outputLayout(result.getResultNumber());
}

/// A result as it lies in memory. The buffer is the context's workspace or our own output array: an observer may not change it,
/// a verifier may.
static void *interiorOf(mlir::OpResult result, const skip_step_event &event) {
  return const_cast<void *>(event.results[result.getResultNumber()]);
}

static Tensor read(mlir::OpResult result, const skip_step_event &event) {
  auto type = llvm::cast<mlir::RankedTensorType>(result.getType());
  return tool::readLayout(interiorOf(result, event), type, layoutOf(result), event.images);
}

/// A step that leaves transformed windows for the Winograd convolution behind it. They are no value of the graph: the two steps
/// together realise one, and that one is compared.
static bool isTransform(plan::KernelOp kernel) {
  return layoutOf(kernel->getResults().back()).getKind() == plan::LayoutKind::winograd;
}

static bool isPerImage(Value value) { return plan::isPerImage(llvm::cast<mlir::RankedTensorType>(value.getType())); }

/// The event's images of a value of all images; all of what has none.
static Tensor imagesOf(Value value, const Tensor &whole, const skip_step_event &event) {
  if (!isPerImage(value))
    return whole;
  std::vector<int64_t> shape = whole.shape;
  int64_t size = whole.size() / shape[0];
  shape[0] = event.images;
  Tensor part(std::move(shape));
  std::copy_n(whole.data.begin() + event.first_image * size, part.size(), part.data.begin());
  return part;
}

/// Keeps the event's images of a value that a later step reads.
void Check::store(Value value, const Tensor &part, const skip_step_event &event) {
  if (!lastReader.count(value))
    return;
  Tensor &whole = values[value];
  if (!isPerImage(value)) {
    whole = part;
    return;
  }
  if (whole.shape.empty()) {
    std::vector<int64_t> shape = part.shape;
    shape[0] = images;
    whole = Tensor(std::move(shape));
  }
  std::copy(part.data.begin(), part.data.end(), whole.data.begin() + event.first_image * (whole.size() / images));
}

/// Drops what only this kernel was still to read, once all images are through.
void Check::forget(plan::KernelOp kernel, const skip_step_event &event) {
  if (event.first_image + event.images < images)
    return;
  for (Value input : readBy(kernel))
    if (lastReader.lookup(input) == kernel)
      values.erase(input);
}

/// The convolution behind a transform reads, in terms of the graph, what the transform read.
void Check::passOn(plan::KernelOp kernel, const skip_step_event &event) {
  Value input = kernel.getInputs().front();
  store(kernel.getOutputs().front(), imagesOf(input, values.find(input)->second, event), event);
  forget(kernel, event);
}

/// What counts as a step's largest value at least. Where all its values cancel (it may have but one), they are small beside the
/// roundings on the way to them.
static double leastLargest(const Tensor &magnitude) {
  return magnitude.data.empty() ? 0 : *std::max_element(magnitude.data.begin(), magnitude.data.end()) / 100;
}

/// Below it f16 has fewer digits.
static constexpr double leastNormalOfF16 = 0x1p-14;

static void raise(double &worst, double error) {
  worst = std::isnan(error) ? error : std::max(worst, error); // a NaN that is there already stays
}

void Check::record(size_t body, const skip_step_event &event, mlir::OpResult result, const Tensor &compiled) {
  const tool::StepAlgorithms &how = algorithms[event.index];
  int64_t number = result.getResultNumber();
  if (event.first_image == 0)
    errors[body].push_back({graph::valueName(result), bodies[body]->isa().str(), images, 0,
                            plan::errorBoundOf(steps[event.index]), 0, how.elementBound(body), how.elementAtMost(body),
                            int64_t(event.index), number});
  auto same = llvm::find_if(
      errors[body], [&](const StepError &known) { return known.index == int64_t(event.index) && known.result == number; });
  const tool::Measured &wanted = expected[number];
  double least = std::max(leastLargest(wanted.magnitude), how.precision.smallest > 0 ? leastNormalOfF16 : 0);
  raise(same->error, tool::relativeError(compiled, wanted.value, least));
  raise(same->elementError,
        tool::elementError(compiled, wanted.value, magnitudes[number][body], how.terms, how.precision.smallest));
}

/// What the reference says of one result, and for each body what its errors are measured against.
llvm::Error Check::computeResult(mlir::OpResult result, const tool::KnownValues &known, tool::StepAlgorithms how) {
  std::string name = graph::valueName(result);
  tool::Measured &wanted = expected.emplace_back();
  if (llvm::Error error = reference.measure(name, known, how).moveInto(wanted))
    return error;
  std::vector<Tensor> &measures = magnitudes.emplace_back(bodies.size(), wanted.magnitude);
  for (auto [body, pairs] : llvm::enumerate(how.strassen)) {
    if (!pairs)
      continue;
    tool::Measured measured;
    how.pairs = pairs;
    if (llvm::Error error = reference.measure(name, known, how).moveInto(measured))
      return error;
    measures[body] = std::move(measured.magnitude);
  }
  return llvm::Error::success();
}

llvm::Error Check::compute(plan::KernelOp kernel, const skip_step_event &event) {
  llvm::DenseMap<Value, Tensor> parts;
  for (Value input : readBy(kernel))
    if (auto found = values.find(input); found != values.end())
      parts[input] = imagesOf(input, found->second, event);
  tool::KnownValues known;
  for (auto &[input, part] : parts)
    known[graph::valueName(input)] = &part;
  expected.clear();
  magnitudes.clear();
  for (mlir::OpResult result : kernel->getResults())
    if (llvm::Error error = computeResult(result, known, algorithms[event.index]))
      return error;
  forget(kernel, event);
  return llvm::Error::success();
}

void Check::lead(const skip_step_event &event) {
  if (failure)
    return;
  plan::KernelOp kernel = steps[event.index];
  int64_t turn = heard[0]++;
  if (event.first_image == 0)
    progress.advance();
  if (isTransform(kernel))
    passOn(kernel, event);
  if (isTransform(kernel) || computesParts(kernel))
    return turns.lead(turn);
  led.clear();
  for (mlir::OpResult result : kernel->getResults())
    led.push_back(read(result, event));
  if (llvm::Error error = compute(kernel, event)) {
    failure.emplace(std::move(error));
    turns.leaderEnds();
    return;
  }
  for (auto [result, tensor] : llvm::zip_equal(kernel->getResults(), led))
    record(0, event, result, tensor);
  turns.lead(turn);
  for (auto [result, tensor] : llvm::zip_equal(kernel->getResults(), led))
    store(result, tensor, event);
}

void Check::follow(size_t body, const skip_step_event &event) {
  int64_t turn = heard[body]++;
  if (!turns.awaitLeader(turn))
    return;
  plan::KernelOp kernel = steps[event.index];
  if (isTransform(kernel) || computesParts(kernel))
    return turns.follow(body - 1, turn);
  for (auto [result, tensor] : llvm::zip_equal(kernel->getResults(), led)) {
    record(body, event, result, read(result, event));
    tool::writeLayout(tensor, interiorOf(result, event), llvm::cast<mlir::RankedTensorType>(result.getType()),
                      layoutOf(result));
  }
  turns.follow(body - 1, turn);
}

llvm::Error Check::runBody(size_t body, const tool::RandomInput &input) {
  tool::RunningBody &runner = *bodies[body];
  tool::Outputs outputs(ports, images); // of its own
  if (!outputs.hasMemory())
    return tool::badInput("no memory for the outputs of " + llvm::Twine(images) + " images");
  runner.spoilWorkspace();
  if (llvm::Error error =
          runner.observe([this, body](const skip_step_event &event) { body == 0 ? lead(event) : follow(body, event); }))
    return error;
  if (llvm::Error error = runner.run(images, input.inputs(), outputs.pointers()))
    return error;
  return runner.observe({});
}

namespace {
struct LeaderEnds {
  explicit LeaderEnds(tool::Turns &turns) : turns(turns) {}
  ~LeaderEnds() { turns.leaderEnds(); }
  tool::Turns &turns;
};
} // namespace

/// The arrays that the model's inputs are, as values.
static llvm::DenseMap<Value, Tensor> inputValues(mlir::func::FuncOp variant, const tool::RandomInput &input, int64_t images) {
  llvm::DenseMap<Value, Tensor> values;
  for (mlir::BlockArgument argument : variant.getArguments()) {
    std::vector<int64_t> shape = llvm::cast<mlir::RankedTensorType>(argument.getType()).getShape().vec();
    shape[0] = images;
    Tensor &tensor = values[argument] = Tensor(std::move(shape));
    tensor.data = input.values(argument.getArgNumber());
  }
  return values;
}

llvm::Expected<std::vector<StepError>> Check::run(mlir::func::FuncOp variant, const tool::RandomInput &input) {
  values = inputValues(variant, input, images);
  std::vector<std::optional<llvm::Error>> failures(bodies.size());
  {
    std::vector<std::jthread> followers;
    LeaderEnds end(turns); // before they are joined, whatever happens
    for (size_t body = 1; body < bodies.size(); ++body)
      followers.emplace_back([&, body] {
        failures[body].emplace(runBody(body, input));
        turns.followerEnds(body - 1);
      });
    failures[0].emplace(runBody(0, input));
  }
  llvm::Error error = failure ? std::move(*failure) : llvm::Error::success();
  for (std::optional<llvm::Error> &other : failures)
    error = llvm::joinErrors(std::move(error), std::move(*other));
  if (error)
    return error;
  std::vector<StepError> all;
  for (const std::vector<StepError> &list : errors)
    all.insert(all.end(), list.begin(), list.end());
  return all;
}

static double rank(double error, double bound) { return std::isnan(error) ? HUGE_VAL : error / bound; }

const StepError &tool::worstOf(llvm::ArrayRef<StepError> errors) {
  auto less = [](const StepError &a, const StepError &b) { return rank(a.error, a.bound) < rank(b.error, b.bound); };
  return *std::max_element(errors.begin(), errors.end(), less);
}

const StepError &tool::worstElementOf(llvm::ArrayRef<StepError> errors) {
  auto less = [](const StepError &a, const StepError &b) {
    return rank(a.elementError, a.elementBound) < rank(b.elementError, b.elementBound);
  };
  return *std::max_element(errors.begin(), errors.end(), less);
}

llvm::Expected<std::vector<StepError>> tool::checkSteps(mlir::func::FuncOp variant, const StepReference &reference,
                                                        const RandomInput &input, int64_t images,
                                                        llvm::ArrayRef<std::unique_ptr<RunningBody>> bodies,
                                                        data::Progress &progress) {
  return Check(variant, reference, images, bodies, progress).run(variant, input);
}
