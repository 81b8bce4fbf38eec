// The safetensors header. Nothing in it is believed before it was compared with the file's size.
#include "runtime/Safetensors.h"

#include "runtime/Error.h"
#include "runtime/Json.h"

#include <algorithm>
#include <string.h>

namespace skip::runtime {

static constexpr uint64_t maxHeaderBytes = 100'000'000; // the format's own limit

struct TypeRow {
  const char *name;
  int64_t bits;
  ElementType type;
};
static constexpr TypeRow types[] = {
    {"F32", 32, ElementType::F32},          {"F16", 16, ElementType::F16},      {"BF16", 16, ElementType::BF16},
    {"F64", 64, ElementType::Other},        {"I64", 64, ElementType::Other},    {"U64", 64, ElementType::Other},
    {"I32", 32, ElementType::Other},        {"U32", 32, ElementType::Other},    {"I16", 16, ElementType::Other},
    {"U16", 16, ElementType::Other},        {"I8", 8, ElementType::Other},      {"U8", 8, ElementType::Other},
    {"BOOL", 8, ElementType::Other},        {"C64", 64, ElementType::Other},    {"F8_E4M3", 8, ElementType::Other},
    {"F8_E5M2", 8, ElementType::Other},     {"F8_E8M0", 8, ElementType::Other}, {"F8_E4M3FNUZ", 8, ElementType::Other},
    {"F8_E5M2FNUZ", 8, ElementType::Other}, {"F6_E2M3", 6, ElementType::Other}, {"F6_E3M2", 6, ElementType::Other},
    {"F4", 4, ElementType::Other},
};

/// Reads the members of the header object into `result`.
struct HeaderReader {
  Json &json;
  Safetensors &result;
  const uint8_t *data; // the tensors' bytes
  int64_t dataBytes;
  const char *current = nullptr; // the tensor being read
  bool outOfMemory = false;

