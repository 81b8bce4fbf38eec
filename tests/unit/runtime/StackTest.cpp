// What is known of a thread's stack is known of that thread alone: a later one may have its id and its place.
#include "runtime/Stack.h"

#include <catch2/catch.hpp>
#include <pthread.h>
#include <sys/mman.h>

using skip::runtime::hasStack;
using skip::runtime::KnownStack;

namespace {
constexpr size_t whole = size_t(1) << 20, small = size_t(128) << 10, needed = size_t(512) << 10;

struct Question {
  KnownStack &known;
  bool answer = false;
};

/// Asks on a thread whose stack is the uppermost `bytes` of the region.
bool askOn(char *region, size_t bytes, KnownStack &known) {
  Question question{known};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstack(&attributes, region + whole - bytes, bytes) == 0);
  pthread_t thread;
  auto ask = [](void *argument) -> void * {
    auto *asked = static_cast<Question *>(argument);
    asked->answer = hasStack(asked->known, needed);
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, ask, &question) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return question.answer;
}
} // namespace

TEST_CASE("a later thread in the same place with a smaller stack is not taken for the one before") {
  void *mapped = mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(mapped != MAP_FAILED);
  char *region = static_cast<char *>(mapped);
  KnownStack known;
  CHECK(askOn(region, whole, known));
  CHECK(askOn(region, whole, known));
  REQUIRE(mprotect(region, whole - small, PROT_NONE) == 0);
  CHECK_FALSE(askOn(region, small, known));
  REQUIRE(mprotect(region, whole - small, PROT_READ | PROT_WRITE) == 0);
  CHECK(askOn(region, whole, known));
  munmap(region, whole);
}
