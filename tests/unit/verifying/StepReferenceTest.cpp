// What a step should have computed, from what it read.
#include "tests/unit/SpecText.h"
#include "tools/text/Layers.h"
#include "tools/verifying/StepReference.h"
#include "tools/weights/WeightsSource.h"

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
