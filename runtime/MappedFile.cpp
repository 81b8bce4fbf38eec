// Maps files that weights are read from.
#include "runtime/MappedFile.h"

#include "runtime/Error.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace skip::runtime {

MappedFile::~MappedFile() {
  if (bytes)
    munmap(bytes, length);
}

static skip_status sizeOf(int descriptor, const char *path, size_t &size) {
  struct stat status;
  // Not by fstat(), which glibc's libraries have from 2.33 on: the kernel's structure is the same.
  if (syscall(SYS_fstat, descriptor, &status) != 0)
    return fail(SKIP_IO_ERROR, "cannot read `%s`: %m", path);
  if (!S_ISREG(status.st_mode))
    return fail(SKIP_IO_ERROR, "cannot read `%s`: it is not a regular file", path);
  if (status.st_size <= 0)
    return fail(SKIP_IO_ERROR, "cannot read `%s`: the file is empty", path);
  size = static_cast<size_t>(status.st_size);
  return SKIP_OK;
}

skip_status MappedFile::open(const char *path) {
  // Without O_NONBLOCK the open of a named pipe would wait for its writer.
  int descriptor = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return fail(SKIP_IO_ERROR, "cannot open `%s`: %m", path);
  size_t size = 0;
  skip_status status = sizeOf(descriptor, path, size);
  if (status == SKIP_OK) {
    void *mapping = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapping == MAP_FAILED) {
      status = fail(SKIP_IO_ERROR, "cannot map `%s`: %m", path);
    } else {
      bytes = static_cast<uint8_t *>(mapping);
      length = size;
      madvise(mapping, size, MADV_WILLNEED);
    }
  }
  ::close(descriptor);
  return status;
}

void *MappedFile::release() {
  void *mapping = bytes;
  bytes = nullptr;
  length = 0;
  return mapping;
}

} // namespace skip::runtime
