#include "tests/unit/runtime-cuda/Model.h"

#include "tests/unit/runtime-cuda/Kernels.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

namespace test {

/// Before any test: the emulator reads its variables at the first call.
static const bool isSetUp = [] {
  setenv("SKIP_CUDA_DRIVER", EMULATOR_LIBRARY, 0);
  setenv("SKIP_EMULATOR_LEAKS", "fail", 0);
  setenv("SKIP_EMULATOR_DEVICES", "2", 0);
  setenv("SKIP_EMULATOR_MEMORY", "67108864", 0);
  return true;
}();

static constexpr uint64_t weightBytes = channels * 4 * 4, biasBytes = 64, biasOffset = 128;
static constexpr uint64_t pixelBytes = paddedChannels * 4, planeBytes = side * side * pixelBytes;

/// The counter asks for shared memory, of which it has no need.
static SkipCudaKernel kernel(const char *name, uint32_t sharedBytes = 0) {
  return {{{.name = name,
            .maps = nullptr,
            .mapCount = 0,
            .threads = 32,
            .sharedBytes = sharedBytes,
            .cluster = 1,
            .startsEarly = 0,
            .split = {32, 1, 1}}}};
}
static const SkipCudaKernel kernels[] = {kernel("conv"), kernel("sum"), kernel("score"), kernel("count", 64 * 1024)};

template <int64_t bound> struct Variant {
  static constexpr int64_t turn = bound == smallBound ? bound : 3;
  static constexpr SkipExtent extents[] = {{bound, bound}, {7, 7}};
  static constexpr uint64_t sumOffset = turn * planeBytes;
  static constexpr SkipOperand plane = {SKIP_SEGMENT_WORKSPACE, 0, 0, turn *planeBytes, 0, 0};
  static constexpr SkipOperand sums = {SKIP_SEGMENT_WORKSPACE, 0, sumOffset,
                                       bound *pixelBytes,      0, turn == bound ? 0 : pixelBytes};
  static constexpr SkipOperand allSums = {SKIP_SEGMENT_WORKSPACE, 0, sumOffset, bound *pixelBytes, 0, 0};
  static constexpr SkipOperand operands[] = {
      {SKIP_SEGMENT_INPUT, 0, 0, bound * pixels * 4, 0, pixels * 4},
      {SKIP_SEGMENT_WEIGHTS, 0, 0, weightBytes, 0, 0},
      {SKIP_SEGMENT_WEIGHTS, 0, biasOffset, biasBytes, 0, 0},
      plane,
      plane,
      sums,
      allSums,
      {SKIP_SEGMENT_INPUT, 1, 0, bound * channels * 4, 0, 0},
      {SKIP_SEGMENT_OUTPUT, 0, 0, bound * channels * 4, 0, 0},
      {SKIP_SEGMENT_OUTPUT, 1, 0, bound * 4, 0, 0},
      {SKIP_SEGMENT_STATE, 0, 64, 4, 0, 0},
  };
  static constexpr SkipParam one = {1, -1, 0};
  static constexpr SkipParam params[] = {{side * side, 0, 0}, one, one, {paddedChannels, 0, 0}, one, one, {1, 0, 0}, one, one};
  static constexpr SkipStep steps[] = {{"conv1", 0, 0, 4, 1, 0, 3, 3},
                                       {"sum", 1, 4, 2, 1, 3, 3, 3},
                                       {"score", 2, 6, 4, 2, 6, 3, 3},
                                       {"count", 3, 10, 1, 1, 6, 3, 1}};
  static constexpr SkipSection sections[] = {{0, 2, turn}, {2, 2, bound}};
  static constexpr SkipVariant value = {.extentCount = 2,
                                        .stepCount = 4,
                                        .kernelCount = 4,
                                        .sectionCount = 2,
                                        .threadsExtent = 0,
                                        .partCount = 0,
                                        .extents = extents,
                                        .sections = sections,
                                        .parts = nullptr,
                                        .steps = steps,
                                        .operands = operands,
                                        .params = params,
                                        .kernels = kernels,
                                        .workspaceBytes = sumOffset + bound * pixelBytes,
                                        .stateBytes = 128};
};

static const SkipVariant variants[] = {Variant<smallBound>::value, Variant<largeBound>::value};
static const SkipPort inputs[] = {{"picture", 4, 0, {-1, 3, side, side}}, {"vector", 2, 0, {-1, channels}}};
static const SkipPort outputs[] = {{"scores", 2, 0, {-1, channels}}, {"energy", 1, 0, {-1}}};
static const SkipTensor tensors[] = {
    {"conv1.weight", 4, 0, {channels, 3, 1, 1}}, {"bn1.weight", 1, 0, {channels}},      {"bn1.bias", 1, 0, {channels}},
    {"bn1.running_mean", 1, 0, {channels}},      {"bn1.running_var", 1, 0, {channels}},
};

static const SkipLoad loads[] = {{.kind = SKIP_LOAD_CONV_WEIGHT,
                                  .offset = 0,
                                  .bytes = weightBytes,
                                  .dims = {channels, 3, 1, 1},
                                  .layout = SKIP_LAYOUT_KRSC,
                                  .epsilon = epsilon,
                                  .source = 0,
                                  .bias = -1,
                                  .gamma = 1,
                                  .beta = -1,
                                  .mean = -1,
                                  .variance = 4},
                                 {.kind = SKIP_LOAD_BIAS,
                                  .offset = biasOffset,
                                  .bytes = biasBytes,
                                  .dims = {channels, 1, 1, 1},
                                  .layout = SKIP_LAYOUT_VECTOR,
                                  .epsilon = epsilon,
                                  .source = -1,
                                  .bias = -1,
                                  .gamma = 1,
                                  .beta = 2,
                                  .mean = 3,
                                  .variance = 4}};

// As a library has it: an object, which the emulator refuses, and text, of which the better one is for later GPUs.
static const char object[] = "\177ELF, or so";
static const std::string text = kernelText();
static const SkipCode codes[] = {
    {80, 0, 0, sizeof object, object}, {90, 1, 0, 0, nullptr}, {80, 1, 0, text.size() + 1, text.c_str()}};

static const SkipTargetImage targets[] = {{.target = SKIP_TARGET_CUDA,
                                           .variantCount = 2,
                                           .loadCount = 2,
                                           .normCount = 0,
                                           .codeCount = 3,
                                           .reserved = 0,
                                           .backend = &skipCudaBackend,
                                           .variants = variants,
                                           .loads = loads,
                                           .norms = nullptr,
                                           .codes = codes,
                                           .weightsBytes = biasOffset + biasBytes,
                                           .loadFingerprint = 0x7465737466696e67,
                                           .kernelStackBytes = 0,
                                           .embeddedWeights = nullptr}};

static std::vector<std::vector<float>> modelValues(uint32_t seed) {
  std::vector<std::vector<float>> values = {noise(channels * 3, seed), noise(channels, seed + 1), noise(channels, seed + 2),
                                            noise(channels, seed + 3), noise(channels, seed + 4)};
  for (float &variance : values[4])
    variance = variance * variance + 0.5f;
  return values;
}

std::string modelCheckpoint(uint32_t seed) {
  std::vector<std::vector<float>> values = modelValues(seed);
  std::vector<TensorBytes> file;
  for (size_t i = 0; i < values.size(); ++i)
    file.push_back(f32(tensors[i].name, {tensors[i].dims, tensors[i].dims + tensors[i].rank}, values[i]));
  return safetensors(file);
}

Batch::Batch(int64_t n, uint32_t seed)
    : n(n), pictures(noise(n * pixels, seed)), vectors(noise(n * channels, seed + 1)), scores(n * channels, -1), energy(n, -1) {
}

void Batch::forget() {
  scores.assign(scores.size(), -1);
  energy.assign(energy.size(), -1);
}

skip_status Batch::run(skip_context *context) {
  const float *in[] = {pictures.data(), vectors.data()};
  float *out[] = {wantsScores ? scores.data() : nullptr, energy.data()};
  return skipmodel_run(context, n, in, out);
}

static bool isNear(float value, double wanted) { return std::abs(value - wanted) <= 1e-5 * (1 + std::abs(wanted)); }

int64_t Batch::wrong(uint32_t seed) const {
  std::vector<std::vector<float>> t = modelValues(seed);
  int64_t found = 0;
  for (int64_t image = 0; image < n; ++image) {
    double wanted = 0;
    for (int64_t c = 0; c < channels; ++c) {
      double sum = vectors[image * channels + c], scale = t[1][c] / std::sqrt(t[4][c] + epsilon);
      for (int64_t pixel = 0; pixel < side * side; ++pixel) {
        double value = 0;
        for (int64_t i = 0; i < 3; ++i)
          value += double{pictures[image * pixels + i * side * side + pixel]} * t[0][c * 3 + i];
        sum += std::max(0.0, (value - t[3][c]) * scale + t[2][c]);
      }
      found += wantsScores && !isNear(scores[image * channels + c], sum);
      wanted += sum * sum;
    }
    found += !isNear(energy[image], wanted);
  }
  return found;
}

Handles::Handles(uint32_t seed, int32_t device) {
  skip_model_options options = {nullptr, device};
  skip_status created = skipmodel_model_create_for(&options, &model);
  INFO(skipmodel_last_error());
  REQUIRE(created == SKIP_OK);
  std::string file = modelCheckpoint(seed);
  REQUIRE(skipmodel_weights_load_memory(model, file.data(), file.size(), &weights) == SKIP_OK);
}

void Handles::open(skip_context_options options) {
  skip_status created = skipmodel_context_create(model, weights, &options, &context);
  INFO(skipmodel_last_error());
  REQUIRE(created == SKIP_OK);
}

Handles::~Handles() {
  skipmodel_context_destroy(context);
  skipmodel_weights_destroy(weights);
  skipmodel_model_destroy(model);
}

const skip::cuda::DriverFunctions &cuda() {
  REQUIRE(skip::cuda::loadDriver() == SKIP_OK);
  return skip::cuda::driver();
}

Caller::Caller(int32_t device) : ordinal(device) {
  CUDA_OK(cuda().cuDevicePrimaryCtxRetain(&primary, ordinal));
  CUDA_OK(cuda().cuCtxPushCurrent(primary));
}

Caller::~Caller() {
  for (float *address : memory)
    cuda().cuMemFree(reinterpret_cast<skip::cuda::DeviceAddress>(address));
  for (float *address : host)
    cuda().cuMemFreeHost(address);
  for (skip::cuda::Stream made : streams)
    cuda().cuStreamDestroy(made);
  skip::cuda::Context popped = nullptr;
  cuda().cuCtxPopCurrent(&popped);
  cuda().cuDevicePrimaryCtxRelease(ordinal);
}

skip::cuda::Stream Caller::stream() {
  CUDA_OK(cuda().cuStreamCreateWithPriority(&streams.emplace_back(), skip::cuda::kStreamNonBlocking, 0));
  return streams.back();
}

float *Caller::device(size_t floats) {
  skip::cuda::DeviceAddress address = 0;
  CUDA_OK(cuda().cuMemAlloc(&address, floats * sizeof(float)));
  return memory.emplace_back(reinterpret_cast<float *>(address));
}

float *Caller::device(const std::vector<float> &values) {
  float *address = device(values.size());
  CUDA_OK(
      cuda().cuMemcpyHtoD(reinterpret_cast<skip::cuda::DeviceAddress>(address), values.data(), values.size() * sizeof(float)));
  return address;
}

float *Caller::pinned(size_t floats) {
  void *address = nullptr;
  CUDA_OK(cuda().cuMemHostAlloc(&address, floats * sizeof(float), 0));
  return host.emplace_back(static_cast<float *>(address));
}

std::vector<float> Caller::read(const float *address, size_t floats) {
  std::vector<float> values(floats);
  CUDA_OK(cuda().cuMemcpyDtoH(values.data(), reinterpret_cast<skip::cuda::DeviceAddress>(address), floats * sizeof(float)));
  return values;
}

DeviceBatch::DeviceBatch(Caller &caller, int64_t n, uint32_t seed)
    : caller(caller), batch(n, seed), pictures(caller.device(batch.pictures)), vectors(caller.device(batch.vectors)),
      scores(caller.device(batch.scores.size())), energy(caller.device(batch.energy.size())) {}

skip_status DeviceBatch::run(skip_context *context) {
  const float *in[] = {pictures, vectors};
  float *out[] = {scores, energy};
  return skipmodel_run(context, batch.n, in, out);
}

skip_status DeviceBatch::runAsync(skip_context *context, skip::cuda::Stream stream) {
  const float *in[] = {pictures, vectors};
  float *out[] = {scores, energy};
  return skipmodel_run_async(context, batch.n, in, out, stream);
}

int64_t DeviceBatch::wrong(uint32_t seed) {
  batch.scores = caller.read(scores, batch.scores.size());
  batch.energy = caller.read(energy, batch.energy.size());
  return batch.wrong(seed);
}

static const SkipPicture noPictures[2] = {};
static const SkipClasses noClasses[2] = {};

} // namespace test

extern "C" const SkipModelImage skipModelImage = {.abiVersion = SKIP_ABI_VERSION,
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
                                                  .pictures = test::noPictures,
                                                  .classes = test::noClasses};
