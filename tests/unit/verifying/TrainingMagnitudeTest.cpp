// What the rounding errors of training's operations are measured against, by hand.
#include "tools/verifying/TrainingMagnitude.h"

#include "tools/verifying/Magnitude.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace skip;
using reference::Tensor;
using tool::Measured;

namespace {
/// One operation, behind `text`'s other lines.
template <typename Op> struct Parsed {
  explicit Parsed(const std::string &text) {
    context.loadDialect<graph::GraphDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    REQUIRE(module);
    module->walk([&](Op found) { op = found; });
    REQUIRE(op);
  }
  Tensor magnitude(llvm::ArrayRef<Tensor> operands, unsigned result = 0) {
    std::vector<Measured> measured;
    llvm::SmallVector<const Tensor *> values;
    for (const Tensor &operand : operands) {
      measured.push_back({operand, tool::absolute(operand)});
      values.push_back(&operand);
    }
    llvm::SmallVector<const Measured *> pointers;
    for (const Measured &each : measured)
      pointers.push_back(&each);
    Tensor value = llvm::cast<graph::Evaluable>(op.getOperation()).evaluate(values)[result];
    std::optional<Tensor> m = tool::trainingMagnitude(op->getResult(result), pointers, value);
    REQUIRE(m);
    REQUIRE(m->shape == value.shape);
    return *m;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Op op;
};
} // namespace

static Tensor tensor(std::vector<int64_t> shape, std::vector<double> data) {
  Tensor made(std::move(shape));
  made.data = std::move(data);
  return made;
}

TEST_CASE("training magnitude: moments that cancel are measured by their terms") {
  Parsed<graph::MomentsOp> moments(R"(
    func.func @f(%x: tensor<?x1x2x2xf32>) -> tensor<?x1x2x1xf32> {
      %m = graph.moments %x : (tensor<?x1x2x2xf32>) -> tensor<?x1x2x1xf32>
      return %m : tensor<?x1x2x1xf32>
    })");
  Tensor m = moments.magnitude({tensor({1, 1, 2, 2}, {8, -8, 8, -8})});
  CHECK(m.data[0] == 8);
  CHECK(m.data[1] == Approx(256 + 0x1p-18 * 4 * 64).epsilon(1e-12));
}

TEST_CASE("training magnitude: a relu's gradient is measured where it lets through") {
  Parsed<graph::ReluGradInputOp> relu(R"(
    func.func @f(%dy: tensor<?x3xf32>, %y: tensor<?x3xf32>) -> tensor<?x3xf32> {
      %m = graph.relu_grad_input %dy, %y : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
      return %m : tensor<?x3xf32>
    })");
  CHECK(relu.magnitude({tensor({1, 3}, {-5, -6, 7}), tensor({1, 3}, {2, 0, 1})}).data == std::vector<double>{5, 0, 7});
}

TEST_CASE("training magnitude: a batch's statistics are rounded once") {
  Parsed<graph::MergeMomentsOp> merge(R"(
    func.func @f(%m: tensor<?x1x2x1xf32>, %v: tensor<1xf32>) -> tensor<1xf32> {
      %r:6 = graph.merge_moments %m, %v, %v, %v, %v pixels 4 momentum 1.0 epsilon 0.0 :
        (tensor<?x1x2x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) ->
        (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>)
      return %r#0 : tensor<1xf32>
    })");
  Tensor one = tensor({1}, {1}), moments = tensor({2, 1, 2, 1}, {3, 5, -3, 5});
  CHECK(merge.magnitude({moments, one, one, one, one}, 0).data[0] == Approx(3 * 0x1p-20)); // the mean is 0
  double variance = (10 + 8 * 9) / 8.0;
  CHECK(merge.magnitude({moments, one, one, one, one}, 1).data[0] == Approx(variance));
  CHECK(merge.magnitude({moments, one, one, one, one}, 4).data[0] == Approx(1 / std::sqrt(variance)));
}

TEST_CASE("training magnitude: a certain loss is small, and what it is made of is not") {
  Parsed<graph::SoftmaxCrossEntropyOp> loss(R"(
    func.func @f(%x: tensor<?x2xf32>, %l: tensor<?xi32>) -> tensor<1xf32> {
      %m = graph.softmax_cross_entropy %x, %l smoothing 0.0 : (tensor<?x2xf32>, tensor<?xi32>) -> tensor<1xf32>
      return %m : tensor<1xf32>
    })");
  Tensor x = tensor({2, 2}, {0, 0, 50, 0}), labels = tensor({2}, {0, 1});
  // Two classes alike: 4 + log 2. One that is sure and wrong: 4 + 50, its distance.
  CHECK(loss.magnitude({x, labels}).data[0] == Approx((4 + std::log(2) + 54) / 2).epsilon(1e-9));
}

TEST_CASE("training magnitude: the roundings of a filter's gradient are those of its chunks") {
  Parsed<graph::Conv2dGradFilterOp> grad(R"(
    func.func @f(%dy: tensor<?x1x32x32xf32>, %x: tensor<?x1x32x32xf32>) -> tensor<1x1x3x3xf32> {
      %m = graph.conv2d_grad_filter %dy, %x kernel 3 x 3 stride 1 padding 1 :
        (tensor<?x1x32x32xf32>, tensor<?x1x32x32xf32>) -> tensor<1x1x3x3xf32>
      return %m : tensor<1x1x3x3xf32>
    })");
  CHECK(*tool::trainingTerms(*grad.op, 64) == 128 + 32 + 64 * 1024 / 16 + 2);
  CHECK(*tool::trainingTerms(*grad.op.getOperation(), 1) == 128 + 32 + 1024 / 16 + 2);
}

TEST_CASE("training magnitude: a filter's gradient by Winograd is measured by its tiles") {
  Parsed<graph::Conv2dGradFilterOp> grad(R"(
    func.func @f(%dy: tensor<?x1x4x8xf32>, %x: tensor<?x1x4x8xf32>) -> tensor<1x1x3x3xf32> {
      %m = graph.conv2d_grad_filter %dy, %x kernel 3 x 3 stride 1 padding 1 :
        (tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>) -> tensor<1x1x3x3xf32>
      return %m : tensor<1x1x3x3xf32>
    })");
  Tensor dy({1, 1, 4, 8}), x({1, 1, 4, 8});
  for (int64_t i = 0; i < 32; ++i)
    dy.data[i] = i % 8 < 4 ? 1 : -2; // two tiles, whose sums are 16 and 32
  x.data[0] = -3;                    // in the first tile's window alone
  x.data[4] = 5;                     // in both: a window reaches one pixel beyond its tile
  x.data[31] = 7;                    // in the second's
  Measured ofDy{dy, tool::absolute(dy)}, ofX{x, tool::absolute(x)};
  tool::StepAlgorithms how;
  how.gradientTile = 4;
  llvm::Expected<Tensor> m = tool::magnitudeOf(grad.op->getResult(0), {&ofDy, &ofX}, Tensor({1, 1, 3, 3}), how);
  REQUIRE(static_cast<bool>(m));
  for (double value : m->data)
    CHECK(value == 16 * 5 + 32 * 7);
}
