// The order of work: in a stream, between streams, with the legacy stream, by events; and when it runs.
#include "tests/unit/emulator-driver/Gpu.h"

#include <new>
#include <set>
#include <stdexcept>

using namespace skip::driver;
using skip::emulator::Completion;

TEST_CASE("streams: lazy work runs when it is waited for, and in order") {
  Gpu gpu;
  gpu.load();
  DeviceAddress word = gpu.allocate(4);
  Stream stream = gpu.stream();
  Gpu::ok(gpu.api.cuMemsetD32Async(word, 5, 1, stream));
  Gpu::ok(gpu.launch(gpu.scale, stream, word, 10));
  Gpu::ok(gpu.launch(gpu.scale, stream, word, 2));
  CHECK(Gpu::peek(word) != 103);
  Gpu::ok(gpu.api.cuStreamSynchronize(stream));
  CHECK(Gpu::peek(word) == 103);
}

TEST_CASE("streams: eager work runs at once") {
  Gpu gpu(Setup{.completion = Completion::eager});
  DeviceAddress word = gpu.allocate(4);
  Gpu::ok(gpu.api.cuMemsetD32Async(word, 7, 1, gpu.stream()));
  CHECK(Gpu::peek(word) == 7);
}

TEST_CASE("streams: waiting for one stream leaves another one alone") {
  Gpu gpu;
  DeviceAddress words = gpu.allocate(8);
  Gpu::ok(gpu.api.cuMemsetD32(words, 0, 2));
  Stream first = gpu.stream(), second = gpu.stream();
  Gpu::ok(gpu.api.cuCtxSynchronize());
  Gpu::ok(gpu.api.cuMemsetD32Async(words, 1, 1, first));
  Gpu::ok(gpu.api.cuMemsetD32Async(words + 4, 2, 1, second));
  Gpu::ok(gpu.api.cuStreamSynchronize(second));
  CHECK(Gpu::peek(words) == 0);
  CHECK(Gpu::peek(words + 4) == 2);
  Gpu::ok(gpu.api.cuCtxSynchronize());
  CHECK(Gpu::peek(words) == 1);
}

TEST_CASE("streams: a query is not ready until all has run, and makes it run") {
  Gpu gpu;
  DeviceAddress word = gpu.allocate(4);
  Stream stream = gpu.stream();
  CHECK_RESULT(gpu.api.cuStreamQuery(stream), CUDA_SUCCESS);
  for (int i = 0; i < 3; ++i)
    Gpu::ok(gpu.api.cuMemsetD32Async(word, 1, 1, stream));
  for (int i = 0; i < 3; ++i)
    CHECK_RESULT(gpu.api.cuStreamQuery(stream), CUDA_ERROR_NOT_READY);
  CHECK_RESULT(gpu.api.cuStreamQuery(stream), CUDA_SUCCESS);
}

TEST_CASE("streams: the legacy stream is ordered with blocking streams, not with the others") {
  Gpu gpu;
  DeviceAddress words = gpu.allocate(12);
  Stream blocking = gpu.stream(kStreamDefault), free = gpu.stream();
  Gpu::ok(gpu.api.cuMemsetD32(words, 0, 3));
  Gpu::ok(gpu.api.cuCtxSynchronize());
  Gpu::ok(gpu.api.cuMemsetD32Async(words, 1, 1, blocking));
  Gpu::ok(gpu.api.cuMemsetD32Async(words + 4, 2, 1, free));
  Gpu::ok(gpu.api.cuMemsetD32Async(words + 8, 3, 1, kLegacyStream));
  Gpu::ok(gpu.api.cuStreamSynchronize(nullptr));
  CHECK(Gpu::peek(words) == 1);
  CHECK(Gpu::peek(words + 4) == 0);
  CHECK(Gpu::peek(words + 8) == 3);
  Gpu::ok(gpu.api.cuMemsetD32Async(words + 8, 4, 1, nullptr));
  Gpu::ok(gpu.api.cuMemsetD32Async(words, 5, 1, blocking));
  Gpu::ok(gpu.api.cuStreamSynchronize(blocking));
  CHECK(Gpu::peek(words + 8) == 4);
}

