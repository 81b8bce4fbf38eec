// Two comparisons, each with what the file's own operations give in double precision. The reference runs the spec in double
// precision too, so that an attribute that is off by a little shows, as it would not beside the rounding of float32; then the
// model runs as it is built. Constants that the file computes are rounded to float32 in both, as the checkpoint keeps them: of
// a network with standardised filters the spec was 2e-6 off by that rounding alone, and is 1e-13 off without it.
//
// Some networks magnify rounding: resnetv2_50x1_bit with random weights, through its norms of groups, so far that a model
// that is right is 1.1e-4 off. How much is measured, where the model is further off than it may be without that: by the file's
// own operations in double precision with each result rounded to float32. A sum of n products in float32 is rounded n times,
// which is about sqrt(n) times as much; n goes into the thousands. Of that network models were 19, 34 and 37 times as far
// off. A network that magnifies so much that this would allow more than 1% cannot be checked, and is not allowed.
#include "tools/skipc/ImportCheck.h"

#include "ir/graph/Graph.h"
#include "ir/reference/Interpreter.h"
#include "tools/compile/Targets.h"
#include "tools/import/Evaluate.h"
#include "tools/running/Outputs.h"
#include "tools/running/RandomInput.h"
#include "tools/running/Session.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"
#include "tools/weights/Checkpoint.h"

#include <cmath>

using namespace skip;
using reference::Tensor;
using tool::ImportCheck;
using tool::Options;

/// Of double precision: sums in another order, and attributes that the file keeps in float32.
static constexpr double mostOfSpec = 1e-6;
static constexpr double mostCompiled = 1e-4;
static constexpr double timesRounding = 64; // what rounding the results of nodes gives, for sums of thousands of products
static constexpr double mostMagnified = 1e-2;

/// Largest difference by largest value; NaN if any value is NaN.
static double differenceOf(llvm::ArrayRef<double> values, llvm::ArrayRef<double> expected) {
  double worst = 0, largest = 0;
  for (auto [value, wanted] : llvm::zip_equal(values, expected)) {
    if (std::isnan(value) || std::isnan(wanted))
      return std::numeric_limits<double>::quiet_NaN();
    worst = std::max(worst, std::abs(value - wanted));
    largest = std::max(largest, std::abs(wanted));
  }
  return worst == 0 ? 0 : worst / largest;
}

/// NaN if either is.
static double larger(double a, double b) { return b > a || std::isnan(b) ? b : a; }

/// As many as the file has a batch of, or two where it leaves that open.
static int64_t imagesOf(const onnx::Model &model) { return model.inputs[0].dims[0].value_or(2); }

static std::vector<Tensor> imagesFor(const onnx::Model &model, const tool::RandomInput &input, int64_t images) {
  std::vector<Tensor> tensors;
  for (auto [i, port] : llvm::enumerate(model.inputs)) {
    std::vector<int64_t> dims = {images};
    for (const std::optional<int64_t> &dim : llvm::ArrayRef(port.dims).drop_front())
      dims.push_back(*dim);
    llvm::copy(input.input(i), tensors.emplace_back(dims).data.begin());
  }
  return tensors;
}

static llvm::Expected<std::vector<Tensor>> interpreted(mlir::func::FuncOp graph, const tool::Checkpoint &checkpoint,
                                                       llvm::ArrayRef<Tensor> images) {
  reference::Parameters parameters;
  graph.walk([&](graph::ReadParameterOp read) { parameters[read.getParameter()] = checkpoint.read(read.getParameter()); });
  std::optional<std::vector<Tensor>> outputs =
      reference::interpret(graph, images, parameters, [](llvm::StringRef, const Tensor &) {});
  return outputs ? llvm::Expected<std::vector<Tensor>>(std::move(*outputs))
                 : tool::internalError("import", "the reference cannot compute the network's outputs");
}

static constexpr int64_t mostElements = int64_t(1) << 32;

