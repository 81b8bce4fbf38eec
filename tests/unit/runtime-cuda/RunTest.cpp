// Results of runs, for every batch and from every place that arrays may lie in.
#include "tests/unit/runtime-cuda/Model.h"

#include <atomic>
#include <memory>
#include <thread>

using namespace test;

TEST_CASE("cuda: a model says what it runs on") {
  Handles h;
  CHECK(std::string(skipmodel_model_target(h.model)) == "cuda");
  CHECK(std::string(skipmodel_model_isa(h.model)) == "sm_80");
  CHECK(skipmodel_model_max_batch(h.model) == largeBound);
}

TEST_CASE("cuda: every batch up to the largest bound gives the model's values") {
  Handles h(3);
  h.open();
  for (int64_t n : {8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 7}) {
    CAPTURE(n);
    Batch batch(n, static_cast<uint32_t>(n));
    REQUIRE(batch.run(h.context) == SKIP_OK);
    CHECK(batch.wrong(3) == 0);
  }
}

TEST_CASE("cuda: a run does without the steps that are for outputs which are not wanted") {
  Handles h(3);
  h.open();
  auto count = [&](int64_t n, bool wantsScores) {
    Batch batch(n);
    batch.wantsScores = wantsScores;
    REQUIRE(batch.run(h.context) == SKIP_OK);
    CHECK(batch.wrong(3) == 0);
  };
  for (int64_t n : {1, 2, 3, 8}) {
    count(n, true);
    count(n, false);
    count(n, false);
  }
  std::vector<float> heard; // the counter, last of the steps of a whole run
  skip_observer observer = [](void *user, const skip_step_event *event) {
    static_cast<std::vector<float> *>(user)->push_back(*static_cast<const float *>(event->results[0]));
  };
  REQUIRE(skipmodel_context_observe(h.context, observer, &heard) == SKIP_OK);
  count(2, false);
  size_t steps = heard.size();
  heard.clear();
  count(2, true);
  CHECK(heard.size() == steps + 1);
  CHECK(heard.back() == 5); // four whole runs before
}

TEST_CASE("cuda: the bits of an image do not depend on the batch") {
  Handles h;
  h.open();
  Batch all(largeBound);
  REQUIRE(all.run(h.context) == SKIP_OK);
  for (int64_t n = 1; n < largeBound; ++n) {
    Batch some(n);
    some.pictures.assign(all.pictures.begin(), all.pictures.begin() + n * pixels);
    some.vectors.assign(all.vectors.begin(), all.vectors.begin() + n * channels);
    REQUIRE(some.run(h.context) == SKIP_OK);
    CHECK(some.scores == std::vector<float>(all.scores.begin(), all.scores.begin() + n * channels));
    CHECK(some.energy == std::vector<float>(all.energy.begin(), all.energy.begin() + n));
  }
}

TEST_CASE("cuda: a context for fewer images has what these need") {
  Handles h;
  size_t small = skipmodel_model_workspace_bytes(h.model, smallBound), large = skipmodel_model_workspace_bytes(h.model, 3);
  CHECK(small < large);
  for (int64_t most : {1, 2, 3, 5}) {
    Handles few;
    few.open({.max_batch = most});
    for (int64_t n = 1; n <= most; ++n) {
      Batch batch(n);
      REQUIRE(batch.run(few.context) == SKIP_OK);
      CHECK(batch.wrong(1) == 0);
    }
    CHECK_FAILS(Batch(most + 1).run(few.context), SKIP_INVALID_ARGUMENT, "this context takes at most");
  }
}

TEST_CASE("cuda: arrays of the device are used where they lie") {
  Handles h;
  h.open();
  Caller caller;
  for (int64_t n : {1, 2, 5, 8}) {
    DeviceBatch batch(caller, n);
    REQUIRE(batch.run(h.context) == SKIP_OK);
    CHECK(batch.wrong(1) == 0);
  }
}