TEST_CASE("streams: work of a blocking stream that was destroyed is ordered with the legacy stream") {
  Gpu gpu;
  DeviceAddress word = gpu.allocate(4);
  Stream blocking = gpu.stream(kStreamDefault);
  Gpu::ok(gpu.api.cuMemsetD32Async(word, 9, 1, blocking));
  Gpu::ok(gpu.api.cuStreamDestroy(blocking));
  Gpu::ok(gpu.api.cuStreamSynchronize(nullptr));
  CHECK(Gpu::peek(word) == 9);
}

TEST_CASE("streams: an event orders two streams, and what was recorded later is not waited for") {
  for (Completion completion : {Completion::lazy, Completion::mixed, Completion::eager})
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      Gpu gpu(Setup{.completion = completion, .seed = seed});
      DeviceAddress words = gpu.allocate(8);
      Stream first = gpu.stream(), second = gpu.stream();
      Event event = gpu.event();
      Gpu::ok(gpu.api.cuMemsetD32Async(words, 6, 1, first));
      Gpu::ok(gpu.api.cuEventRecord(event, first));
      Gpu::ok(gpu.api.cuStreamWaitEvent(second, event, 0));
      Gpu::ok(gpu.api.cuMemcpyDtoDAsync(words + 4, words, 4, second));
      Gpu::ok(gpu.api.cuStreamSynchronize(second));
      REQUIRE(Gpu::peek(words + 4) == 6);
    }
}

TEST_CASE("streams: without an event some seed runs two streams in the other order") {
  std::set<uint32_t> seen;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Gpu gpu(Setup{.seed = seed});
    DeviceAddress words = gpu.allocate(8);
    Gpu::ok(gpu.api.cuMemsetD32(words, 1, 2));
    Gpu::ok(gpu.api.cuCtxSynchronize());
    Stream first = gpu.stream(), second = gpu.stream();
    Gpu::ok(gpu.api.cuMemsetD32Async(words, 6, 1, first));
    Gpu::ok(gpu.api.cuMemcpyDtoDAsync(words + 4, words, 4, second));
    Gpu::ok(gpu.api.cuCtxSynchronize());
    seen.insert(Gpu::peek(words + 4));
  }
  CHECK(seen == std::set<uint32_t>{1, 6});
}

TEST_CASE("streams: pinned memory is read when the copy runs, pageable memory at the call") {
  Gpu gpu;
  DeviceAddress words = gpu.allocate(8);
  Stream stream = gpu.stream();
  void *memory = nullptr;
  Gpu::ok(gpu.api.cuMemHostAlloc(&memory, 4, 0));
  auto *pinned = static_cast<uint32_t *>(memory);
  uint32_t pageable = *pinned = 1;
  Gpu::ok(gpu.api.cuMemcpyHtoDAsync(words, pinned, 4, stream));
  Gpu::ok(gpu.api.cuMemcpyHtoDAsync(words + 4, &pageable, 4, stream));
  pageable = *pinned = 2;
  Gpu::ok(gpu.api.cuStreamSynchronize(stream));
  CHECK(Gpu::peek(words) == 2);
  CHECK(Gpu::peek(words + 4) == 1);
  Gpu::ok(gpu.api.cuMemFreeHost(memory));
}

TEST_CASE("streams: a copy into pageable memory is there when the call returns, one into pinned memory after a wait") {
  Gpu gpu;
  DeviceAddress word = gpu.allocate(4);
  Stream stream = gpu.stream();
  Gpu::ok(gpu.api.cuMemsetD32Async(word, 8, 1, stream));
  uint32_t pageable = 0;
  Gpu::ok(gpu.api.cuMemcpyDtoHAsync(&pageable, word, 4, stream));
  CHECK(pageable == 8);
  void *memory = nullptr;
  Gpu::ok(gpu.api.cuMemHostAlloc(&memory, 4, 0));
  auto *pinned = static_cast<uint32_t *>(memory);
  *pinned = 0;
  Gpu::ok(gpu.api.cuMemcpyDtoHAsync(pinned, word, 4, stream));
  CHECK(*pinned == 0);
  Gpu::ok(gpu.api.cuStreamSynchronize(stream));
  CHECK(*pinned == 8);
  Gpu::ok(gpu.api.cuMemFreeHost(memory));
}

