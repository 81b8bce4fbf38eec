// The evaluator against numbers that were worked out by hand.
#include "tests/unit/import/ModelText.h"
#include "tools/import/Evaluate.h"
#include "tools/import/Reader.h"

#include <catch2/catch.hpp>

using namespace skip;
using Numbers = std::vector<double>;

/// The output `y` of one-input models; `dims` of what x counts up in from 1.
static reference::Tensor evaluate(const std::string &text, std::vector<int64_t> dims,
                                  onnx::Precision precision = onnx::Precision::Double) {
  llvm::Expected<onnx::Model> model =
      onnx::readModel(test::onnxFile("input x N\noutput y N\n" + text), "net.onnx",
                      [](llvm::StringRef) -> llvm::Expected<onnx::ExternalFile> { return onnx::ExternalFile{}; });
  REQUIRE(bool(model));
  reference::Tensor x(std::move(dims));
  for (size_t i = 0; i < x.data.size(); ++i)
    x.data[i] = static_cast<double>(i + 1);
  llvm::Expected<std::vector<reference::Tensor>> outputs = onnx::evaluateModel(*model, x, 1 << 20, precision);
  if (!outputs)
    FAIL(llvm::toString(outputs.takeError()));
  return outputs->front();
}

TEST_CASE("slices go forwards and backwards") {
  std::string text = "ints s 0\nints e 4\nints a 1\nints t 2\nnode Slice x s e a t > y\n";
  CHECK(evaluate(text, {1, 5}).data == Numbers{1, 3});
  text = "ints s -1\nints e -9223372036854775808\nints a 1\nints t -2\nnode Slice x s e a t > y\n";
  CHECK(evaluate(text, {1, 5}).data == Numbers{5, 3, 1});
  text = "ints s 3\nints e 1\nints a 1\nints t -1\nnode Slice x s e a t > y\n";
  CHECK(evaluate(text, {1, 5}).data == Numbers{4, 3});
}

TEST_CASE("all dimensions of one are squeezed, and means taken over all, where no axes are given") {
  CHECK(evaluate("node Squeeze x > y\n", {2, 1, 3, 1}).shape == std::vector<int64_t>{2, 3});
  CHECK(evaluate("node ReduceMean x > y keepdims=0\n", {2, 3}).data == Numbers{3.5});
}

TEST_CASE("pools count their padding only where they are told to") {
  std::string pool = "node AveragePool x > y kernel_shape=2,2 strides=2,2 pads=1,1,0,0";
  CHECK(evaluate(pool + "\n", {1, 1, 3, 3}).data == Numbers{1, 2.5, 5.5, 7});
  CHECK(evaluate(pool + " count_include_pad=1\n", {1, 1, 3, 3}).data == Numbers{0.25, 1.25, 2.75, 7});
  CHECK(evaluate("node MaxPool x > y kernel_shape=2,2 strides=2,2 ceil_mode=1\n", {1, 1, 3, 3}).data == Numbers{5, 6, 8, 9});
}

TEST_CASE("groups, dilations and strides of a convolution") {
  std::string filter = "floats one 1\nints shape 2 1 1 2\nnode Expand one shape > w\n";
  // Sums of two columns that lie two apart, each channel for itself, every other row.
  std::string text = filter + "node Conv x w > y group=2 dilations=1,2 strides=2,1\n";
  reference::Tensor y = evaluate(text, {1, 2, 3, 3});
  CHECK(y.shape == std::vector<int64_t>{1, 2, 2, 1});
  CHECK(y.data == Numbers{4, 16, 22, 34});
  CHECK(evaluate(filter + "node Conv x w > y group=2 auto_pad=SAME_UPPER\n", {1, 2, 1, 2}).data == Numbers{3, 2, 7, 4});
  CHECK(evaluate(filter + "node Conv x w > y group=2 auto_pad=SAME_LOWER\n", {1, 2, 1, 2}).data == Numbers{1, 3, 3, 7});
}

TEST_CASE("inputs are repeated to each other's sizes") {
  std::string text = "ints a 10 20\nints shape 2 1\nnode Reshape a shape > b\nnode Add x b > y\n";
  CHECK(evaluate(text, {1, 2}).data == Numbers{11, 12, 21, 22});
}

TEST_CASE("an unknown size is what is left, and 0 is that of the input") {
  CHECK(evaluate("ints shape 0 -1\nnode Reshape x shape > y\n", {2, 3, 4}).shape == std::vector<int64_t>{2, 12});
  CHECK(evaluate("node Shape x > y start=1\n", {2, 3, 4}).data == Numbers{3, 4});
}

