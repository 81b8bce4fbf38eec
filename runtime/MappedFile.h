// A whole file, mapped read-only.
#pragma once

#include "runtime/Runtime.h"

namespace skip::runtime {

class MappedFile {
public:
  MappedFile() = default;
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile();

  /// Maps the regular, non-empty file at `path`; SKIP_IO_ERROR names path and cause.
  skip_status open(const char *path);
  const uint8_t *data() const { return bytes; }
  size_t size() const { return length; }
  /// Hands the mapping to the caller, who will munmap it.
  void *release();

private:
  uint8_t *bytes = nullptr;
  size_t length = 0;
};

} // namespace skip::runtime