TEST_CASE("cuda: each array may lie elsewhere") {
  Handles h;
  h.open();
  Caller caller;
  const int64_t n = 5;
  DeviceBatch device(caller, n);
  for (unsigned where = 0; where < 81; ++where) {
    Batch batch(n);
    float *pinned[4] = {caller.pinned(n * pixels), caller.pinned(n * channels), caller.pinned(n * channels), caller.pinned(n)};
    std::copy(batch.pictures.begin(), batch.pictures.end(), pinned[0]);
    std::copy(batch.vectors.begin(), batch.vectors.end(), pinned[1]);
    float *places[4][3] = {{batch.pictures.data(), pinned[0], device.pictures},
                           {batch.vectors.data(), pinned[1], device.vectors},
                           {batch.scores.data(), pinned[2], device.scores},
                           {batch.energy.data(), pinned[3], device.energy}};
    unsigned choice[4] = {where % 3, where / 3 % 3, where / 9 % 3, where / 27};
    const float *in[] = {places[0][choice[0]], places[1][choice[1]]};
    float *out[] = {places[2][choice[2]], places[3][choice[3]]};
    REQUIRE(skipmodel_run(h.context, n, in, out) == SKIP_OK);
    if (choice[2] == 2)
      batch.scores = caller.read(device.scores, batch.scores.size());
    else if (choice[2] == 1)
      batch.scores.assign(pinned[2], pinned[2] + batch.scores.size());
    if (choice[3] == 2)
      batch.energy = caller.read(device.energy, batch.energy.size());
    else if (choice[3] == 1)
      batch.energy.assign(pinned[3], pinned[3] + batch.energy.size());
    CHECK(batch.wrong(1) == 0);
  }
}

TEST_CASE("cuda: pinned and device arrays are used in the caller's stream") {
  Handles h;
  h.open();
  Caller caller;
  skip::cuda::Stream streams[] = {caller.stream(), caller.stream(), nullptr};
  std::vector<std::unique_ptr<DeviceBatch>> batches; // more of them than there are parts for blocks
  for (int64_t i = 0; i < 13; ++i) {
    DeviceBatch &batch = *batches.emplace_back(std::make_unique<DeviceBatch>(caller, 1 + i % 8, static_cast<uint32_t>(i)));
    REQUIRE(batch.runAsync(h.context, streams[i % 3]) == SKIP_OK);
  }
  Batch between(4);
  REQUIRE(between.run(h.context) == SKIP_OK);
  CHECK(between.wrong(1) == 0);
  float *pinned = caller.pinned(3 * pixels), *scores = caller.pinned(3 * channels);
  DeviceBatch last(caller, 3);
  std::copy(last.batch.pictures.begin(), last.batch.pictures.end(), pinned);
  const float *in[] = {pinned, last.vectors};
  float *out[] = {scores, last.energy};
  REQUIRE(skipmodel_run_async(h.context, 3, in, out, streams[0]) == SKIP_OK);
  for (skip::cuda::Stream stream : streams)
    CUDA_OK(cuda().cuStreamSynchronize(stream));
  for (auto &batch : batches)
    CHECK(batch->wrong(1) == 0);
  last.batch.scores.assign(scores, scores + 3 * channels);
  last.batch.energy = caller.read(last.energy, 3);
  CHECK(last.batch.wrong(1) == 0);
}

TEST_CASE("cuda: work in front of a run in its stream is done before it") {
  Handles h;
  h.open();
  Caller caller;
  skip::cuda::Stream stream = caller.stream();
  DeviceBatch batch(caller, 6, 7);
  float *source = caller.device(batch.batch.pictures);
  auto address = [](float *pointer) { return reinterpret_cast<skip::cuda::DeviceAddress>(pointer); };
  CUDA_OK(cuda().cuMemsetD8(address(batch.pictures), 0, 6 * pixels * 4));
  CUDA_OK(cuda().cuCtxSynchronize());
  CUDA_OK(cuda().cuMemcpyDtoDAsync(address(batch.pictures), address(source), 6 * pixels * 4, stream));
  REQUIRE(batch.runAsync(h.context, stream) == SKIP_OK);
  float *copied = caller.device(6 * channels); // behind the run, in the same stream
  CUDA_OK(cuda().cuMemcpyDtoDAsync(address(copied), address(batch.scores), 6 * channels * 4, stream));
  CUDA_OK(cuda().cuStreamSynchronize(stream));
  CHECK(batch.wrong(1) == 0);
  CHECK(caller.read(copied, 6 * channels) == batch.batch.scores);
}

