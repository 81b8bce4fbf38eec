// The packed weights file: a 64-byte header, then the weights segment as it lies in memory, used straight from the mapping.
#pragma once

#include "runtime/Abi.h"
#include "runtime/Runtime.h"

namespace skip::runtime {

/// Little-endian, at offset 0; the segment follows at offset 64 and ends the file.
struct PackedHeader {
  char magic[8]; // `SKIPWTS1`
  uint32_t abiVersion;
  uint32_t reserved;
  uint64_t loadFingerprint;
  uint64_t weightsBytes;
  uint8_t zero[32];
};
static_assert(sizeof(PackedHeader) == 64);

/// FNV-1a over tensors, load table and weightsBytes: codegen stores it as SkipTargetImage.loadFingerprint.
uint64_t fingerprint(const SkipModelImage &image, const SkipTargetImage &target);

/// The header of a packed weights file for `target`.
PackedHeader packedHeader(const SkipTargetImage &target);

bool isPacked(const void *file, size_t bytes);

/// Checks header and exact size against `target` of `image`; SKIP_BAD_WEIGHTS says what differs. Reads nothing else.
skip_status checkPackedHeader(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                              const char *path);

/// checkPackedHeader, and that no value is NaN or infinite.
skip_status checkPacked(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                        const char *path);

} // namespace skip::runtime
