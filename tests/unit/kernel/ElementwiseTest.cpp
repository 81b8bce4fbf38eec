// Chains of elementwise operations against the same chains in double precision.
#include "tests/unit/kernel/Cases.h"

#include "codegen/x86/kernel/Lanes.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;
using enum skip::kernel::EpilogueOp;

/// The buffers of one case.
struct Buffers {
  Activation main;
  testing::EpilogueOperands others;
};

static Buffers buffersOf(const Epilogue &chain, Shape shape, int64_t otherHalo, std::mt19937 &random) {
  Activation main = randomActivation(shape, random);
  shape.halo = otherHalo;
  return {std::move(main), {chain, shape, random}};
}

static std::vector<double> expected(const Epilogue &chain, const Buffers &buffers) {
  return generate(buffers.main.shape, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
    return buffers.others.apply(chain, buffers.main.at(n, c, y, x), n, c, y, x);
  });
}

static std::vector<int64_t> paramsOf(const Buffers &buffers, const Activation &out) {
  const Activation &in = buffers.main;
  std::vector<int64_t> params = {out.shape.images, out.blocks,     out.shape.height, out.shape.width, out.image, out.block,
                                 out.row,          out.shape.halo, in.image,         in.block,        in.row};
  for (const Activation &tensor : buffers.others.tensors)
    params.insert(params.end(), {tensor.image, tensor.block, tensor.row});
  return params;
}

static std::vector<void *> operandsOf(const Epilogue &chain, Buffers &buffers, Activation &out) {
  std::vector<void *> operands = {buffers.main.origin()};
  buffers.others.appendTo(operands, chain);
  operands.push_back(out.origin());
  return operands;
}

static const std::vector<Shape> kShapes = {{.images = 1, .channels = 1, .height = 1, .width = 1},
                                           {.images = 2, .channels = 3, .height = 1, .width = 1, .halo = 1},
                                           {.images = 1, .channels = 17, .height = 5, .width = 7, .halo = 2},
                                           {.images = 3, .channels = 40, .height = 3, .width = 12},
                                           {.images = 1, .channels = 16, .height = 1, .width = 3, .halo = 1}};

static const std::vector<Epilogue> kChains = {{},
                                              {Relu},
                                              {Add, Relu},
                                              {ScaleShift, Relu},
                                              {Add, ScaleShift, Add, Relu},
                                              {ReluGradInput},
                                              {ScaleAdd},
                                              {ScaleChannels},
                                              {Add, ReluGradInput, ScaleAdd, ScaleChannels}};

TEST_CASE("elementwise chains") {
  std::mt19937 random(1);
  for (const x86::Target &target : hostTargets())
    for (const Epilogue &chain : kChains) {
      LoadedKernel kernel(ElementwiseSpec{chain}, target);
      for (const Shape &shape : kShapes)
        for (int64_t halo : {0, 1, 3}) {
          Buffers buffers = buffersOf(chain, shape, halo / 2, random);
          Shape outShape = shape;
          outShape.halo = halo;
          Activation out(outShape);
          INFO(nameOf(target.isa) << ", chain of " << chain.size() << ", " << describe(shape) << " to halo " << halo);
          kernel.runInPieces(operandsOf(chain, buffers, out), paramsOf(buffers, out));
          CHECK(relativeError(out, expected(chain, buffers)) < 1e-6);
          CHECK(checkSurroundings(out) == "");
        }
    }
}

TEST_CASE("an elementwise result may take the place of any operand") {
  std::mt19937 random(2);
  const Epilogue chain = {ScaleShift, Add, Relu};
  const Shape shape = {.images = 2, .channels = 20, .height = 3, .width = 9, .halo = 1};
  for (const x86::Target &target : hostTargets())
    for (bool overMain : {true, false}) {
      LoadedKernel kernel(ElementwiseSpec{chain}, target);
      Buffers buffers = buffersOf(chain, shape, shape.halo, random);
      std::vector<double> want = expected(chain, buffers);
      Activation &out = overMain ? buffers.main : buffers.others.tensors[0];
      kernel.run(operandsOf(chain, buffers, out), paramsOf(buffers, out));
      INFO(nameOf(target.isa) << (overMain ? " over the main input" : " over the added operand"));
      CHECK(relativeError(out, want) < 1e-6);
      CHECK(checkSurroundings(out) == "");
    }
}

namespace {
struct Function {
  EpilogueOp op;
  double (*exact)(double);
  double least, most;  ///< beyond, values are below float32's normal numbers, or infinite
  double bound = 5e-7; ///< of a value's relative error
};
} // namespace

static double exactMish(double x) { return x * std::tanh(std::log1p(std::exp(x))); }
static double exactMishSlope(double x) {
  double gate = std::tanh(std::log1p(std::exp(x)));
  return gate + x * (1 - gate * gate) / (1 + std::exp(-x));
}

/// A row of numbers from `least` to `most`.
static Activation ramp(const Function &function, int64_t width) {
  Activation x({.channels = 1, .height = 1, .width = width});
  for (int64_t i = 0; i < width; ++i)
    x.at(0, 0, 0, i) = static_cast<float>(function.least + (function.most - function.least) * double(i) / double(width));
  return x;
}

