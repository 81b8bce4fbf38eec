// trainer_init, trainer_load_*, trainer_save and trainer_weights: values in and out.
#include "runtime/training/Values.h"

#include "runtime/Error.h"
#include "runtime/LoadTable.h"
#include "runtime/MappedFile.h"
#include "runtime/training/Checkpoints.h"

#include <string.h>

using namespace skip::runtime;

namespace skip::runtime {

Role roleOf(const SkipTargetImage &inference, uint32_t tensor) {
  auto is = [&](int32_t index) { return index == static_cast<int32_t>(tensor); };
  for (uint32_t i = 0; i < inference.loadCount; ++i) {
    const SkipLoad &load = inference.loads[i];
    if (is(load.source))
      return Role::Filter;
    if (is(load.gamma))
      return Role::Scale;
    if (is(load.variance))
      return Role::Variance;
  }
  return Role::Other;
}

float *valuesOf(const skip_trainer &trainer, uint32_t tensor) {
  const SkipLoad *entry = trainer.entryOf(tensor);
  return entry ? reinterpret_cast<float *>(trainer.state + entry->offset) : trainer.frozenOf(tensor);
}

/// Makes the gradients' weights segment of the values that tensors have now.
static skip_status packFrozen(skip_trainer &trainer) {
  const SkipTargetImage &target = *trainer.model->target;
  if (target.weightsBytes == 0)
    return SKIP_OK;
  Bytes bytes;
  if (skip_status status = writeCheckpoint(trainer, bytes); status != SKIP_OK)
    return status;
  return packWeights(trainer.image->model, target, bytes.data(), bytes.size(), "(trainer)", trainer.frozen.owned);
}

static skip_status load(skip_trainer &trainer, const void *data, size_t bytes, const char *path, uint32_t flags) {
  if (skip_status status = loadCheckpoint(trainer, data, bytes, path, flags); status != SKIP_OK)
    return status;
  discardStep(trainer);
  return packFrozen(trainer);
}

static skip_status checkLoad(const skip_trainer *trainer, const char *call, const void *from, const char *what,
                             uint32_t flags) {
  if (skip_status status = checkOwn(trainer, call); status != SKIP_OK)
    return status;
  if (!from)
    return fail(SKIP_INVALID_ARGUMENT, "%s: `%s` is null", call, what);
  if (flags & ~uint32_t{SKIP_FRESH_MISSING})
    return fail(SKIP_INVALID_ARGUMENT, "%s: no such flags, %u", call, flags);
  return SKIP_OK;
}

static skip_status checkSave(const skip_trainer *trainer, const skip_metadata *metadata, int32_t count, skip_write write) {
  if (skip_status status = checkOwn(trainer, "trainer_save"); status != SKIP_OK)
    return status;
  if (!write)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_save: `write` is null");
  if (count < 0 || (count > 0 && !metadata))
    return fail(SKIP_INVALID_ARGUMENT, "trainer_save: `metadata` is null or of %d texts", count);
  for (int32_t i = 0; i < count; ++i)
    if (!metadata[i].key || !metadata[i].value)
      return fail(SKIP_INVALID_ARGUMENT, "trainer_save: text %d of the metadata is null", i);
  for (int32_t i = 0; i < count; ++i)
    for (int32_t j = 0; j < i; ++j)
      if (strcmp(metadata[i].key, metadata[j].key) == 0)
        return fail(SKIP_INVALID_ARGUMENT, "trainer_save: the metadata has two texts `%.100s`", metadata[i].key);
  return SKIP_OK;
}

} // namespace skip::runtime

extern "C" {

skip_status skipmodel_trainer_init(skip_trainer *trainer, uint64_t seed) {
  if (skip_status status = checkOwn(trainer, "trainer_init"); status != SKIP_OK)
    return status;
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_init");
  discardStep(*trainer);
  fillFresh(*trainer, Threads(*trainer), seed);
  trainer->draw = {seed, 0, 0};
  return packFrozen(*trainer);
}

skip_status skipmodel_trainer_load_file(skip_trainer *trainer, const char *path, uint32_t flags) {
  if (skip_status status = checkLoad(trainer, "trainer_load_file", path, "path", flags); status != SKIP_OK)
    return status;
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_load_file");
  MappedFile file;
  if (skip_status status = file.open(path); status != SKIP_OK)
    return status;
  return load(*trainer, file.data(), file.size(), path, flags);
}

skip_status skipmodel_trainer_load_memory(skip_trainer *trainer, const void *data, size_t bytes, uint32_t flags) {
  if (skip_status status = checkLoad(trainer, "trainer_load_memory", data, "data", flags); status != SKIP_OK)
    return status;
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_load_memory");
  return load(*trainer, data, bytes, "(memory)", flags);
}

skip_status skipmodel_trainer_save(const skip_trainer *trainer, const skip_metadata *metadata, int32_t metadata_count,
                                   skip_write write, void *user) {
  if (skip_status status = checkSave(trainer, metadata, metadata_count, write); status != SKIP_OK)
    return status;
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_save");
  if (skip_status status = checkFinite(*trainer); status != SKIP_OK)
    return status;
  return writeCheckpoint(*trainer, /*withMomentum=*/true, metadata, metadata_count, write, user);
}

skip_status skipmodel_trainer_weights(const skip_trainer *trainer, skip_weights **weights) {
  if (!weights)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_weights: `weights` is null");
  *weights = nullptr;
  if (skip_status status = checkOwn(trainer, "trainer_weights"); status != SKIP_OK)
    return status;
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_weights");
  Bytes bytes;
  if (skip_status status = writeCheckpoint(*trainer, bytes); status != SKIP_OK)
    return status;
  return skipmodel_weights_load_memory(trainer->inference, bytes.data(), bytes.size(), weights);
}

} // extern "C"
