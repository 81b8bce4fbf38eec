// A model of two steps whose kernels are written in C++.
#include "tests/unit/package/Toy.h"

#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/package/Shell.h"

#include <catch2/catch.hpp>

namespace test {

using namespace skip::codegen;

static SkipLoad toyLoad(SkipLoadKind kind, uint64_t offset, uint64_t bytes) {
  SkipLoad load{};
  load.kind = kind;
  load.offset = offset;
  load.bytes = bytes;
  load.layout = kind == SKIP_LOAD_CONV_WEIGHT ? SKIP_LAYOUT_FILTER1 : SKIP_LAYOUT_VECTOR;
  load.source = load.bias = load.gamma = load.beta = load.mean = load.variance = SKIP_NO_TENSOR;
  return load;
}

static std::vector<SkipParam> toyParams() {
  return {{1, 0, 0}, {1, -1, 0}, {1, -1, 0}, {toyInputs, -1, 0}, {toyOutputs, -1, 0}};
}

static Variant toyVariant(int64_t batch) {
  Variant variant;
  uint64_t between = static_cast<uint64_t>(batch * toyOutputs) * 4;
  variant.extents = {{batch, batch}};
  variant.sections = {{0, 2, batch}};
  variant.workspaceBytes = (between + 63) / 64 * 64;
  variant.kernels = X86Kernels{{"linear", {"toyLinear", "toyLinear"}, {{{1, 1, 1}, {1, 1, 1}}}},
                               {"twice", {"toyTwice", "toyTwice"}, {{{1, 1, 1}, {1, 1, 1}}}}};
  SkipOperand workspace{SKIP_SEGMENT_WORKSPACE, 0, 0, between, 0, 0};
  variant.steps = {{"fc",
                    0,
                    1,
                    {{SKIP_SEGMENT_INPUT, 0, 0, static_cast<uint64_t>(batch * toyInputs) * 4, 0, 0},
                     {SKIP_SEGMENT_WEIGHTS, 0, 0, toyInputs * 64, 0, 0},
                     {SKIP_SEGMENT_WEIGHTS, 0, toyInputs * 64, 64, 0, 0},
                     workspace},
                    toyParams()},
                   {"twice", 1, 1, {workspace, {SKIP_SEGMENT_OUTPUT, 0, 0, between, 0, 0}}, toyParams()}};
  return variant;
}

Image toyImage(const std::string &name) {
  Image image;
  image.name = name;
  image.compiler = "skipc test";
  image.inputs = {{"x", {-1, toyInputs}}};
  image.outputs = {{"y", {-1, toyOutputs}}};
  TargetImage &target = image.targets.emplace_back();
  target.variants = {toyVariant(1), toyVariant(toyBatch)};
  image.tensors = {{"fc.weight", {toyOutputs, toyInputs}}, {"fc.bias", {toyOutputs}}};
  SkipLoad weight = toyLoad(SKIP_LOAD_CONV_WEIGHT, 0, toyInputs * 64);
  std::copy_n(std::array<int64_t, 4>{toyOutputs, toyInputs, 1, 1}.begin(), 4, weight.dims);
  weight.source = 0;
  SkipLoad bias = toyLoad(SKIP_LOAD_BIAS, toyInputs * 64, 64);
  std::copy_n(std::array<int64_t, 4>{toyOutputs, 1, 1, 1}.begin(), 4, bias.dims);
  bias.bias = 1;
  target.loads = {weight, bias};
  target.weightsBytes = toyInputs * 64 + 64;
  target.kernelStackBytes = toyStackBytes;
  return image;
}

/// Calls memcpy and memset, as compiled kernels may, and has a function that both kernels share.
static const char *const kernelText = R"(
#include <stdint.h>
#include <string.h>
__attribute__((noinline)) float toyShared(float value) { return 2 * value; }
void toyLinear(void *const *operands, const int64_t *params, int64_t begin, int64_t end) {
  const float *x = operands[0], *w = operands[1], *bias = operands[2];
  float *y = operands[3];
  for (int64_t n = begin; n < end; ++n) {
    float sum[16];
    memcpy(sum, bias, sizeof sum);
    for (int64_t i = 0; i < params[3]; ++i)
      for (int o = 0; o < 16; ++o)
        sum[o] += x[n * params[3] + i] * w[i * 16 + o];
    memcpy(y + n * params[4], sum, sizeof(float) * params[4]);
  }
}
void toyTwice(void *const *operands, const int64_t *params, int64_t begin, int64_t end) {
  const float *x = operands[0];
  float *y = operands[1];
  volatile char scratch[400 * 1024];
  for (int64_t i = 0; i < (int64_t)sizeof scratch; i += 512)
    scratch[i] = 1;
  memset(y + begin * params[4], 0xff, sizeof(float) * (end - begin) * params[4]);
  for (int64_t i = begin * params[4]; i < end * params[4]; ++i)
    y[i] = toyShared(x[i]);
}
)";