TEST_CASE("cuda: what a stream or an array may not be is told") {
  Handles h;
  h.open();
  Caller caller;
  skip::cuda::Stream stream = caller.stream();
  DeviceBatch batch(caller, 2);
  const float *in[] = {batch.pictures, batch.batch.vectors.data()};
  float *out[] = {batch.scores, batch.energy};
  CHECK_FAILS(skipmodel_run_async(h.context, 2, in, out, stream), SKIP_INVALID_ARGUMENT,
              "input `vector` is neither memory of the device nor pinned");
  CHECK_FAILS(skipmodel_run_async(nullptr, 2, in, out, stream), SKIP_INVALID_ARGUMENT, "`context` is null");
  CHECK(skipmodel_run_async(h.context, 0, nullptr, nullptr, stream) == SKIP_OK);
  CUDA_OK(cuda().cuStreamBeginCapture(stream, skip::cuda::CaptureMode::global));
  CHECK_FAILS(batch.runAsync(h.context, stream), SKIP_INVALID_ARGUMENT, "the stream captures");
  Batch host(3); // beside a capture that forbids all threads what is unsafe
  CHECK(host.run(h.context) == SKIP_OK);
  CHECK(host.wrong(1) == 0);
  skip::cuda::Graph graph = nullptr;
  CUDA_OK(cuda().cuStreamEndCapture(stream, &graph));
  CUDA_OK(cuda().cuGraphDestroy(graph));
  CHECK_FAILS(skipmodel_context_observe(nullptr, nullptr, nullptr), SKIP_INVALID_ARGUMENT, "`context` is null");
  REQUIRE(skipmodel_context_observe(h.context, [](void *, const skip_step_event *) {}, nullptr) == SKIP_OK);
  CHECK_FAILS(batch.runAsync(h.context, stream), SKIP_INVALID_ARGUMENT, "the context has an observer");
}

TEST_CASE("cuda: an array on the device is aligned as its elements are") {
  Handles h;
  h.open();
  Caller caller;
  DeviceBatch batch(caller, 2);
  batch.scores = reinterpret_cast<float *>(reinterpret_cast<uintptr_t>(caller.device(64)) + 2);
  CHECK_FAILS(batch.run(h.context), SKIP_INVALID_ARGUMENT, "output `scores` is not aligned as float32 is");
  batch.scores = caller.device(64) + 1;
  CHECK(batch.run(h.context) == SKIP_OK);
}

TEST_CASE("cuda: a driver's stack is counted in") {
  Handles h;
  CHECK(skipmodel_model_stack_bytes(h.model) >= 256 * 1024);
}

TEST_CASE("cuda: arrays that share memory are named, wherever it is") {
  Handles h;
  Caller caller;
  float *workspace = caller.device(4096);
  h.open({.workspace = workspace, .workspace_bytes = 4096 * 4});
  DeviceBatch batch(caller, 2);
  const float *in[] = {batch.pictures, batch.vectors};
  float *out[] = {batch.pictures + 3, batch.energy};
  CHECK_FAILS(skipmodel_run(h.context, 2, in, out), SKIP_INVALID_ARGUMENT,
              "run: output `scores` and input `picture` share memory");
  CHECK_FAILS(skipmodel_run_async(h.context, 9, in, out, nullptr), SKIP_INVALID_ARGUMENT, "run_async: 9 images");
  CHECK_FAILS(skipmodel_run_async(h.context, 2, in, out, nullptr), SKIP_INVALID_ARGUMENT,
              "run_async: output `scores` and input `picture` share memory");
  out[0] = workspace;
  CHECK_FAILS(skipmodel_run(h.context, 2, in, out), SKIP_INVALID_ARGUMENT, "output `scores` lies in the context's workspace");
  CHECK(batch.run(h.context) == SKIP_OK);
  CHECK(batch.wrong(1) == 0);
}

TEST_CASE("cuda: a caller's workspace is memory of the model's device") {
  Handles h;
  Caller caller;
  size_t bytes = skipmodel_model_workspace_bytes(h.model, 2);
  std::vector<float> host(4096);
  auto create = [&](void *workspace, size_t workspaceBytes) {
    skip_context_options options{.max_batch = 2, .workspace = workspace, .workspace_bytes = workspaceBytes};
    return skipmodel_context_create(h.model, h.weights, &options, &h.context);
  };
  CHECK_FAILS(create(host.data(), bytes), SKIP_INVALID_ARGUMENT, "the workspace is memory of the host");
  CHECK_FAILS(create(caller.pinned(4096), bytes), SKIP_INVALID_ARGUMENT, "the workspace is memory of the host");
  {
    Caller other(1);
    CHECK_FAILS(create(other.device(4096), bytes), SKIP_INVALID_ARGUMENT, "lies on device 1, the context's is 0");
  }
  float *memory = caller.device(4096);
  CHECK_FAILS(create(memory + 16, bytes), SKIP_INVALID_ARGUMENT, "not 256-byte aligned");
  CHECK_FAILS(create(memory, bytes - 1), SKIP_INVALID_ARGUMENT, "2 images need " + std::to_string(bytes));
  REQUIRE(create(memory, bytes) == SKIP_OK);
  Batch batch(2);
  REQUIRE(batch.run(h.context) == SKIP_OK);
  CHECK(batch.wrong(1) == 0);
}

