// Matches a checkpoint's tensors with a model's and reports all differences at once.
#include "runtime/Checkpoint.h"

#include "runtime/CheckValues.h"
#include "runtime/Error.h"

#include <initializer_list>
#include <new>
#include <stdio.h>
#include <string.h>

namespace skip::runtime {

static constexpr char modulePrefix[] = "module.";
static constexpr size_t modulePrefixLength = sizeof(modulePrefix) - 1;

static bool isIgnored(const char *name) {
  static constexpr char counter[] = "num_batches_tracked";
  size_t length = strlen(name), counterLength = sizeof(counter) - 1;
  return length >= counterLength && strcmp(name + length - counterLength, counter) == 0 &&
         (length == counterLength || name[length - counterLength - 1] == '.');
}

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

/// Why nothing fits a file of which most tensors are called `module.`; empty for others.
struct PrefixHint {
  char text[4 * 200 + 160] = "";
  explicit PrefixHint(const Safetensors &tensors) {
    size_t prefixed = countPrefixed(tensors), at = 0;
    if (prefixed == 0 || prefixed == tensors.count())
      return;
    while (hasPrefix(tensors[at]))
      ++at;
    snprintf(text, sizeof(text),
             "; the prefix `module.` was kept, as only %zu of the file's %zu tensors have it (`%s` has not)", prefixed,
             tensors.count(), NameText(tensors[at].name).text);
  }
};

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

struct Differences {
  int64_t missing = 0, extra = 0, shape = 0, type = 0;
};

/// Counts the differences, or lists them when `list` is given. `known[i]`: the model has a tensor of file tensor i's name.
static Differences compare(const SkipModelImage &image, const Safetensors &tensors, const FileTensor **matches, bool *known,
                           ErrorList *list) {
  Differences seen;
  for (uint32_t i = 0; i < image.tensorCount; ++i) {
    const SkipTensor &wanted = image.tensors[i];
    ShapeText wantedShape(wanted.dims, wanted.rank);
    ptrdiff_t at = tensors.find(wanted.name);
    if (at < 0) {
      ++seen.missing;
      if (list)
        list->add("missing: `%s` %s", wanted.name, wantedShape.text);
      continue;
    }
    const FileTensor &found = tensors[static_cast<size_t>(at)];
    known[at] = true;
    matches[i] = &found;
    if (!sameShape(wanted, found)) {
      ++seen.shape;
      if (list)
        list->add("shape: `%s` is %s, the model needs %s", wanted.name, ShapeText(found.dims, found.rank).text,
                  wantedShape.text);
    } else if (found.type == ElementType::Other) {
      ++seen.type;
      if (list)
        list->add("type: `%s` is %s, the model reads F32, F16 and BF16", wanted.name, found.typeName);
    }
  }
  for (size_t i = 0; i < tensors.count(); ++i) {
    if (known[i] || isIgnored(tensors[i].name))
      continue;
    ++seen.extra;
    if (list)
      list->add("extra: `%s` %s", NameText(tensors[i].name).text, ShapeText(tensors[i].dims, tensors[i].rank).text);
  }
  return seen;
}

skip_status matchCheckpoint(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                            const char *path, Safetensors &tensors, const FileTensor **matches, LoadSummary &summary) {
  if (skip_status status = parsePlainly(tensors, file, bytes, path); status != SKIP_OK)
    return status;
  applyNamingRules(tensors, summary);
  Owned<bool> known(static_cast<bool *>(calloc(tensors.count() + 1, sizeof(bool))));
  if (!known)
    return fail(SKIP_OUT_OF_MEMORY, "no memory to match the tensors of `%s`", path);
  Differences seen = compare(image, tensors, matches, known.get(), nullptr);
  int64_t total = seen.missing + seen.extra + seen.shape + seen.type;
  if (total == 0)
    return checkValues(image, target, matches, path);
  ErrorList list(
      "`%s` is not a checkpoint of model `%s`: %lld of its %u tensors missing, %lld extra, %lld of another shape, %lld "
      "of another type%s",
      path, image.name, static_cast<long long>(seen.missing), image.tensorCount, static_cast<long long>(seen.extra),
      static_cast<long long>(seen.shape), static_cast<long long>(seen.type), PrefixHint(tensors).text);
  compare(image, tensors, matches, known.get(), &list);
  return list.finish(SKIP_BAD_WEIGHTS);
}

skip_status readSummary(const void *file, size_t bytes, const char *path, LoadSummary &summary) {
  Safetensors tensors;
  skip_status status = parsePlainly(tensors, file, bytes, path);
  if (status == SKIP_OK)
    applyNamingRules(tensors, summary);
  return status;
}

} // namespace skip::runtime
