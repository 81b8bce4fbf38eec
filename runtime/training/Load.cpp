// From a checkpoint to the state. All of it is looked at before anything is changed.
#include "runtime/CheckValues.h"
#include "runtime/CheckpointNames.h"
#include "runtime/Fold.h"
#include "runtime/training/Places.h"
#include "runtime/training/Values.h"

namespace skip::runtime {

namespace {
/// What a file has for a tensor of the image.
struct Match {
  const FileTensor *value, *momentum;
};

/// One look at a file.
class Reading {
public:
  Reading(const skip_trainer &trainer, const Safetensors &tensors, const char *path, bool allowsFresh)
      : trainer(trainer), names(trainer.names()), tensors(tensors), allowsFresh(allowsFresh), path(path),
        list("`%s` is no checkpoint that model `%s` can be trained from:", path, names.name) {}

  skip_status match();
  const Match &operator[](uint32_t tensor) const { return matches[tensor]; }

private:
  bool allocate();
  template <typename... Arguments> void complain(const char *format, Arguments... arguments) {
    list.add(format, arguments...);
    ++problems;
  }
  void matchValue(uint32_t index);
  void matchMomentum(uint32_t index);
  bool hasGoodValues(const FileTensor &found);
  void findExtra();

  const skip_trainer &trainer;
  const SkipModelImage &names;
  const Safetensors &tensors;
  const bool allowsFresh;
  const char *path;
  ErrorList list;
  int64_t problems = 0, taken = 0;
  Owned<Match> matches;
  Owned<bool> known; // by tensor of the file
  Owned<char> key;   // room for a momentum's name
};
} // namespace

bool Reading::allocate() {
  size_t longest = 0;
  for (uint32_t i = 0; i < names.tensorCount; ++i)
    if (size_t length = strlen(names.tensors[i].name); length > longest)
      longest = length;
  matches.reset(static_cast<Match *>(calloc(size_t{names.tensorCount} + 1, sizeof(Match))));
  known.reset(static_cast<bool *>(calloc(tensors.count() + 1, sizeof(bool))));
  key.reset(static_cast<char *>(malloc(sizeof momentumPrefix + longest)));
  return matches && known && key;
}

/// Says what is wrong with the values of a tensor of the right shape.
bool Reading::hasGoodValues(const FileTensor &found) {
  if (found.type == ElementType::Other) {
    complain("type: `%.200s` is %s, the model reads F32, F16 and BF16", found.name, found.typeName);
    return false;
  }
  uint64_t bad = countNotFinite(static_cast<uint32_t>(found.type), found.data, static_cast<uint64_t>(found.elements));
  if (bad > 0)
    complain("not finite: `%.200s`: %llu of %lld elements", found.name, static_cast<unsigned long long>(bad),
             static_cast<long long>(found.elements));
  return bad == 0;
}

void Reading::matchValue(uint32_t index) {
  const SkipTensor &wanted = names.tensors[index];
  ShapeText shape(wanted.dims, wanted.rank);
  ptrdiff_t at = tensors.find(wanted.name);
  if (at < 0) {
    if (!allowsFresh)
      complain("missing: `%s` %s", wanted.name, shape.text);
    return;
  }
  known[static_cast<size_t>(at)] = true;
  const FileTensor &found = tensors[static_cast<size_t>(at)];
  if (!sameShape(wanted, found)) {
    if (!allowsFresh)
      complain("shape: `%s` is %s, the model needs %s", wanted.name, ShapeText(found.dims, found.rank).text, shape.text);
    return;
  }
  if (!hasGoodValues(found))
    return;
  if (roleOf(*trainer.inference->target, index) == Role::Variance)
    for (int64_t i = 0; i < found.elements; ++i)
      if (double value = readElement(found, i); value < 0)
        return complain("negative variance: `%s`: %g at index %lld", wanted.name, value, static_cast<long long>(i));
  matches[index].value = &found;
  ++taken;
}

void Reading::matchMomentum(uint32_t index) {
  const SkipTensor &wanted = names.tensors[index];
  memcpy(key.get(), momentumPrefix, sizeof momentumPrefix);
  strcpy(key.get() + sizeof momentumPrefix - 1, wanted.name);
  ptrdiff_t at = trainer.isParameter(index) ? tensors.find(key.get()) : -1;
  if (at < 0 || !matches[index].value) // momentum of other values than these means nothing
    return;
  const FileTensor &found = tensors[static_cast<size_t>(at)];
  if (!sameShape(wanted, found))
    complain("shape: `%s` is %s, the model needs %s", key.get(), ShapeText(found.dims, found.rank).text,
             ShapeText(wanted.dims, wanted.rank).text);
  else if (hasGoodValues(found))
    matches[index].momentum = &found;
}

void Reading::findExtra() {
  for (size_t i = 0; i < tensors.count(); ++i)
    if (!known[i] && !isIgnored(tensors[i].name))
      complain("extra: `%.200s` %s", tensors[i].name, ShapeText(tensors[i].dims, tensors[i].rank).text);
}

skip_status Reading::match() {
  if (!allocate())
    return fail(SKIP_OUT_OF_MEMORY, "no memory to match the tensors of `%s`", path);
  for (uint32_t i = 0; i < names.tensorCount; ++i) {
    matchValue(i);
    matchMomentum(i);
  }
  if (!allowsFresh)
    findExtra();
  else if (taken == 0 && problems == 0 && names.tensorCount > 0)
    complain("none of its %zu tensor%s has a name and a shape of the model's", tensors.count(),
             tensors.count() == 1 ? "" : "s");
  return problems > 0 ? list.finish(SKIP_BAD_WEIGHTS) : SKIP_OK;
}

/// `to` is the place of the tensor's first element.
static void place(const skip_trainer &trainer, uint32_t index, const FileTensor &from, float *to) {
  auto set = [&](int64_t element, int64_t place) { to[place] = static_cast<float>(readElement(from, element)); };
  if (const SkipLoad *entry = trainer.entryOf(index))
    return forEachPlace(*entry, 0, entry->dims[0], set);
  for (int64_t i = 0; i < from.elements; ++i)
    set(i, i);
}

skip_status loadCheckpoint(skip_trainer &trainer, const void *file, size_t bytes, const char *path, uint32_t flags) {
  Safetensors tensors;
  if (skip_status status = tensors.parse(file, bytes, path); status != SKIP_OK)
    return status;
  LoadSummary summary;
  applyNamingRules(tensors, summary);
  Reading reading(trainer, tensors, path, flags & SKIP_FRESH_MISSING);
  if (skip_status status = reading.match(); status != SKIP_OK)
    return status;
  memset(trainer.momentum, 0, trainer.image->parameterBytes);
  for (uint32_t i = 0; i < trainer.names().tensorCount; ++i) {
    if (reading[i].value)
      place(trainer, i, *reading[i].value, valuesOf(trainer, i));
    if (reading[i].momentum)
      place(trainer, i, *reading[i].momentum, trainer.momentum + trainer.entryOf(i)->offset / sizeof(float));
  }
  return SKIP_OK;
}

} // namespace skip::runtime
