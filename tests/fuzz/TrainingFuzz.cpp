// Checkpoints to train from, and metadata to go on from, on any bytes: a file is refused with a text, and the trainer is as
// before; or what was taken of it is saved, and saved again, as the same bytes.
#include "llvm/Support/Error.h"
#include "runtime/Error.h"
#include "runtime/training/Training.h"
#include "runtime/training/TrainingImage.h"
#include "tests/fuzz/Require.h"
#include "tools/training/Memory.h"

#include "runtime/Backend.h"

#include <cstring>
#include <string>

using namespace skip;

static constexpr SkipTensor tensors[] = {
    {"conv.weight", 4, 0, {17, 3, 1, 2}}, {"bn.weight", 1, 0, {17}},      {"bn.bias", 1, 0, {17}},
    {"bn.running_mean", 1, 0, {17}},      {"bn.running_var", 1, 0, {17}}, {"fc.weight", 2, 0, {2, 17}},
};

static constexpr SkipLoad entry(int32_t source, int32_t bias, uint64_t offset, uint64_t floats, int64_t oc, int64_t ic,
                                int64_t kw, SkipLayout layout) {
  SkipLoad load = {};
  load.kind = source == SKIP_NO_TENSOR ? SKIP_LOAD_BIAS : SKIP_LOAD_CONV_WEIGHT;
  load.offset = offset;
  load.bytes = 4 * floats;
  load.dims[0] = oc;
  load.dims[1] = ic;
  load.dims[2] = 1;
  load.dims[3] = kw;
  load.layout = layout;
  load.epsilon = 1e-5;
  load.source = source;
  load.bias = bias;
  load.gamma = load.beta = load.mean = load.variance = SKIP_NO_TENSOR;
  return load;
}
static constexpr SkipLoad vector(int32_t tensor, uint64_t offset) {
  return entry(SKIP_NO_TENSOR, tensor, offset, 32, 17, 1, 1, SKIP_LAYOUT_VECTOR);
}

/// The convolution is frozen, all else is in the state.
static constexpr SkipLoad frozen[] = {entry(0, SKIP_NO_TENSOR, 0, 2 * 3 * 2 * 16, 17, 3, 2, SKIP_LAYOUT_FILTER1)};
static constexpr uint64_t fcBytes = 2 * 16 * 16 * 4, parameterBytes = fcBytes + 2 * 128,
                          groupOffset = 2 * parameterBytes + 2 * 128;
static constexpr SkipLoad state[] = {entry(5, SKIP_NO_TENSOR, 0, 2 * 16 * 16, 2, 17, 1, SKIP_LAYOUT_FILTER16),
                                     vector(1, fcBytes), vector(2, fcBytes + 128), vector(3, parameterBytes),
                                     vector(4, parameterBytes + 128)};

static constexpr SkipLoad folded() {
  SkipLoad load = vector(SKIP_NO_TENSOR, 0);
  load.gamma = 1;
  load.beta = 2;
  load.mean = 3;
  load.variance = 4;
  return load;
}
static constexpr SkipLoad inferenceLoads[] = {folded()};

static constexpr SkipExtent extents[] = {{4, 4}};
static constexpr SkipVariant variants[] = {{1, 0, 0, 0, 0, 0, extents, nullptr, nullptr, nullptr, nullptr, nullptr, 0, 0}};
static constexpr SkipPort inputs[] = {{"x", 1, SKIP_PORT_F32, {-1}}, {"labels", 1, SKIP_PORT_I32, {-1}}};
static constexpr SkipPort outputs[] = {{"loss", 1, SKIP_PORT_F32, {1}}, {"logits", 2, SKIP_PORT_F32, {-1, 2}}};

static constexpr SkipTargetImage target(const SkipLoad *loads, uint64_t bytes) {
  SkipTargetImage image = {};
  image.variantCount = 1;
  image.loadCount = 1;
  image.backend = &skipX86Backend;
  image.variants = variants;
  image.loads = loads;
  image.weightsBytes = bytes;
  return image;
}
static const SkipTargetImage inference = target(inferenceLoads, 128), training = target(frozen, frozen[0].bytes);

