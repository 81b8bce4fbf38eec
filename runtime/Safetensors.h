// Reads the header of a safetensors file: 8 bytes little-endian length, a JSON object, then the tensors' bytes.
#pragma once

#include "runtime/Memory.h"
#include "runtime/Runtime.h"

namespace skip::runtime {

enum class ElementType { F32, F16, BF16, Other };

/// One tensor of a file. `data` points into the file's bytes, at any alignment.
struct FileTensor {
  static constexpr int maxRank = 8;
  const char *name;
  const char *typeName; // as the file has it, e.g. `I64`
  ElementType type;
  int32_t rank;
  int64_t dims[maxRank];
  int64_t elements;
  const uint8_t *data;
  int64_t bytes; // that it takes there
};

/// The tensors of a safetensors file, sorted by name. Holds pointers into the file's bytes, which must outlive it.
class Safetensors {
public:
  /// Checks everything that the header says against the file: lengths, offsets, sizes, duplicates, and that the tensors cover
  /// the data section without overlap or gap. SKIP_BAD_WEIGHTS says what is wrong and where; `path` is for the text only.
  skip_status parse(const void *file, size_t bytes, const char *path);

  size_t count() const { return used; }
  const FileTensor &operator[](size_t i) const { return tensors[i]; }
  /// The index of the tensor called `name`, or -1.
  ptrdiff_t find(const char *name) const;
  /// Drops the first `length` characters of every name.
  void stripPrefix(size_t length);

private:
  friend struct HeaderReader;
  FileTensor *append();
  skip_status checkCoverage(const uint8_t *data, int64_t dataBytes, const char *path);

  Owned<char> header;
  Owned<FileTensor> tensors;
  size_t used = 0, capacity = 0;
};

} // namespace skip::runtime
