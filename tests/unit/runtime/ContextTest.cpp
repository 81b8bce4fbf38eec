// Creating contexts: options, memory of the caller's, limits.
#include "runtime/Memory.h"
#include "runtime/Objects.h"
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

#include <cstring>
#include <fstream>
#include <unistd.h>

using namespace test;

/// Under AddressSanitizer, too, memory that cannot be had is null and not the end of the process.
extern "C" const char *__asan_default_options() { return "allocator_may_return_null=1"; }

static skip_status create(Handles &h, skip_context_options options) {
  return skipmodel_context_create(h.model, h.weights, &options, &h.context);
}

TEST_CASE("a context needs a place and a model") {
  Handles h;
  CHECK_FAILS(skipmodel_context_create(h.model, h.weights, nullptr, nullptr), SKIP_INVALID_ARGUMENT, "`context` is null");
  CHECK_FAILS(skipmodel_context_create(nullptr, h.weights, nullptr, &h.context), SKIP_INVALID_ARGUMENT, "`model` is null");
  CHECK(h.context == nullptr);
  CHECK_FAILS(skipmodel_context_bind(nullptr, h.weights), SKIP_INVALID_ARGUMENT, "`context` is null");
  CHECK_FAILS(skipmodel_context_observe(nullptr, nullptr, nullptr), SKIP_INVALID_ARGUMENT, "`context` is null");
}

TEST_CASE("max_batch must be one that the library was built for") {
  Handles h;
  CHECK_FAILS(create(h, {.max_batch = largeBound + 1}), SKIP_INVALID_ARGUMENT,
              "max_batch is 9, the library was built for 1 to 8");
  CHECK_FAILS(create(h, {.max_batch = largeBound + 1}), SKIP_INVALID_ARGUMENT, "build it with --batch 9");
  CHECK_FAILS(create(h, {.max_batch = INT64_MAX}), SKIP_INVALID_ARGUMENT, "build it with --batch N, which is at most 1048576");
  CHECK_FAILS(create(h, {.max_batch = -1}), SKIP_INVALID_ARGUMENT,
              "max_batch is -1; it is at least 1, or 0 for the 8 that the library was built for");
  CHECK(h.context == nullptr);
  REQUIRE(create(h, {.max_batch = 3}) == SKIP_OK);
  CHECK(Batch(3).run(h.context) == SKIP_OK);
  CHECK_FAILS(Batch(4).run(h.context), SKIP_INVALID_ARGUMENT, "4 images, this context takes at most 3");
}

TEST_CASE("a caller's workspace must be aligned and large enough") {
  Handles h;
  size_t bytes = skipmodel_model_workspace_bytes(h.model, 2);
  skip::runtime::Owned<char> memory(static_cast<char *>(skip::runtime::allocateAligned(bytes + 64)));
  skip_context_options options{.max_batch = 2, .workspace = memory.get() + 4, .workspace_bytes = bytes};
  CHECK_FAILS(create(h, options), SKIP_INVALID_ARGUMENT, "not 64-byte aligned");
  options.workspace = memory.get();
  options.workspace_bytes = bytes - 1;
  CHECK_FAILS(create(h, options), SKIP_INVALID_ARGUMENT,
              "has " + std::to_string(bytes - 1) + " bytes, 2 images need " + std::to_string(bytes));
  options.max_batch = 0;
  options.workspace_bytes = bytes; // enough for 2 images, the default is 8
  CHECK_FAILS(create(h, options), SKIP_INVALID_ARGUMENT, "8 images need");
}

TEST_CASE("a caller's workspace is all that a run uses, whatever is in it") {
  Handles h, own;
  size_t bytes = skipmodel_model_workspace_bytes(h.model, 2);
  skip::runtime::Owned<char> memory(static_cast<char *>(skip::runtime::allocateAligned(bytes + 64)));
  std::memset(memory.get(), 0xFF, bytes + 64); // NaN wherever it is read before it is written
  REQUIRE(create(h, {.max_batch = 2, .workspace = memory.get(), .workspace_bytes = bytes}) == SKIP_OK);
  own.open();
  Batch batch(2), expected(2);
  REQUIRE(batch.run(h.context) == SKIP_OK);
  REQUIRE(expected.run(own.context) == SKIP_OK);
  CHECK(batch.scores == expected.scores);
  CHECK(batch.energy == expected.energy);
  for (size_t i = bytes; i < bytes + 64; ++i)
    CHECK(static_cast<uint8_t>(memory[i]) == 0xFF);
}

TEST_CASE("a pool and a parallel_for exclude each other") {
  Handles h;
  REQUIRE(skipmodel_pool_create(2, &h.pool) == SKIP_OK);
  skip_parallel_for loop = [](void *, int64_t count, skip_task task, void *argument) { task(argument, 0, count); };
  CHECK_FAILS(create(h, {.pool = h.pool, .parallel_for = loop}), SKIP_INVALID_ARGUMENT, "not both");
}

TEST_CASE("weights of another library are refused") {
  Handles h;
  ImageCopy other;
  skip_model otherModel = other.model();
  skip_context *context = nullptr;
  CHECK_FAILS(skipmodel_context_create(&otherModel, h.weights, nullptr, &context), SKIP_INVALID_ARGUMENT, "another library");
  CHECK(context == nullptr);
  REQUIRE(skipmodel_context_create(&otherModel, nullptr, nullptr, &context) == SKIP_OK);
  CHECK_FAILS(skipmodel_context_bind(context, h.weights), SKIP_INVALID_ARGUMENT, "another library");
  skipmodel_context_destroy(context);
}

TEST_CASE("memory that cannot be had is an error, not an end") {
  SkipVariant variant = tinyTarget().variants[0];
  variant.workspaceBytes = uint64_t{1} << 60;
  ImageCopy copy;
  copy.target.variants = &variant;
  copy.target.variantCount = 1;
  skip_model model = copy.model();
  skip_context *context = nullptr;
  CHECK_FAILS(skipmodel_context_create(&model, nullptr, nullptr, &context), SKIP_OUT_OF_MEMORY, "no memory for a workspace of");
  variant = tinyTarget().variants[0];
  variant.stateBytes = uint64_t{1} << 60;
  CHECK_FAILS(skipmodel_context_create(&model, nullptr, nullptr, &context), SKIP_OUT_OF_MEMORY, "no memory for a context");
  copy.target.weightsBytes = uint64_t{1} << 60;
  skip_weights *weights = nullptr;
  std::string file = modelCheckpoint(1);
  CHECK_FAILS(skipmodel_weights_load_memory(&model, file.data(), file.size(), &weights), SKIP_OUT_OF_MEMORY,
              "bytes of weights");
}

/// Resident pages of this process.
static size_t residentBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST_CASE("a workspace takes memory as runs need it") {
  SkipVariant variant = tinyTarget().variants[1];
  variant.workspaceBytes = uint64_t{1} << 28; // most of which no step writes
  ImageCopy copy;
  copy.target.variants = &variant;
  copy.target.variantCount = 1;
  skip_model model = copy.model();
  size_t before = residentBytes();
  skip_context *context = nullptr;
  REQUIRE(skipmodel_context_create(&model, nullptr, nullptr, &context) == SKIP_OK);
  CHECK(residentBytes() - before < (size_t{1} << 24));
  skipmodel_context_destroy(context);
}
