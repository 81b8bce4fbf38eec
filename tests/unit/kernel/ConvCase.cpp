// Convolutions by definition: one sum per output, in double precision.
#include "tests/unit/kernel/ConvCase.h"

#include "ir/plan/x86/Strassen.h"
#include "runtime/Balance.h"

#include <algorithm>
#include <cmath>

using namespace skip;
using namespace skip::testing;

static int64_t roundUp(int64_t channels) { return (channels + 15) / 16 * 16; }

/// With the factors of a Strassen kernel behind it, where there could be one.
static void balance(std::vector<float> &packed, int64_t outChannels, int64_t inChannels, int64_t halfBlocks) {
  int64_t outBlocks = roundUp(outChannels) / 16, inBlocks = roundUp(inChannels) / 16;
  packed.resize(packed.size() + runtime::balanceFloats(outBlocks, inBlocks));
  runtime::balanceFilter(packed.data(), outBlocks, inBlocks, halfBlocks, inChannels, outChannels, nullptr);
}

ConvCase::ConvCase(ConvCaseShape shape, unsigned seed) : shape(shape), random(seed) {
  outputSizes = sizes(shape.channels, shape.spread);
  for (const ConvCaseRoot &root : shape.roots)
    roots.push_back(makeRoot(root));
  if (int64_t halfBlocks = plan::strassenHalfBlocks(planShape()))
    for (size_t i = 0; i < roots.size(); ++i)
      balance(roots[i].packed, shape.channels, shape.roots[i].channels, halfBlocks);
  bias = makeVector();
  for (int64_t o = 0; o < shape.channels; ++o)
    bias[o] *= outputSizes[o];
  epilogue = {shape.epilogue, {shape.images, shape.channels, shape.height, shape.width, shape.halo}, random};
  compute();
}

/// Log-uniform between 10^-spread and 10^spread.
std::vector<float> ConvCase::sizes(int64_t count, float spread) {
  std::uniform_real_distribution<float> exponent(-spread, spread);
  std::vector<float> drawn(count, 1.0f);
  if (spread > 0)
    std::generate(drawn.begin(), drawn.end(), [&] { return std::pow(10.0f, exponent(random)); });
  return drawn;
}

/// One value for each channel, zero for the padding channels.
std::vector<float> ConvCase::makeVector() {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(roundUp(shape.channels));
  std::generate_n(values.begin(), shape.channels, [&] { return uniform(random); });
  return values;
}

/// [oc][ic][kh][kw] as [oc/16][ic/icBlock][kh][kw][icBlock][16].
static std::vector<float> pack(const std::vector<float> &logical, int64_t outChannels, const ConvCaseRoot &root) {
  int64_t icBlock = root.planar ? 1 : 16, depth = root.planar ? root.channels : roundUp(root.channels);
  int64_t taps = root.kernelHeight * root.kernelWidth;
  std::vector<float> packed(roundUp(outChannels) * depth * taps);
  for (int64_t o = 0; o < outChannels; ++o)
    for (int64_t i = 0; i < root.channels; ++i)
      for (int64_t t = 0; t < taps; ++t) {
        int64_t outer = ((o / 16) * (depth / icBlock) + i / icBlock) * taps + t;
        packed[(outer * icBlock + i % icBlock) * 16 + o % 16] = logical[(o * root.channels + i) * taps + t];
      }
  return packed;
}

ConvCase::Root ConvCase::makeRoot(const ConvCaseRoot &root) {
  int64_t height = (shape.height - 1) * root.stride + root.kernelHeight - 2 * root.padding;
  int64_t width = (shape.width - 1) * root.stride + root.kernelWidth - 2 * root.padding;
  Activation input({shape.images, root.channels, std::max<int64_t>(height, 1), std::max<int64_t>(width, 1),
                    root.padding + root.extraHalo, root.planar});
  input.randomize(random);
  std::vector<float> channelSizes = sizes(root.channels, shape.spread);
  input.scale([&](int64_t c, int64_t, int64_t) { return channelSizes[c]; });
  std::vector<float> pixelSizes = sizes(input.shape.height * input.shape.width, shape.pixelSpread);
  input.scale([&](int64_t, int64_t y, int64_t x) { return pixelSizes[y * input.shape.width + x]; });
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> logical(shape.channels * root.channels * root.kernelHeight * root.kernelWidth);
  std::generate(logical.begin(), logical.end(), [&] { return uniform(random); });
  int64_t taps = root.kernelHeight * root.kernelWidth;
  for (size_t i = 0; i < logical.size(); ++i)
    logical[i] *= outputSizes[i / taps / root.channels] / channelSizes[i / taps % root.channels];
  if (shape.unitNoise > 0)
    for (size_t i = 0; i < logical.size(); ++i)
      logical[i] = i / taps / root.channels == i / taps % root.channels ? 1 : logical[i] * shape.unitNoise;
  std::vector<float> packed = pack(logical, shape.channels, root);
  return {std::move(input), std::move(logical), std::move(packed)};
}

