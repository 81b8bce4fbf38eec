// Weights on the device: one copy for all contexts, exchanged while contexts live.
#include "runtime/cuda/Body.h"
#include "runtime/cuda/DeviceWeights.h"
#include "tests/unit/runtime-cuda/Model.h"

#include <memory>

using namespace test;

static size_t freeBytes() {
  size_t free = 0, total = 0;
  CUDA_OK(cuda().cuMemGetInfo(&free, &total));
  return free;
}

TEST_CASE("cuda: weights are bound late, exchanged and taken away") {
  Handles h(1), other(2);
  REQUIRE(skipmodel_context_create(h.model, nullptr, nullptr, &h.context) == SKIP_OK);
  Batch batch(5);
  CHECK_FAILS(batch.run(h.context), SKIP_NO_WEIGHTS, "no weights are bound");
  for (int repeat = 0; repeat < 2; ++repeat) {
    REQUIRE(skipmodel_context_bind(h.context, h.weights) == SKIP_OK);
    REQUIRE(batch.run(h.context) == SKIP_OK);
    CHECK(batch.wrong(1) == 0);
    REQUIRE(skipmodel_context_bind(h.context, other.weights) == SKIP_OK);
    REQUIRE(batch.run(h.context) == SKIP_OK);
    CHECK(batch.wrong(2) == 0);
    REQUIRE(skipmodel_context_bind(h.context, nullptr) == SKIP_OK);
    CHECK_FAILS(batch.run(h.context), SKIP_NO_WEIGHTS, "no weights are bound");
  }
}

TEST_CASE("cuda: weights that were exchanged give the bits of those that were there from the start") {
  Handles from(1), to(2);
  from.open();
  to.open();
  Batch batch(7), fresh(7);
  REQUIRE(batch.run(from.context) == SKIP_OK);
  REQUIRE(skipmodel_context_bind(from.context, to.weights) == SKIP_OK);
  REQUIRE(batch.run(from.context) == SKIP_OK);
  REQUIRE(fresh.run(to.context) == SKIP_OK);
  CHECK(batch.scores == fresh.scores);
  CHECK(batch.energy == fresh.energy);
}

TEST_CASE("cuda: contexts share one copy of the weights, and it goes with the last of them") {
  Caller caller;
  Handles h;
  CHECK(h.weights->uploads == nullptr);
  size_t before = freeBytes();
  h.open();
  void *copy = h.weights->uploads;
  CHECK(copy != nullptr);
  Handles more;
  skip_context *second = nullptr;
  REQUIRE(skipmodel_context_create(more.model, h.weights, nullptr, &second) == SKIP_OK); // another model of the same library
  CHECK(h.weights->uploads == copy);
  CHECK(static_cast<skip::cuda::DeviceWeights *>(copy)->next == nullptr);
  CHECK(static_cast<skip::cuda::DeviceWeights *>(copy)->holders == 3);
  skipmodel_context_destroy(second);
  skipmodel_context_destroy(h.context);
  h.context = nullptr;
  CHECK(h.weights->uploads == copy); // for the next context
  CHECK(freeBytes() < before);
  skipmodel_weights_destroy(h.weights);
  h.weights = nullptr;
  CHECK(freeBytes() == before);
}

TEST_CASE("cuda: weights that are exchanged while a run is on its way are still that run's") {
  Handles h(1), other(2);
  h.open();
  Caller caller;
  skip::cuda::Stream stream = caller.stream();
  DeviceBatch first(caller, 8, 1), second(caller, 8, 2);
  REQUIRE(first.runAsync(h.context, stream) == SKIP_OK);
  REQUIRE(skipmodel_context_bind(h.context, other.weights) == SKIP_OK);
  skipmodel_weights_destroy(h.weights);
  h.weights = nullptr;
  REQUIRE(second.runAsync(h.context, stream) == SKIP_OK);
  CUDA_OK(cuda().cuStreamSynchronize(stream));
  CHECK(first.wrong(1) == 0);
  CHECK(second.wrong(2) == 0);
}

TEST_CASE("cuda: a context may go while its run is on its way") {
  Handles h;
  h.open();
  Caller caller;
  skip::cuda::Stream stream = caller.stream();
  DeviceBatch batch(caller, 8);
  REQUIRE(batch.runAsync(h.context, stream) == SKIP_OK);
  skipmodel_context_destroy(h.context);
  h.context = nullptr;
  CUDA_OK(cuda().cuStreamSynchronize(stream));
  CHECK(batch.wrong(1) == 0);
}

TEST_CASE("cuda: a plan without weights needs none") {
  // Only the counter is left of the model.
  SkipVariant variant = tinyTarget().variants[0];
  SkipSection section{3, 1, smallBound};
  variant.sections = &section;
  variant.sectionCount = 1;
  ImageCopy copy;
  copy.target.variants = &variant;
  copy.target.variantCount = 1;
  copy.target.weightsBytes = 0;
  copy.target.loadCount = 0;
  copy.image.tensorCount = 0;
  skip_model *model = nullptr;
  skip_context *context = nullptr;
  skip_weights *weights = nullptr;
  REQUIRE(skip::runtime::createModel(copy.image, {}, &model) == SKIP_OK);
  REQUIRE(skipmodel_context_create(model, nullptr, nullptr, &context) == SKIP_OK);
  CHECK(Batch(2).run(context) == SKIP_OK);
  REQUIRE(skipmodel_weights_embedded(model, &weights) == SKIP_OK);
  REQUIRE(skipmodel_context_bind(context, weights) == SKIP_OK);
  CHECK(Batch(1).run(context) == SKIP_OK);
  skipmodel_context_destroy(context);
  skipmodel_weights_destroy(weights);
  skipmodel_model_destroy(model);
}
