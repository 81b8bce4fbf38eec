// Counts this process's allocations by standing in for malloc and its kin (not under a sanitizer, which does the same).
#ifndef __SANITIZE_ADDRESS__

#include "tests/unit/runtime-training/Model.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>

using test::insideKernel;
static std::atomic<int64_t> allocations;

extern "C" {
void *__libc_malloc(size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t bytes) {
  allocations += !insideKernel;
  return __libc_malloc(bytes);
}
void *realloc(void *memory, size_t bytes) {
  allocations += !insideKernel;
  return __libc_realloc(memory, bytes);
}
int posix_memalign(void **memory, size_t alignment, size_t bytes) {
  allocations += !insideKernel;
  *memory = __libc_memalign(alignment, bytes);
  return *memory ? 0 : ENOMEM;
}
}

using namespace test;

TEST_CASE("a step allocates nothing but what its kernels do") {
  Training training({.groups = 2}, 3);
  REQUIRE(skipmodel_trainer_init(training.trainer, 1) == SKIP_OK);
  Group first(5, 1), second(5, 2);
  int64_t before = allocations;
  skip_status status[] = {first.gradients(training.trainer), second.gradients(training.trainer),
                          skipmodel_trainer_apply(training.trainer, 0.1)};
  int64_t after = allocations;
  CHECK(after == before);
  for (skip_status each : status)
    CHECK(each == SKIP_OK);
  skip_weights *weights = nullptr;
  REQUIRE(skipmodel_trainer_weights(training.trainer, &weights) == SKIP_OK);
  CHECK(allocations > after); // the counter counts
  skipmodel_weights_destroy(weights);
}

#endif
