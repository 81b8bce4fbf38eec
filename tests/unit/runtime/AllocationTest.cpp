// Counts this process's allocations by standing in for malloc and its kin (not under a sanitizer, which does the same).
#ifndef __SANITIZE_ADDRESS__

#include "tests/unit/runtime/TestModel.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>

static std::atomic<int64_t> allocations;

extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t bytes) {
  ++allocations;
  return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
  ++allocations;
  return __libc_calloc(count, bytes);
}
void *realloc(void *memory, size_t bytes) {
  ++allocations;
  return __libc_realloc(memory, bytes);
}
int posix_memalign(void **memory, size_t alignment, size_t bytes) {
  ++allocations;
  *memory = __libc_memalign(alignment, bytes);
  return *memory ? 0 : ENOMEM;
}
}

using namespace test;

TEST_CASE("a run allocates nothing") {
  Handles h;
  int64_t before = allocations;
  h.open(3);
  CHECK(allocations > before); // the counter counts
  Batch small(1), large(8);
  before = allocations;
  skip_status status[] = {small.run(h.context), large.run(h.context), skipmodel_run(h.context, 99, nullptr, nullptr)};
  int64_t after = allocations;
  CHECK(after == before);
  CHECK(status[0] == SKIP_OK);
  CHECK(status[1] == SKIP_OK);
  CHECK(status[2] == SKIP_INVALID_ARGUMENT);
}

#endif
