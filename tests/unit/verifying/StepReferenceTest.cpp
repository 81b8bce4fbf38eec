// What a step should have computed, from what it read.
#include "ir/plan/Rounding.h"
#include "tests/unit/SpecText.h"
#include "tools/text/Layers.h"
#include "tools/verifying/StepReference.h"
#include "tools/weights/WeightsSource.h"

#include <cmath>

using namespace skip;
using reference::Tensor;

static codegen::Image withTarget() {
  codegen::Image image;
  image.targets.emplace_back();
  return image;
}

namespace {
struct Network {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module = test::graphOf(context, R"(
    model net {
      input image[2, 2, 2]
      a = image |> relu
      b = a |> max_pool(1, stride = 1)
      output y = relu(a + b)
    })");
  codegen::Image image = withTarget();
  tool::WeightsSource weights = llvm::cantFail(tool::WeightsSource::open("random:1", tool::modelOf(*module)));
  tool::Checkpoint checkpoint = llvm::cantFail(tool::Checkpoint::open(weights, image));
  tool::StepReference reference{tool::modelOf(*module), checkpoint};
};
} // namespace

static Tensor filled(double value) {
  Tensor tensor({1, 2, 2, 2});
  tensor.data.assign(8, value);
  return tensor;
}

TEST_CASE("a step is computed from its own inputs, not from what lies before them") {
  Network network;
  Tensor a = filled(3), b = filled(-1);
  llvm::Expected<tool::Measured> y = network.reference.measure("relu_1", {{"relu", &a}, {"max_pool", &b}}, {});
  REQUIRE(static_cast<bool>(y));
  CHECK(y->value.data == std::vector<double>(8, 2.0));
  CHECK(y->magnitude.data == std::vector<double>(8, 4.0));
}

TEST_CASE("a step that only moves a value must give that value") {
  Network network;
  Tensor a = filled(4);
  llvm::Expected<tool::Measured> same = network.reference.measure("relu", {{"relu", &a}}, {});
  REQUIRE(static_cast<bool>(same));
  CHECK(same->value.data == a.data);
}

TEST_CASE("a step that needs more than it reads is a defect") {
  Network network;
  Tensor b = filled(1);
  llvm::Expected<tool::Measured> y = network.reference.measure("relu_1", {{"max_pool", &b}}, {});
  REQUIRE(!y);
  CHECK(llvm::toString(y.takeError()).find("it depends on the input `image`") != std::string::npos);
}

TEST_CASE("a step that bears no value's name is a defect") {
  Network network;
  llvm::Expected<tool::Measured> y = network.reference.measure("nothing", {}, {});
  REQUIRE(!y);
  CHECK(llvm::toString(y.takeError()).find("no value of that name") != std::string::npos);
}

namespace {
/// A convolution whose weights are drawn, with a batch norm that the load table folds in.
struct Convolution {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module =
      test::graphOf(context, "model net { input image[3, 4, 4] output y = image |> a: conv(5, 3) |> n: bn }");
  tool::WeightsSource weights = llvm::cantFail(tool::WeightsSource::open("random:1", tool::modelOf(*module)));
  codegen::Image image = imageOf(*module);
  tool::Checkpoint checkpoint = llvm::cantFail(tool::Checkpoint::open(weights, image));

  static codegen::Image imageOf(mlir::ModuleOp module) {
    codegen::Image image = withTarget();
    for (auto parameter : module.getOps<graph::ParameterOp>())
      image.tensors.push_back({parameter.getSymName().str(), parameter.getTensorType().getShape().vec()});
    return image;
  }
};
} // namespace

TEST_CASE("a filter that is stored as bf16 gives, times its batch norm, numbers of bf16") {
  Convolution network;
  tool::StoredFilter how{plan::Element::bf16, "n.weight", "n.running_var", 1e-5};
  Tensor written = network.checkpoint.read("a.weight"), gamma = network.checkpoint.read("n.weight"),
         variance = network.checkpoint.read("n.running_var");
  Tensor filter = tool::multipliedFilter(written, how, plan::Precision::bf16, network.checkpoint);
  size_t others = 0;
  for (int64_t i = 0; i < filter.size(); ++i) {
    int64_t channel = i / (filter.size() / filter.dim(0));
    double scale = gamma.data[channel] / std::sqrt(variance.data[channel] + 1e-5), product = filter.data[i] * scale;
    CHECK(product == Approx(plan::rounded(product, plan::Element::bf16)).epsilon(1e-12));
    CHECK(std::abs(product - written.data[i] * scale) <= 0x1p-8 * std::abs(written.data[i] * scale));
    others += filter.data[i] != written.data[i];
  }
  CHECK(others > 0);
}

TEST_CASE("a step in bf16 is held against the filter that it multiplies") {
  Convolution network;
  tool::StepReference reference(tool::modelOf(*network.module), network.checkpoint);
  Tensor image({1, 3, 4, 4});
  image.data.assign(48, 1.0);
  tool::StepAlgorithms exact, narrow;
  narrow.precision.precision = plan::Precision::bf16;
  narrow.precision.filters["a.weight"] = {plan::Element::bf16, "n.weight", "n.running_var", 1e-5};
  llvm::Expected<tool::Measured> plain = reference.measure("n", {{"image", &image}}, exact);
  llvm::Expected<tool::Measured> rounded = reference.measure("n", {{"image", &image}}, narrow);
  REQUIRE(static_cast<bool>(plain));
  REQUIRE(static_cast<bool>(rounded));
  double difference = 0, most = 0;
  for (int64_t i = 0; i < plain->value.size(); ++i) {
    difference = std::max(difference, std::abs(plain->value.data[i] - rounded->value.data[i]));
    most = std::max(most, plain->magnitude.data[i]);
  }
  CHECK(difference > 0);
  CHECK(difference <= 0x1p-8 * most);
}
