// Training libraries: two images in one object, and a C program that trains by the emitted header.
#include "codegen/Header.h"
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/package/Shell.h"
#include "tests/unit/package/Toy.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace skip::codegen;
using namespace test;

static constexpr uint64_t weightBytes = toyInputs * 64, parameterBytes = weightBytes + 64, groupOffset = 2 * parameterBytes;
static constexpr uint64_t trainingStackBytes = 450 * 1024;

static SkipLoad plain(SkipLoadKind kind, uint64_t offset, uint64_t bytes, int64_t inputs) {
  SkipLoad load{};
  load.kind = kind;
  load.offset = offset;
  load.bytes = bytes;
  std::copy_n(std::array<int64_t, 4>{toyOutputs, inputs, 1, 1}.begin(), 4, load.dims);
  load.layout = kind == SKIP_LOAD_CONV_WEIGHT ? SKIP_LAYOUT_FILTER1 : SKIP_LAYOUT_VECTOR;
  load.source = load.bias = load.gamma = load.beta = load.mean = load.variance = SKIP_NO_TENSOR;
  (kind == SKIP_LOAD_CONV_WEIGHT ? load.source : load.bias) = kind == SKIP_LOAD_CONV_WEIGHT ? 0 : 1;
  return load;
}

static Variant trainingVariant(int64_t bound) {
  auto bytes = [&](int64_t floats) { return static_cast<uint64_t>(bound * floats) * 4; };
  Variant variant;
  variant.extents = {{bound, bound}};
  variant.sections = {{0, 1, bound}};
  variant.kernels = X86Kernels{{"train", {"toyTrain", "toyTrain"}, {{{1, 1, 1}, {1, 1, 1}}}}};
  variant.steps = {{"fc",
                    0,
                    4,
                    {{SKIP_SEGMENT_INPUT, 0, 0, bytes(toyInputs), 0, 0},
                     {SKIP_SEGMENT_INPUT, 1, 0, bytes(1), 0, 0},
                     {SKIP_SEGMENT_STATE, 0, 0, weightBytes, 0, 0},
                     {SKIP_SEGMENT_STATE, 0, weightBytes, 64, 0, 0},
                     {SKIP_SEGMENT_STATE, 0, parameterBytes, weightBytes, 0, 0},
                     {SKIP_SEGMENT_STATE, 0, parameterBytes + weightBytes, 64, 0, 0},
                     {SKIP_SEGMENT_OUTPUT, 0, 0, 4, 0, 0},
                     {SKIP_SEGMENT_OUTPUT, 1, 0, bytes(toyOutputs), 0, 0}},
                    {{1, -1, 0}, {1, -1, 0}, {1, -1, 0}, {1, 0, 0}}}};
  return variant;
}

/// Half the squared distance of W x + b to 1 at the label and 0 elsewhere.
static TrainingImage toyTraining(const std::string &name) {
  TrainingImage training;
  training.model = toyImage(name);
  training.model.inputs.push_back({"labels", {-1}, SKIP_PORT_I32});
  training.model.outputs = {{"loss", {1}}, {"logits", {-1, toyOutputs}}};
  TargetImage &target = training.model.targets[0];
  target.variants = {trainingVariant(toyBatch)};
  target.loads.clear();
  target.weightsBytes = 0;
  target.kernelStackBytes = trainingStackBytes;
  training.state = {plain(SKIP_LOAD_CONV_WEIGHT, 0, weightBytes, toyInputs), plain(SKIP_LOAD_BIAS, weightBytes, 64, 1)};
  training.decayedBytes = weightBytes;
  training.parameterBytes = training.gradientOffset = parameterBytes;
  training.groupOffset = training.stateBytes = groupOffset;
  training.recipe = "train y {\n  batch = 8 /* not the end */\n}\n";
  return training;
}

static const char *const kernelText = R"(
#include <stdint.h>
#include <string.h>
void toyTrain(void *const *operands, const int64_t *params, int64_t begin, int64_t end) {
  const float *x = operands[0], *w = operands[2], *b = operands[3];
  const int32_t *labels = operands[1];
  float *gw = operands[4], *gb = operands[5], *loss = operands[6], *logits = operands[7];
  volatile char scratch[440 * 1024];
  for (int64_t i = 0; i < (int64_t)sizeof scratch; i += 512)
    scratch[i] = 1;
  memset(gw, 0, 256);
  memset(gb, 0, 64);
  *loss = 0;
  for (int64_t n = 0; n < params[3]; ++n)
    for (int o = 0; o < 3; ++o) {
      float sum = b[o];
      for (int i = 0; i < 4; ++i)
        sum += x[n * 4 + i] * w[i * 16 + o];
      logits[n * 3 + o] = sum;
      float d = (sum - (o == labels[n])) / params[3];
      *loss += d * d * params[3] / 2;
      gb[o] += d;
      for (int i = 0; i < 4; ++i)
        gw[i * 16 + o] += d * x[n * 4 + i];
    }
}
)";

