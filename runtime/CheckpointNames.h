// How a checkpoint's tensors are called, and how messages show them: see Checkpoint.h for the rules.
#pragma once

#include "runtime/Checkpoint.h"
#include "runtime/Error.h"

#include <initializer_list>
#include <new>
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

/// A text from a file, for messages: control characters, which a terminal would obey, as `\x1b`. Of more than `maxLength`
/// bytes only the first.
template <size_t maxLength> struct PlainText {
  char text[4 * maxLength + 1];
  explicit PlainText(const char *from) {
    static constexpr char digits[] = "0123456789abcdef";
    size_t used = 0;
    for (size_t i = 0; i < maxLength && from[i]; ++i) {
      uint8_t byte = static_cast<uint8_t>(from[i]), before = i > 0 ? static_cast<uint8_t>(from[i - 1]) : 0;
      uint8_t next = static_cast<uint8_t>(from[i + 1]);
      bool c1 = (byte == 0xC2 && next >= 0x80 && next < 0xA0) || (before == 0xC2 && byte < 0xA0); // U+0080 to U+009F
      if (byte >= 0x20 && byte != 0x7F && !c1) {
        text[used++] = from[i];
        continue;
      }
      for (char character : {'\\', 'x', digits[byte >> 4], digits[byte & 15]})
        text[used++] = character;
    }
    text[used] = '\0';
  }
};
using NameText = PlainText<200>;

/// The texts about a broken header quote names as they stand there.
static skip_status parsePlainly(Safetensors &tensors, const void *file, size_t bytes, const char *path) {
  skip_status status = tensors.parse(file, bytes, path);
  if (status == SKIP_OK)
    return status;
  Owned<PlainText<8192>> plain(static_cast<PlainText<8192> *>(malloc(sizeof(PlainText<8192>))));
  if (!plain)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a text about `%s`", path);
  new (plain.get()) PlainText<8192>(lastErrorText());
  return fail(status, "%s", plain.get()->text);
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
