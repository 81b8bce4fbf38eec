// A model image by hand, with kernels in C++.
#include "tests/unit/runtime/TestModel.h"

#include "runtime/PackedFile.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace test {

std::atomic<int64_t> kernelCalls[SKIP_ISA_COUNT];

static constexpr int64_t lanes = 16, haloSide = side + 2;

static const float *constFloats(void *const *operands, int index) { return static_cast<const float *>(operands[index]); }
static float *floats(void *const *operands, int index) { return static_cast<float *>(operands[index]); }

/// domain {n, 1, 1}; a unit is an image, halo included.
template <SkipIsa isa> static void conv(void *const *operands, const int64_t *params, int64_t begin, int64_t end) {
  ++kernelCalls[isa];
  const float *weight = constFloats(operands, 1), *bias = constFloats(operands, 2); // [1][3][16], [16]
  for (int64_t image = begin; image < end; ++image) {
    const float *in = constFloats(operands, 0) + image * pixels;
    float *out = floats(operands, 3) + image * haloSide * haloSide * lanes;
    std::fill_n(out - (haloSide + 1) * lanes, haloSide * haloSide * lanes, 0.0f);
    for (int64_t y = 0; y < side; ++y)
      for (int64_t x = 0; x < side; ++x)
        for (int64_t c = 0; c < lanes; ++c) {
          float sum = bias[c];
          for (int64_t i = 0; i < 3; ++i)
            sum += in[(i * side + y) * side + x] * weight[i * lanes + c];
          out[(y * haloSide + x) * lanes + c] = std::max(sum, 0.0f);
        }
  }
}

/// domain {n, rows, 1}, params[3] = rows; a unit is `rowsPerUnit` rows of an image, which the kernel's split makes.
template <SkipIsa isa, int64_t rowsPerUnit>
static void pool(void *const *operands, const int64_t *params, int64_t begin, int64_t end) {
  ++kernelCalls[isa];
  int64_t unitsPerImage = (params[3] + rowsPerUnit - 1) / rowsPerUnit;
  for (int64_t unit = begin; unit < end; ++unit) {
    int64_t image = unit / unitsPerImage, firstRow = unit % unitsPerImage * rowsPerUnit;
    for (int64_t y = firstRow; y < std::min(firstRow + rowsPerUnit, params[3]); ++y)
      for (int64_t x = 0; x < side; ++x)
        for (int64_t c = 0; c < lanes; ++c) {
          const float *in = constFloats(operands, 0) + ((image * haloSide + y) * haloSide + x) * lanes + c;
          float sum = 0;
          for (int64_t dy = -1; dy <= 1; ++dy)
            for (int64_t dx = -1; dx <= 1; ++dx)
              sum += in[(dy * haloSide + dx) * lanes];
          floats(operands, 1)[((image * side + y) * side + x) * lanes + c] = sum / 9;
        }
  }
}

/// domain {n, 1, 1}; two results.
template <SkipIsa isa> static void score(void *const *operands, const int64_t *params, int64_t begin, int64_t end) {
  ++kernelCalls[isa];
  for (int64_t image = begin; image < end; ++image) {
    float energy = 0;
    for (int64_t c = 0; c < channels; ++c) {
      float sum = constFloats(operands, 1)[image * channels + c];
      for (int64_t i = 0; i < side * side; ++i)
        sum += constFloats(operands, 0)[(image * side * side + i) * lanes + c];
      floats(operands, 2)[image * channels + c] = sum;
      energy += sum * sum;
    }
    floats(operands, 3)[image] = energy;
  }
}

template <SkipIsa isa> static void count(void *const *operands, const int64_t *params, int64_t begin, int64_t end) {
  ++kernelCalls[isa];
  *floats(operands, 0) += 1;
}

// The AVX-512 column shares out two rows at a time and so has other units than the AVX2 column.
static const SkipX86Kernel kernels[] = {
    {"conv", {conv<SKIP_ISA_AVX2>, conv<SKIP_ISA_AVX512>}, {{1, 1, 1}, {1, 1, 1}}},
    {"pool", {pool<SKIP_ISA_AVX2, 1>, pool<SKIP_ISA_AVX512, 3>}, {{1, 1, 1}, {1, 3, 1}}},
    {"score", {score<SKIP_ISA_AVX2>, score<SKIP_ISA_AVX512>}, {{1, 1, 1}, {1, 1, 1}}},
    {"count", {count<SKIP_ISA_AVX2>, count<SKIP_ISA_AVX512>}, {{1, 1, 1}, {1, 1, 1}}},
};

static constexpr uint64_t haloBytes = haloSide * haloSide * lanes * 4, planeBytes = side * side * lanes * 4;
static constexpr uint64_t weightBytes = 3 * lanes * 4, biasBytes = lanes * 4;