TEST_CASE("images are made larger by every place and rounding that is known") {
  std::string text = "ints factors 1 1 1 2\nnode Cast factors > scales to=1\n";
  auto resized = [&](const std::string &modes) {
    return evaluate(text + "node Resize x - scales > y " + modes + "\n", {1, 1, 1, 3}).data;
  };
  CHECK(resized("mode=nearest coordinate_transformation_mode=asymmetric nearest_mode=floor") == Numbers{1, 1, 2, 2, 3, 3});
  CHECK(resized("mode=nearest coordinate_transformation_mode=asymmetric nearest_mode=ceil") == Numbers{1, 2, 2, 3, 3, 3});
  CHECK(resized("mode=nearest") == Numbers{1, 1, 2, 2, 3, 3});
  CHECK(resized("mode=linear") == Numbers{1, 1.25, 1.75, 2.25, 2.75, 3});
  CHECK(resized("mode=linear coordinate_transformation_mode=align_corners") == Numbers{1, 1.4, 1.8, 2.2, 2.6, 3});
  CHECK(resized("mode=linear coordinate_transformation_mode=asymmetric") == Numbers{1, 1.5, 2, 2.5, 3, 3});
  CHECK(evaluate("ints sizes 1 1 2 2\nnode Resize x - - sizes > y mode=linear\n", {1, 1, 1, 1}).data == Numbers{1, 1, 1, 1});
}

TEST_CASE("the largest over some dimensions, and a choice element by element") {
  CHECK(evaluate("node ReduceMax x > y axes=1, keepdims=0\n", {2, 3}).data == Numbers{3, 6});
  CHECK(evaluate("ints two 2\nints four 4\nnode Equal x two > c\nnode Where c four x > y\n", {1, 3}).data == Numbers{1, 4, 3});
}

TEST_CASE("a batch norm in training goes by its input's own statistics") {
  std::string text = "floats one 1\nfloats zero 0\nints shape 2\nnode Expand one shape > g\nnode Expand zero shape > b\n"
                     "node BatchNormalization x g b b g > y epsilon=1e-20 training_mode=1\n";
  CHECK(evaluate(text, {1, 2, 2}).data == Numbers{-1, 1, -1, 1});
}

TEST_CASE("parts of given sizes, or of one size but for the last") {
  CHECK(evaluate("ints sizes 1 2\nnode Split x sizes > a y axis=1\n", {2, 3}).data == Numbers{2, 3, 5, 6});
  CHECK(evaluate("node Split x > a y axis=1\n", {2, 3}).data == Numbers{3, 6});
}

TEST_CASE("sums over some dimensions") {
  std::string text = "ints axes 1\nnode ReduceSum x axes > y keepdims=0\n";
  CHECK(evaluate(text, {1, 2, 3}).data == Numbers{5, 7, 9});
  CHECK(evaluate(text, {1, 2, 3}).shape == std::vector<int64_t>{1, 3});
}

TEST_CASE("convolutions of rows") {
  std::string text = "ints taps 1 10 100\nnode Cast taps > t to=1\nints shape 1 1 3\nnode Reshape t shape > w\n";
  CHECK(evaluate(text + "node Conv x w > y pads=1,1\n", {1, 1, 3}).data == Numbers{210, 321, 32});
  CHECK(evaluate(text + "node Conv x w > y strides=2,\n", {1, 1, 5}).data == Numbers{321, 543});
}

TEST_CASE("constants, or all results, are rounded to float32 where that is asked for") {
  // A third, computed in two steps, of each element, and that once more.
  std::string text = "floats one 1\nfloats three 3\nnode Div one three > t\nnode Mul t one > c\nnode Mul x c > m\n"
                     "node Mul m c > y\n";
  double third = 1.0 / 3, rounded = static_cast<double>(static_cast<float>(third));
  auto narrow = [](double value) { return static_cast<double>(static_cast<float>(value)); };
  CHECK(evaluate(text, {1, 2}).data == Numbers{third * third, 2 * third * third});
  CHECK(evaluate(text, {1, 2}, onnx::Precision::FloatConstants).data == Numbers{rounded * rounded, 2 * rounded * rounded});
  CHECK(evaluate(text, {1, 2}, onnx::Precision::Float).data ==
        Numbers{narrow(rounded * rounded), narrow(narrow(2 * rounded) * rounded)});
}
