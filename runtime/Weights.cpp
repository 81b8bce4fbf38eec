// Weights: a segment from a checkpoint, a packed file, memory, or the library itself.
#include "runtime/Error.h"
#include "runtime/LoadTable.h"
#include "runtime/MappedFile.h"
#include "runtime/Memory.h"
#include "runtime/Objects.h"
#include "runtime/PackedFile.h"

#include <string.h>
#include <sys/mman.h>

using namespace skip::runtime;

namespace skip::runtime {

static skip_status checkArguments(const char *call, const skip_model *model, skip_weights **weights) {
  if (!weights)
    return fail(SKIP_INVALID_ARGUMENT, "%s: `weights` is null", call);
  *weights = nullptr;
  return checkOwn(model, call);
}

/// Where weights lie.
struct Segment {
  const SkipTargetImage *target = nullptr;
  const void *memory = nullptr;
  void *owned = nullptr;
  void *mapping = nullptr;
  size_t mappingBytes = 0;
};

static skip_status publish(const Segment &segment, skip_weights **weights) {
  skip_weights *created = create<skip_weights>();
  if (!created)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a weights object");
  created->target = segment.target;
  created->segment = segment.memory;
  created->owned = segment.owned;
  created->mapping = segment.mapping;
  created->mappingBytes = segment.mappingBytes;
  *weights = created;
  return SKIP_OK;
}

/// Weights in memory of their own, from a checkpoint or a packed image at `data`.
static skip_status copyWeights(const skip_model &model, const void *data, size_t bytes, const char *path,
                               skip_weights **weights) {
  const SkipModelImage &image = *model.image;
  const SkipTargetImage &target = *model.target;
  Owned<void> segment(allocateAligned(target.weightsBytes));
  if (!segment)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for %llu bytes of weights",
                static_cast<unsigned long long>(target.weightsBytes));
  skip_status status;
  if (isPacked(data, bytes)) {
    status = checkPacked(image, target, data, bytes, path);
    if (status == SKIP_OK)
      memcpy(segment.get(), static_cast<const char *>(data) + sizeof(PackedHeader), target.weightsBytes);
  } else {
    status = packWeights(image, target, data, bytes, path, segment.get());
  }
  if (status != SKIP_OK)
    return status;
  status = publish({.target = &target, .memory = segment.get(), .owned = segment.get()}, weights);
  if (status == SKIP_OK)
    segment.release();
  return status;
}

/// Weights used straight from the mapping of a packed file. Its values are not looked at: that would read the whole file, where
/// loading costs the header's page alone.
static skip_status mapWeights(const skip_model &model, MappedFile &file, const char *path, skip_weights **weights) {
  if (skip_status status = checkPackedHeader(*model.image, *model.target, file.data(), file.size(), path); status != SKIP_OK)
    return status;
  skip_status status = publish({.target = model.target,
                                .memory = file.data() + sizeof(PackedHeader),
                                .mapping = const_cast<uint8_t *>(file.data()),
                                .mappingBytes = file.size()},
                               weights);
  if (status == SKIP_OK)
    file.release();
  return status;
}

} // namespace skip::runtime

extern "C" {

skip_status skipmodel_weights_embedded(const skip_model *model, skip_weights **weights) {
  if (skip_status status = checkArguments("weights_embedded", model, weights); status != SKIP_OK)
    return status;
  const SkipTargetImage &target = *model->target;
  if (!target.embeddedWeights && target.weightsBytes > 0)
    return fail(SKIP_NO_WEIGHTS, "model `%s` was built without embedded weights: load a checkpoint", model->image->name);
  return publish({.target = &target, .memory = target.embeddedWeights}, weights);
}

skip_status skipmodel_weights_load_file(const skip_model *model, const char *path, skip_weights **weights) {
  if (skip_status status = checkArguments("weights_load_file", model, weights); status != SKIP_OK)
    return status;
  if (!path)
    return fail(SKIP_INVALID_ARGUMENT, "weights_load_file: `path` is null");
  MappedFile file;
  if (skip_status status = file.open(path); status != SKIP_OK)
    return status;
  if (isPacked(file.data(), file.size()))
    return mapWeights(*model, file, path, weights);
  return copyWeights(*model, file.data(), file.size(), path, weights);
}

skip_status skipmodel_weights_load_memory(const skip_model *model, const void *data, size_t bytes, skip_weights **weights) {
  if (skip_status status = checkArguments("weights_load_memory", model, weights); status != SKIP_OK)
    return status;
  if (!data)
    return fail(SKIP_INVALID_ARGUMENT, "weights_load_memory: `data` is null");
  return copyWeights(*model, data, bytes, "(memory)", weights);
}

void skipmodel_weights_destroy(skip_weights *weights) {
  if (!weights)
    return;
  weights->target->backend->releaseWeights(*weights);
  free(weights->owned);
  if (weights->mapping)
    munmap(weights->mapping, weights->mappingBytes);
  destroy(weights);
}

} // extern "C"
