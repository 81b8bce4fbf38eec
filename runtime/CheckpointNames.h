// How a checkpoint's tensors are called, and how messages show them: see Checkpoint.h for the rules.
#pragma once

#include "runtime/Checkpoint.h"
#include "runtime/Error.h"

#include <initializer_list>
#include <stdio.h>
#include <string.h>

namespace skip::runtime {

inline constexpr char modulePrefix[] = "module.";
inline constexpr size_t modulePrefixLength = sizeof(modulePrefix) - 1;

static bool hasPrefix(const FileTensor &tensor) { return strncmp(tensor.name, modulePrefix, modulePrefixLength) == 0; }

static size_t countPrefixed(const Safetensors &tensors) {
  size_t count = 0;
  for (size_t i = 0; i < tensors.count(); ++i)
    count += hasPrefix(tensors[i]);
  return count;
}

static void applyNamingRules(Safetensors &tensors, LoadSummary &summary) {
  summary = LoadSummary();
  summary.strippedPrefix = tensors.count() > 0 && countPrefixed(tensors) == tensors.count();
  if (summary.strippedPrefix)
    tensors.stripPrefix(modulePrefixLength);
  for (size_t i = 0; i < tensors.count(); ++i)
    summary.ignoredTensors += isIgnored(tensors[i].name);
}

/// `[64, 3, 7, 7]`, for messages.
struct ShapeText {
  char text[FileTensor::maxRank * 22 + 4];
  ShapeText(const int64_t *dims, int32_t rank) {
    size_t used = 0;
    text[used++] = '[';
    for (int32_t i = 0; i < rank && i < FileTensor::maxRank; ++i)
      used += static_cast<size_t>(
          snprintf(text + used, sizeof(text) - used, i == 0 ? "%lld" : ", %lld", static_cast<long long>(dims[i])));
    text[used++] = ']';
    text[used] = '\0';
  }
};

static bool sameShape(const SkipTensor &wanted, const FileTensor &found) {
  return wanted.rank == found.rank && memcmp(wanted.dims, found.dims, sizeof(int64_t) * static_cast<size_t>(found.rank)) == 0;
}

} // namespace skip::runtime
