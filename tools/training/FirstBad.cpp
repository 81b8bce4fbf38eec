// The run is the same as the one that failed, since bits depend on nothing but the state and the pictures.
#include "tools/training/FirstBad.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace skip;
using tool::Trainer;

/// Minus infinity is what a max pool's border may hold, and no more than a sign that something will go.
static bool isBad(float value) { return std::isnan(value) || value == INFINITY; }

static bool holdsBad(const SkipOperand &operand, const void *interior, int64_t images) {
  const char *begin = static_cast<const char *>(interior) - operand.origin;
  uint64_t bytes = operand.imageBytes ? operand.imageBytes * static_cast<uint64_t>(images) : operand.bytes;
  const auto *values = reinterpret_cast<const float *>(begin);
  return std::any_of(values, values + bytes / sizeof(float), isBad);
}

static const codegen::Variant &variantFor(const codegen::TrainingImage &image, int64_t images) {
  const std::vector<codegen::Variant> &variants = image.model.targets.front().variants;
  for (const codegen::Variant &variant : variants)
    if (variant.extents.front().bound >= images)
      return variant;
  return variants.back();
}

llvm::Expected<std::string> tool::firstBadLayer(Trainer &trainer, const codegen::TrainingImage &image, const float *pixels,
                                                size_t groupFloats, const int32_t *labels) {
  const codegen::Variant &variant = variantFor(image, trainer.shape().groupImages);
  std::string first;
  auto look = [&](const skip_step_event &event) {
    const codegen::Step &step = variant.steps[static_cast<size_t>(event.index)];
    size_t firstResult = step.operands.size() - static_cast<size_t>(event.result_count);
    for (size_t i = 0; first.empty() && i < static_cast<size_t>(event.result_count); ++i)
      if (holdsBad(step.operands[firstResult + i], event.results[i], event.images))
        first = event.name;
  };
  if (llvm::Error error = trainer.discard())
    return error;
  if (llvm::Error error = trainer.observe(look))
    return error;
  for (int64_t group = 0; first.empty() && group < trainer.shape().groups; ++group) {
    llvm::Expected<skip_training_result> result =
        trainer.gradients(pixels + static_cast<size_t>(group) * groupFloats, labels + group * trainer.shape().groupImages);
    if (!result)
      return result.takeError();
  }
  if (llvm::Error error = trainer.observe(nullptr))
    return error;
  if (llvm::Error error = trainer.discard())
    return error;
  return first;
}

std::string tool::layerOfStep(llvm::StringRef step, llvm::ArrayRef<std::string> layers) {
  for (llvm::StringRef name = step; !name.empty(); name = name.rsplit('.').first) {
    if (llvm::is_contained(layers, name))
      return name.str();
    if (!name.contains('.'))
      break;
  }
  return step.str();
}
