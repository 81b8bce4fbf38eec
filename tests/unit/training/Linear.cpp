// Kernels, tables, pictures.
#include "tests/unit/training/Linear.h"

#include "frontend/RecipeSettings.h"
#include "tests/unit/package/Shell.h"

using namespace skip;
using namespace skip::codegen;

namespace test {

static constexpr uint64_t weightBytes = pixels * 16 * 4, parameterBytes = weightBytes + 64;

/// libm is not to be had: e^x is (1 + x / 1024 + (x / 1024)^2 / 2)^1024.
static const char *const kernelText = R"(
#include <stdint.h>
#include <string.h>
enum { pixels = 3072, classes = 10 };
static void logitsOf(const float *x, const float *w, const float *b, float *y) {
  float sum[16];
  memcpy(sum, b, sizeof sum);
  for (int i = 0; i < pixels; ++i)
    for (int o = 0; o < 16; ++o)
      sum[o] += x[i] * w[i * 16 + o];
  memcpy(y, sum, classes * sizeof(float));
}
static float power(float x) {
  float y = x / 1024, z = 1 + y + y * y / 2;
  for (int i = 0; i < 10; ++i)
    z *= z;
  return x < -80 ? 0 : z;
}
void linearRun(void *const *operands, const int64_t *params, int64_t begin, int64_t end) {
  for (int64_t n = begin; n < end; ++n)
    logitsOf((const float *)operands[0] + n * pixels, operands[1], operands[2], (float *)operands[3] + n * classes);
}
/* The logarithm by Newton's method on the power, from above. */
static float logarithm(float x) {
  float y = 2;
  for (int i = 0; i < 8; ++i)
    y += x / power(y) - 1;
  return y;
}
void linearTrain(void *const *operands, const int64_t *params, int64_t begin, int64_t end) {
  const float *x = operands[0], *w = operands[2], *b = operands[3];
  const int32_t *labels = operands[1];
  float *gw = operands[4], *gb = operands[5], *loss = operands[6], *logits = operands[7];
  memset(gw, 0, pixels * 64);
  memset(gb, 0, 64);
  *loss = 0;
  for (int64_t n = 0; n < params[3]; ++n) {
    float *y = logits + n * classes, p[16] = {0}, most, sum = 0;
    logitsOf(x + n * pixels, w, b, y);
    most = y[0];
    for (int o = 1; o < classes; ++o)
      most = y[o] > most ? y[o] : most;
    for (int o = 0; o < classes; ++o)
      sum += p[o] = power(y[o] - most);
    *loss += (most - y[labels[n]] + logarithm(sum)) / params[3];
    for (int o = 0; o < classes; ++o) {
      p[o] = (p[o] / sum - (o == labels[n])) / params[3];
      gb[o] += p[o];
    }
    for (int i = 0; i < pixels; ++i)
      for (int o = 0; o < 16; ++o)
        gw[i * 16 + o] += p[o] * x[n * pixels + i];
  }
}
)";

