// Values out of their layouts and back, and how errors are measured.
#include "ir/plan/Layout.h"
#include "tools/verifying/StepValues.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;
using reference::Tensor;

static Tensor counting(std::vector<int64_t> shape) {
  Tensor tensor(std::move(shape));
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor.data[i] = static_cast<double>(i + 1);
  return tensor;
}

TEST_CASE("a blocked picture with a halo is read where its elements lie") {
  mlir::MLIRContext context;
  context.loadDialect<plan::PlanDialect>();
  auto type = mlir::RankedTensorType::get({mlir::ShapedType::kDynamic, 18, 2, 3}, mlir::Float32Type::get(&context));
  auto layout = plan::LayoutAttr::get(&context, plan::LayoutKind::blocked, 1);
  plan::Strides strides = plan::stridesOf(type, layout);
  std::vector<float> buffer(2 * strides.image, 0.0f);
  float *interior = buffer.data() + strides.origin;
  // Image 1, channel 17, row 1, column 2, by the index function of the layout.
  interior[strides.image + strides.block + strides.row + 2 * 16 + 1] = 5;
  Tensor tensor = tool::readLayout(interior, type, layout, 2);
  CHECK(tensor.shape == std::vector<int64_t>{2, 18, 2, 3});
  CHECK(tensor.data[((1 * 18 + 17) * 2 + 1) * 3 + 2] == 5);
  CHECK(std::count(tensor.data.begin(), tensor.data.end(), 0.0) == tensor.size() - 1);
}

TEST_CASE("pixels with their channels side by side are read where their elements lie") {
  mlir::MLIRContext context;
  context.loadDialect<plan::PlanDialect>();
  auto type = mlir::RankedTensorType::get({mlir::ShapedType::kDynamic, 6, 2, 3}, mlir::Float32Type::get(&context));
  auto layout = plan::LayoutAttr::get(&context, plan::LayoutKind::nhwc);
  std::vector<float> buffer(2 * 2 * 3 * 8, 0.0f); // [2][2][3][8]
  buffer[((1 * 2 + 1) * 3 + 2) * 8 + 5] = 7;
  Tensor tensor = tool::readLayout(buffer.data(), type, layout, 2);
  CHECK(tensor.data[((1 * 6 + 5) * 2 + 1) * 3 + 2] == 7);
  CHECK(std::count(tensor.data.begin(), tensor.data.end(), 0.0) == tensor.size() - 1);
  CHECK(plan::bufferBytes(type, layout, 2) == 2 * 2 * 3 * 8 * 4);
}

TEST_CASE("parameters and gradients are read where their elements lie") {
  mlir::MLIRContext context;
  context.loadDialect<plan::PlanDialect>();
  auto floats = mlir::Float32Type::get(&context);
  auto filter = mlir::RankedTensorType::get({18, 17, 2, 3}, floats), vector = mlir::RankedTensorType::get({18}, floats);
  auto layout = [&](plan::LayoutKind kind) { return plan::LayoutAttr::get(&context, kind); };
  auto readOne = [&](mlir::RankedTensorType type, plan::LayoutKind kind, size_t offset) {
    std::vector<float> buffer(plan::bufferBytes(type, layout(kind), 1) / sizeof(float));
    buffer[offset] = 1;
    Tensor tensor = tool::readLayout(buffer.data(), type, layout(kind), 5);
    CHECK(tensor.shape == type.getShape().vec());
    return std::find(tensor.data.begin(), tensor.data.end(), 1.0) - tensor.data.begin();
  };
  int64_t element = ((17 * 17 + 16) * 2 + 1) * 3 + 2; // w[17][16][1][2]
  CHECK(readOne(filter, plan::LayoutKind::filter16, ((1 * 2 + 1) * 6 + 5) * 256 + 0 * 16 + 1) == element);
  CHECK(readOne(filter, plan::LayoutKind::filter1, ((1 * 17 + 16) * 6 + 5) * 16 + 1) == element);
  CHECK(readOne(filter, plan::LayoutKind::planar, static_cast<size_t>(element)) == element);
  CHECK(readOne(vector, plan::LayoutKind::vector, 17) == 17);
}

