// What rounding errors are measured against, by hand.
#include "tests/unit/SpecText.h"
#include "tools/text/Layers.h"
#include "tools/verifying/Magnitude.h"

#include <cmath>
#include <limits>

using namespace skip;
using reference::Tensor;
using tool::Measured;

namespace {
struct Network {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module = test::graphOf(context, R"(
    model net {
      input image[1, 4, 4]
      output y = image |> conv1: conv(1, 3, bias = true) |> bn1: bn |> global_avg_pool |> fc: linear(2) |> softmax
    })");
  template <typename Op> Op find() {
    Op found;
    module->walk([&](Op op) { found = op; });
    REQUIRE(found);
    return found;
  }
};
} // namespace

static Tensor filled(std::vector<int64_t> shape, double value) {
  Tensor tensor(std::move(shape));
  tensor.data.assign(static_cast<size_t>(tensor.size()), value);
  return tensor;
}

static Measured measured(Tensor value) { return {value, tool::absolute(value)}; }

static mlir::OpResult resultOf(mlir::Operation *op) { return op->getResult(0); }

static tool::StepAlgorithms winogradOf(llvm::StringRef parameter, int64_t tile) {
  tool::StepAlgorithms how;
  if (tile > 0)
    how.tiles[parameter] = tile;
  return how;
}

TEST_CASE("magnitude: of a convolution it is the sum of |x||w| and |b|, whatever cancels") {
  Network network;
  Tensor x({1, 1, 4, 4});
  for (int64_t i = 0; i < 16; ++i)
    x.data[i] = i % 2 ? 1 : -1;
  Measured image = measured(x), filter = measured(filled({1, 1, 3, 3}, -2)), bias = measured(filled({1}, -0.5));
  auto conv = network.find<graph::Conv2dOp>();
  llvm::Expected<Tensor> m =
      tool::magnitudeOf(resultOf(conv), {&image, &filter, &bias}, Tensor({1, 1, 4, 4}), winogradOf("conv1.weight", 0));
  REQUIRE(static_cast<bool>(m));
  CHECK(m->data[0] == 4 * 2 + 0.5); // a corner
  CHECK(m->data[5] == 9 * 2 + 0.5);
}

TEST_CASE("magnitude: by Winograd it is that of the largest pixel that a tile's window holds") {
  Network network;
  Tensor x({1, 1, 4, 4});
  x.data[3] = -7; // row 0, column 3: in the windows of all four tiles but the lower ones, which begin at row 1
  Measured image = measured(x), filter = measured(filled({1, 1, 3, 3}, -2)), bias = measured(filled({1}, 0));
  auto conv = network.find<graph::Conv2dOp>();
  llvm::Expected<Tensor> m =
      tool::magnitudeOf(resultOf(conv), {&image, &filter, &bias}, Tensor({1, 1, 4, 4}), winogradOf("conv1.weight", 2));
  REQUIRE(static_cast<bool>(m));
  CHECK(m->data[0] == 0); // its window ends at column 2
  CHECK(m->data[2] == 7 * 9 * 2);
  CHECK(m->data[7] == 7 * 9 * 2);
  CHECK(m->data[11] == 0);
}

TEST_CASE("magnitude: a batch norm's terms are those of its scale and shift") {
  Network network;
  auto norm = network.find<graph::BatchNormOp>();
  Measured x = measured(filled({1, 1, 4, 4}, -3)), gamma = measured(filled({1}, -2)), beta = measured(filled({1}, 5)),
           mean = measured(filled({1}, -3)), variance = measured(filled({1}, 4 - norm.getEpsilon().convertToDouble()));
  llvm::Expected<Tensor> m =
      tool::magnitudeOf(resultOf(norm), {&x, &gamma, &beta, &mean, &variance}, x.value, winogradOf("", 0));
  REQUIRE(static_cast<bool>(m));
  CHECK(m->data[7] == Approx(3 + 3 + 5)); // 3 * 2 / 2 of x, as much of the mean, and beta
}

TEST_CASE("magnitude: a softmax's errors are of its own results' size") {
  Network network;
  Measured x = measured(filled({1, 2}, -3));
  Tensor result = filled({1, 2}, 0.5);
  llvm::Expected<Tensor> m = tool::magnitudeOf(resultOf(network.find<graph::SoftmaxOp>()), {&x}, result, winogradOf("", 0));
  REQUIRE(static_cast<bool>(m));
  CHECK(m->data[0] == 0.5 * 16);
}

TEST_CASE("magnitude: an operation without a rule is a defect") {
  Network network;
  llvm::Expected<Tensor> m =
      tool::magnitudeOf(resultOf(network.find<graph::ReadParameterOp>()), {}, Tensor(), winogradOf("", 0));
  REQUIRE(!m);
  CHECK(llvm::toString(m.takeError()).find("no rule says how far `graph.read_parameter` may be off") != std::string::npos);
}

TEST_CASE("magnitude: Strassen's products mix the rows of a pair, and channels as they count once they are balanced") {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module = test::graphOf(context, R"(
    model net {
      input image[2, 3, 1]
      output y = image |> c: conv(2, 1)
    })");
  graph::Conv2dOp conv;
  module->walk([&](graph::Conv2dOp op) { conv = op; });
  tool::StepAlgorithms how;
  how.pairs = tool::StrassenPairs{1, 1};
  Tensor x({1, 2, 3, 1}), w({2, 2, 1, 1});
  x.data = {1, 20, 300, 0, 0, 0};
  auto first = [&](std::vector<double> weights) { // of y[0]; rows 0 and 1 are a pair, row 2 has no partner
    w.data = std::move(weights);
    Measured image = measured(x), filter = measured(w);
    Tensor m = llvm::cantFail(tool::magnitudeOf(resultOf(conv), {&image, &filter}, Tensor({1, 2, 3, 1}), how));
    return std::vector<double>(m.data.begin(), m.data.begin() + 3);
  };
  // A product of sizes 1 and 4 of outputs with 1 and 2 of inputs: alike once balanced, so that each partner counts as much.
  CHECK(first({1, 2, 4, 8}) == std::vector<double>{4 * 21, 4 * 21, 4 * 300});
  // No such product: what sums bring to y[0] from x[0] is w[0][1], w[1][0] and w[1][1], the first and last larger than its own.
  CHECK(first({0, 1, 1, 0}) == std::vector<double>{2 * 21, 2 * 21, 2 * 300});
}

TEST_CASE("element errors: a small channel counts as much as a large one") {
  Tensor reference({1, 2}), compiled({1, 2}), magnitude({1, 2});
  reference.data = {1000, 0.001};
  magnitude.data = {2000, 0.002};
  compiled.data = {1000, 0.00101};
  CHECK(tool::elementError(compiled, reference, magnitude, 1) == Approx(0.005));
  CHECK(tool::elementError(reference, reference, magnitude, 1) == 0);
  compiled.data[1] = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(tool::elementError(compiled, reference, magnitude, 1)));
  CHECK(std::isnan(tool::elementError(Tensor({1, 3}), reference, magnitude, 1)));
}

TEST_CASE("element errors: where there are no terms only what is flushed to zero may be left") {
  Tensor zero({1, 1}), compiled({1, 1});
  compiled.data[0] = 1e-38;
  CHECK(tool::elementError(compiled, zero, zero, 1) == 0);
  compiled.data[0] = 1e-30;
  CHECK(std::isinf(tool::elementError(compiled, zero, zero, 1)));
}