static std::vector<std::string> kernels() {
  TemporaryFolder folder;
  std::string source = folder.write("kernels.c", kernelText), object = folder.path("kernels.o");
  REQUIRE(shell({"cc", "-O2", "-fPIC", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-c", source, "-o", object}) == "");
  return {readAll(object)};
}

static SkipLoad load(SkipLoadKind kind) {
  bool isFilter = kind == SKIP_LOAD_CONV_WEIGHT;
  SkipLoad load{};
  load.kind = kind;
  load.offset = isFilter ? 0 : weightBytes;
  load.bytes = isFilter ? weightBytes : 64;
  std::copy_n(std::array<int64_t, 4>{classes, isFilter ? pixels : 1, 1, 1}.begin(), 4, load.dims);
  load.layout = isFilter ? SKIP_LAYOUT_FILTER1 : SKIP_LAYOUT_VECTOR;
  load.source = load.bias = load.gamma = load.beta = load.mean = load.variance = SKIP_NO_TENSOR;
  (isFilter ? load.source : load.bias) = isFilter ? 0 : 1;
  return load;
}

static SkipOperand operand(SkipSegment segment, uint64_t offset, uint64_t bytes, uint32_t index = 0) {
  return {static_cast<uint32_t>(segment), index, offset, bytes, 0, 0};
}

static Variant variant(const char *symbol, std::vector<SkipOperand> operands, uint32_t results, bool unitIsImage) {
  Variant variant;
  variant.extents = {{mostImages, mostImages}};
  variant.sections = {{0, 1, mostImages}};
  variant.kernels = X86Kernels{{symbol, {symbol, symbol}, {{{1, 1, 1}, {1, 1, 1}}}}};
  variant.steps = {{"fc", 0, results, std::move(operands), {{1, unitIsImage ? 0 : -1, 0}, {1, -1, 0}, {1, -1, 0}, {1, 0, 0}}}};
  return variant;
}

static constexpr uint64_t pictureBytes = mostImages * pixels * 4, logitBytes = mostImages * classes * 4;

static Image inferenceImage() {
  Image image;
  image.name = "linear";
  image.compiler = "skipc test";
  image.inputs = {{"image", {-1, 3, 32, 32}}};
  image.outputs = {{"logits", {-1, classes}}};
  image.tensors = {{"fc.weight", {classes, pixels}}, {"fc.bias", {classes}}};
  TargetImage &target = image.targets.emplace_back();
  target.variants = {variant("linearRun",
                             {operand(SKIP_SEGMENT_INPUT, 0, pictureBytes), operand(SKIP_SEGMENT_WEIGHTS, 0, weightBytes),
                              operand(SKIP_SEGMENT_WEIGHTS, weightBytes, 64), operand(SKIP_SEGMENT_OUTPUT, 0, logitBytes)},
                             1, true)};
  target.loads = {load(SKIP_LOAD_CONV_WEIGHT), load(SKIP_LOAD_BIAS)};
  target.weightsBytes = parameterBytes;
  return image;
}

static TrainingImage trainingImage() {
  TrainingImage training;
  training.model = inferenceImage();
  training.model.inputs.push_back({"labels", {-1}, SKIP_PORT_I32});
  training.model.outputs = {{"loss", {1}}, {"logits", {-1, classes}}};
  TargetImage &target = training.model.targets[0];
  target.variants = {variant("linearTrain",
                             {operand(SKIP_SEGMENT_INPUT, 0, pictureBytes), operand(SKIP_SEGMENT_INPUT, 0, mostImages * 4, 1),
                              operand(SKIP_SEGMENT_STATE, 0, weightBytes), operand(SKIP_SEGMENT_STATE, weightBytes, 64),
                              operand(SKIP_SEGMENT_STATE, parameterBytes, weightBytes),
                              operand(SKIP_SEGMENT_STATE, parameterBytes + weightBytes, 64), operand(SKIP_SEGMENT_OUTPUT, 0, 4),
                              operand(SKIP_SEGMENT_OUTPUT, 0, logitBytes, 1)},
                             4, false)};
  target.loads.clear();
  target.weightsBytes = 0;
  training.state = {load(SKIP_LOAD_CONV_WEIGHT), load(SKIP_LOAD_BIAS)};
  training.decayedBytes = weightBytes;
  training.parameterBytes = training.gradientOffset = parameterBytes;
  training.groupOffset = training.stateBytes = 2 * parameterBytes;
  return training;
}

std::string textOf(llvm::Error error) { return llvm::toString(std::move(error)); }

Linear::Linear() : image(inferenceImage()), training(trainingImage()) {
  std::vector<std::string> objects = kernels();
  PackageInput input{image, objects};
  input.training = &training;
  library = need(loaded::LoadedModel::build(input));
}

const Linear &linear() {
  static const Linear *model = new Linear; // to the process's end, as a library's threads are
  return *model;
}

frontend::Recipe recipe(int64_t length) {
  frontend::Recipe recipe;
  recipe.output = "logits";
  recipe.classes = classes;
  recipe.height = recipe.width = 32;
  recipe.channels = 3;
  recipe.batch = 16;
  recipe.groups = 2;
  recipe.decay = 1e-4;
  recipe.rate.start = 0.003;
  recipe.length = length;
  recipe.augment.kind = frontend::Recipe::Augment::Crop;
  recipe.flip = true;
  return recipe;
}

static std::string records(int count, int seed) {
  std::string bytes;
  uint32_t noise = static_cast<uint32_t>(seed) * 2654435761u + 1;
  for (int i = 0; i < count; ++i) {
    int label = (i * 7 + seed) % 10;
    bytes += static_cast<char>(label);
    for (int pixel = 0; pixel < pixels; ++pixel) {
      noise = noise * 1664525 + 1013904223;
      int colour = 30 + 40 * (pixel / 1024 == label % 3) + 20 * label * (pixel / 1024 == 1);
      bytes += static_cast<char>(colour + static_cast<int>(noise >> 27));
    }
  }
  return bytes;
}

void writePictures(const TemporaryFolder &folder, int count) {
  for (int number = 1; number <= 5; ++number)
    folder.write("data/data_batch_" + std::to_string(number) + ".bin", records(count / 5, number));
  folder.write("data/test_batch.bin", records(40, 6));
}

static tool::Pictures picturesOf(const std::string &data, const frontend::Recipe &recipe) {
  tool::Ports ports;
  ports.inputs.push_back({.name = "image", .dims = {3, 32, 32}, .mean = {0.5, 0.5, 0.5}, .deviation = {0.25, 0.25, 0.25}});
  return need(tool::Pictures::open(data, recipe, need(tool::Preprocessing::of(ports, {}))));
}

Run::Run(const std::string &data, const frontend::Recipe &given, unsigned threads, uint64_t seed)
    : recipe(given), pictures(picturesOf(data, given)) {
  trainer = need(tool::Trainer::open(*linear().library, {recipe.batch / recipe.groups, recipe.groups, threads}));
  REQUIRE(textOf(trainer->setNumbers(recipe)) == "");
  identity = {.model = "linear",
              .seed = seed,
              .pictures = pictures.trainedOn(),
              .settings = frontend::listSettings(recipe),
              .plan = tool::planOf(linear().training, linear().library->isa()),
              .pixels = pictures.settings(),
              .data = pictures.fingerprint()};
}

llvm::Expected<tool::LoopResult> Run::go(tool::LoopOptions options, bool resume) {
  tool::BestScore best;
  if (resume) {
    llvm::Expected<tool::TrainingMemory> stood = tool::startAgain(*trainer, tool::Loop::lastPath(options.folder), identity);
    if (!stood)
      return stood.takeError();
    memory = *stood;
    llvm::Expected<tool::BestScore> score = tool::bestScoreOf(tool::Loop::bestPath(options.folder), identity);
    if (!score)
      return score.takeError();
    best = *score;
  } else {
    std::filesystem::create_directories(options.folder);
    memory = {};
    REQUIRE(textOf(tool::startFresh(*trainer, identity.seed)) == "");
  }
  tool::Loop loop(*trainer, linear().training, pictures, recipe, identity, memory, best, options);
  return loop.run();
}

} // namespace test
