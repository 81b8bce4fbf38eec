// Inputs are multiples of an eighth, filters of a sixteenth, and both small. Each is exact in every precision, so is each
// product, a multiple of 2^-7, and each sum of them below 2^17, in whatever order it is made: so all candidates of a problem,
// in any precision, have one result, which is the definition's, and an element that differs from it by a bit is wrong. What is
// stored in 16 bits is rounded once.
//
// The definition takes a multiply-add at a time, so only so many elements are held against it as it gives in a moment; one is
// drawn from each of as many stretches of equal length. At batch 1 of the usual networks that is nearly all of them.
#include "tools/skip-time/Arrays.h"

#include "tools/weights/Random.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

using namespace skip;
using plan::CudaPrecision;
using timing::Arrays;
using timing::Expected;

static constexpr int64_t kProducts = int64_t(1) << 28, kLeastElements = 1024, kMostElements = int64_t(1) << 22;
static constexpr float kBias = 0.5f;

/// Multiples of `step`, from -most to most of them.
static std::vector<float> multiples(size_t count, float step, int most, const char *stream) {
  tool::Random random(1, stream);
  std::vector<float> values(count);
  for (float &value : values)
    value = step * static_cast<float>(static_cast<int32_t>(random.next() >> 32) % (most + 1)); // with the sign of the number
  return values;
}

size_t timing::elementsOf(const std::vector<int64_t> &dims) {
  size_t product = 1;
  for (int64_t dim : dims)
    product *= static_cast<size_t>(dim);
  return product;
}

static std::string checkpointOf(const std::vector<int64_t> &filterDims, const std::vector<float> &filter,
                                const std::vector<float> &bias) {
  size_t filterBytes = filter.size() * sizeof(float), biasBytes = bias.size() * sizeof(float);
  nlohmann::json header = {
      {"w", {{"dtype", "F32"}, {"shape", filterDims}, {"data_offsets", {0, filterBytes}}}},
      {"b", {{"dtype", "F32"}, {"shape", {bias.size()}}, {"data_offsets", {filterBytes, filterBytes + biasBytes}}}}};
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  uint64_t length = text.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  bytes += text;
  bytes.append(reinterpret_cast<const char *>(filter.data()), filterBytes);
  return bytes.append(reinterpret_cast<const char *>(bias.data()), biasBytes);
}

namespace {
/// The definition of the candidates' network, element by element.
struct Definition {
  const plan::CudaProblem &p;
  const std::vector<float> &input, &filter;
  int64_t height, width; // of the input

  float at(size_t index) const;

private:
  double rowSum(const float *pixels, const float *taps, int64_t left) const;
};
} // namespace

/// Of one row of a window, whose first column is `left`.
double Definition::rowSum(const float *pixels, const float *taps, int64_t left) const {
  double sum = 0;
  for (int64_t s = std::max<int64_t>(0, -left); s < std::min(p.kernelWidth, width - left); ++s)
    sum += std::max(0.0, double(pixels[left + s])) * double(taps[s]);
  return sum;
}

float Definition::at(size_t index) const {
  auto place = static_cast<int64_t>(index);
  int64_t x = place % p.outWidth, y = place / p.outWidth % p.outHeight, o = place / (p.outWidth * p.outHeight) % p.outChannels,
          n = place / (p.outWidth * p.outHeight * p.outChannels);
  double sum = kBias;
  for (int64_t c = 0; c < p.inChannels; ++c)
    for (int64_t r = 0; r < p.kernelHeight; ++r)
      if (int64_t row = y * p.stride - p.padding + r; row >= 0 && row < height)
        sum += rowSum(&input[static_cast<size_t>(((n * p.inChannels + c) * height + row) * width)],
                      &filter[static_cast<size_t>(((o * p.inChannels + c) * p.kernelHeight + r) * p.kernelWidth)],
                      x * p.stride - p.padding);
  return static_cast<float>(std::max(0.0, sum));
}

static std::vector<Expected> expectedOf(const Definition &definition, size_t outputs) {
  const plan::CudaProblem &p = definition.p;
  int64_t depth = p.inChannels * p.kernelHeight * p.kernelWidth;
  size_t count = std::min(outputs, static_cast<size_t>(std::clamp(kProducts / depth, kLeastElements, kMostElements)));
  tool::Random random(1, "elements");
  std::vector<Expected> expected;
  for (size_t i = 0; i < count; ++i) {
    size_t first = outputs / count * i + std::min(i, outputs % count),
           last = outputs / count * (i + 1) + std::min(i + 1, outputs % count);
    size_t index = first + random.next() % (last - first);
    expected.push_back({index, definition.at(index)});
  }
  return expected;
}

Arrays::Arrays(const plan::CudaProblem &p) {
  auto [height, width] = plan::inputExtents(p);
  inputDims = {p.images, p.inChannels, height, width};
  outputDims = {p.images, p.outChannels, p.outHeight, p.outWidth};
  std::vector<int64_t> filterDims = {p.outChannels, p.inChannels, p.kernelHeight, p.kernelWidth};
  if (p.isLinear) {
    outputDims.resize(2);
    filterDims = {p.outChannels, p.inChannels * p.kernelHeight * p.kernelWidth};
  }
  input = multiples(elementsOf(inputDims), 0x1p-3f, 8, "input");
  std::vector<float> filter = multiples(elementsOf(filterDims), 0x1p-4f, 4, "filter");
  weights = checkpointOf(filterDims, filter, std::vector<float>(static_cast<size_t>(p.outChannels), kBias));
  expected = expectedOf({p, input, filter, height, width}, elementsOf(outputDims));
}

/// To the nearest float with so many bits behind the leading one, ties to even.
static float rounded(float value, int bits) {
  auto word = std::bit_cast<uint32_t>(value);
  uint32_t half = uint32_t(1) << (22 - bits), odd = word >> (23 - bits) & 1;
  return std::bit_cast<float>((word + half - 1 + odd) & ~(2 * half - 1));
}

/// As the precision stores it: exponents are far from the ends.
static float stored(float value, CudaPrecision precision) {
  switch (precision) {
  case CudaPrecision::f32:
  case CudaPrecision::tf32:
    return value;
  case CudaPrecision::f16:
    return rounded(value, 10);
  case CudaPrecision::bf16:
    return rounded(value, 7);
  }
  __builtin_unreachable();
}

const Expected *Arrays::firstWrong(const std::vector<float> &output, CudaPrecision precision) const {
  auto isWrong = [&](const Expected &each) {
    return output[each.index] != each.value && output[each.index] != stored(each.value, precision);
  };
  auto found = std::ranges::find_if(expected, isWrong);
  return found == expected.end() ? nullptr : &*found;
}
