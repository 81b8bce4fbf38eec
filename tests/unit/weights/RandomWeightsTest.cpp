// Random weights: complete, the same for one seed, and bounded activations at any depth.
#include "ir/graph/Graph.h"
#include "ir/reference/Interpreter.h"
#include "runtime/Element.h"
#include "runtime/Safetensors.h"
#include "tests/unit/SpecText.h"
#include "tools/text/Layers.h"
#include "tools/weights/Random.h"
#include "tools/weights/RandomWeights.h"

#include <algorithm>
#include <cmath>

using namespace skip;

static const char *const deep = R"(
  block basic(x) {
    return relu(x + (x |> conv1: conv(8, 3) |> bn1: bn |> relu |> conv2: conv(8, 3) |> bn2: bn))
  }
  model deep(n = 100) {
    input image[8, 6, 6]
    output y = image |> conv1: conv(8, 3) |> bn1: bn |> relu |> layers: repeat(n, basic)
  })";

static reference::Parameters parametersIn(const std::string &file) {
  runtime::Safetensors tensors;
  REQUIRE(tensors.parse(file.data(), file.size(), "test") == SKIP_OK);
  reference::Parameters parameters;
  for (size_t i = 0; i < tensors.count(); ++i) {
    const runtime::FileTensor &from = tensors[i];
    reference::Tensor to(std::vector<int64_t>(from.dims, from.dims + from.rank));
    for (int64_t k = 0; k < to.size(); ++k)
      to.data[k] = static_cast<double>(runtime::ElementF32::read(from.data + 4 * k));
    parameters[from.name] = std::move(to);
  }
  return parameters;
}

TEST_CASE("one seed gives one file, another seed another") {
  mlir::MLIRContext context;
  auto module = test::graphOf(context, deep);
  mlir::func::FuncOp model = tool::modelOf(*module);
  std::string file = tool::randomWeights(model, 1);
  CHECK(file == tool::randomWeights(model, 1));
  CHECK(file != tool::randomWeights(model, 2));
}

TEST_CASE("every parameter has values of its shape") {
  mlir::MLIRContext context;
  auto module = test::graphOf(context, deep);
  reference::Parameters parameters = parametersIn(tool::randomWeights(tool::modelOf(*module), 1));
  size_t declared = 0;
  for (auto parameter : module->getOps<graph::ParameterOp>()) {
    ++declared;
    REQUIRE(parameters.count(parameter.getSymName()) == 1);
    CHECK(llvm::ArrayRef(parameters[parameter.getSymName()].shape) == parameter.getTensorType().getShape());
  }
  CHECK(declared == parameters.size());
}

TEST_CASE("activations stay of order one through a hundred blocks") {
  mlir::MLIRContext context;
  auto module = test::graphOf(context, deep);
  mlir::func::FuncOp model = tool::modelOf(*module);
  reference::Tensor image({1, 8, 6, 6});
  tool::Random random(7, "image");
  for (double &value : image.data)
    value = random.normal();
  double smallest = 1e30, largest = 0;
  auto outputs = reference::interpret(model, {image}, parametersIn(tool::randomWeights(model, 3)),
                                      [&](llvm::StringRef name, const reference::Tensor &value) {
                                        if (!name.contains("relu"))
                                          return;
                                        double most = 0;
                                        for (double element : value.data)
                                          most = std::max(most, std::abs(element));
                                        smallest = std::min(smallest, most);
                                        largest = std::max(largest, most);
                                      });
  REQUIRE(outputs);
  CHECK(smallest > 0.1);
  CHECK(largest < 100);
}

TEST_CASE("channels are of unlike size, and their mean square is that of like ones") {
  mlir::MLIRContext context;
  auto module = test::graphOf(context, R"(
    model wide {
      input image[3, 4, 4]
      output y = image |> conv1: conv(256, 3) |> bn1: bn |> conv2: conv(256, 1)
    })");
  reference::Parameters parameters = parametersIn(tool::randomWeights(tool::modelOf(*module), 1));
  const reference::Tensor &gamma = parameters["bn1.weight"], &filter = parameters["conv2.weight"];
  double squares = 0, least = 1e30, most = 0;
  for (double value : gamma.data) {
    squares += value * value;
    least = std::min(least, std::abs(value));
    most = std::max(most, std::abs(value));
  }
  CHECK(squares / 256 == Approx(1).margin(0.2));
  CHECK(most / least > 500);
  CHECK(most / least < 2000);
  double all = 0, largest = 0;
  for (int64_t channel = 0; channel < 256; ++channel) {
    double own = 0;
    for (int64_t i = 0; i < 256; ++i)
      own += filter.data[channel * 256 + i] * filter.data[channel * 256 + i];
    all += own;
    largest = std::max(largest, own);
  }
  CHECK(all / 256 == Approx(2).margin(0.4)); // He's, of 256 inputs
  CHECK(largest > 4 * all / 256);
}

TEST_CASE("random numbers have mean 0 and variance 1") {
  tool::Random random(1, "numbers");
  double sum = 0, squares = 0;
  constexpr int count = 100000;
  for (int i = 0; i < count; ++i) {
    double value = random.normal();
    sum += value;
    squares += value * value;
  }
  CHECK(std::abs(sum / count) < 0.02);
  CHECK(std::abs(squares / count - 1) < 0.02);
}