const std::vector<std::string> &toyKernels() {
  static const std::vector<std::string> objects = [] {
    TemporaryFolder folder;
    std::string source = folder.write("kernels.c", kernelText), object = folder.path("kernels.o");
    REQUIRE(shell({"cc", "-O2", "-fPIC", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-c", source, "-o", object}) == "");
    return std::vector<std::string>{readAll(object)};
  }();
  return objects;
}

static float weightAt(int64_t output, int64_t input, int seed) {
  return static_cast<float>((output * 5 + input * 3 + seed) % 7 - 3);
}
static float biasAt(int64_t output, int seed) { return static_cast<float>(output + seed); }

std::string toyCheckpoint(int seed) {
  std::vector<float> values;
  for (int64_t output = 0; output < toyOutputs; ++output)
    for (int64_t input = 0; input < toyInputs; ++input)
      values.push_back(weightAt(output, input, seed));
  for (int64_t output = 0; output < toyOutputs; ++output)
    values.push_back(biasAt(output, seed));
  std::string header = R"({"fc.weight":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]},)"
                       R"("fc.bias":{"dtype":"F32","shape":[3],"data_offsets":[48,60]}})";
  uint64_t length = header.size();
  std::string file(reinterpret_cast<const char *>(&length), 8);
  return file + header + std::string(reinterpret_cast<const char *>(values.data()), values.size() * 4);
}

std::vector<float> toyImages(int64_t count) {
  std::vector<float> images;
  for (int64_t i = 0; i < count * toyInputs; ++i)
    images.push_back(static_cast<float>(i % 11 - 5));
  return images;
}

std::vector<float> toyResults(int64_t count, int seed) {
  std::vector<float> images = toyImages(count), results;
  for (int64_t n = 0; n < count; ++n)
    for (int64_t output = 0; output < toyOutputs; ++output) {
      float sum = biasAt(output, seed);
      for (int64_t input = 0; input < toyInputs; ++input)
        sum += images[static_cast<size_t>(n * toyInputs + input)] * weightAt(output, input, seed);
      results.push_back(2 * sum);
    }
  return results;
}

Segment toySegment(const Image &image, int seed) {
  std::string checkpoint = toyCheckpoint(seed);
  llvm::Expected<Segment> segment = packCheckpoint(image, 0, checkpoint, "toy");
  if (!segment)
    FAIL(textOf(segment.takeError()));
  return std::move(*segment);
}

std::string textOf(llvm::Error error) { return llvm::toString(std::move(error)); }

void packageToy(const std::string &folder, const std::string &name, WeightsMode mode, int seed) {
  Image image = toyImage(name);
  Segment segment = toySegment(image, seed);
  REQUIRE(textOf(writePackage({image, toyKernels(), segment.bytes()}, {.folder = folder, .weights = mode})) == "");
}

} // namespace test
