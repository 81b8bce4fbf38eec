// The reference of general convolutions, poolings, movements and activations against values computed by hand.
#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"
#include "ir/reference/Convolution.h"
#include "ir/reference/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

#include <random>

using skip::graph::WindowAxis;
using skip::reference::Tensor;

static Tensor tensor(std::vector<int64_t> shape, std::vector<double> values) {
  Tensor t(std::move(shape));
  t.data = std::move(values);
  return t;
}

/// What one operation makes of `inputs`, as text.
static Tensor compute(const std::string &operation, const std::string &types, const std::string &result,
                      std::vector<Tensor> inputs) {
  mlir::MLIRContext context;
  context.loadDialect<skip::graph::GraphDialect, mlir::func::FuncDialect>();
  std::string text =
      "func.func @m(" + types + ") -> " + result + " {\n%y = graph." + operation + "\nreturn %y : " + result + " }";
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  REQUIRE(module);
  auto model = *module->getOps<mlir::func::FuncOp>().begin();
  auto outputs = skip::reference::interpret(model, inputs, {}, [](llvm::StringRef, const Tensor &) {});
  REQUIRE(outputs);
  return (*outputs)[0];
}

TEST_CASE("sizes of windows by the floor and by the ceiling, as PyTorch has them") {
  CHECK(WindowAxis{.kernel = 3, .stride = 2, .before = 1, .after = 1}.outputSize(112) == 56);
  CHECK(WindowAxis{.kernel = 2, .stride = 2, .ceil = true}.outputSize(7) == 4);
  CHECK(WindowAxis{.kernel = 2, .stride = 2}.outputSize(7) == 3);
  // A last window that would begin in the padding behind the picture does not count.
  CHECK(WindowAxis{.kernel = 2, .stride = 2, .before = 1, .after = 1, .ceil = true}.outputSize(7) == 4);
  CHECK(WindowAxis{.kernel = 1, .stride = 2, .before = 1, .after = 1, .ceil = true}.outputSize(3) == 2);
  CHECK(WindowAxis{.kernel = 3, .before = 2, .after = 1, .dilation = 2}.outputSize(6) == 5);
  CHECK_FALSE(WindowAxis{.kernel = 3, .dilation = 4}.outputSize(8).has_value());
  CHECK(WindowAxis{.kernel = 5, .stride = 5, .ceil = true}.outputSize(3) == 1);
}

TEST_CASE("a convolution of groups multiplies each by its own channels") {
  Tensor x = tensor({1, 4, 1, 1}, {1, 2, 3, 4}), w = tensor({2, 2, 1, 1}, {10, 100, 1000, 10000});
  CHECK(skip::reference::convolveGeneral(x, w, nullptr, {{}, {}, 2}, 1, 1).data == std::vector<double>{210, 43000});
}

TEST_CASE("dilated taps lie apart, and padding is of each side's own") {
  Tensor x = tensor({1, 1, 1, 5}, {1, 2, 3, 4, 5}), w = tensor({1, 1, 1, 2}, {1, 10});
  // Two zeros to the left: positions -2 + q and q.
  CHECK(skip::reference::convolveGeneral(x, w, nullptr, {{}, {1, 2, 2}, 1}, 1, 5).data ==
        std::vector<double>{10, 20, 31, 42, 53});
  CHECK(skip::reference::convolveGeneral(x, w, nullptr, {{}, {2, 1, 0}, 1}, 1, 2).data == std::vector<double>{21, 43});
}

TEST_CASE("with one group, one stride and one padding a general convolution is the plain one") {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> drawn(-1, 1);
  Tensor x({2, 5, 7, 6}), w({4, 5, 3, 3}), bias({4});
  for (Tensor *t : {&x, &w, &bias})
    for (double &value : t->data)
      value = drawn(random);
  Tensor plain = skip::reference::convolve(x, w, &bias, 2, 1);
  Tensor general = skip::reference::convolveGeneral(x, w, &bias, {{2, 1, 1}, {2, 1, 1}, 1}, plain.dim(2), plain.dim(3));
  REQUIRE(general.shape == plain.shape);
  for (int64_t i = 0; i < plain.size(); ++i)
    CHECK(general.data[i] == Approx(plain.data[i]).margin(1e-12));
}

