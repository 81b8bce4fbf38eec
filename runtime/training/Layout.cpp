// Sizes are computed once and in one place, so that what the caller is told and what is used are the same.
#include "runtime/training/Layout.h"

#include "runtime/Error.h"
#include "runtime/LoadTable.h"

#include <initializer_list>
#include <string.h>

namespace skip::runtime {

static constexpr int64_t mostGroups = int64_t{1} << 20;

int64_t elementsOf(const SkipTensor &tensor) {
  int64_t product = 1;
  for (int32_t i = 0; i < tensor.rank; ++i)
    product *= tensor.dims[i];
  return product;
}

static int64_t mostImages(const SkipTrainingImage &image) {
  const SkipTargetImage &target = image.model.targets[0];
  return target.variants[target.variantCount - 1].extents[0].bound; // sorted
}

skip_status completeOptions(const skip_model *model, const char *call, const skip_trainer_options *options,
                            skip_trainer_options &complete) {
  if (skip_status status = checkOwn(model, call); status != SKIP_OK)
    return status;
  complete = options ? *options : skip_trainer_options{};
  int64_t most = mostImages(skipTrainingImage);
  complete.max_group = complete.max_group == 0 ? most : complete.max_group;
  complete.groups = complete.groups == 0 ? 1 : complete.groups;
  if (complete.max_group < 1 || complete.max_group > most)
    return fail(SKIP_INVALID_ARGUMENT, "%s: max_group is %lld, the library was built for groups of 1 to %lld images", call,
                static_cast<long long>(complete.max_group), static_cast<long long>(most));
  if (complete.groups < 1 || complete.groups > mostGroups)
    return fail(SKIP_INVALID_ARGUMENT, "%s: %lld groups; 1 to %lld", call, static_cast<long long>(complete.groups),
                static_cast<long long>(mostGroups));
  if (complete.pool && complete.parallel_for)
    return fail(SKIP_INVALID_ARGUMENT, "%s: give a pool or a parallel_for, not both", call);
  return complete.pool ? checkOwn(*complete.pool, call) : SKIP_OK;
}

static bool isFrozen(const SkipTrainingImage &image, uint32_t tensor) {
  for (uint32_t i = 0; i < image.stateCount; ++i)
    for (int32_t source : {image.state[i].source, image.state[i].bias})
      if (source == static_cast<int32_t>(tensor))
        return false;
  return true;
}

/// Sums that may wait at once: none of one group; a step's last group waits in the gradients themselves.
static uint64_t levelsOf(int64_t groups) {
  uint64_t levels = 0;
  for (int64_t before = groups - 1; before > 0; before /= 2)
    ++levels;
  return levels;
}

static uint64_t roundToLine(uint64_t bytes) { return (bytes + 63) / 64 * 64; }

uint64_t frozenBytes(const SkipTensor &tensor) {
  return roundToLine(static_cast<uint64_t>(elementsOf(tensor)) * sizeof(float));
}

StateLayout layoutOf(const SkipTrainingImage &image, const skip_trainer_options &options) {
  uint64_t at = 0;
  auto take = [&](uint64_t bytes) {
    uint64_t begin = at;
    at += roundToLine(bytes);
    return begin;
  };
  take(image.stateBytes);
  StateLayout layout;
  layout.momentum = take(image.parameterBytes);
  layout.partials = take(levelsOf(options.groups) * image.parameterBytes);
  layout.groupStatistics = take(static_cast<uint64_t>(options.groups) * (image.stateBytes - image.groupOffset));
  layout.frozen = at;
  for (uint32_t i = 0; i < image.model.tensorCount; ++i)
    if (isFrozen(image, i))
      at += frozenBytes(image.model.tensors[i]);
  layout.bytes = at > 0 ? at : 64;
  return layout;
}

uint64_t workspaceBytesOf(const SkipTrainingImage &image, const skip_trainer_options &options) {
  skip_model model{&image.model, &image.model.targets[0], 0};
  return workspaceBytes(model, options.max_group);
}

static skip_status defect(const SkipTrainingImage &image, const char *what) {
  return fail(SKIP_INVALID_ARGUMENT,
              "%s of model `%s`'s training contradict themselves: a defect of the compiler that built this library", what,
              image.model.name);
}

/// A parameter or a running statistic, as it is in a checkpoint.
static bool isPlain(const SkipTrainingImage &image, const SkipLoad &load) {
  bool isFilter = load.kind == SKIP_LOAD_CONV_WEIGHT;
  for (int32_t folded : {load.gamma, load.beta, load.mean, load.variance, isFilter ? load.bias : load.source})
    if (folded != SKIP_NO_TENSOR)
      return false;
  return (isFilter || (load.kind == SKIP_LOAD_BIAS && load.bias != SKIP_NO_TENSOR)) && load.layout != SKIP_LAYOUT_KRSC &&
         load.accumulate == 0 && load.balance == 0 && load.offset + load.bytes <= image.gradientOffset &&
         (load.offset >= image.parameterBytes || load.offset + load.bytes <= image.parameterBytes);
}

static bool areStatisticsSound(const SkipTrainingImage &image) {
  for (uint32_t i = 0; i < image.statisticCount; ++i) {
    const SkipStatistic &statistic = image.statistics[i];
    if (statistic.running < image.parameterBytes || statistic.bytes > image.stateBytes ||
        statistic.running + statistic.bytes > image.gradientOffset || statistic.group < image.groupOffset ||
        statistic.group > image.stateBytes - statistic.bytes || (statistic.running | statistic.group) % 64 != 0)
      return false;
  }
  return true;
}

static bool arePartsSound(const SkipTrainingImage &image) {
  return image.decayedBytes <= image.parameterBytes && image.parameterBytes <= image.gradientOffset &&
         image.gradientOffset <= image.groupOffset && image.groupOffset <= image.stateBytes &&
         image.parameterBytes <= image.groupOffset - image.gradientOffset &&
         (image.decayedBytes | image.parameterBytes | image.gradientOffset | image.groupOffset | image.stateBytes) % 64 == 0;
}

/// Behind the inputs of inference the labels, and before these the draws where there are any.
static bool arePortsSound(const SkipModelImage &training, const SkipModelImage &inference) {
  uint32_t count = training.inputCount, first = inference.inputCount;
  if (count != first + 1 && count != first + 2)
    return false;
  for (uint32_t i = first; i < count; ++i)
    if (training.inputs[i].element != SKIP_PORT_I32 || training.inputs[i].rank != 1)
      return false;
  return training.outputCount == 2 && training.outputs[1].rank == 2;
}

static bool areTensorsSame(const SkipModelImage &training, const SkipModelImage &inference) {
  if (training.tensorCount != inference.tensorCount)
    return false;
  for (uint32_t i = 0; i < training.tensorCount; ++i)
    if (strcmp(training.tensors[i].name, inference.tensors[i].name) != 0)
      return false;
  return true;
}

skip_status checkTrainingImage(const SkipTrainingImage &image, const skip_model &inference) {
  SkipTargetImage state = image.model.targets[0];
  state.loads = image.state;
  state.loadCount = image.stateCount;
  state.weightsBytes = image.gradientOffset;
  if (!arePartsSound(image))
    return defect(image, "the parts of the state");
  if (skip_status status = checkLoadTable(image.model, state); status != SKIP_OK)
    return status;
  for (uint32_t i = 0; i < image.stateCount; ++i)
    if (!isPlain(image, image.state[i]))
      return defect(image, "the entries of the state");
  if (!areStatisticsSound(image))
    return defect(image, "the statistics");
  if (!arePortsSound(image.model, *inference.image))
    return defect(image, "the inputs and outputs");
  return areTensorsSame(image.model, *inference.image) ? SKIP_OK : defect(image, "the tensors");
}

} // namespace skip::runtime