/// The variants differ only in their bounds, as two batch sizes of one spec do.
template <int64_t bound> struct Variant {
  static constexpr uint64_t haloOffset = 0, planeOffset = bound * haloBytes;
  static constexpr SkipExtent extents[] = {{bound, bound}, {side, side}};
  static constexpr SkipOperand halo = {SKIP_SEGMENT_WORKSPACE, 0, haloOffset, bound *haloBytes, (haloSide + 1) * lanes * 4, 0};
  static constexpr SkipOperand plane = {SKIP_SEGMENT_WORKSPACE, 0, planeOffset, bound *planeBytes, 0, 0};
  static constexpr SkipOperand operands[] = {
      {SKIP_SEGMENT_INPUT, 0, 0, bound * pixels * 4, 0, pixels * 4},
      {SKIP_SEGMENT_WEIGHTS, 0, 0, weightBytes, 0, 0},
      {SKIP_SEGMENT_WEIGHTS, 0, weightBytes, biasBytes, 0, 0},
      halo,
      halo,
      plane,
      plane,
      {SKIP_SEGMENT_INPUT, 1, 0, bound * channels * 4, 0, channels * 4},
      {SKIP_SEGMENT_OUTPUT, 0, 0, bound * channels * 4, 0, channels * 4},
      {SKIP_SEGMENT_OUTPUT, 1, 0, bound * 4, 0, 4},
      {SKIP_SEGMENT_STATE, 0, 64, 4, 0, 0},
  };
  static constexpr SkipParam batch = {1, 0, 0}, rows = {1, 1, 0}, one = {1, -1, 0};
  static constexpr SkipParam params[] = {batch, one, one, batch, rows, one, rows, one, one, one};
  static constexpr SkipStep steps[] = {
      {"conv1", 0, 0, 4, 1, 0, 3, 3},
      {"pool", 1, 4, 2, 1, 3, 4, 3},
      {"score", 2, 6, 4, 2, 0, 3, 3},
      {"count", 3, 10, 1, 1, 7, 3, 4}, // of no output of the model's, but of one in a test
  };
  // The larger one takes three images at a time, but counts once a run.
  static constexpr SkipSection sections[] = {{0, 3, bound == smallBound ? bound : 3}, {3, 1, bound}};
  static constexpr SkipVariant value = {
      2, 4, 4, 2, 0, 0, extents, sections, nullptr, steps, operands, params, kernels, bound *(haloBytes + planeBytes), 128};
};

static const SkipVariant variants[] = {Variant<smallBound>::value, Variant<largeBound>::value};
static const SkipPort inputs[] = {{"picture", 4, 0, {-1, 3, side, side}}, {"vector", 2, 0, {-1, channels}}};
static const SkipPort outputs[] = {{"scores", 2, 0, {-1, channels}}, {"energy", 1, 0, {-1}}};
static const SkipPicture pictures[] = {{3, SKIP_FILTER_BILINEAR, {6, 0}, 0, {0.5f, 0.25f, 0.125f}, {0.25f, 0.5f, 2.0f}}, {}};
static const char *const scoreNames[] = {"ant", "bee", "cow", "dog", "elk"};
static const SkipClasses classes[] = {{channels, scoreNames}, {0, nullptr}};
static const SkipTensor tensors[] = {
    {"conv1.weight", 4, 0, {channels, 3, 1, 1}}, {"bn1.weight", 1, 0, {channels}},      {"bn1.bias", 1, 0, {channels}},
    {"bn1.running_mean", 1, 0, {channels}},      {"bn1.running_var", 1, 0, {channels}},
};
/// An entry without tensors.
static constexpr SkipLoad loadEntry(SkipLoadKind kind, uint64_t offset, uint64_t bytes, int64_t inputs) {
  SkipLoad load = {};
  load.kind = kind;
  load.offset = offset;
  load.bytes = bytes;
  load.dims[0] = channels;
  load.dims[1] = inputs;
  load.dims[2] = load.dims[3] = 1;
  load.layout = kind == SKIP_LOAD_CONV_WEIGHT ? SKIP_LAYOUT_FILTER1 : SKIP_LAYOUT_VECTOR;
  load.epsilon = epsilon;
  load.source = load.bias = load.gamma = load.beta = load.mean = load.variance = SKIP_NO_TENSOR;
  return load;
}

static constexpr SkipLoad convLoad() {
  SkipLoad load = loadEntry(SKIP_LOAD_CONV_WEIGHT, 0, weightBytes, 3);
  load.source = 0;
  load.gamma = 1;
  load.variance = 4;
  return load;
}

static constexpr SkipLoad biasLoad() {
  SkipLoad load = loadEntry(SKIP_LOAD_BIAS, weightBytes, biasBytes, 1);
  load.gamma = 1;
  load.beta = 2;
  load.mean = 3;
  load.variance = 4;
  return load;
}

static constexpr SkipLoad loads[] = {convLoad(), biasLoad()};

