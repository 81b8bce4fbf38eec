// The reference against values computed by hand.
#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"
#include "ir/reference/Convolution.h"
#include "ir/reference/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using skip::reference::Tensor;

static Tensor tensor(std::vector<int64_t> shape, std::vector<double> values) {
  Tensor t(std::move(shape));
  t.data = std::move(values);
  return t;
}

TEST_CASE("convolution sums the taps inside the picture") {
  Tensor x = tensor({1, 1, 2, 2}, {1, 2, 3, 4});
  Tensor ones = tensor({1, 1, 3, 3}, std::vector<double>(9, 1.0)), bias = tensor({1}, {0.5});
  CHECK(skip::reference::convolve(x, ones, &bias, 1, 1).data == std::vector<double>{10.5, 10.5, 10.5, 10.5});
  CHECK(skip::reference::convolve(x, ones, nullptr, 2, 1).data == std::vector<double>{10});
  Tensor tap = tensor({1, 1, 1, 1}, {2});
  CHECK(skip::reference::convolve(x, tap, nullptr, 2, 0).data == std::vector<double>{2});
}

TEST_CASE("window sizes follow the floor rule") {
  CHECK(skip::graph::windowOutputSize(224, 7, 2, 3) == 112);
  CHECK(skip::graph::windowOutputSize(112, 3, 2, 1) == 56);
  CHECK_FALSE(skip::graph::windowOutputSize(2, 5, 1, 1).has_value());
}

/// Interprets the only function of a module in textual form.
static std::vector<Tensor> interpret(llvm::StringRef text, std::vector<Tensor> inputs, skip::reference::Parameters parameters) {
  mlir::MLIRContext context;
  context.loadDialect<skip::graph::GraphDialect, mlir::func::FuncDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  REQUIRE(module);
  auto model = *module->getOps<mlir::func::FuncOp>().begin();
  auto outputs = skip::reference::interpret(model, inputs, parameters, [](llvm::StringRef, const Tensor &) {});
  REQUIRE(outputs);
  return *outputs;
}

TEST_CASE("option A subsamples and pads channels on both sides") {
  auto y = interpret(R"(func.func @m(%x: tensor<?x1x3x3xf32>) -> tensor<?x3x2x2xf32> {
    %s = graph.subsample %x stride 2 : (tensor<?x1x3x3xf32>) -> tensor<?x1x2x2xf32>
    %y = graph.pad_channels %s before 1 after 1 : (tensor<?x1x2x2xf32>) -> tensor<?x3x2x2xf32>
    return %y : tensor<?x3x2x2xf32> })",
                     {tensor({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9})}, {});
  CHECK(y[0].data == std::vector<double>{0, 0, 0, 0, 1, 3, 7, 9, 0, 0, 0, 0});
}

TEST_CASE("a padded max pool does not see the padding") {
  auto y = interpret(R"(func.func @m(%x: tensor<?x1x2x2xf32>) -> tensor<?x1x1x1xf32> {
    %y = graph.max_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] : (tensor<?x1x2x2xf32>) -> tensor<?x1x1x1xf32>
    return %y : tensor<?x1x1x1xf32> })",
                     {tensor({1, 1, 2, 2}, {-4, -3, -2, -5})}, {});
  CHECK(y[0].data == std::vector<double>{-2});
}

TEST_CASE("max pool of a window with NaN is NaN, wherever in it; infinities are numbers") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  auto pooled = [](std::vector<double> pixels) {
    return interpret(R"(
  func.func @n(%x: tensor<?x1x2x2xf32>) -> tensor<?x1x1x1xf32> {
    %y = graph.max_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : (tensor<?x1x2x2xf32>) -> tensor<?x1x1x1xf32>
    return %y : tensor<?x1x1x1xf32> })",
                     {tensor({1, 1, 2, 2}, std::move(pixels))}, {})[0]
        .data[0];
  };
  CHECK(std::isnan(pooled({nan, 3, 2, 1})));
  CHECK(std::isnan(pooled({3, 2, nan, infinity})));
  CHECK(std::isnan(pooled({3, 2, infinity, nan})));
  CHECK(pooled({-infinity, 3, infinity, 1}) == infinity);
  CHECK(pooled({-infinity, -infinity, -infinity, -infinity}) == -infinity);
}

TEST_CASE("batch norm uses the running statistics") {
  skip::reference::Parameters parameters;
  parameters["g"] = tensor({1}, {2});
  parameters["b"] = tensor({1}, {1});
  parameters["m"] = tensor({1}, {3});
  parameters["v"] = tensor({1}, {4});
  auto y = interpret(R"(
  graph.parameter @g : tensor<1xf32>
  graph.parameter @b : tensor<1xf32>
  graph.parameter buffer @m : tensor<1xf32>
  graph.parameter buffer @v : tensor<1xf32>
  func.func @n(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
    %g = graph.read_parameter @g : tensor<1xf32>
    %b = graph.read_parameter @b : tensor<1xf32>
    %m = graph.read_parameter @m : tensor<1xf32>
    %v = graph.read_parameter @v : tensor<1xf32>
    %y = graph.batch_norm %x, %g, %b, %m, %v epsilon 0.0 : (tensor<?x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1xf32>
    return %y : tensor<?x1xf32> })",
                     {tensor({2, 1}, {5, 1})}, parameters);
  CHECK(y[0].data == std::vector<double>{3, -1});
}