TEST_CASE("what is written is read back, in every layout") {
  mlir::MLIRContext context;
  context.loadDialect<plan::PlanDialect>();
  for (plan::LayoutKind kind : {plan::LayoutKind::planar, plan::LayoutKind::blocked, plan::LayoutKind::nhwc})
    for (int64_t halo : {0, 2}) {
      if (kind == plan::LayoutKind::nhwc && halo > 0)
        continue;
      auto type = mlir::RankedTensorType::get({mlir::ShapedType::kDynamic, 19, 3, 5}, mlir::Float32Type::get(&context));
      auto layout = plan::LayoutAttr::get(&context, kind, halo);
      plan::Strides strides = plan::stridesOf(type, layout);
      std::vector<float> buffer(3 * strides.image, -1.0f);
      Tensor tensor = counting({3, 19, 3, 5});
      tool::writeLayout(tensor, buffer.data() + strides.origin, type, layout);
      CHECK(tool::readLayout(buffer.data() + strides.origin, type, layout, 3).data == tensor.data);
      auto untouched = static_cast<size_t>(std::count(buffer.begin(), buffer.end(), -1.0f));
      CHECK(untouched == buffer.size() - tensor.data.size()); // halo and padding channels
    }
}

TEST_CASE("elements of two bytes are rounded to the nearest and read as what they are") {
  mlir::MLIRContext context;
  context.loadDialect<plan::PlanDialect>();
  auto type = mlir::RankedTensorType::get({mlir::ShapedType::kDynamic, 3}, mlir::Float32Type::get(&context));
  Tensor tensor({1, 3});
  tensor.data = {1.001, -2.5, 1e6};
  auto stored = [&](plan::Element element, std::vector<uint16_t> bits) {
    auto layout = plan::LayoutAttr::get(&context, plan::LayoutKind::planar, 0, 0, 0, 3, 1, element);
    std::vector<uint16_t> buffer(3);
    tool::writeLayout(tensor, buffer.data(), type, layout);
    CHECK(buffer == bits);
    return tool::readLayout(buffer.data(), type, layout, 1).data;
  };
  CHECK(stored(plan::Element::f16, {0x3c01, 0xc100, 0x7c00}) == std::vector<double>{1.0009765625, -2.5, HUGE_VAL});
  CHECK(stored(plan::Element::bf16, {0x3f80, 0xc020, 0x4974}) == std::vector<double>{1, -2.5, 999424});
}

TEST_CASE("what is stored in 16 bits is read as the number that it is") {
  mlir::MLIRContext context;
  context.loadDialect<plan::PlanDialect>();
  auto type = mlir::RankedTensorType::get({mlir::ShapedType::kDynamic, 11, 2, 3}, mlir::Float32Type::get(&context));
  auto layout = plan::LayoutAttr::get(&context, plan::LayoutKind::nhwc, 0, plan::Element::bf16);
  std::vector<uint16_t> buffer(2 * 2 * 3 * 16, 0xffff); // [2][2][3][16]
  Tensor tensor = counting({2, 11, 2, 3});
  tool::writeLayout(tensor, buffer.data(), type, layout);
  CHECK(tool::readLayout(buffer.data(), type, layout, 2).data == tensor.data);
  CHECK(buffer[(5 + 1) * 16 + 1] == 0x4292); // image 1, channel 1, the first pixel: 73
  CHECK(std::count(buffer.begin(), buffer.end(), 0xffff) == 2 * 2 * 3 * 5);
}

TEST_CASE("errors are relative to the largest value") {
  Tensor reference({1, 4}), compiled({1, 4});
  reference.data = {0, 1, -10, 2};
  compiled.data = {0.5, 1, -10, 2};
  CHECK(tool::relativeError(compiled, reference) == Approx(0.05));
  CHECK(tool::relativeError(reference, reference) == 0);
  CHECK(tool::relativeError(compiled, reference, 1000) == Approx(0.0005)); // values that cancel: of what they are made of
}

TEST_CASE("a NaN on either side, or another shape, is no number") {
  Tensor reference({1, 2}), compiled({1, 2});
  compiled.data[1] = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(tool::relativeError(compiled, reference)));
  CHECK(std::isnan(tool::relativeError(reference, compiled)));
  CHECK(std::isnan(tool::relativeError(Tensor({1, 3}), reference)));
}

TEST_CASE("an error where all should be zero is infinite, and zero where all is") {
  Tensor zero({1, 2}), compiled({1, 2});
  CHECK(tool::relativeError(compiled, zero) == 0);
  compiled.data[0] = 1e-30;
  CHECK(std::isinf(tool::relativeError(compiled, zero)));
}