static const SkipTargetImage targets[] = {{
    .target = SKIP_TARGET_X86,
    .variantCount = 2,
    .loadCount = 2,
    .normCount = 0,
    .codeCount = 0,
    .reserved = 0,
    .backend = &skipX86Backend,
    .variants = variants,
    .loads = loads,
    .norms = nullptr,
    .codes = nullptr,
    .weightsBytes = weightBytes + biasBytes,
    .loadFingerprint = 0x7465737466696e67,
    .kernelStackBytes = 0,
    .embeddedWeights = nullptr,
}};

} // namespace test

extern "C" const SkipModelImage skipModelImage = {
    .abiVersion = SKIP_ABI_VERSION,
    .inputCount = 2,
    .outputCount = 2,
    .tensorCount = 5,
    .targetCount = 1,
    .reserved = 0,
    .name = "tiny",
    .compiler = "by hand",
    .inputs = test::inputs,
    .outputs = test::outputs,
    .tensors = test::tensors,
    .targets = test::targets,
    .pictures = test::pictures,
    .classes = test::classes,
};

namespace test {

std::vector<TensorBytes> modelTensors(uint32_t seed) {
  std::vector<float> variance = noise(channels, seed + 4);
  for (float &value : variance)
    value = value * value + 0.5f;
  return {f32("conv1.weight", {channels, 3, 1, 1}, noise(channels * 3, seed)),
          f32("bn1.weight", {channels}, noise(channels, seed + 1)), f32("bn1.bias", {channels}, noise(channels, seed + 2)),
          f32("bn1.running_mean", {channels}, noise(channels, seed + 3)), f32("bn1.running_var", {channels}, variance)};
}

std::string modelCheckpoint(uint32_t seed) { return safetensors(modelTensors(seed)); }

static std::vector<float> valuesOf(const TensorBytes &tensor) {
  std::vector<float> values(tensor.bytes.size() / 4);
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

/// relu(batch_norm(conv(x))) of one image at one place, zero outside of the picture.
static double activation(const std::vector<std::vector<float>> &t, const float *in, int64_t c, int64_t y, int64_t x) {
  if (y < 0 || x < 0 || y >= side || x >= side)
    return 0;
  double sum = 0;
  for (int64_t i = 0; i < 3; ++i)
    sum += double{in[(i * side + y) * side + x]} * t[0][c * 3 + i];
  return std::max(0.0, (sum - t[3][c]) / std::sqrt(t[4][c] + epsilon) * t[1][c] + t[2][c]);
}

Expected expectedOutputs(uint32_t seed, int64_t n, const std::vector<float> &pictures, const std::vector<float> &vectors) {
  std::vector<std::vector<float>> t;
  for (const TensorBytes &tensor : modelTensors(seed))
    t.push_back(valuesOf(tensor));
  Expected expected;
  for (int64_t image = 0; image < n; ++image) {
    double energy = 0;
    for (int64_t c = 0; c < channels; ++c) {
      double sum = vectors[image * channels + c];
      for (int64_t place = 0; place < side * side * 9; ++place)
        sum += activation(t, pictures.data() + image * pixels, c, place / 9 / side + place % 9 / 3 - 1,
                          place / 9 % side + place % 3 - 1) /
               9;
      expected.scores.push_back(sum);
      energy += sum * sum;
    }
    expected.energy.push_back(energy);
  }
  return expected;
}

Batch::Batch(int64_t n)
    : n(n), pictures(noise(n * pixels, 100)), vectors(noise(n * channels, 200)), scores(n * channels, -1), energy(n, -1) {}

skip_status Batch::run(skip_context *context) {
  const float *in[] = {pictures.data(), vectors.data()};
  float *out[] = {scores.data(), energy.data()};
  return skipmodel_run(context, n, in, out);
}

void Batch::check(uint32_t seed) const {
  Expected expected = expectedOutputs(seed, n, pictures, vectors);
  for (size_t i = 0; i < expected.scores.size(); ++i)
    CHECK(scores[i] == Approx(expected.scores[i]).epsilon(1e-5).margin(1e-5));
  for (size_t i = 0; i < expected.energy.size(); ++i)
    CHECK(energy[i] == Approx(expected.energy[i]).epsilon(1e-5));
}

Handles::Handles(uint32_t seed) {
  REQUIRE(skipmodel_model_create(&model) == SKIP_OK);
  std::string file = modelCheckpoint(seed);
  REQUIRE(skipmodel_weights_load_memory(model, file.data(), file.size(), &weights) == SKIP_OK);
}

void Handles::open(int32_t threads, skip_context_options options) {
  if (threads > 0) {
    REQUIRE(skipmodel_pool_create(threads, &pool) == SKIP_OK);
    options.pool = pool;
  }
  REQUIRE(skipmodel_context_create(model, weights, &options, &context) == SKIP_OK);
}

Handles::~Handles() {
  skipmodel_context_destroy(context);
  skipmodel_pool_destroy(pool);
  skipmodel_weights_destroy(weights);
  skipmodel_model_destroy(model);
}

} // namespace test
