// Reads every element of a checkpoint's tensors once, and lists the tensors in which some are no use to a network.
#include "runtime/CheckValues.h"

#include "runtime/Element.h"
#include "runtime/Error.h"
#include "runtime/Memory.h"

#include <string.h>

namespace skip::runtime {

/// The elements of one tensor that fail a test: how many, and the first of them.
struct Bad {
  int64_t count = 0, first = -1;
  float value = 0;
};

static bool isNegative(float value) { return value < 0; }

static bool isNotFinite(float value) {
  constexpr uint32_t exponent = 0x7F800000;
  return (__builtin_bit_cast(uint32_t, value) & exponent) == exponent;
}

template <typename Element, bool (*isBad)(float)> static Bad findAs(const FileTensor &tensor) {
  Bad bad;
  for (int64_t i = 0; i < tensor.elements; ++i) {
    float value = Element::read(tensor.data + i * Element::bytes);
    if (!isBad(value))
      continue;
    if (bad.count++ == 0)
      bad.first = i, bad.value = value;
  }
  return bad;
}

template <bool (*isBad)(float)> static Bad find(const FileTensor &tensor) {
  switch (tensor.type) {
  case ElementType::F32:
    return findAs<ElementF32, isBad>(tensor);
  case ElementType::F16:
    return findAs<ElementF16, isBad>(tensor);
  case ElementType::BF16:
    return findAs<ElementBF16, isBad>(tensor);
  case ElementType::Other:
    break;
  }
  __builtin_trap(); // such tensors were refused
}

/// What is wrong with each tensor of the model, which is at most one thing.
struct Findings {
  Owned<Bad> notFinite, negative; // by the image's tensors
  int64_t notFiniteTensors = 0, negativeTensors = 0;
};

static skip_status search(const SkipModelImage &image, const SkipTargetImage &target, const FileTensor *const *matches,
                          const char *path, Findings &found) {
  found.notFinite.reset(static_cast<Bad *>(calloc(size_t{image.tensorCount} + 1, sizeof(Bad))));
  found.negative.reset(static_cast<Bad *>(calloc(size_t{image.tensorCount} + 1, sizeof(Bad))));
  if (!found.notFinite || !found.negative)
    return fail(SKIP_OUT_OF_MEMORY, "no memory to check the tensors of `%s`", path);
  for (uint32_t i = 0; i < image.tensorCount; ++i) {
    found.notFinite[i] = find<isNotFinite>(*matches[i]);
    found.notFiniteTensors += found.notFinite[i].count > 0;
  }
  for (uint32_t i = 0; i < target.loadCount; ++i) { // the load table says which tensors are variances
    int32_t variance = target.loads[i].variance;
    if (variance == SKIP_NO_TENSOR || found.notFinite[variance].count > 0 || found.negative[variance].count > 0)
      continue;
    found.negative[variance] = find<isNegative>(*matches[variance]);
    found.negativeTensors += found.negative[variance].count > 0;
  }
  return SKIP_OK;
}

/// The whole is counted without a branch, so that the loop vectorises: memory is the limit.
template <typename Word, Word exponent> static uint64_t countExponents(const void *values, uint64_t count) {
  uint64_t found = 0;
  for (uint64_t i = 0; i < count; ++i) {
    Word word;
    memcpy(&word, static_cast<const char *>(values) + i * sizeof word, sizeof word);
    found += (word & exponent) == exponent;
  }
  return found;
}

uint64_t countNotFinite(uint32_t element, const void *values, uint64_t count) {
  switch (static_cast<SkipElement>(element)) {
  case SKIP_ELEMENT_F16:
    return countExponents<uint16_t, 0x7C00>(values, count);
  case SKIP_ELEMENT_BF16:
    return countExponents<uint16_t, 0x7F80>(values, count);
  case SKIP_ELEMENT_F32:
  case SKIP_ELEMENT_TF32:
    return countExponents<uint32_t, 0x7F800000>(values, count);
  }
  __builtin_trap();
}

static void add(ErrorList &list, const char *what, const SkipTensor &tensor, const Bad &bad, int64_t elements) {
  if (bad.count > 0)
    list.add("%s: `%s`: %lld of %lld elements, the first is %g at index %lld", what, tensor.name,
             static_cast<long long>(bad.count), static_cast<long long>(elements), static_cast<double>(bad.value),
             static_cast<long long>(bad.first));
}

skip_status checkValues(const SkipModelImage &image, const SkipTargetImage &target, const FileTensor *const *matches,
                        const char *path) {
  Findings found;
  if (skip_status status = search(image, target, matches, path, found); status != SKIP_OK)
    return status;
  if (found.notFiniteTensors + found.negativeTensors == 0)
    return SKIP_OK;
  ErrorList list("`%s` holds values that model `%s` cannot compute with: %lld of its %u tensor%s with NaN or infinity, %lld "
                 "with a negative variance",
                 path, image.name, static_cast<long long>(found.notFiniteTensors), image.tensorCount,
                 image.tensorCount == 1 ? "" : "s", static_cast<long long>(found.negativeTensors));
  for (uint32_t i = 0; i < image.tensorCount; ++i) {
    add(list, "not finite", image.tensors[i], found.notFinite[i], matches[i]->elements);
    add(list, "negative variance", image.tensors[i], found.negative[i], matches[i]->elements);
  }
  return list.finish(SKIP_BAD_WEIGHTS);
}

} // namespace skip::runtime
