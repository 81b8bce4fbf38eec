// From the state to a checkpoint: a header that is made in memory, then each tensor in the checkpoint's order of elements, some
// outputs at a time.
#include "runtime/CheckValues.h"
#include "runtime/Error.h"
#include "runtime/Json.h"
#include "runtime/training/Checkpoints.h"
#include "runtime/training/Places.h"
#include "runtime/training/Values.h"

#include <stdio.h>
#include <string.h>

namespace skip::runtime {

bool Bytes::append(const void *from, size_t count) {
  if (count > capacity - used) {
    size_t wider = capacity * 2 > used + count ? capacity * 2 : used + count + 256;
    void *grown = realloc(memory.get(), wider);
    if (!grown)
      return false;
    memory.release();
    memory.reset(static_cast<char *>(grown));
    capacity = wider;
  }
  memcpy(memory.get() + used, from, count);
  used += count;
  return true;
}

bool Bytes::append(const char *text) { return append(text, strlen(text)); }

namespace {
/// The header's JSON. A failure to grow is remembered.
class Header {
public:
  void begin(const skip_metadata *metadata, int32_t count);
  void tensor(const char *prefix, const SkipTensor &tensor);
  /// Fails without memory, or if the metadata is no UTF-8.
  skip_status finish();
  const Bytes &get() const { return text; }

private:
  void put(const char *more) { isWhole = isWhole && text.append(more); }
  void quote(const char *prefix, const char *more);
  void separate() {
    if (!isFirst)
      put(",");
    isFirst = false;
  }
  skip_status checkText() const;

  Bytes text;
  bool isWhole = true, isFirst = true;
  int64_t offset = 0;
};
} // namespace

void Header::quote(const char *prefix, const char *more) {
  put("\"");
  for (const char *part : {prefix, more})
    for (; *part; ++part) {
      char escaped[8] = {*part};
      if (*part == '"' || *part == '\\')
        snprintf(escaped, sizeof escaped, "\\%c", *part);
      else if (static_cast<uint8_t>(*part) < 0x20)
        snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(*part));
      put(escaped);
    }
  put("\"");
}

void Header::begin(const skip_metadata *metadata, int32_t count) {
  put("{");
  if (count == 0)
    return;
  put("\"__metadata__\":{");
  for (int32_t i = 0; i < count; ++i) {
    separate();
    quote("", metadata[i].key);
    put(":");
    quote("", metadata[i].value);
  }
  put("}");
  isFirst = false;
}

void Header::tensor(const char *prefix, const SkipTensor &tensor) {
  separate();
  quote(prefix, tensor.name);
  put(":{\"dtype\":\"F32\",\"shape\":[");
  char number[64];
  for (int32_t i = 0; i < tensor.rank; ++i) {
    snprintf(number, sizeof number, i == 0 ? "%lld" : ",%lld", static_cast<long long>(tensor.dims[i]));
    put(number);
  }
  int64_t end = offset + elementsOf(tensor) * static_cast<int64_t>(sizeof(float));
  snprintf(number, sizeof number, "],\"data_offsets\":[%lld,%lld]}", static_cast<long long>(offset),
           static_cast<long long>(end));
  put(number);
  offset = end;
}

/// A header that is no UTF-8 would make a file that nobody reads.
skip_status Header::checkText() const {
  Bytes copy;
  if (!copy.append(text.data(), text.size()))
    return fail(SKIP_OUT_OF_MEMORY, "trainer_save: no memory for the header");
  Json json(copy.data(), copy.data() + copy.size());
  if (!json.skipValue())
    return fail(SKIP_INVALID_ARGUMENT, "trainer_save: the metadata is no UTF-8: %s at byte %zu of the header", json.problem,
                json.position());
  return SKIP_OK;
}

skip_status Header::finish() {
  put("}");
  while (isWhole && text.size() % 8 != 0)
    put(" ");
  return isWhole ? checkText() : fail(SKIP_OUT_OF_MEMORY, "trainer_save: no memory for the header");
}

namespace {
/// Where bytes go.
struct Sink {
  skip_write write;
  void *user;

  skip_status put(const void *bytes, size_t count) const {
    return write(user, bytes, count) == 0 ? SKIP_OK : fail(SKIP_IO_ERROR, "trainer_save: the checkpoint could not be written");
  }
};
} // namespace

static constexpr int64_t outputsAtOnce = SKIP_LANES;

/// Floats of the largest piece that is put together.
static size_t roomFor(const SkipTrainingImage &image) {
  int64_t most = 0;
  for (uint32_t i = 0; i < image.stateCount; ++i) {
    const int64_t *dims = image.state[i].dims;
    int64_t floats = dims[1] * dims[2] * dims[3] * outputsAtOnce;
    most = floats > most ? floats : most;
  }
  return static_cast<size_t>(most);
}

