// Matches a checkpoint's tensors with a model's and reports all differences at once.
#include "runtime/Checkpoint.h"

#include "runtime/CheckValues.h"
#include "runtime/CheckpointNames.h"

namespace skip::runtime {

bool isIgnored(const char *name) {
  const char *end = strrchr(name, '.');
  return strcmp(end ? end + 1 : name, "num_batches_tracked") == 0 || strncmp(name, "optimizer.", 10) == 0;
}

/// Why nothing fits a file of which most tensors are called `module.`; empty for others.
struct PrefixHint {
  char text[200 + 160] = "";
  explicit PrefixHint(const Safetensors &tensors) {
    size_t prefixed = countPrefixed(tensors), at = 0;
    if (prefixed == 0 || prefixed == tensors.count())
      return;
    while (hasPrefix(tensors[at]))
      ++at;
    snprintf(text, sizeof(text),
             "; the prefix `module.` was kept, as only %zu of the file's %zu tensors have it (`%.200s` has not)", prefixed,
             tensors.count(), tensors[at].name);
  }
};

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
      list->add("extra: `%.200s` %s", tensors[i].name, ShapeText(tensors[i].dims, tensors[i].rank).text);
  }
  return seen;
}

skip_status matchCheckpoint(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                            const char *path, Safetensors &tensors, const FileTensor **matches, LoadSummary &summary) {
  if (skip_status status = tensors.parse(file, bytes, path); status != SKIP_OK)
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
      "`%s` is not a checkpoint of model `%s`: %lld of its %u tensor%s missing, %lld extra, %lld of another shape, %lld "
      "of another type%s",
      path, image.name, static_cast<long long>(seen.missing), image.tensorCount, image.tensorCount == 1 ? "" : "s",
      static_cast<long long>(seen.extra), static_cast<long long>(seen.shape), static_cast<long long>(seen.type),
      PrefixHint(tensors).text);
  compare(image, tensors, matches, known.get(), &list);
  return list.finish(SKIP_BAD_WEIGHTS);
}

skip_status readSummary(const void *file, size_t bytes, const char *path, LoadSummary &summary) {
  Safetensors tensors;
  skip_status status = tensors.parse(file, bytes, path);
  if (status == SKIP_OK)
    applyNamingRules(tensors, summary);
  return status;
}

} // namespace skip::runtime
