// Transposed convolutions against the gradient that they are: every pixel of y sums what its window's taps meet.
#include "tests/unit/kernel/Cases.h"

#include "codegen/x86/kernel/Lanes.h"

#include <catch2/catch.hpp>

#include <limits>

using namespace skip;
using namespace skip::kernel;
using namespace skip::testing;
using enum kernel::EpilogueOp;

static int64_t roundUp(int64_t channels) { return (channels + kLanes - 1) / kLanes * kLanes; }

namespace {

/// One transposed convolution with random operands.
struct TransposedCase {
  TransposedCase(TransposedConvSpec wanted, Shape input, Shape output, unsigned seed = 1)
      : spec(std::move(wanted)), random(seed), x(randomActivation(input, random)), result(output),
        filter(output.channels * input.channels * taps()) {
    spec.lastLanes = output.channels % kLanes;
    std::uniform_real_distribution<float> uniform(-1, 1);
    std::generate(filter.begin(), filter.end(), [&] { return uniform(random); });
    epilogue = {spec.epilogue, output, random};
  }

  int64_t taps() const { return spec.kernelHeight * spec.kernelWidth; }

  /// [oc/16][ic/16][kh][kw][16][16].
  std::vector<float> packed() const {
    int64_t inputs = x.shape.channels, blocks = roundUp(inputs) / kLanes;
    std::vector<float> all(roundUp(result.shape.channels) * roundUp(inputs) * taps());
    for (int64_t o = 0; o < result.shape.channels; ++o)
      for (int64_t i = 0; i < inputs; ++i)
        for (int64_t t = 0; t < taps(); ++t)
          all[(((o / kLanes * blocks + i / kLanes) * taps() + t) * kLanes + i % kLanes) * kLanes + o % kLanes] =
              filter[(o * inputs + i) * taps() + t];
    return all;
  }

  double value(int64_t n, int64_t o, int64_t h, int64_t w) const {
    double sum = 0;
    for (int64_t r = 0; r < spec.kernelHeight; ++r)
      for (int64_t s = 0; s < spec.kernelWidth; ++s) {
        int64_t row = h + spec.padding - (spec.kernelHeight - 1 - r), column = w + spec.padding - (spec.kernelWidth - 1 - s);
        if (row % spec.stride || column % spec.stride || row < 0 || column < 0 || row / spec.stride >= x.shape.height ||
            column / spec.stride >= x.shape.width)
          continue;
        for (int64_t i = 0; i < x.shape.channels; ++i)
          sum += double(x.at(n, i, row / spec.stride, column / spec.stride)) *
                 filter[((o * x.shape.channels + i) * spec.kernelHeight + r) * spec.kernelWidth + s];
      }
    return epilogue.apply(spec.epilogue, sum, n, o, h, w);
  }

  void run(const LoadedKernel &kernel) {
    std::vector<float> weights = packed();
    std::vector<void *> operands = {x.origin(), weights.data()};
    epilogue.appendTo(operands, spec.epilogue);
    operands.push_back(result.origin());
    std::vector<int64_t> params = {x.shape.images, result.blocks, x.shape.height, x.shape.width,     result.image,
                                   result.block,   result.row,    result.pixel,   result.shape.halo, x.blocks,
                                   x.image,        x.block,       x.row,          x.pixel,           0};
    for (const Activation &tensor : epilogue.tensors)
      params.insert(params.end(), {tensor.image, tensor.block, tensor.row, tensor.pixel});
    kernel.runInPieces(operands, params);
  }

  TransposedConvSpec spec;
  std::mt19937 random;
  Activation x, result;
  std::vector<float> filter; // [oc][ic][kh][kw]
  skip::testing::EpilogueOperands epilogue;
};

} // namespace

static void check(const TransposedCase &test) {
  const Shape &shape = test.result.shape;
  std::vector<double> want =
      generate(shape, [&](int64_t n, int64_t c, int64_t y, int64_t x) { return test.value(n, c, y, x); });
  for (const x86::Target &target : hostTargets()) {
    TransposedCase run = test;
    INFO(nameOf(target.isa) << ", " << run.spec.kernelHeight << " x " << run.spec.kernelWidth << " stride " << run.spec.stride
                            << " padding " << run.spec.padding << ", " << describe(run.x.shape) << " to " << describe(shape));
    run.run(LoadedKernel(run.spec, target));
    CHECK(relativeError(run.result, want) < 5e-6);
    CHECK(checkSurroundings(run.result) == "");
  }
}

static Shape timesAsLarge(const Shape &input, int64_t stride, int64_t channels, int64_t halo) {
  return {input.images, channels, stride * input.height, stride * input.width, halo};
}

TEST_CASE("transposed convolution: 3x3 of stride 2, rows that no tile divides") {
  Shape input{.images = 2, .channels = 20, .height = 5, .width = 7, .halo = 1};
  for (const plan::ConvSchedule &schedule :
       {plan::ConvSchedule{2, 1, 4, {2, 1}}, plan::ConvSchedule{1, 2, 3, {1}}, plan::ConvSchedule{1, 1, 7, {}}})
    check({{3, 3, 2, 1, {}, 0, schedule}, input, timesAsLarge(input, 2, 32, 1)});
}

TEST_CASE("transposed convolution: a gradient's epilogue, a last block that is not full") {
  Shape input{.images = 3, .channels = 16, .height = 4, .width = 4, .halo = 1};
  check({{3, 3, 2, 1, {Add, ReluGradInput}, 0, {1, 1, 4, {}}}, input, timesAsLarge(input, 2, 19, 0)});
}

TEST_CASE("transposed convolution: other windows, strides and paddings") {
  for (auto [height, width, stride, padding, halo] : {std::array<int64_t, 5>{5, 5, 2, 2, 1},
                                                      {2, 2, 2, 0, 0},
                                                      {4, 4, 2, 1, 1},
                                                      {3, 3, 3, 0, 0},
                                                      {5, 5, 3, 1, 1},
                                                      {7, 7, 2, 3, 2},
                                                      {3, 5, 1, 2, 2}}) {
    Shape input{.images = 1, .channels = 17, .height = 3, .width = 5, .halo = halo};
    check({{height, width, stride, padding, {}, 0, {1, 1, 5, {}}}, input, timesAsLarge(input, stride, 16, 2)});
  }
}

TEST_CASE("transposed convolution: what an infinity meets, and nothing else, is not finite") {
  Shape input{.images = 1, .channels = 16, .height = 3, .width = 3, .halo = 1};
  TransposedCase test({3, 3, 2, 1, {}, 0, {1, 1, 3, {}}}, input, timesAsLarge(input, 2, 16, 0));
  test.x.at(0, 3, 1, 1) = std::numeric_limits<float>::infinity();
  std::vector<double> want =
      generate(test.result.shape, [&](int64_t n, int64_t c, int64_t y, int64_t x) { return test.value(n, c, y, x); });
  for (const x86::Target &target : hostTargets()) {
    INFO(nameOf(target.isa));
    TransposedCase run = test;
    run.run(LoadedKernel(run.spec, target));
    CHECK(firstUnlike(run.result, want) == "");
  }
}