/// An entry's floats from `from` on.
static skip_status writeEntry(const SkipLoad &entry, const float *from, float *room, const Sink &sink) {
  int64_t row = entry.dims[1] * entry.dims[2] * entry.dims[3];
  for (int64_t begin = 0; begin < entry.dims[0]; begin += outputsAtOnce) {
    int64_t end = begin + outputsAtOnce < entry.dims[0] ? begin + outputsAtOnce : entry.dims[0];
    forEachPlace(entry, begin, end, [&](int64_t element, int64_t place) { room[element - begin * row] = from[place]; });
    if (skip_status status = sink.put(room, static_cast<size_t>((end - begin) * row) * sizeof(float)); status != SKIP_OK)
      return status;
  }
  return SKIP_OK;
}

static skip_status writeTensor(const skip_trainer &trainer, uint32_t index, float *room, const Sink &sink) {
  if (const SkipLoad *entry = trainer.entryOf(index))
    return writeEntry(*entry, valuesOf(trainer, index), room, sink);
  return sink.put(trainer.frozenOf(index), static_cast<size_t>(elementsOf(trainer.names().tensors[index])) * sizeof(float));
}

static skip_status writeHeader(const skip_trainer &trainer, bool withMomentum, const skip_metadata *metadata,
                               int32_t metadataCount, const Sink &sink) {
  const SkipModelImage &names = trainer.names();
  Header header;
  header.begin(metadata, metadataCount);
  for (uint32_t i = 0; i < names.tensorCount; ++i)
    header.tensor("", names.tensors[i]);
  for (uint32_t i = 0; withMomentum && i < names.tensorCount; ++i)
    if (trainer.isParameter(i))
      header.tensor(momentumPrefix, names.tensors[i]);
  if (skip_status status = header.finish(); status != SKIP_OK)
    return status;
  uint64_t length = header.get().size();
  if (skip_status status = sink.put(&length, sizeof length); status != SKIP_OK)
    return status;
  return sink.put(header.get().data(), header.get().size());
}

skip_status writeCheckpoint(const skip_trainer &trainer, bool withMomentum, const skip_metadata *metadata,
                            int32_t metadataCount, skip_write write, void *user) {
  const SkipModelImage &names = trainer.names();
  Sink sink{write, user};
  Owned<float> room(static_cast<float *>(allocateAligned(roomFor(*trainer.image) * sizeof(float))));
  if (!room)
    return fail(SKIP_OUT_OF_MEMORY, "trainer_save: no memory for %zu floats", roomFor(*trainer.image));
  skip_status status = writeHeader(trainer, withMomentum, metadata, metadataCount, sink);
  for (uint32_t i = 0; status == SKIP_OK && i < names.tensorCount; ++i)
    status = writeTensor(trainer, i, room.get(), sink);
  for (uint32_t i = 0; status == SKIP_OK && withMomentum && i < names.tensorCount; ++i)
    if (trainer.isParameter(i))
      status = writeEntry(*trainer.entryOf(i), trainer.momentum + trainer.entryOf(i)->offset / sizeof(float), room.get(), sink);
  return status;
}

skip_status writeCheckpoint(const skip_trainer &trainer, Bytes &bytes) {
  auto append = [](void *user, const void *from, size_t count) {
    return static_cast<Bytes *>(user)->append(from, count) ? 0 : 1;
  };
  skip_status status = writeCheckpoint(trainer, /*withMomentum=*/false, nullptr, 0, append, &bytes);
  return status == SKIP_IO_ERROR ? fail(SKIP_OUT_OF_MEMORY, "no memory for a copy of the weights") : status;
}

skip_status checkFinite(const skip_trainer &trainer) {
  const SkipModelImage &names = trainer.names();
  ErrorList list("parameters of model `%s` have become NaN or infinite:", names.name);
  bool isFinite = true;
  for (uint32_t i = 0; i < names.tensorCount; ++i) {
    const SkipLoad *entry = trainer.entryOf(i);
    uint64_t floats = entry ? entry->bytes / sizeof(float) : static_cast<uint64_t>(elementsOf(names.tensors[i]));
    uint64_t bad = countNotFinite(SKIP_ELEMENT_F32, valuesOf(trainer, i), floats);
    uint64_t badMomentum =
        trainer.isParameter(i) ? countNotFinite(SKIP_ELEMENT_F32, trainer.momentum + entry->offset / sizeof(float), floats) : 0;
    if (bad + badMomentum > 0)
      list.add("`%s`%s: %llu of %lld elements", names.tensors[i].name, bad ? "" : ", its momentum",
               static_cast<unsigned long long>(bad ? bad : badMomentum), static_cast<long long>(elementsOf(names.tensors[i])));
    isFinite = isFinite && bad + badMomentum == 0;
  }
  return isFinite ? SKIP_OK : list.finish(SKIP_NOT_FINITE);
}

} // namespace skip::runtime
