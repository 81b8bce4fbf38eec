// Writes and checks the header of packed weights.
#include "runtime/PackedFile.h"

#include "runtime/Element.h"
#include "runtime/Error.h"

#include <initializer_list>
#include <string.h>

namespace skip::runtime {

static constexpr char magic[9] = "SKIPWTS1";

/// FNV-1a; integers enter as 8 little-endian bytes, so that padding and struct layout do not matter.
struct Hash {
  uint64_t value = 0xcbf29ce484222325u;
  void byte(uint8_t b) { value = (value ^ b) * 0x100000001b3u; }
  void add(uint64_t number) {
    for (int i = 0; i < 8; ++i)
      byte(static_cast<uint8_t>(number >> (8 * i)));
  }
  void add(const char *text) {
    do
      byte(static_cast<uint8_t>(*text));
    while (*text++);
  }
  void add(const int64_t *numbers, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      add(static_cast<uint64_t>(numbers[i]));
  }
};

static void addLoad(Hash &hash, const SkipLoad &load) {
  for (uint64_t number : {uint64_t{load.kind}, uint64_t{load.accumulate}, load.offset, load.bytes})
    hash.add(number);
  hash.add(load.dims, 4);
  hash.add(uint64_t{load.layout} << 32 | load.element);
  hash.add(static_cast<uint64_t>(load.balance));
  hash.add(uint64_t{load.firstNorm} << 32 | load.normCount);
  hash.add(__builtin_bit_cast(uint64_t, load.epsilon));
  for (int32_t tensor : {load.source, load.bias, load.gamma, load.beta, load.mean, load.variance})
    hash.add(static_cast<uint64_t>(int64_t{tensor}));
}

uint64_t fingerprint(const SkipModelImage &image, const SkipTargetImage &target) {
  Hash hash;
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
  return hash.value;
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

/// Whole blocks are counted without a branch, so that the loop vectorises: memory is the limit.
static uint64_t countNotFinite(const uint8_t *values, uint64_t count) {
  uint64_t found = 0;
  for (uint64_t i = 0; i < count; ++i)
    found += (__builtin_bit_cast(uint32_t, ElementF32::read(values + 4 * i)) & 0x7F800000) == 0x7F800000;
  return found;
}

skip_status checkPacked(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                        const char *path) {
  if (skip_status status = checkPackedHeader(image, target, file, bytes, path); status != SKIP_OK)
    return status;
  const uint8_t *values = static_cast<const uint8_t *>(file) + sizeof(PackedHeader);
  uint64_t count = target.weightsBytes / 4, bad = countNotFinite(values, count), first = 0;
  if (bad == 0)
    return SKIP_OK;
  while (countNotFinite(values + 4 * first, 1) == 0)
    ++first;
  return fail(SKIP_BAD_WEIGHTS,
              "the packed weights `%s` hold NaN or infinity, with which model `%s` cannot compute: %llu of %llu values, the "
              "first is %g at byte %llu",
              path, image.name, static_cast<unsigned long long>(bad), static_cast<unsigned long long>(count),
              static_cast<double>(ElementF32::read(values + 4 * first)),
              static_cast<unsigned long long>(sizeof(PackedHeader) + 4 * first));
}

} // namespace skip::runtime