  bool members();
  bool tensor(FileTensor &out);
  bool shape(FileTensor &out);
  bool checkBytes(FileTensor &out, int64_t bits, int64_t begin, int64_t end);
};

FileTensor *Safetensors::append() {
  if (used == capacity) {
    size_t wider = capacity == 0 ? 64 : 2 * capacity;
    void *grown = realloc(tensors.get(), wider * sizeof(FileTensor));
    if (!grown)
      return nullptr;
    tensors.release();
    tensors.reset(static_cast<FileTensor *>(grown));
    capacity = wider;
  }
  return &tensors[used++];
}

bool HeaderReader::shape(FileTensor &out) {
  out.rank = 0;
  out.elements = 1;
  if (!json.expect('['))
    return false;
  if (json.take(']'))
    return true;
  do {
    if (out.rank == FileTensor::maxRank)
      return json.reject("a shape of more than 8 dimensions");
    int64_t &dim = out.dims[out.rank++];
    if (!json.integer(dim))
      return false;
    if (__builtin_mul_overflow(out.elements, dim, &out.elements))
      return json.reject("a shape of more than 2^63 - 1 elements");
  } while (json.take(','));
  return json.expect(']');
}

bool HeaderReader::checkBytes(FileTensor &out, int64_t bits, int64_t begin, int64_t end) {
  int64_t totalBits = 0;
  if (begin > end)
    return json.reject("`data_offsets` that end before they begin");
  if (end > dataBytes)
    return json.reject("`data_offsets` beyond the end of the file, which may be cut short");
  if (__builtin_mul_overflow(out.elements, bits, &totalBits) || totalBits % 8 != 0 || totalBits / 8 != end - begin)
    return json.reject("`data_offsets` that do not span what shape and dtype take");
  out.data = data + begin;
  out.bytes = end - begin;
  return true;
}

bool HeaderReader::tensor(FileTensor &out) {
  const TypeRow *type = nullptr;
  bool haveShape = false, haveOffsets = false;
  int64_t begin = 0, end = 0;
  if (!json.expect('{'))
    return false;
  if (json.take('}'))
    return json.reject("a tensor without dtype, shape and data_offsets");
  do {
    const char *field = nullptr;
    if (!json.string(field) || !json.expect(':'))
      return false;
    if (strcmp(field, "dtype") == 0 && !type) {
      if (!json.string(out.typeName))
        return false;
      for (const TypeRow &row : types)
        if (strcmp(row.name, out.typeName) == 0)
          type = &row;
      if (!type)
        return json.reject("an unknown dtype");
    } else if (strcmp(field, "shape") == 0 && !haveShape) {
      haveShape = true;
      if (!shape(out))
        return false;
    } else if (strcmp(field, "data_offsets") == 0 && !haveOffsets) {
      haveOffsets = true;
      if (!json.expect('[') || !json.integer(begin) || !json.expect(',') || !json.integer(end) || !json.expect(']'))
        return false;
    } else {
      return json.reject("a field that is given twice, or is none of dtype, shape and data_offsets");
    }
  } while (json.take(','));
  if (!json.expect('}'))
    return false;
  if (!type || !haveShape || !haveOffsets)
    return json.reject("a tensor without dtype, shape or data_offsets");
  out.type = type->type;
  return checkBytes(out, type->bits, begin, end);
}

bool HeaderReader::members() {
  if (!json.expect('{'))
    return false;
  if (!json.take('}')) {
    do {
      const char *name = nullptr;
      current = nullptr;
      if (!json.string(name) || !json.expect(':'))
        return false;
      if (strcmp(name, "__metadata__") == 0) {
        if (!json.skipValue())
          return false;
        continue;
      }
      current = name;
      FileTensor *out = result.append();
      if (!out) {
        outOfMemory = true;
        return false;
      }
      out->name = name;
      if (!tensor(*out))
        return false;
    } while (json.take(','));
    current = nullptr;
    if (!json.expect('}'))
      return false;
  }
  return json.atEnd() || json.reject("text after the header's object");
}

/// The order in the file; an empty tensor comes before the one that begins at the same place.
static bool byPlace(const FileTensor &a, const FileTensor &b) { return a.data != b.data ? a.data < b.data : a.bytes < b.bytes; }

/// The format has each byte of the data section belong to exactly one tensor.
skip_status Safetensors::checkCoverage(const uint8_t *data, int64_t dataBytes, const char *path) {
  std::sort(tensors.get(), tensors.get() + used, byPlace);
  long long covered = 0;
  for (size_t i = 0; i < used; ++i) {
    const FileTensor &tensor = tensors[i];
    long long begin = tensor.data - data, end = begin + tensor.bytes;
    if (begin < covered) {
      const FileTensor &before = tensors[i - 1];
      long long beforeBegin = before.data - data;
      return fail(
          SKIP_BAD_WEIGHTS,
          "the header of `%s` has tensors that overlap: `%.200s` takes the bytes %lld to %lld of the data, `%.200s` %lld "
          "to %lld",
          path, before.name, beforeBegin, covered, tensor.name, begin, end);
    }
    if (begin > covered)
      return fail(SKIP_BAD_WEIGHTS,
                  "the header of `%s` leaves the bytes %lld to %lld of the data, before `%.200s`, to no tensor", path, covered,
                  begin, tensor.name);
    covered = end;
  }
  if (covered < dataBytes)
    return fail(SKIP_BAD_WEIGHTS, "the header of `%s` leaves the bytes %lld to %lld of the data%s%.200s%s to no tensor", path,
                covered, static_cast<long long>(dataBytes), used ? ", behind `" : "", used ? tensors[used - 1].name : "",
                used ? "`," : "");
  return SKIP_OK;
}

static bool byName(const FileTensor &a, const FileTensor &b) { return strcmp(a.name, b.name) < 0; }

skip_status Safetensors::parse(const void *file, size_t bytes, const char *path) {
  const uint8_t *start = static_cast<const uint8_t *>(file);
  if (bytes < 10) // the length and `{}`
    return fail(SKIP_BAD_WEIGHTS, "`%s` is not a safetensors file: it has %zu bytes, which is less than its header takes", path,
                bytes);
  uint64_t headerBytes = 0;
  memcpy(&headerBytes, start, 8);
  if (headerBytes < 2 || headerBytes > maxHeaderBytes || headerBytes > bytes - 8 || start[8] != '{')
    return fail(
        SKIP_BAD_WEIGHTS,
        "`%s` is not a safetensors file, or is cut short: its first 8 bytes announce a header of %llu bytes, the file has "
        "%zu, and a header is an object `{...}` of at most 100 MB. PyTorch's own files are read by skipc's `--weights`, not by "
        "compiled libraries",
        path, static_cast<unsigned long long>(headerBytes), bytes);
  header.reset(static_cast<char *>(malloc(headerBytes)));
  if (!header)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for the header of `%s` (%llu bytes)", path,
                static_cast<unsigned long long>(headerBytes));
  memcpy(header.get(), start + 8, headerBytes);
  Json json(header.get(), header.get() + headerBytes);
  HeaderReader reader{json, *this, start + 8 + headerBytes, static_cast<int64_t>(bytes - 8 - headerBytes)};
  if (!reader.members()) {
    if (reader.outOfMemory)
      return fail(SKIP_OUT_OF_MEMORY, "no memory for `%s`", path);
    return fail(SKIP_BAD_WEIGHTS, "the header of `%s` is broken at byte %zu%s%.200s%s: %s", path, 8 + json.position(),
                reader.current ? " (tensor `" : "", reader.current ? reader.current : "", reader.current ? "`)" : "",
                json.problem);
  }
  std::sort(tensors.get(), tensors.get() + used, byName); // two of one name come first: they may well overlap
  for (size_t i = 1; i < used; ++i)
    if (strcmp(tensors[i - 1].name, tensors[i].name) == 0)
      return fail(SKIP_BAD_WEIGHTS, "the header of `%s` has two tensors called `%.200s`", path, tensors[i].name);
  if (skip_status status = checkCoverage(reader.data, reader.dataBytes, path); status != SKIP_OK)
    return status;
  std::sort(tensors.get(), tensors.get() + used, byName);
  return SKIP_OK;
}

ptrdiff_t Safetensors::find(const char *name) const {
  size_t low = 0, high = used;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(tensors[middle].name, name);
    if (order == 0)
      return static_cast<ptrdiff_t>(middle);
    order < 0 ? low = middle + 1 : high = middle;
  }
  return -1;
}

void Safetensors::stripPrefix(size_t length) {
  for (size_t i = 0; i < used; ++i) // the order stays: all names lose the same characters
    tensors[i].name += length;
}

} // namespace skip::runtime
