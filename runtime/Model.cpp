// Models: constant data, and the choice of a target and its body.
#include "runtime/Cpu.h"
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/Objects.h"
#include "runtime/Stack.h"

#include <stdio.h>
#include <string.h>

using namespace skip::runtime;

namespace skip::runtime {

const SkipVariant *variantFor(const skip_model &model, int64_t batch) {
  const SkipTargetImage &target = *model.target;
  for (uint32_t i = 0; i < target.variantCount; ++i) // sorted by bound
    if (target.variants[i].extents[0].bound >= batch)
      return &target.variants[i];
  return nullptr;
}

int64_t largestBatch(const skip_model &model) {
  int64_t largest = 0;
  for (uint32_t i = 0; i < model.target->variantCount; ++i)
    if (int64_t bound = model.target->variants[i].extents[0].bound; bound > largest)
      largest = bound;
  return largest;
}

size_t workspaceBytes(const skip_model &model, int64_t batch) {
  const SkipVariant *largest = batch >= 1 ? variantFor(model, batch) : nullptr;
  if (!largest)
    return 0;
  uint64_t bytes = 64; // never 0, which means an error
  for (const SkipVariant *variant = model.target->variants; variant <= largest; ++variant)
    if (variant->workspaceBytes > bytes)
      bytes = variant->workspaceBytes; // smaller runs use smaller variants in the same memory
  return (bytes + 63) / 64 * 64;
}

static bool isNamed(const SkipTargetImage &target, const char *name) { return strcmp(target.backend->target, name) == 0; }

static skip_status noSuchTarget(const SkipModelImage &image, const char *name) {
  ErrorList list("there is no target `%.100s` in model `%s`'s library, which was built for:", name, image.name);
  for (uint32_t i = 0; i < image.targetCount; ++i)
    list.add("%s", image.targets[i].backend->target);
  return list.finish(SKIP_INVALID_ARGUMENT);
}

namespace {
/// What each target that was tried had to say, since the next one's words take the place of its own.
class Reasons {
public:
  void add(const char *target) {
    int written = snprintf(text + used, sizeof text - used, "\n  %s: %s", target, lastErrorText());
    used = written < 0 || static_cast<size_t>(written) >= sizeof text - used ? sizeof text - 1
                                                                             : used + static_cast<size_t>(written);
  }
  const char *all() const { return text; }

private:
  char text[4096] = "";
  size_t used = 0;
};
} // namespace

/// The first target that runs here, of those called `wanted` (null: any).
static skip_status chooseTarget(const SkipModelImage &image, const char *wanted, int32_t device, skip_model &model) {
  skip_status status = SKIP_OK;
  uint32_t tried = 0;
  Reasons reasons;
  for (uint32_t i = 0; i < image.targetCount; ++i) {
    const SkipTargetImage &target = image.targets[i];
    if (wanted && !isNamed(target, wanted))
      continue;
    model = {.image = &image, .target = &target, .body = 0};
    skip_status opened = target.backend->open(model, device);
    if (opened == SKIP_OK)
      return SKIP_OK;
    status = status == SKIP_INVALID_ARGUMENT ? status : opened; // the caller's mistake, whatever else there is
    reasons.add(target.backend->target);
    ++tried;
  }
  if (tried == 0)
    return noSuchTarget(image, wanted ? wanted : "");
  return tried == 1 ? status : failLines(status, "none of the targets of model `%s` runs here:%s", image.name, reasons.all());
}

skip_status createModel(const SkipModelImage &image, const skip_model_options &options, skip_model **model) {
  if (!model)
    return fail(SKIP_INVALID_ARGUMENT, "model_create: `model` is null");
  *model = nullptr;
  if (image.abiVersion != SKIP_ABI_VERSION)
    return fail(SKIP_INVALID_ARGUMENT, "model `%s` has plan version %u, its runtime reads %d: build the library again",
                image.name, image.abiVersion, SKIP_ABI_VERSION);
  const char *forced = getenv("SKIP_TARGET");
  const char *wanted = options.target && *options.target ? options.target : forced && *forced ? forced : nullptr;
  skip_model chosen;
  if (skip_status status = chooseTarget(image, wanted, options.device, chosen); status != SKIP_OK)
    return status;
  skip_model *created = create<skip_model>();
  if (!created) {
    chosen.target->backend->close(chosen);
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a model");
  }
  *created = chosen;
  created->avx2 = hasAvx2();
  *model = created;
  return SKIP_OK;
}

static skip_status describe(const SkipPort *ports, uint32_t count, const char *what, int32_t index, skip_tensor_info *info) {
  if (!info)
    return fail(SKIP_INVALID_ARGUMENT, "model_%s: `info` is null", what);
  if (index < 0 || static_cast<uint32_t>(index) >= count)
    return fail(SKIP_INVALID_ARGUMENT, "model_%s: no %s %d, the model has %u", what, what, index, count);
  *info = {};
  info->name = ports[index].name;
  info->rank = ports[index].rank;
  for (int32_t i = 0; i < info->rank && i < SKIP_MAX_RANK; ++i)
    info->dims[i] = ports[index].dims[i];
  return SKIP_OK;
}

static skip_status describePicture(const SkipModelImage &image, int32_t index, skip_picture_info *info) {
  *info = {};
  if (index < 0 || static_cast<uint32_t>(index) >= image.inputCount)
    return fail(SKIP_INVALID_ARGUMENT, "model_picture: no input %d, the model has %u", index, image.inputCount);
  const SkipPort &port = image.inputs[index];
  if (!takesPictures(image, index))
    return fail(SKIP_INVALID_ARGUMENT,
                "model_picture: the input `%s` of model `%s` takes no pictures: it has not one or three channels", port.name,
                image.name);
  const SkipPicture &rule = image.pictures[index];
  info->channels = static_cast<int32_t>(rule.channels);
  info->height = port.dims[2];
  info->width = port.dims[3];
  info->resize = rule.resize[1] > 0 ? 0 : rule.resize[0];
  info->resize_height = rule.resize[1] > 0 ? rule.resize[0] : 0;
  info->resize_width = rule.resize[1];
  info->crop = rule.crop;
  info->bicubic = rule.filter == SKIP_FILTER_BICUBIC;
  for (uint32_t channel = 0; channel < rule.channels; ++channel) {
    info->mean[channel] = rule.mean[channel];
    info->std[channel] = rule.deviation[channel] == 0 ? 1 : rule.deviation[channel];
  }
  return SKIP_OK;
}

} // namespace skip::runtime

