// Models: constant data and the choice of a body.
#include "runtime/CpuDispatch.h"
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/Objects.h"

using namespace skip::runtime;

namespace skip::runtime {

static bool runsHere(const SkipVariant &variant) { return variant.target == SKIP_TARGET_X86; }

const SkipVariant *variantFor(const skip_model &model, int64_t batch) {
  const SkipModelImage &image = *model.image;
  for (uint32_t i = 0; i < image.variantCount; ++i) // sorted by bound
    if (runsHere(image.variants[i]) && image.variants[i].extents[0].bound >= batch)
      return &image.variants[i];
  return nullptr;
}

skip_status createModel(const SkipModelImage &image, skip_model **model) {
  if (!model)
    return fail(SKIP_INVALID_ARGUMENT, "model_create: `model` is null");
  *model = nullptr;
  if (image.abiVersion != SKIP_ABI_VERSION)
    return fail(SKIP_INVALID_ARGUMENT, "model `%s` has plan version %u, its runtime reads %d: build the library again",
                image.name, image.abiVersion, SKIP_ABI_VERSION);
  SkipIsa isa = SKIP_ISA_AVX2;
  if (skip_status status = chooseIsa(builtIsas(image), cpuIsas(), getenv("SKIP_ISA"), isa); status != SKIP_OK)
    return status;
  skip_model *created = create<skip_model>();
  if (!created)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a model");
  created->image = &image;
  created->isa = isa;
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

} // namespace skip::runtime

extern "C" {

const char *skipmodel_last_error(void) { return lastErrorText(); }

skip_status skipmodel_model_create(skip_model **model) { return createModel(skipModelImage, model); }

void skipmodel_model_destroy(skip_model *model) { destroy(model); }

const char *skipmodel_model_isa(const skip_model *model) { return model ? isaName(model->isa) : ""; }

int64_t skipmodel_model_max_batch(const skip_model *model) {
  int64_t largest = 0;
  for (uint32_t i = 0; model && i < model->image->variantCount; ++i) {
    const SkipVariant &variant = model->image->variants[i];
    if (runsHere(variant) && variant.extents[0].bound > largest)
      largest = variant.extents[0].bound;
  }
  return largest;
}

int32_t skipmodel_model_input_count(const skip_model *model) {
  return model ? static_cast<int32_t>(model->image->inputCount) : 0;
}

int32_t skipmodel_model_output_count(const skip_model *model) {
  return model ? static_cast<int32_t>(model->image->outputCount) : 0;
}

skip_status skipmodel_model_input(const skip_model *model, int32_t index, skip_tensor_info *info) {
  if (!model)
    return fail(SKIP_INVALID_ARGUMENT, "model_input: `model` is null");
  return describe(model->image->inputs, model->image->inputCount, "input", index, info);
}

skip_status skipmodel_model_output(const skip_model *model, int32_t index, skip_tensor_info *info) {
  if (!model)
    return fail(SKIP_INVALID_ARGUMENT, "model_output: `model` is null");
  return describe(model->image->outputs, model->image->outputCount, "output", index, info);
}

size_t skipmodel_model_workspace_bytes(const skip_model *model, int64_t batch) {
  const SkipVariant *largest = model && batch >= 1 ? variantFor(*model, batch) : nullptr;
  if (!largest)
    return 0;
  uint64_t bytes = 64; // never 0, which means an error
  for (const SkipVariant *variant = model->image->variants; variant <= largest; ++variant)
    if (runsHere(*variant) && variant->workspaceBytes > bytes)
      bytes = variant->workspaceBytes; // smaller runs use smaller variants in the same memory
  return (bytes + 63) / 64 * 64;
}

size_t skipmodel_model_stack_bytes(const skip_model *model) {
  constexpr size_t page = 4096; // what threads' stacks come in
  return model ? (stackBytesOfRun(*model->image) + callerStackBytes + page - 1) / page * page : 0;
}

} // extern "C"