TEST_CASE("averages count the picture's pixels, or the padding's too") {
  Tensor x = tensor({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});
  auto pool = [&](const std::string &how, const std::string &result) {
    return compute("avg_pool %x " + how + " : (tensor<?x1x2x3xf32>) -> " + result, "%x: tensor<?x1x2x3xf32>", result, {x}).data;
  };
  CHECK(pool("kernel [2, 2] strides [1, 1] pads [0, 0, 0, 0]", "tensor<?x1x1x2xf32>") == std::vector<double>{3, 4});
  CHECK(pool("kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] ceil", "tensor<?x1x1x2xf32>") == std::vector<double>{3, 4.5});
  CHECK(pool("kernel [2, 2] strides [2, 2] pads [0, 1, 0, 1]", "tensor<?x1x1x2xf32>") == std::vector<double>{2.5, 4});
  CHECK(pool("kernel [2, 2] strides [2, 2] pads [0, 1, 0, 1] include_pad", "tensor<?x1x1x2xf32>") ==
        std::vector<double>{1.25, 4});
  CHECK(pool("kernel [2, 3] strides [2, 3] pads [0, 0, 0, 0] sum", "tensor<?x1x1x1xf32>") == std::vector<double>{21});
  // The window that the ceiling adds reaches beyond the padding, which alone counts: two of its columns, one pixel.
  CHECK(pool("kernel [2, 4] strides [2, 3] pads [0, 1, 0, 1] ceil include_pad", "tensor<?x1x1x2xf32>") ==
        std::vector<double>{21.0 / 8, 9.0 / 4});
}

TEST_CASE("a maximum's last window may reach beyond the picture") {
  Tensor x = tensor({1, 1, 1, 5}, {1, 5, 2, 4, 3});
  CHECK(
      compute("max_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] ceil : (tensor<?x1x1x5xf32>) -> tensor<?x1x1x3xf32>",
              "%x: tensor<?x1x1x5xf32>", "tensor<?x1x1x3xf32>", {x})
          .data == std::vector<double>{5, 4, 3});
}

TEST_CASE("channels are laid one behind the other, image by image") {
  Tensor a = tensor({2, 1, 1, 2}, {1, 2, 3, 4}), b = tensor({2, 2, 1, 2}, {5, 6, 7, 8, 9, 10, 11, 12});
  CHECK(compute("concat %a, %b : (tensor<?x1x1x2xf32>, tensor<?x2x1x2xf32>) -> tensor<?x3x1x2xf32>",
                "%a: tensor<?x1x1x2xf32>, %b: tensor<?x2x1x2xf32>", "tensor<?x3x1x2xf32>", {a, b})
            .data == std::vector<double>{1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12});
}

TEST_CASE("an upsampling repeats pixels, or lies between them") {
  Tensor x = tensor({1, 1, 1, 2}, {0, 4});
  auto upsampled = [&](const std::string &how, const std::string &result) {
    return compute("upsample %x " + how + " : (tensor<?x1x1x2xf32>) -> " + result, "%x: tensor<?x1x1x2xf32>", result, {x}).data;
  };
  CHECK(upsampled("factor 2", "tensor<?x1x2x4xf32>") == std::vector<double>{0, 0, 4, 4, 0, 0, 4, 4});
  CHECK(upsampled("factor 2 bilinear", "tensor<?x1x2x4xf32>") == std::vector<double>{0, 1, 3, 4, 0, 1, 3, 4});
}

TEST_CASE("a padding by reflection mirrors the picture, but for its border's pixels") {
  Tensor row = tensor({1, 1, 1, 4}, {0, 1, 2, 3}), square = tensor({1, 1, 2, 2}, {1, 2, 3, 4});
  auto padded = [&](const Tensor &x, const std::string &from, const std::string &how, const std::string &result) {
    return compute("reflect_pad %x pads " + how + " : (" + from + ") -> " + result, "%x: " + from, result, {x}).data;
  };
  CHECK(padded(row, "tensor<?x1x1x4xf32>", "[0, 2, 0, 1]", "tensor<?x1x1x7xf32>") == std::vector<double>{2, 1, 0, 1, 2, 3, 2});
  CHECK(padded(row, "tensor<?x1x1x4xf32>", "[0, 3, 0, 3]", "tensor<?x1x1x10xf32>") ==
        std::vector<double>{3, 2, 1, 0, 1, 2, 3, 2, 1, 0});
  CHECK(padded(square, "tensor<?x1x2x2xf32>", "[1, 1, 0, 0]", "tensor<?x1x3x3xf32>") ==
        std::vector<double>{4, 3, 4, 2, 1, 2, 4, 3, 4});
}

TEST_CASE("an attention pool is a mean by the softmax of the logits") {
  double l = std::log(3.0);
  Tensor x = tensor({1, 2, 1, 3}, {1, 2, 4, -1, 0, 7}), logits = tensor({1, 1, 1, 3}, {1000, 1000 + l, 1000});
  std::vector<double> y = compute("attention_pool %x, %l : (tensor<?x2x1x3xf32>, tensor<?x1x1x3xf32>) -> tensor<?x2xf32>",
                                  "%x: tensor<?x2x1x3xf32>, %l: tensor<?x1x1x3xf32>", "tensor<?x2xf32>", {x, logits})
                              .data;
  CHECK(y[0] == Approx((1 + 3 * 2 + 4) / 5.0));
  CHECK(y[1] == Approx((-1 + 7) / 5.0));
}