/// Of calls without a status: no model has nothing to tell, and the last error stays as it is.
static bool tellsOf(const skip_model *model, const char *call) { return model && checkOwn(*model, call, "model") == SKIP_OK; }

extern "C" {

skip_status skipmodel_model_picture(const skip_model *model, int32_t index, skip_picture_info *info) {
  if (skip_status status = checkOwn(model, "model_picture"); status != SKIP_OK)
    return status;
  if (!info)
    return fail(SKIP_INVALID_ARGUMENT, "model_picture: `info` is null");
  return describePicture(*model->image, index, info);
}

const char *skipmodel_model_class_name(const skip_model *model, int32_t output, int64_t index) {
  if (!tellsOf(model, "model_class_name") || output < 0 || static_cast<uint32_t>(output) >= model->image->outputCount ||
      !model->image->classes)
    return nullptr;
  const SkipClasses &classes = model->image->classes[output];
  return index >= 0 && static_cast<uint64_t>(index) < classes.count ? classes.names[index] : nullptr;
}

const char *skipmodel_last_error(void) { return lastErrorText(); }

skip_status skipmodel_model_create(skip_model **model) { return createModel(skipModelImage, {}, model); }

skip_status skipmodel_model_create_for(const skip_model_options *options, skip_model **model) {
  return createModel(skipModelImage, options ? *options : skip_model_options{}, model);
}

void skipmodel_model_destroy(skip_model *model) {
  if (!model)
    return;
  model->target->backend->close(*model);
  destroy(model);
}

const char *skipmodel_model_target(const skip_model *model) {
  return tellsOf(model, "model_target") ? model->target->backend->target : "";
}

const char *skipmodel_model_isa(const skip_model *model) {
  return tellsOf(model, "model_isa") ? model->target->backend->bodyName(model->body) : "";
}

int64_t skipmodel_model_max_batch(const skip_model *model) {
  return tellsOf(model, "model_max_batch") ? largestBatch(*model) : 0;
}

int32_t skipmodel_model_input_count(const skip_model *model) {
  return tellsOf(model, "model_input_count") ? static_cast<int32_t>(model->image->inputCount) : 0;
}

int32_t skipmodel_model_output_count(const skip_model *model) {
  return tellsOf(model, "model_output_count") ? static_cast<int32_t>(model->image->outputCount) : 0;
}

skip_status skipmodel_model_input(const skip_model *model, int32_t index, skip_tensor_info *info) {
  if (skip_status status = checkOwn(model, "model_input"); status != SKIP_OK)
    return status;
  return describe(model->image->inputs, model->image->inputCount, "input", index, info);
}

skip_status skipmodel_model_output(const skip_model *model, int32_t index, skip_tensor_info *info) {
  if (skip_status status = checkOwn(model, "model_output"); status != SKIP_OK)
    return status;
  return describe(model->image->outputs, model->image->outputCount, "output", index, info);
}

size_t skipmodel_model_workspace_bytes(const skip_model *model, int64_t batch) {
  return tellsOf(model, "model_workspace_bytes") ? workspaceBytes(*model, batch) : 0;
}

size_t skipmodel_model_stack_bytes(const skip_model *model) {
  constexpr size_t page = 4096; // what threads' stacks come in
  if (!tellsOf(model, "model_stack_bytes"))
    return 0;
  return (stackBytesOfRun(*model->image) + callerStackBytes + page - 1) / page * page;
}

} // extern "C"