namespace {
struct HostCall {
  Gpu *gpu;
  DeviceAddress word;
  uint32_t seen = 0;
  Result answer = Result::success;
};
} // namespace

TEST_CASE("streams: a host function runs in order, and may not call the driver") {
  Gpu gpu;
  DeviceAddress word = gpu.allocate(4);
  Stream stream = gpu.stream();
  HostCall call{&gpu, word};
  Gpu::ok(gpu.api.cuMemsetD32Async(word, 3, 1, stream));
  Gpu::ok(gpu.api.cuLaunchHostFunc(
      stream,
      [](void *data) {
        auto &call = *static_cast<HostCall *>(data);
        call.seen = Gpu::peek(call.word);
        call.answer = call.gpu->api.cuCtxSynchronize();
      },
      &call));
  Gpu::ok(gpu.api.cuMemsetD32Async(word, 4, 1, stream));
  CHECK(call.seen == 0);
  Gpu::ok(gpu.api.cuStreamSynchronize(stream));
  CHECK(call.seen == 3);
  CHECK_RESULT(call.answer, CUDA_ERROR_NOT_PERMITTED);
}

TEST_CASE("events: they happen when their stream gets there, and tell the time between") {
  Gpu gpu;
  DeviceAddress word = gpu.allocate(4);
  Stream stream = gpu.stream();
  Event start = gpu.event(), end = gpu.event();
  CHECK_RESULT(gpu.api.cuEventQuery(start), CUDA_SUCCESS); // never recorded
  float milliseconds = -1;
  CHECK_RESULT(gpu.api.cuEventElapsedTime(&milliseconds, start, end), CUDA_ERROR_INVALID_HANDLE);
  Gpu::ok(gpu.api.cuEventRecord(start, stream));
  Gpu::ok(gpu.api.cuMemsetD32Async(word, 3, 1, stream));
  Gpu::ok(gpu.api.cuEventRecord(end, stream));
  CHECK_RESULT(gpu.api.cuEventElapsedTime(&milliseconds, start, end), CUDA_ERROR_NOT_READY);
  CHECK_RESULT(gpu.api.cuEventQuery(end), CUDA_ERROR_NOT_READY);
  Gpu::ok(gpu.api.cuEventSynchronize(end));
  CHECK_RESULT(gpu.api.cuEventQuery(end), CUDA_SUCCESS);
  Gpu::ok(gpu.api.cuEventElapsedTime(&milliseconds, start, end));
  CHECK(milliseconds >= 0);
  CHECK(Gpu::peek(word) == 3);
  Event untimed = gpu.event(kEventDisableTiming);
  Gpu::ok(gpu.api.cuEventRecord(untimed, stream));
  CHECK_RESULT(gpu.api.cuEventElapsedTime(&milliseconds, start, untimed), CUDA_ERROR_INVALID_HANDLE);
}

TEST_CASE("streams: what a host function throws does not reach the caller, and does not happen again") {
  Gpu gpu;
  DeviceAddress word = gpu.allocate(4);
  Stream stream = gpu.stream();
  Gpu::ok(gpu.api.cuLaunchHostFunc(stream, [](void *) { throw std::bad_alloc(); }, nullptr));
  Gpu::ok(gpu.api.cuLaunchHostFunc(stream, [](void *) { throw std::runtime_error("no such luck"); }, nullptr));
  Gpu::ok(gpu.api.cuMemsetD32Async(word, 5, 1, stream));
  CHECK_RESULT(gpu.api.cuStreamSynchronize(stream), CUDA_ERROR_OUT_OF_MEMORY);
  CHECK_RESULT(gpu.api.cuStreamSynchronize(stream), CUDA_ERROR_UNKNOWN);
  CHECK_RESULT(gpu.api.cuStreamSynchronize(stream), CUDA_SUCCESS);
  CHECK(Gpu::peek(word) == 5);
}
