// What candidates are given is exact in every precision, and what they must give is the definition's.
#include "tools/skip-time/Arrays.h"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <cstring>

using namespace skip;
using plan::CudaPrecision;
using timing::Arrays;

static plan::CudaProblem problem(const char *text) { return *plan::parseCudaProblem(text); }

/// The filter out of the checkpoint: behind the header, before the bias.
static std::vector<float> filterOf(const Arrays &arrays, size_t count) {
  uint64_t header = 0;
  std::memcpy(&header, arrays.weights.data(), sizeof header);
  std::vector<float> filter(count);
  std::memcpy(filter.data(), arrays.weights.data() + 8 + header, count * sizeof(float));
  return filter;
}

TEST_CASE("arrays: inputs and filters have at most eight bits, of both signs") {
  Arrays arrays(problem("conv2d 3x3/1 p1 8->16 6x6 n2 nhwc bf16"));
  std::vector<float> values = arrays.input, filter = filterOf(arrays, 16 * 8 * 9);
  values.insert(values.end(), filter.begin(), filter.end());
  bool isExact = true, hasNegative = false, hasPositive = false;
  for (float value : values) {
    isExact &= (std::bit_cast<uint32_t>(value) & 0xffff) == 0 && std::abs(value) <= 1;
    hasNegative |= value < 0;
    hasPositive |= value > 0;
  }
  CHECK(isExact);
  CHECK(hasNegative);
  CHECK(hasPositive);
}

TEST_CASE("arrays: what must come is the convolution of what is positive, at every element of a small one") {
  Arrays arrays(problem("conv2d 3x3/2 p1 3->5 4x3 n2 nhwc f32"));
  REQUIRE(arrays.inputDims == std::vector<int64_t>{2, 3, 7, 5});
  REQUIRE(arrays.outputDims == std::vector<int64_t>{2, 5, 4, 3});
  REQUIRE(arrays.expected.size() == 2 * 5 * 4 * 3);
  std::vector<float> filter = filterOf(arrays, 5 * 3 * 9);
  for (size_t at = 0; at < arrays.expected.size(); ++at) {
    REQUIRE(arrays.expected[at].index == at);
    int x = int(at % 3), y = int(at / 3 % 4), o = int(at / 12 % 5), n = int(at / 60);
    double sum = 0.5;
    for (int c = 0; c < 3; ++c)
      for (int r = 0; r < 3; ++r)
        for (int s = 0; s < 3; ++s) {
          int row = 2 * y - 1 + r, column = 2 * x - 1 + s;
          if (row >= 0 && row < 7 && column >= 0 && column < 5)
            sum += double(std::max(0.0f, arrays.input[size_t(((n * 3 + c) * 7 + row) * 5 + column)])) *
                   double(filter[size_t(((o * 3 + c) * 3 + r) * 3 + s)]);
        }
    CHECK(double(arrays.expected[at].value) == std::max(0.0, sum));
  }
}

TEST_CASE("arrays: of a large one so many elements are drawn, from all over") {
  Arrays arrays(problem("conv2d 1x1/1 p0 16384->64 128x128 n1 nhwc f32"));
  size_t outputs = 64 * 128 * 128;
  CHECK(arrays.expected.size() == 16384);
  CHECK(arrays.expected.front().index < outputs / 16384);
  CHECK(arrays.expected.back().index >= outputs - outputs / 16384);
}

TEST_CASE("arrays: a bit is a difference, but for the rounding of what is stored") {
  Arrays arrays(problem("conv2d 3x3/1 p1 64->16 6x6 n1 nhwc bf16"));
  std::vector<float> result(16 * 6 * 6);
  for (const timing::Expected &each : arrays.expected)
    result[each.index] = each.value;
  for (auto precision : {CudaPrecision::f32, CudaPrecision::tf32, CudaPrecision::f16, CudaPrecision::bf16})
    CHECK_FALSE(arrays.firstWrong(result, precision));
  auto large = std::find_if(result.begin(), result.end(), [](float value) { return value >= 4; });
  REQUIRE(large != result.end());
  float exact = *large;
  *large = std::nextafter(exact, 100.0f);
  const timing::Expected *wrong = arrays.firstWrong(result, CudaPrecision::f32);
  REQUIRE(wrong);
  CHECK(wrong->index == size_t(large - result.begin()));
  *large = std::nanf("");
  CHECK(arrays.firstWrong(result, CudaPrecision::bf16));
  // To the nearest multiple of what seven bits behind the leading one leave, ties to even.
  float unit = std::ldexp(1.0f, std::ilogb(exact) - 7);
  *large = std::nearbyint(exact / unit) * unit;
  CHECK_FALSE(arrays.firstWrong(result, CudaPrecision::bf16));
  *large += unit;
  CHECK(arrays.firstWrong(result, CudaPrecision::bf16));
}
