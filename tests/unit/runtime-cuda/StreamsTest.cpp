// Streams that a run is not given to.
#include "tests/unit/runtime-cuda/Model.h"

using namespace test;

/// A function of the driver's that the runtime does not call.
template <class Function> static Function extra(const char *name, int since) {
  void *found = nullptr;
  CUDA_OK(cuda().cuGetProcAddress(name, &found, since, 0, nullptr));
  return reinterpret_cast<Function>(found);
}

static skip::cuda::Result createContext(skip::cuda::Context *context) {
  using Create = skip::cuda::Result(skip::cuda::Context *, unsigned, skip::cuda::Device);
  return extra<Create *>("cuCtxCreate", 3020)(context, 0, 0);
}

static skip::cuda::Result destroyContext(skip::cuda::Context context) {
  return extra<skip::cuda::Result (*)(skip::cuda::Context)>("cuCtxDestroy", 4000)(context);
}

TEST_CASE("cuda: a run is refused by a stream of another device or context") {
  Handles h;
  h.open();
  Caller caller;
  DeviceBatch batch(caller, 2);
  auto refused = [&](skip::cuda::Stream stream) {
    CHECK_FAILS(batch.runAsync(h.context, stream), SKIP_INVALID_ARGUMENT,
                "run_async: the stream is another device's or context's, not one of device 0's primary context");
  };
  {
    Caller other(1);
    refused(other.stream());
    CHECK(batch.runAsync(h.context, nullptr) == SKIP_OK); // the legacy stream is whose context is current, which a run makes so
  }
  skip::cuda::Context own = nullptr;
  REQUIRE(createContext(&own) == skip::cuda::Result::success);
  skip::cuda::Stream stream = nullptr;
  CUDA_OK(cuda().cuStreamCreateWithPriority(&stream, skip::cuda::kStreamNonBlocking, 0));
  refused(stream);
  CUDA_OK(cuda().cuStreamDestroy(stream));
  REQUIRE(destroyContext(own) == skip::cuda::Result::success);
  CUDA_OK(cuda().cuStreamSynchronize(nullptr));
  CHECK(batch.wrong(1) == 0);
  REQUIRE(batch.runAsync(h.context, caller.stream()) == SKIP_OK);
  CUDA_OK(cuda().cuCtxSynchronize());
  CHECK(batch.wrong(1) == 0);
}
