// Arrays of many pieces on their way through pinned memory.
#include "runtime/cuda/Staging.h"
#include "tests/unit/runtime-cuda/Model.h"

using namespace test;
using skip::cuda::Staging;

TEST_CASE("cuda: arrays of any number of pieces come over whole") {
  Caller caller;
  skip::cuda::Stream stream = caller.stream();
  constexpr size_t piece = Staging::mostPieceBytes / sizeof(float);
  for (size_t floats : {size_t{1}, piece - 1, piece, piece + 1, 2 * piece, 3 * piece + 17}) {
    CAPTURE(floats);
    Staging staging;
    REQUIRE(staging.create(floats * sizeof(float)) == SKIP_OK);
    std::vector<float> sent(floats), spoiled, back(floats);
    for (int repeat = 0; repeat < 2; ++repeat) {
      for (size_t i = 0; i < floats; ++i)
        sent[i] = static_cast<float>(i % 65537) + static_cast<float>(repeat);
      float *there = caller.device(floats);
      auto address = reinterpret_cast<skip::cuda::DeviceAddress>(there);
      spoiled = sent;
      REQUIRE(staging.sendArray(spoiled.data(), address, floats * sizeof(float), stream) == SKIP_OK);
      spoiled.assign(floats, -1);
      REQUIRE(staging.fetchArray(address, back.data(), floats * sizeof(float), stream) == SKIP_OK);
      CHECK((back == sent));
    }
    staging.destroy();
  }
}

TEST_CASE("cuda: a block's part is used again only when its copy is done") {
  Caller caller;
  skip::cuda::Stream stream = caller.stream();
  constexpr size_t count = 3 * Staging::blockCount + 1;
  Staging staging;
  REQUIRE(staging.create(64) == SKIP_OK);
  auto blocks = reinterpret_cast<skip::cuda::DeviceAddress>(caller.device(count * sizeof(SkipCudaBlock) / sizeof(float)));
  for (size_t i = 0; i < count; ++i) {
    SkipCudaBlock block = {};
    block.n = static_cast<int64_t>(i);
    REQUIRE(staging.sendBlock(block, blocks + i * sizeof block, stream) == SKIP_OK);
  }
  CUDA_OK(cuda().cuStreamSynchronize(stream));
  SkipCudaBlock there[count];
  CUDA_OK(cuda().cuMemcpyDtoH(there, blocks, sizeof there));
  for (size_t i = 0; i < count; ++i)
    CHECK(there[i].n == static_cast<int64_t>(i));
  staging.destroy();
}