TEST_CASE("a group norm is made of the moments of its group's channels") {
  Tensor x = tensor({1, 4, 1, 2}, {1, 3, 5, 7, 0, 0, 2, 2}), moments = tensor({1, 4, 2, 1}, {2, 2, 6, 2, 0, 0, 2, 0});
  Tensor gamma = tensor({4}, {1, 2, 1, 1}), beta = tensor({4}, {0, 0, 0, 10});
  std::vector<double> y =
      compute("group_norm %x, %m, %g, %b groups 2 epsilon 0.0 : (tensor<?x4x1x2xf32>, tensor<?x4x2x1xf32>, tensor<4xf32>, "
              "tensor<4xf32>) -> tensor<?x4x1x2xf32>",
              "%x: tensor<?x4x1x2xf32>, %m: tensor<?x4x2x1xf32>, %g: tensor<4xf32>, %b: tensor<4xf32>", "tensor<?x4x1x2xf32>",
              {x, moments, gamma, beta})
          .data;
  double deviation = std::sqrt(5.0); // of 1, 3, 5, 7, whose mean is 4
  std::vector<double> wanted = {-3 / deviation, -1 / deviation, 2 / deviation, 6 / deviation, -1, -1, 11, 11};
  for (size_t i = 0; i < wanted.size(); ++i)
    CHECK(y[i] == Approx(wanted[i]));
}

TEST_CASE("a shift adds each image's offsets to its channels") {
  Tensor x = tensor({2, 1, 1, 2}, {1, 2, 3, 4}), offset = tensor({2, 1}, {10, 20});
  CHECK(compute("shift %x, %o : (tensor<?x1x1x2xf32>, tensor<?x1xf32>) -> tensor<?x1x1x2xf32>",
                "%x: tensor<?x1x1x2xf32>, %o: tensor<?x1xf32>", "tensor<?x1x1x2xf32>", {x, offset})
            .data == std::vector<double>{11, 12, 23, 24});
}

TEST_CASE("activations at places where their values are known") {
  Tensor x = tensor({1, 4}, {-4, -1, 0, 2});
  auto activation = [&](const std::string &name) {
    return compute(name + " : (tensor<?x4xf32>) -> tensor<?x4xf32>", "%x: tensor<?x4xf32>", "tensor<?x4xf32>", {x}).data;
  };
  auto check = [&](const std::string &name, std::vector<double> wanted) {
    INFO(name);
    std::vector<double> values = activation(name);
    for (size_t i = 0; i < wanted.size(); ++i)
      CHECK(values[i] == Approx(wanted[i]).margin(1e-15).epsilon(1e-9));
  };
  check("sigmoid %x", {0.01798620996, 0.2689414214, 0.5, 0.8807970780});
  check("silu %x", {-0.07194483985, -0.2689414214, 0, 1.761594156});
  check("gelu %x", {-0.00012668496733, -0.1586552539, 0, 1.954499736});
  check("hard_sigmoid %x", {0, 1.0 / 3, 0.5, 5.0 / 6});
  check("hard_swish %x", {0, -1.0 / 3, 0, 5.0 / 3});
  check("mish %x", {-0.07259174079, -0.3034014614, 0, 1.943958960});
  check("leaky_relu %x slope 0.25", {-1, -0.25, 0, 2});
}

TEST_CASE("mish where the exponential is no number") {
  Tensor x = tensor({1, 4}, {-1000, 1000, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()});
  std::vector<double> y =
      compute("mish %x : (tensor<?x4xf32>) -> tensor<?x4xf32>", "%x: tensor<?x4xf32>", "tensor<?x4xf32>", {x}).data;
  CHECK(y[0] == 0);
  CHECK(y[1] == 1000);
  CHECK(std::isinf(y[2]));
  CHECK(std::isnan(y[3]));
}

TEST_CASE("max pools of windows that are no squares, padded on some sides") {
  Tensor x = tensor({1, 1, 2, 3}, {1, 5, 2, 4, 3, 6});
  CHECK(compute("max_pool %x kernel [1, 2] strides [1, 1] pads [0, 1, 0, 0] : (tensor<?x1x2x3xf32>) -> tensor<?x1x2x3xf32>",
                "%x: tensor<?x1x2x3xf32>", "tensor<?x1x2x3xf32>", {x})
            .data == std::vector<double>{1, 5, 5, 4, 4, 6});
  CHECK(compute("max_pool %x kernel [2, 1] strides [2, 2] pads [0, 0, 0, 0] : (tensor<?x1x2x3xf32>) -> tensor<?x1x1x2xf32>",
                "%x: tensor<?x1x2x3xf32>", "tensor<?x1x1x2xf32>", {x})
            .data == std::vector<double>{4, 6});
}

TEST_CASE("each image's channels are multiplied by factors of its own") {
  Tensor x = tensor({2, 2, 1, 1}, {1, -2, 3, -4}), s = tensor({2, 2}, {10, 20, 30, 40});
  CHECK(compute("mul %x, %s : (tensor<?x2x1x1xf32>, tensor<?x2xf32>) -> tensor<?x2x1x1xf32>",
                "%x: tensor<?x2x1x1xf32>, %s: tensor<?x2xf32>", "tensor<?x2x1x1xf32>", {x, s})
            .data == std::vector<double>{10, -40, 90, -160});
}