static const char *const programText = R"(
#include "toy.h"
#include <stdio.h>
static int fail(void) { printf("error: %s\n", toy_last_error()); return 1; }
static int write_file(void *user, const void *bytes, size_t count) { return fwrite(bytes, 1, count, user) != count; }
int main(void) {
  skip_model *model; skip_pool *pool; skip_trainer *trainer; skip_weights *weights; skip_context *context;
  skip_trainer_options options = {0};
  skip_training_result result;
  skip_metadata step = {"step", "60"};
  float x[8 * 4], y[8 * 3];
  const float *in = x;
  float *out = y;
  int32_t labels[8];
  double first = 0;
  int i, right = 0;
  FILE *file;
  for (i = 0; i < 32; ++i) x[i] = (i / 4 % 3 == i % 4) + (float)(i % 5) / 10;
  for (i = 0; i < 8; ++i) labels[i] = i % 3;
  if (toy_model_create(&model) || toy_pool_create(2, &pool)) return fail();
  options.pool = pool;
  if (toy_trainer_create(model, &options, &trainer) || toy_trainer_init(trainer, 1)) return fail();
  for (i = 0; i < 60; ++i) {
    if (toy_trainer_gradients(trainer, 8, &in, labels, &result) || toy_trainer_apply(trainer, 0.05)) return fail();
    if (i == 0) first = result.loss;
  }
  if (!(file = fopen("toy.safetensors", "wb"))) return 1;
  if (toy_trainer_save(trainer, &step, 1, write_file, file)) return fail();
  fclose(file);
  if (toy_trainer_weights(trainer, &weights) || toy_context_create(model, weights, 0, &context)) return fail();
  if (toy_run(context, 8, &in, &out)) return fail();
  for (i = 0; i < 8; ++i)
    right += y[i * 3 + i % 3] > y[i * 3 + (i + 1) % 3] && y[i * 3 + i % 3] > y[i * 3 + (i + 2) % 3];
  printf("%s, %d of 8 right, %d wrong\n", result.loss < first / 20 ? "learned" : "not learned", right, (int)result.wrong);
  labels[2] = 3;
  printf("%d: %s\n", toy_trainer_gradients(trainer, 8, &in, labels, &result), toy_last_error());
  toy_context_destroy(context); toy_weights_destroy(weights); toy_trainer_destroy(trainer); toy_pool_destroy(pool);
  toy_model_destroy(model);
  return 0;
}
)";

static std::vector<std::string> trainingKernels() {
  TemporaryFolder folder;
  std::string source = folder.write("train.c", kernelText), object = folder.path("train.o");
  REQUIRE(shell({"cc", "-O2", "-fPIC", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-c", source, "-o", object}) == "");
  std::vector<std::string> kernels = toyKernels();
  kernels.push_back(readAll(object));
  return kernels;
}

TEST_CASE("a C program trains by the emitted header") {
  TemporaryFolder folder;
  Image image = toyImage("toy");
  TrainingImage training = toyTraining("toy");
  std::vector<std::string> kernels = trainingKernels();
  PackageInput input{image, kernels};
  input.training = &training;
  REQUIRE(textOf(writePackage(input, {.folder = folder.path("out")})) == "");
  std::string program = folder.write("train.c", programText), out = folder.path("out");
  for (std::string library : {out + "/libtoy.a", out + "/libtoy.so"}) {
    INFO(library);
    REQUIRE(shell({"cc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-I" + out, program, library, "-lpthread",
                   "-Wl,-rpath," + out, "-o", folder.path("train")}) == "");
    CHECK(shell({"env", "-C", folder.path(""), folder.path("train")}) ==
          "learned, 8 of 8 right, 0 wrong\n"
          "1: trainer_gradients: label 3 of image 2, the model has 3 classes, 0 to 2\n");
    CHECK_THAT(readAll(folder.path("toy.safetensors")),
               Catch::Contains(R"("__metadata__":{"step":"60"})") && Catch::Contains("optimizer.momentum.fc.weight"));
  }
}

TEST_CASE("header and manifest of a training library tell of training") {
  TemporaryFolder folder;
  Image image = toyImage("toy");
  TrainingImage training = toyTraining("toy");
  std::string text = headerText(image, &training);
  CHECK_THAT(text, Catch::Contains(" *   input labels: int32_t [n]\n") && Catch::Contains("toy_trainer_apply(") &&
                       Catch::Contains(" *     batch = 8 / * not the end * /\n") && !Catch::Contains("skipmodel") &&
                       !Catch::Contains("SKIPMODEL") && !Catch::Contains("#include \"runtime"));
  CHECK_THAT(headerText(image), !Catch::Contains("trainer"));
  std::vector<std::string> kernels = trainingKernels();
  PackageInput input{image, kernels};
  input.training = &training;
  REQUIRE(textOf(writePackage(input, {.folder = folder.path("out")})) == "");
  nlohmann::json manifest = nlohmann::json::parse(readAll(folder.path("out/toy.json")));
  CHECK(manifest["training"]["inputs"][1]["type"] == "int32");
  CHECK(manifest["training"]["groups"][0]["batch"] == toyBatch);
  CHECK(manifest["training"]["parameterBytes"] == parameterBytes);
  packageToy(folder.path("other"), "toy", WeightsMode::none);
  CHECK(!nlohmann::json::parse(readAll(folder.path("other/toy.json"))).contains("training"));
}

TEST_CASE("a training library is x86's") {
  TemporaryFolder folder;
  Image image = toyImage("toy");
  image.targets.push_back(image.targets[0]);
  TrainingImage training = toyTraining("toy");
  PackageInput input{image, toyKernels()};
  input.training = &training;
  CHECK_THAT(textOf(writePackage(input, {.folder = folder.path("out")})), Catch::Contains("for target x86 alone"));
  CHECK(namesIn(folder.path("")).empty());
}