static constexpr SkipModelImage model(uint32_t inputCount, const SkipPort *firstOutput, uint32_t outputCount,
                                      const SkipTargetImage *target) {
  SkipModelImage image = {};
  image.abiVersion = SKIP_ABI_VERSION;
  image.inputCount = inputCount;
  image.outputCount = outputCount;
  image.tensorCount = sizeof tensors / sizeof *tensors;
  image.targetCount = 1;
  image.name = "fuzz";
  image.compiler = "by hand";
  image.inputs = inputs;
  image.outputs = firstOutput;
  image.tensors = tensors;
  image.targets = target;
  return image;
}

extern "C" const SkipModelImage skipModelImage = model(1, outputs + 1, 1, &inference);
extern "C" const SkipTrainingImage skipTrainingImage = {model(2, outputs, 2, &training),
                                                        sizeof state / sizeof *state,
                                                        0,
                                                        state,
                                                        nullptr,
                                                        fcBytes,
                                                        parameterBytes,
                                                        parameterBytes + 2 * 128,
                                                        groupOffset,
                                                        groupOffset};

static void require(bool holds, const char *what) { skip::fuzz::require(holds, what, skipmodel_last_error()); }

static skip_trainer *makeTrainer() {
  skip_model *model = nullptr;
  skip_trainer *trainer = nullptr;
  require(skipmodel_model_create(&model) == SKIP_OK, "there is a model");
  require(skipmodel_trainer_create(model, nullptr, &trainer) == SKIP_OK, "there is a trainer");
  require(skipmodel_trainer_init(trainer, 1) == SKIP_OK, "it has values");
  return trainer;
}

static std::string save(skip_trainer *trainer) {
  std::string bytes;
  auto append = [](void *user, const void *from, size_t count) {
    static_cast<std::string *>(user)->append(static_cast<const char *>(from), count);
    return 0;
  };
  require(skipmodel_trainer_save(trainer, nullptr, 0, append, &bytes) == SKIP_OK, "a state is saved");
  return bytes;
}

static void checkLoad(const uint8_t *file, size_t size, uint32_t flags) {
  static skip_trainer *trainer = makeTrainer(), *other = makeTrainer();
  std::string before = save(trainer);
  skip_status status = skipmodel_trainer_load_memory(trainer, file, size, flags);
  require(status == SKIP_OK || status == SKIP_BAD_WEIGHTS, "a file is good or bad");
  std::string after = save(trainer);
  if (status != SKIP_OK) {
    require(std::strlen(skipmodel_last_error()) > 0, "an error has a text");
    require(after == before, "a refused file changes nothing");
    return;
  }
  require(skipmodel_trainer_load_memory(other, after.data(), after.size(), 0) == SKIP_OK, "what was saved is loaded");
  require(save(other) == after, "and saved as the same bytes");
}

static void checkMetadata(const uint8_t *file, size_t size) {
  llvm::Expected<tool::Metadata> metadata = tool::readMetadata({reinterpret_cast<const char *>(file), size}, "fuzz");
  if (!metadata) {
    require(!llvm::toString(metadata.takeError()).empty(), "an error has a text");
    return;
  }
  tool::bestScoreIn(*metadata);
  tool::TrainingIdentity identity{"linear", 5, 200, {{"batch", "16"}}, "plan"};
  tool::resumeNotes(*metadata, identity, "fuzz");
  if (llvm::Expected<tool::TrainingMemory> memory = tool::resumeFrom(*metadata, identity, "fuzz"))
    require(memory->step >= 0, "a step is a number of steps");
  else
    require(!llvm::toString(memory.takeError()).empty(), "an error has a text");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A copy of exactly this size, so that a sanitizer sees any read beyond it.
  std::string exact(reinterpret_cast<const char *>(data), size);
  auto *bytes = reinterpret_cast<const uint8_t *>(exact.data());
  checkLoad(bytes, size, 0);
  checkLoad(bytes, size, SKIP_FRESH_MISSING);
  checkMetadata(bytes, size);
  return 0;
}