TEST_CASE("cuda: memory that the device does not have is an error") {
  SkipVariant variant = tinyTarget().variants[0];
  ImageCopy copy;
  copy.target.variants = &variant;
  copy.target.variantCount = 1;
  for (uint64_t bytes : {uint64_t{1} << 30, uint64_t{1} << 60, ~uint64_t{0} - 200}) {
    variant.workspaceBytes = 64;
    variant.stateBytes = bytes;
    skip_model *model = nullptr;
    REQUIRE(skip::runtime::createModel(copy.image, {}, &model) == SKIP_OK);
    skip_context *context = nullptr;
    CHECK_FAILS(skipmodel_context_create(model, nullptr, nullptr, &context), SKIP_OUT_OF_MEMORY, "no memory on device 0 for");
    CHECK(context == nullptr);
    skipmodel_model_destroy(model);
  }
}

TEST_CASE("cuda: the second device has models, weights and contexts of its own") {
  Handles second(2, 1), first(1);
  second.open();
  first.open();
  Caller caller(1);
  DeviceBatch there(caller, 4);
  REQUIRE(there.run(second.context) == SKIP_OK);
  CHECK(there.wrong(2) == 0);
  CHECK_FAILS(there.run(first.context), SKIP_INVALID_ARGUMENT, "input `picture` lies on device 1, the context's is 0");
  Batch batch(4);
  REQUIRE(batch.run(first.context) == SKIP_OK);
  CHECK(batch.wrong(1) == 0);
  // Weights are the host's: they serve any device.
  REQUIRE(skipmodel_context_bind(second.context, first.weights) == SKIP_OK);
  REQUIRE(batch.run(second.context) == SKIP_OK);
  CHECK(batch.wrong(1) == 0);
}

TEST_CASE("cuda: threads with contexts, models and weights of their own or shared") {
  Handles shared(1);
  std::vector<std::thread> threads;
  std::atomic<int64_t> wrong{0}, failed{0};
  for (uint32_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::string file = modelCheckpoint(2);
      skip_model *model = nullptr;
      skip_weights *weights = nullptr;
      failed += skipmodel_model_create(&model) != SKIP_OK;
      failed += skipmodel_weights_load_memory(model, file.data(), file.size(), &weights) != SKIP_OK;
      skip_context *context = nullptr;
      bool ofShared = t % 2 == 0;
      failed += skipmodel_context_create(ofShared ? shared.model : model, shared.weights, nullptr, &context) != SKIP_OK;
      for (int64_t i = 0; i < 6; ++i) {
        bool swapped = !ofShared && i % 2;
        failed += skipmodel_context_bind(context, swapped ? weights : shared.weights) != SKIP_OK;
        Batch batch(1 + (i + t) % 8, t);
        failed += batch.run(context) != SKIP_OK;
        wrong += batch.wrong(swapped ? 2 : 1);
      }
      skipmodel_context_destroy(context);
      skipmodel_weights_destroy(weights);
      skipmodel_model_destroy(model);
    });
  for (std::thread &thread : threads)
    thread.join();
  CHECK(failed == 0);
  CHECK(wrong == 0);
}

TEST_CASE("cuda: a run beside another one of the context is refused") {
  Handles h;
  h.open();
  h.context->busy = true;
  CHECK_FAILS(Batch(1).run(h.context), SKIP_BUSY, "inside another run");
  CHECK_FAILS(skipmodel_run_async(h.context, 1, nullptr, nullptr, nullptr), SKIP_BUSY, "inside another run");
  h.context->busy = false;
}

TEST_CASE("cuda: the caller's current context stays what it is") {
  auto current = [] {
    skip::cuda::Context now = nullptr;
    CUDA_OK(cuda().cuCtxGetCurrent(&now));
    return now;
  };
  CHECK(current() == nullptr);
  {
    Handles h;
    h.open();
    Batch batch(2);
    REQUIRE(batch.run(h.context) == SKIP_OK);
    CHECK(current() == nullptr);
    Caller other(1);
    REQUIRE(batch.run(h.context) == SKIP_OK);
    REQUIRE(skipmodel_context_bind(h.context, h.weights) == SKIP_OK);
    Handles more;
    more.open();
    CHECK(current() == other.context());
    skip::cuda::Context seen = nullptr;
    REQUIRE(skipmodel_context_observe(
                more.context,
                [](void *user, const skip_step_event *) { cuda().cuCtxGetCurrent(static_cast<skip::cuda::Context *>(user)); },
                &seen) == SKIP_OK);
    REQUIRE(batch.run(more.context) == SKIP_OK);
    CHECK(seen == other.context());
    CHECK(current() == other.context());
  }
  CHECK(current() == nullptr);
}
