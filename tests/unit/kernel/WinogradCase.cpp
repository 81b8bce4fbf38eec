// Winograd's two kernels and their buffers.
#include "tests/unit/kernel/WinogradCase.h"

#include "ir/plan/WinogradLayout.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace skip;
using namespace skip::testing;

static int64_t blocksOf(int64_t channels) { return (channels + 15) / 16; }
static int64_t tilesOf(int64_t size, int64_t tile) { return (size + tile - 1) / tile; }

static int64_t tileCount(const WinogradCaseShape &shape, int64_t tile) {
  return shape.images * tilesOf(shape.height, tile) * tilesOf(shape.width, tile);
}

/// Of a planar input; 0 where it is blocked.
static int64_t planarChannels(const WinogradCaseShape &shape) {
  return plan::winogradPlanarChannels(shape.taps, shape.inChannels);
}

/// Blocks of channels, or of lanes, that are transformed.
static int64_t inBlocksOf(const WinogradCaseShape &shape) { return planarChannels(shape) ? 1 : blocksOf(shape.inChannels); }

static Activation makeInput(const WinogradCaseShape &shape) {
  auto sizeFor = [&](int64_t outputs) {
    return std::max<int64_t>(1, (outputs - 1) * shape.taps.stride + shape.taps.kernel - 2 * shape.padding);
  };
  bool planar = planarChannels(shape);
  int64_t halo = planar ? shape.extraHalo : shape.padding + shape.extraHalo;
  return Activation({shape.images, shape.inChannels, sizeFor(shape.height), sizeFor(shape.width), halo, planar});
}

WinogradCase::WinogradCase(WinogradCaseShape shape, unsigned seed) : shape(shape), random(seed), input(makeInput(shape)) {
  input.randomize(random);
  weights = makeVector(shape.outChannels * shape.inChannels * shape.taps.kernel * shape.taps.kernel, 0);
  bias = makeVector(shape.outChannels, blocksOf(shape.outChannels) * 16);
  epilogue = {shape.epilogue, {shape.images, shape.outChannels, shape.height, shape.width, shape.halo}, random};
  spreadSizes();
}

/// Log-uniform between 10^-spread and 10^spread.
std::vector<float> WinogradCase::sizes(int64_t count, float spread) {
  std::uniform_real_distribution<float> exponent(-spread, spread);
  std::vector<float> drawn(count, 1.0f);
  if (spread > 0)
    std::generate(drawn.begin(), drawn.end(), [&] { return std::pow(10.0f, exponent(random)); });
  return drawn;
}

/// Weights make up for the sizes of input channels, so that all count.
void WinogradCase::spreadSizes() {
  int64_t taps = shape.taps.kernel * shape.taps.kernel;
  std::vector<float> ofInput = sizes(shape.inChannels, shape.spread), ofOutput = sizes(shape.outChannels, shape.spread),
                     ofPixels = sizes(input.shape.height * input.shape.width, shape.pixelSpread),
                     ofTaps = sizes(taps, shape.tapSpread);
  input.scale([&](int64_t c, int64_t y, int64_t x) { return ofInput[c] * ofPixels[y * input.shape.width + x]; });
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] *= ofOutput[i / taps / shape.inChannels] / ofInput[i / taps % shape.inChannels] * ofTaps[i % taps];
  for (size_t i = 0; i < weights.size() && shape.onlyTap >= 0; ++i)
    weights[i] = int64_t(i) % taps == shape.onlyTap ? weights[i] : 0;
  for (int64_t o = 0; o < shape.outChannels; ++o)
    bias[o] *= ofOutput[o];
}

/// `count` random values, then zeros up to `padded`.
std::vector<float> WinogradCase::makeVector(int64_t count, int64_t padded) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(std::max(count, padded));
  std::generate_n(values.begin(), count, [&] { return uniform(random); });
  return values;
}

kernel::WinogradInputSpec WinogradCase::inputSpec(const WinogradCaseShape &shape, const WinogradChoice &choice) {
  return {choice.tile, choice.group, shape.taps, planarChannels(shape)};
}

kernel::WinogradConvSpec WinogradCase::convSpec(const WinogradCaseShape &shape, const WinogradChoice &choice) {
  return {.tile = choice.tile,
          .group = choice.group,
          .taps = shape.taps,
          .channels = planarChannels(shape),
          .fusedBlocks = choice.fused ? inBlocksOf(shape) : 0,
          .bias = shape.bias,
          .epilogue = shape.epilogue,
          .lastLanes = shape.outChannels % 16,
          .schedule = choice.schedule};
}

static float *align(std::vector<float> &storage) {
  return reinterpret_cast<float *>((reinterpret_cast<uintptr_t>(storage.data()) + 63) & ~uintptr_t(63));
}

WinogradCase::Buffers WinogradCase::buffers(const WinogradChoice &choice) const {
  int64_t points = shape.taps.points(choice.tile),
          positions = plan::winogradPhases(shape.taps, planarChannels(shape)) * points * points,
          groups = tilesOf(tileCount(shape, choice.tile), choice.group);
  int64_t inBlocks = inBlocksOf(shape), outBlocks = blocksOf(shape.outChannels),
          squared = shape.taps.kernel * shape.taps.kernel;
  int64_t lanes = planarChannels(shape) ? 1 : 16, depth = (shape.inChannels + lanes - 1) / lanes;
  size_t inputFloats = groups * inBlocks * positions * plan::winogradPositionVectors(choice.group) * 16;
  Buffers buffers{std::vector<float>(squared * outBlocks * depth * lanes * 16 + 16),
                  std::vector<float>(inputFloats + 32, std::numeric_limits<float>::quiet_NaN()),
                  nullptr,
                  nullptr,
                  inputFloats,
                  Activation({shape.images, shape.outChannels, shape.height, shape.width, shape.halo})};
  if (shape.addInPlace)
    buffers.result = epilogue.tensors[0];
  buffers.alignedFilter = align(buffers.filter);
  buffers.alignedInput = align(buffers.input);
  for (int64_t o = 0; o < shape.outChannels; ++o)
    for (int64_t i = 0; i < shape.inChannels; ++i)
      for (int64_t tap = 0; tap < squared; ++tap)
        buffers.alignedFilter[(((o / 16 * depth + i / lanes) * squared + tap) * lanes + i % lanes) * 16 + o % 16] =
            weights[(o * shape.inChannels + i) * squared + tap];
  return buffers;
}