/// What is allowed of a compiled model where more is found than of others: what the network makes of rounding.
static llvm::Expected<double> boundByRounding(const onnx::Model &model, llvm::ArrayRef<Tensor> images,
                                              llvm::ArrayRef<Tensor> expected) {
  llvm::Expected<std::vector<Tensor>> rounded = onnx::evaluateModel(model, images, mostElements, onnx::Precision::Float);
  if (!rounded)
    return rounded.takeError();
  double worst = 0;
  for (auto [values, wanted] : llvm::zip_equal(*rounded, expected))
    worst = larger(worst, differenceOf(values.data, wanted.data));
  double bound = timesRounding * worst;
  return bound <= mostMagnified ? std::max(mostCompiled, bound) : mostCompiled;
}

/// The model of the spec, as it is built.
static llvm::Expected<tool::Session> compile(tool::Compilation &compilation, const Options &options, int64_t images,
                                             const tool::WeightsSource &weights) {
  llvm::Expected<std::vector<tool::Body>> bodies = tool::preferredBody(options);
  return bodies ? tool::Session::start(compilation, {"", {images}, *bodies}, weights) : bodies.takeError();
}

static llvm::Error runInto(const tool::Session &session, unsigned threads, const tool::RandomInput &input,
                           const tool::Outputs &outputs, int64_t images) {
  if (!outputs.hasMemory())
    return tool::badInput("no memory for the outputs of " + llvm::Twine(images) + " images");
  llvm::Expected<std::unique_ptr<tool::Runner>> runner = session.runner(threads);
  return runner ? (*runner)->run(images, input.inputs(), outputs.pointers()) : runner.takeError();
}

llvm::Expected<ImportCheck> tool::checkImport(const Options &options, const onnx::Model &model, const std::string &spec,
                                              const std::string &weightsPath) {
  Options own = options;
  own.spec = spec;
  Compilation compilation(own);
  if (llvm::Error error = compilation.readGraph())
    return error;
  mlir::OwningOpRef<mlir::ModuleOp> graph = compilation.module().clone(); // the passes change the other one
  Ports ports = describePorts(modelOf(*graph));
  int64_t images = imagesOf(model);
  RandomInput input(ports, images, options.seed);
  std::vector<Tensor> tensors = imagesFor(model, input, images);
  llvm::Expected<std::vector<Tensor>> expected =
      onnx::evaluateModel(model, tensors, mostElements, onnx::Precision::FloatConstants);
  if (!expected)
    return expected.takeError();
  llvm::Expected<WeightsSource> weights = WeightsSource::open(weightsPath, modelOf(*graph));
  if (!weights)
    return weights.takeError();
  llvm::Expected<Session> session = compile(compilation, own, images, *weights);
  if (!session)
    return session.takeError();
  Outputs outputs(ports, images);
  if (llvm::Error error = runInto(*session, options.threads, input, outputs, images))
    return error;
  llvm::Expected<Checkpoint> checkpoint = Checkpoint::open(*weights, compilation.lowered().image);
  llvm::Expected<std::vector<Tensor>> fromSpec =
      checkpoint ? interpreted(modelOf(*graph), *checkpoint, tensors) : checkpoint.takeError();
  if (!fromSpec)
    return fromSpec.takeError();
  ImportCheck check{{0, mostOfSpec}, {0, mostCompiled}};
  for (size_t port = 0; port < outputs.count(); ++port) {
    std::vector<double> compiled(outputs[port], outputs[port] + outputs.elements(port));
    check.spec.found = larger(check.spec.found, differenceOf((*fromSpec)[port].data, (*expected)[port].data));
    check.compiled.found = larger(check.compiled.found, differenceOf(compiled, (*expected)[port].data));
  }
  if (!check.compiled.isAllowed())
    if (llvm::Error error = boundByRounding(model, tensors, *expected).moveInto(check.compiled.allowed))
      return error;
  return check;
}