/// gelu's tail is an exponential of a rounded -x^2 / 2.
TEST_CASE("activations are right to a few roundings of each value, their tails too") {
  const int64_t width = 5001;
  const Function functions[] = {{Sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -86, 90},
                                {Silu, [](double x) { return x / (1 + std::exp(-x)); }, -86, 90},
                                {Gelu, [](double x) { return x * std::erfc(-x * M_SQRT1_2) / 2; }, -12, 90, 2e-5},
                                {Mish, exactMish, -86, 700}};
  for (const x86::Target &target : hostTargets())
    for (const Function &function : functions) {
      LoadedKernel kernel(ElementwiseSpec{{function.op}}, target);
      std::mt19937 random(4);
      Buffers buffers{ramp(function, width), {{}, {.channels = 1, .height = 1, .width = width}, random}};
      Activation out(buffers.main.shape);
      kernel.run({buffers.main.origin(), out.origin()}, paramsOf(buffers, out));
      double worst = 0;
      for (int64_t i = 0; i < width; ++i) {
        double want = function.exact(buffers.main.at(0, 0, 0, i));
        worst = std::max(worst, want == 0 ? std::abs(out.at(0, 0, 0, i)) : std::abs(out.at(0, 0, 0, i) / want - 1));
      }
      INFO(nameOf(target.isa) << ", operation " << static_cast<int>(function.op));
      CHECK(worst < function.bound);
    }
}

TEST_CASE("the slope of mish, from where it is nothing to where it is 1") {
  const int64_t width = 5001;
  for (const x86::Target &target : hostTargets())
    for (auto [least, most] : {std::pair(-90.0, 90.0), std::pair(-4.0, 4.0), std::pair(-1e30, 1e30)}) {
      Function function{MishGradInput, exactMishSlope, least, most};
      LoadedKernel kernel(ElementwiseSpec{{MishGradInput}}, target);
      std::mt19937 random(5);
      Buffers buffers{ramp(function, width), {{MishGradInput}, {.channels = 1, .height = 1, .width = width}, random}};
      Activation out(buffers.main.shape);
      buffers.others.tensors[0] = buffers.main;
      for (int64_t i = 0; i < width; ++i)
        buffers.main.at(0, 0, 0, i) = 1;
      kernel.run(operandsOf({MishGradInput}, buffers, out), paramsOf(buffers, out));
      double worst = 0;
      for (int64_t i = 0; i < width; ++i) {
        double x = buffers.others.tensors[0].at(0, 0, 0, i), want = x < -700 ? 0 : x > 700 ? 1 : exactMishSlope(x);
        worst = std::max(worst, std::abs(out.at(0, 0, 0, i) - want));
      }
      INFO(nameOf(target.isa) << ", from " << least << " to " << most);
      CHECK(worst < 3e-7);
    }
}

TEST_CASE("an elementwise relu keeps NaN and clears negative infinity") {
  const Shape shape = {.channels = 2, .height = 1, .width = 5};
  for (const x86::Target &target : hostTargets()) {
    LoadedKernel kernel(ElementwiseSpec{{Relu}}, target);
    std::mt19937 random(3);
    Buffers buffers = buffersOf({}, shape, 0, random);
    buffers.main.at(0, 1, 0, 2) = std::numeric_limits<float>::quiet_NaN();
    buffers.main.at(0, 0, 0, 4) = -std::numeric_limits<float>::infinity();
    Activation out(shape);
    kernel.run({buffers.main.origin(), out.origin()}, paramsOf(buffers, out));
    CHECK(std::isnan(out.at(0, 1, 0, 2)));
    CHECK(out.at(0, 0, 0, 4) == 0.0f);
    CHECK_FALSE(std::isnan(out.at(0, 0, 0, 2)));
  }
}

/// Whether both are NaN, the same infinity, or numbers that are alike.
static bool isAlike(float got, double want) {
  if (!std::isfinite(want))
    return std::isnan(want) ? std::isnan(got) : static_cast<double>(got) == want;
  return std::abs(static_cast<double>(got) - want) <= 1e-5 * (1 + std::abs(want));
}

TEST_CASE("what is not finite goes through each chain as in the reference, and nowhere else") {
  constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const Shape shape = {.images = 2, .channels = 20, .height = 3, .width = 9, .halo = 1};
  std::mt19937 random(4);
  for (const x86::Target &target : hostTargets())
    for (const Epilogue &chain : kChains) {
      LoadedKernel kernel(ElementwiseSpec{chain}, target);
      Buffers buffers = buffersOf(chain, shape, 0, random);
      std::vector<Activation *> inputs = {&buffers.main};
      for (Activation &tensor : buffers.others.tensors)
        inputs.push_back(&tensor);
      for (size_t i = 0; i < inputs.size(); ++i) { // first and last lanes, pixels and images; sums of inf and -inf
        int64_t column = static_cast<int64_t>(i);
        inputs[i]->at(0, 0, 0, column) = inf;
        inputs[i]->at(0, 15, 1, 4) = i % 2 ? inf : -inf;
        inputs[i]->at(1, 16, 2, column) = nan;
        inputs[i]->at(1, 19, 2, 8 - column) = -inf;
      }
      Activation out(shape);
      kernel.run(operandsOf(chain, buffers, out), paramsOf(buffers, out));
      std::vector<double> want = expected(chain, buffers);
      size_t wrong = 0, at = 0;
      generate(shape, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
        wrong += isAlike(out.at(n, c, y, x), want[at++]) ? 0 : 1;
        return 0.0;
      });
      INFO(nameOf(target.isa) << ", chain of " << chain.size());
      CHECK(wrong == 0);
      CHECK(checkSurroundings(out) == "");
    }
}