static void run(const LoadedKernel &kernel, const std::vector<void *> &operands, const std::vector<int64_t> &params,
                bool inPieces) {
  inPieces ? kernel.runInPieces(operands, params) : kernel.run(operands, params);
}

std::vector<int64_t> WinogradCase::inputParams(const WinogradChoice &choice) const {
  int64_t rows = tilesOf(shape.height, choice.tile), columns = tilesOf(shape.width, choice.tile);
  return {shape.images, inBlocksOf(shape), rows,      columns,       input.shape.height, input.shape.width,
          input.image,  input.block,       input.row, shape.padding, inBlocksOf(shape),  0};
}

void WinogradCase::runInput(const LoadedKernel &kernel, const WinogradChoice &choice, Buffers &buffers, bool inPieces) {
  run(kernel, {input.origin(), buffers.alignedInput}, inputParams(choice), inPieces);
}

void WinogradCase::runInputUnits(const LoadedKernel &kernel, const WinogradChoice &choice, Buffers &buffers, int64_t begin,
                                 int64_t end) {
  void *operands[] = {input.origin(), buffers.alignedInput};
  std::vector<int64_t> params = inputParams(choice);
  kernel.function()(operands, params.data(), begin, end);
}

void WinogradCase::runConv(const LoadedKernel &kernel, const WinogradChoice &choice, Buffers &buffers, bool inPieces) {
  Activation &y = buffers.result;
  std::vector<void *> operands = {choice.fused ? input.origin() : buffers.alignedInput, buffers.alignedFilter};
  std::vector<int64_t> params = {1,
                                 y.blocks,
                                 tileCount(shape, choice.tile),
                                 tilesOf(shape.height, choice.tile),
                                 tilesOf(shape.width, choice.tile),
                                 inBlocksOf(shape),
                                 shape.height,
                                 shape.width,
                                 y.image,
                                 y.block,
                                 y.row,
                                 shape.halo,
                                 input.shape.height,
                                 input.shape.width,
                                 input.image,
                                 input.block,
                                 input.row,
                                 shape.padding,
                                 1,
                                 0};
  if (shape.bias)
    operands.push_back(bias.data());
  for (const Activation &tensor : epilogue.tensors)
    params.insert(params.end(), {tensor.image, tensor.block, tensor.row});
  epilogue.appendTo(operands, shape.epilogue, shape.addInPlace ? y.origin() : nullptr);
  operands.push_back(y.origin());
  run(kernel, operands, params, inPieces);
}

double WinogradCase::convolve(int64_t n, int64_t o, int64_t p, int64_t q) const {
  double sum = 0;
  int64_t kernel = shape.taps.kernel, stride = shape.taps.stride;
  const float *weight = weights.data() + o * shape.inChannels * kernel * kernel;
  for (int64_t i = 0; i < shape.inChannels; ++i)
    for (int64_t r = 0; r < kernel; ++r)
      for (int64_t s = 0; s < kernel; ++s, ++weight) {
        int64_t y = stride * p + r - shape.padding, x = stride * q + s - shape.padding;
        if (y >= 0 && y < input.shape.height && x >= 0 && x < input.shape.width)
          sum += double(input.at(n, i, y, x)) * *weight;
      }
  return sum;
}

double WinogradCase::magnitude(int64_t tile, int64_t n, int64_t o, int64_t p, int64_t q) const {
  int64_t taps = shape.taps.kernel * shape.taps.kernel, reach = (tile - 1) * shape.taps.stride + shape.taps.kernel;
  int64_t top = p / tile * tile * shape.taps.stride - shape.padding, left = q / tile * tile * shape.taps.stride - shape.padding;
  double sum = shape.bias ? std::abs(double(bias[o])) : 0;
  for (int64_t i = 0; i < shape.inChannels; ++i) {
    double largest = 0, ofTaps = 0;
    for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + reach, input.shape.height); ++y)
      for (int64_t x = std::max<int64_t>(left, 0); x < std::min(left + reach, input.shape.width); ++x)
        largest = std::max(largest, std::abs(double(input.at(n, i, y, x))));
    for (int64_t tap = 0; tap < taps; ++tap)
      ofTaps += std::abs(double(weights[(o * shape.inChannels + i) * taps + tap]));
    sum += largest * ofTaps;
  }
  return sum;
}

std::vector<double> WinogradCase::want() const {
  std::vector<double> values;
  for (int64_t n = 0; n < shape.images; ++n)
    for (int64_t o = 0; o < shape.outChannels; ++o)
      for (int64_t p = 0; p < shape.height; ++p)
        for (int64_t q = 0; q < shape.width; ++q)
          values.push_back(epilogue.apply(shape.epilogue, (shape.bias ? bias[o] : 0) + convolve(n, o, p, q), n, o, p, q));
  return values;
}
