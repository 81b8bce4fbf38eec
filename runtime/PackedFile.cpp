// Writes and checks the header of packed weights.
#include "runtime/PackedFile.h"

#include "runtime/CheckValues.h"
#include "runtime/Element.h"
#include "runtime/Error.h"
#include "runtime/Fnv1a.h"
#include "runtime/PackFilter.h"
#include "runtime/LoadTable.h"

#include <initializer_list>
#include <string.h>

namespace skip::runtime {

static constexpr char magic[9] = "SKIPWTS1";

/// Integers enter as 8 little-endian bytes, so that padding and struct layout do not matter.
struct Hash {
  Fnv1a hash;
  void add(uint64_t number) {
    for (int i = 0; i < 8; ++i)
      hash.add(static_cast<uint8_t>(number >> (8 * i)));
  }
  void add(const char *text) {
    hash.add(text);
    hash.add(uint8_t{0});
  }
  void add(const int64_t *numbers, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      add(static_cast<uint64_t>(numbers[i]));
  }
};

/// Raised when equal entries come to be written otherwise: by Balance.cpp, Fold.cpp, PackFilter.cpp, Element.h.
static constexpr uint64_t packingRules = 1;

/// All members of an entry: one that is added is missing here as soon as it is compiled.
static void addLoad(Hash &hash, const SkipLoad &load) {
  const auto &[kind, accumulate, offset, bytes, dims, layout, element, balance, firstNorm, normCount, epsilon, source, bias,
               gamma, beta, mean, variance] = load;
  for (uint64_t number : {uint64_t{kind}, uint64_t{accumulate}, offset, bytes})
    hash.add(number);
  hash.add(dims, 4);
  hash.add(uint64_t{layout} << 32 | element);
  hash.add(static_cast<uint64_t>(balance));
  hash.add(uint64_t{firstNorm} << 32 | normCount);
  hash.add(__builtin_bit_cast(uint64_t, epsilon));
  for (int32_t tensor : {source, bias, gamma, beta, mean, variance})
    hash.add(static_cast<uint64_t>(int64_t{tensor}));
}

uint64_t fingerprint(const SkipModelImage &image, const SkipTargetImage &target) {
  Hash hash;
  hash.add(packingRules);
  hash.add(image.tensorCount);
  for (uint32_t i = 0; i < image.tensorCount; ++i) {
    hash.add(image.tensors[i].name);
    hash.add(static_cast<uint64_t>(image.tensors[i].rank));
    hash.add(image.tensors[i].dims, image.tensors[i].rank);
  }
  hash.add(target.loadCount);
  for (uint32_t i = 0; i < target.loadCount; ++i)
    addLoad(hash, target.loads[i]);
  hash.add(target.normCount);
  for (uint32_t i = 0; i < target.normCount; ++i)
    hash.add(uint64_t{static_cast<uint32_t>(target.norms[i].gamma)} << 32 | static_cast<uint32_t>(target.norms[i].beta));
  hash.add(target.weightsBytes);
  return hash.hash.value;
}

PackedHeader packedHeader(const SkipTargetImage &target) {
  PackedHeader header = {};
  memcpy(header.magic, magic, 8);
  header.abiVersion = SKIP_ABI_VERSION;
  header.loadFingerprint = target.loadFingerprint;
  header.weightsBytes = target.weightsBytes;
  return header;
}

bool isPacked(const void *file, size_t bytes) { return bytes >= 8 && memcmp(file, magic, 8) == 0; }

skip_status checkPackedHeader(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                              const char *path) {
  PackedHeader header;
  if (bytes < sizeof(header))
    return fail(SKIP_BAD_WEIGHTS, "the packed weights `%s` are cut short: %zu bytes, the header alone takes 64", path, bytes);
  memcpy(&header, file, sizeof(header));
  if (header.abiVersion != SKIP_ABI_VERSION)
    return fail(SKIP_BAD_WEIGHTS, "the packed weights `%s` are of version %u, this library reads version %d: pack them again",
                path, header.abiVersion, SKIP_ABI_VERSION);
  if (header.loadFingerprint != target.loadFingerprint || header.weightsBytes != target.weightsBytes)
    return fail(
        SKIP_BAD_WEIGHTS,
        "the packed weights `%s` were written for another model or another layout than this library's `%s`: use the file "
        "that was built with this library, or a safetensors checkpoint",
        path, image.name);
  if (bytes - sizeof(header) != target.weightsBytes)
    return fail(SKIP_BAD_WEIGHTS, "the packed weights `%s` are %s: %zu bytes, %llu expected", path,
                bytes - sizeof(header) < target.weightsBytes ? "cut short" : "too long", bytes,
                static_cast<unsigned long long>(target.weightsBytes + sizeof(header)));
  return SKIP_OK;
}

/// The numbers of a packed file: those of each load entry, which lie apart or are the same ones.
struct Search {
  uint64_t bad = 0, all = 0, firstByte = 0; // of the segment
  float first = 0;

  void look(const SkipLoad &load, const uint8_t *segment);
};

static float readAs(uint32_t element, const uint8_t *from) {
  switch (static_cast<SkipElement>(element)) {
  case SKIP_ELEMENT_F16:
    return ElementF16::read(from);
  case SKIP_ELEMENT_BF16:
    return ElementBF16::read(from);
  case SKIP_ELEMENT_F32:
  case SKIP_ELEMENT_TF32: // one of few digits
    return ElementF32::read(from);
  }
  __builtin_trap();
}

void Search::look(const SkipLoad &load, const uint8_t *segment) {
  auto each = static_cast<uint64_t>(elementBytes(load.element));
  uint64_t count = load.bytes / each;
  const uint8_t *values = segment + load.offset;
  uint64_t found = countNotFinite(load.element, values, count);
  all += count;
  if (found > 0 && bad == 0) {
    uint64_t i = 0;
    while (countNotFinite(load.element, values + each * i, 1) == 0)
      ++i;
    firstByte = load.offset + each * i;
    first = readAs(load.element, values + each * i);
  }
  bad += found;
}

skip_status checkPacked(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                        const char *path) {
  if (skip_status status = checkPackedHeader(image, target, file, bytes, path); status != SKIP_OK)
    return status;
  if (skip_status status = checkLoadTable(image, target); status != SKIP_OK)
    return status;
  Search search;
  for (uint32_t i = 0; i < target.loadCount; ++i)
    if (!target.loads[i].accumulate) // its numbers are an earlier entry's
      search.look(target.loads[i], static_cast<const uint8_t *>(file) + sizeof(PackedHeader));
  if (search.bad == 0)
    return SKIP_OK;
  return fail(SKIP_BAD_WEIGHTS,
              "the packed weights `%s` hold NaN or infinity, with which model `%s` cannot compute: %llu of %llu values, the "
              "first is %g at byte %llu",
              path, image.name, static_cast<unsigned long long>(search.bad), static_cast<unsigned long long>(search.all),
              static_cast<double>(search.first), static_cast<unsigned long long>(sizeof(PackedHeader) + search.firstByte));
}

} // namespace skip::runtime