kernel::ConvSpec ConvCase::spec(const plan::ConvSchedule &schedule) const {
  kernel::ConvSpec spec;
  for (const ConvCaseRoot &root : shape.roots)
    spec.roots.push_back({root.kernelHeight, root.kernelWidth, root.stride, root.planar});
  spec.bias = shape.bias;
  spec.epilogue = shape.epilogue;
  spec.lastLanes = shape.channels % 16;
  spec.imagesAreColumns = shape.imagesAreColumns;
  spec.schedule = schedule;
  if (schedule.unitBlocks > 0)
    spec.strassen = plan::strassenUnit(schedule, planShape());
  return spec;
}

plan::ConvShape ConvCase::planShape() const {
  const ConvCaseRoot &root = shape.roots[0];
  plan::ConvShape plan;
  plan.ocBlocks = roundUp(shape.channels) / 16;
  plan.inChannels = root.channels;
  plan.kernelHeight = root.kernelHeight;
  plan.kernelWidth = root.kernelWidth;
  plan.stride = root.stride;
  plan.outHeight = shape.imagesAreColumns ? 1 : shape.height;
  plan.outWidth = shape.imagesAreColumns ? shape.images : shape.width;
  plan.images = shape.images;
  plan.planarInput = root.planar;
  plan.imagesAreColumns = shape.imagesAreColumns;
  for (const ConvCaseRoot &each : shape.roots)
    plan.roots.push_back({each.kernelHeight, each.kernelWidth, each.stride, roundUp(each.channels) / 16, each.planar});
  return plan;
}

double ConvCase::convolve(const Root &root, const ConvCaseRoot &filter, int64_t n, int64_t o, int64_t p, int64_t q,
                          bool magnitudes) const {
  const Activation::Shape &input = root.input.shape;
  double sum = 0;
  const float *weight = root.logical.data() + o * filter.channels * filter.kernelHeight * filter.kernelWidth;
  for (int64_t i = 0; i < filter.channels; ++i)
    for (int64_t r = 0; r < filter.kernelHeight; ++r)
      for (int64_t s = 0; s < filter.kernelWidth; ++s, ++weight) {
        int64_t y = p * filter.stride + r - filter.padding, x = q * filter.stride + s - filter.padding;
        if (y < 0 || y >= input.height || x < 0 || x >= input.width)
          continue;
        double product = double(root.input.at(n, i, y, x)) * *weight;
        sum += magnitudes ? std::abs(product) : product;
      }
  return sum;
}

double ConvCase::magnitude(int64_t n, int64_t o, int64_t p, int64_t q, int64_t rows) const {
  double sum = shape.bias ? std::abs(double(bias[o])) : 0;
  int64_t first = p / rows * rows;
  for (int64_t row = first; row < std::min(first + rows, shape.height); ++row)
    for (size_t root = 0; root < roots.size(); ++root)
      sum += convolve(roots[root], shape.roots[root], n, o, row, q, /*magnitudes=*/true);
  return sum;
}

void ConvCase::compute() {
  for (int64_t n = 0; n < shape.images; ++n)
    for (int64_t o = 0; o < shape.channels; ++o)
      for (int64_t p = 0; p < shape.height; ++p)
        for (int64_t q = 0; q < shape.width; ++q) {
          double value = shape.bias ? bias[o] : 0;
          for (size_t root = 0; root < roots.size(); ++root)
            value += convolve(roots[root], shape.roots[root], n, o, p, q);
          expected.push_back(epilogue.apply(shape.epilogue, value, n, o, p, q));
        }
}

void ConvCase::setInput(size_t root, std::array<int64_t, 4> place, float value) {
  roots[root].input.at(place[0], place[1], place[2], place[3]) = value;
  expected.clear();
  compute();
}

std::vector<int64_t> ConvCase::params(const Activation &y) const {
  bool columns = shape.imagesAreColumns;
  std::vector<int64_t> params = {columns ? 1 : shape.images,
                                 y.blocks,
                                 columns ? 1 : shape.height,
                                 columns ? shape.images : shape.width,
                                 y.image,
                                 y.block,
                                 y.row,
                                 columns ? y.image : y.pixel,
                                 columns ? 0 : shape.halo};
  for (size_t i = 0; i < roots.size(); ++i) {
    const Activation &x = roots[i].input;
    params.insert(params.end(), {x.blocks, x.image, x.block, x.row, columns ? x.image : x.pixel, shape.roots[i].padding});
  }
  for (const Activation &add : epilogue.tensors)
    params.insert(params.end(), {add.image, add.block, add.row, columns ? add.image : add.pixel});
  return params;
}

Activation ConvCase::run(const LoadedKernel &kernel, bool inPieces) {
  Activation result({shape.images, shape.channels, shape.height, shape.width, shape.halo});
  if (shape.addInPlace)
    result = epilogue.tensors[0];
  std::vector<void *> operands;
  for (Root &root : roots)
    operands.insert(operands.end(), {root.input.origin(), root.packed.data()});
  if (shape.bias)
    operands.push_back(bias.data());
  epilogue.appendTo(operands, shape.epilogue, shape.addInPlace ? result.origin() : nullptr);
  operands.push_back(result.origin());
  std::vector<int64_t> values = params(result);
  inPieces ? kernel.runInPieces(operands, values) : kernel.run(operands, values);
  return result;
}
