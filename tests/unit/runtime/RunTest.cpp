// Runs: sizes, threads, turns, observers, errors.
#include "runtime/Objects.h"
#include "tests/unit/runtime/ErrorText.h"
#include "tests/unit/runtime/TestModel.h"

#include <thread>
#include <xmmintrin.h>

using namespace test;

TEST_CASE("every batch up to the largest bound gives the model's values") {
  Handles h(3);
  h.open();
  for (int64_t n = 1; n <= largeBound; ++n) {
    Batch batch(n);
    REQUIRE(batch.run(h.context) == SKIP_OK);
    batch.check(3);
  }
}

TEST_CASE("on a CPU an asynchronous run is one that is done, whatever the stream") {
  Handles h(3);
  h.open(2);
  Batch batch(5), none(1);
  const float *in[] = {batch.pictures.data(), batch.vectors.data()};
  float *out[] = {batch.scores.data(), batch.energy.data()};
  REQUIRE(skipmodel_run_async(h.context, 5, in, out, &batch) == SKIP_OK);
  batch.check(3);
  CHECK_FAILS(skipmodel_run_async(nullptr, 1, in, out, nullptr), SKIP_INVALID_ARGUMENT, "run_async: `context` is null");
  CHECK_FAILS(skipmodel_run_async(h.context, 9, in, out, nullptr), SKIP_INVALID_ARGUMENT,
              "run_async: 9 images, this context takes at most 8");
  out[0] = const_cast<float *>(in[0]);
  CHECK_FAILS(skipmodel_run_async(h.context, 5, in, out, nullptr), SKIP_INVALID_ARGUMENT, "run_async: output");
}

TEST_CASE("n = 0 does nothing, and needs no arrays") {
  Handles h;
  h.open();
  CHECK(skipmodel_run(h.context, 0, nullptr, nullptr) == SKIP_OK);
}

TEST_CASE("n beyond the bounds is an error") {
  Handles h;
  h.open();
  CHECK_FAILS(Batch(9).run(h.context), SKIP_INVALID_ARGUMENT, "9 images, this context takes at most 8");
  CHECK_FAILS(skipmodel_run(h.context, -1, nullptr, nullptr), SKIP_INVALID_ARGUMENT, "-1 images");
  CHECK_FAILS(skipmodel_run(nullptr, 1, nullptr, nullptr), SKIP_INVALID_ARGUMENT, "`context` is null");
}

TEST_CASE("missing arrays are named") {
  Handles h;
  h.open();
  Batch batch(1);
  const float *in[] = {batch.pictures.data(), nullptr};
  float *out[] = {nullptr, batch.energy.data()};
  CHECK_FAILS(skipmodel_run(h.context, 1, nullptr, out), SKIP_INVALID_ARGUMENT, "`inputs` is null");
  CHECK_FAILS(skipmodel_run(h.context, 1, in, out), SKIP_INVALID_ARGUMENT, "input 1, `vector`, is null");
  in[1] = batch.vectors.data();
  CHECK_FAILS(skipmodel_run(h.context, 1, in, nullptr), SKIP_INVALID_ARGUMENT, "`outputs` is null");
}

TEST_CASE("outputs that are not wanted are null, and the others are the same") {
  Handles h(3);
  h.open();
  for (int64_t n : {1, 2, 7}) {
    Batch whole(n);
    REQUIRE(whole.run(h.context) == SKIP_OK);
    const float *in[] = {whole.pictures.data(), whole.vectors.data()};
    for (int wanted = 0; wanted < 3; ++wanted) { // bit 0: scores, bit 1: energy
      Batch part(n);
      float *out[] = {wanted & 1 ? part.scores.data() : nullptr, wanted & 2 ? part.energy.data() : nullptr};
      std::vector<float> scores = wanted & 1 ? whole.scores : part.scores, energy = wanted & 2 ? whole.energy : part.energy;
      REQUIRE(skipmodel_run(h.context, n, in, out) == SKIP_OK); // both are results of one step, which is computed
      CHECK(part.scores == scores);
      CHECK(part.energy == energy);
    }
  }
}

/// The counter of TestModel.h as an output.
TEST_CASE("steps on which nothing depends that is wanted are left out, and not observed") {
  ImageCopy copy;
  std::vector<SkipOperand> operands;
  std::vector<SkipVariant> variants(tinyTarget().variants, tinyTarget().variants + 1);
  operands.assign(variants[0].operands, variants[0].operands + 11);
  operands[10] = {SKIP_SEGMENT_OUTPUT, 2, 0, 4, 0, 0};
  variants[0].operands = operands.data();
  std::vector<SkipPort> ports(skipModelImage.outputs, skipModelImage.outputs + 2);
  ports.push_back({"count", 1, SKIP_PORT_F32, {-1}});
  copy.image.outputs = ports.data();
  copy.image.outputCount = 3;
  copy.target.variants = variants.data();
  copy.target.variantCount = 1;
  skip_model model = copy.model();
  skip_weights *weights = nullptr;
  std::string checkpoint = modelCheckpoint(1);
  REQUIRE(skipmodel_weights_load_memory(&model, checkpoint.data(), checkpoint.size(), &weights) == SKIP_OK);
  skip_context *context = nullptr;
  REQUIRE(skipmodel_context_create(&model, weights, nullptr, &context) == SKIP_OK);
  int64_t steps = 0;
  auto observer = [](void *user, const skip_step_event *) { ++*static_cast<int64_t *>(user); };
  REQUIRE(skipmodel_context_observe(context, observer, &steps) == SKIP_OK);
  Batch batch(2);
  float count = 5;
  const float *in[] = {batch.pictures.data(), batch.vectors.data()};
  float *out[] = {batch.scores.data(), batch.energy.data(), &count};
  REQUIRE(skipmodel_run(context, 2, in, out) == SKIP_OK);
  CHECK(count == 6);
  CHECK(steps == 4);
  out[2] = nullptr;
  REQUIRE(skipmodel_run(context, 2, in, out) == SKIP_OK);
  CHECK(count == 6);
  CHECK(steps == 7);
  float *last[] = {nullptr, nullptr, &count}, *none[] = {nullptr, nullptr, nullptr};
  REQUIRE(skipmodel_run(context, 2, in, last) == SKIP_OK);
  REQUIRE(skipmodel_run(context, 2, in, none) == SKIP_OK);
  CHECK(count == 7);
  CHECK(steps == 8);
  skipmodel_context_destroy(context);
  skipmodel_weights_destroy(weights);
}

TEST_CASE("a model of another library is refused") {
  ImageCopy copy;
  SkipBackend other = *tinyTarget().backend;
  copy.target.backend = &other;
  copy.image.name = "other";
  skip_model model = copy.model();
  skip_context *context = nullptr;
  skip_weights *weights = nullptr;
  const char *text = "the model is of another library, that of `other`, and this is a call of `tiny`'s";
  CHECK_FAILS(skipmodel_context_create(&model, nullptr, nullptr, &context), SKIP_INVALID_ARGUMENT, text);
  CHECK_FAILS(skipmodel_weights_embedded(&model, &weights), SKIP_INVALID_ARGUMENT, text);
  CHECK_FAILS(skipmodel_weights_load_memory(&model, "", 0, &weights), SKIP_INVALID_ARGUMENT, text);
  skip_tensor_info info;
  skip_picture_info picture;
  uint8_t pixel[3] = {};
  float number = 0;
  CHECK_FAILS(skipmodel_model_input(&model, 0, &info), SKIP_INVALID_ARGUMENT, text);
  CHECK_FAILS(skipmodel_model_output(&model, 0, &info), SKIP_INVALID_ARGUMENT, text);
  CHECK_FAILS(skipmodel_model_picture(&model, 0, &picture), SKIP_INVALID_ARGUMENT, text);
  CHECK_FAILS(skipmodel_preprocess_rgb8(&model, pixel, 1, 1, 0, SKIP_RGB, &number, nullptr), SKIP_INVALID_ARGUMENT, text);
  CHECK_FAILS(skipmodel_normalize_rgb8(&model, pixel, 1, 1, 1, &number), SKIP_INVALID_ARGUMENT, text);
  CHECK(skipmodel_model_max_batch(&model) == 0);
  CHECK(skipmodel_model_workspace_bytes(&model, 1) == 0);
  CHECK_THAT(skipmodel_last_error(), Catch::Contains("model_workspace_bytes: the model is of another library"));
}

TEST_CASE("a context of another library is refused") {
  ImageCopy copy;
  SkipBackend other = *tinyTarget().backend;
  copy.target.backend = &other;
  copy.image.name = "other";
  skip_model model = copy.model();
  skip_context context;
  context.model = &model;
  const char *text = "the context is of another library, that of `other`, and this is a call of `tiny`'s";
  CHECK_FAILS(Batch(1).run(&context), SKIP_INVALID_ARGUMENT, text);
  CHECK_FAILS(skipmodel_run_async(&context, 1, nullptr, nullptr, nullptr), SKIP_INVALID_ARGUMENT, text);
  CHECK_FAILS(skipmodel_context_bind(&context, nullptr), SKIP_INVALID_ARGUMENT, text);
  CHECK_FAILS(skipmodel_context_observe(&context, nullptr, nullptr), SKIP_INVALID_ARGUMENT, text);
}

TEST_CASE("too many images: the text names the remedy") {
  Handles h;
  h.open();
  CHECK_FAILS(Batch(9).run(h.context), SKIP_INVALID_ARGUMENT, "run them in parts, or build it with --batch 9");
  Handles smaller;
  smaller.open(0, {.max_batch = 2});
  CHECK_FAILS(Batch(3).run(smaller.context), SKIP_INVALID_ARGUMENT, "at most 2, the max_batch that it was made with");
}

TEST_CASE("arrays that share memory are named, and those that only touch run") {
  Handles h;
  alignas(64) static char workspace[1 << 16];
  h.open(0, {.workspace = workspace, .workspace_bytes = sizeof workspace});
  size_t workspaceBytes = skipmodel_model_workspace_bytes(h.model, largeBound);
  REQUIRE(workspaceBytes <= sizeof workspace);
  const int64_t n = 2;
  Batch batch(n);
  std::vector<float> memory(2 * n * pixels);
  const float *in[] = {batch.pictures.data(), batch.vectors.data()};
  float *out[] = {batch.scores.data(), batch.energy.data()};
  auto run = [&] { return skipmodel_run(h.context, n, in, out); };
  const std::vector<float> before = batch.scores;

  float *end = memory.data() + n * pixels; // of a picture array at the beginning
  in[0] = memory.data();
  out[0] = end - 1;
  CHECK_FAILS(run(), SKIP_INVALID_ARGUMENT, "output `scores` and input `picture` share memory; each needs its own");
  in[0] = batch.pictures.data();
  out[0] = const_cast<float *>(in[1]);
  CHECK_FAILS(run(), SKIP_INVALID_ARGUMENT, "output `scores` and input `vector` share memory");
  out[0] = batch.scores.data();
  out[1] = out[0] + n * channels - 1;
  CHECK_FAILS(run(), SKIP_INVALID_ARGUMENT, "output `energy` and output `scores` share memory");
  out[1] = reinterpret_cast<float *>(workspace + workspaceBytes) - 1;
  CHECK_FAILS(run(), SKIP_INVALID_ARGUMENT, "output `energy` lies in the context's workspace; it needs memory of its own");
  out[1] = static_cast<float *>(const_cast<void *>(h.weights->segment));
  CHECK_FAILS(run(), SKIP_INVALID_ARGUMENT, "output `energy` lies in the weights");
  out[1] = batch.energy.data();
  in[1] = reinterpret_cast<float *>(workspace);
  CHECK_FAILS(run(), SKIP_INVALID_ARGUMENT, "input `vector` lies in the context's workspace");
  CHECK(batch.scores == before); // nothing ran

  memory.assign(memory.size(), 1);
  in[0] = in[1] = memory.data(); // two inputs may be one array
  out[0] = end;
  out[1] = end + n * channels;
  CHECK(run() == SKIP_OK);
}

TEST_CASE("weights are bound late, swapped and taken away") {
  Handles h(1), other(2);
  REQUIRE(skipmodel_context_create(h.model, nullptr, nullptr, &h.context) == SKIP_OK);
  Batch batch(2);
  CHECK_FAILS(batch.run(h.context), SKIP_NO_WEIGHTS, "no weights are bound");
  REQUIRE(skipmodel_context_bind(h.context, h.weights) == SKIP_OK);
  REQUIRE(batch.run(h.context) == SKIP_OK);
  batch.check(1);
  REQUIRE(skipmodel_context_bind(h.context, other.weights) == SKIP_OK);
  REQUIRE(batch.run(h.context) == SKIP_OK);
  batch.check(2);
  REQUIRE(skipmodel_context_bind(h.context, nullptr) == SKIP_OK);
  CHECK_FAILS(batch.run(h.context), SKIP_NO_WEIGHTS, "no weights are bound");
}

TEST_CASE("the bits do not depend on the number of threads") {
  Handles alone;
  alone.open();
  for (int64_t n : {1, 2, 3, 8}) {
    Batch expected(n);
    REQUIRE(expected.run(alone.context) == SKIP_OK);
    for (int32_t threads = 1; threads <= 8; ++threads) {
      Handles h;
      h.open(threads);
      for (int repeat = 0; repeat < 20; ++repeat) {
        Batch batch(n);
        REQUIRE(batch.run(h.context) == SKIP_OK);
        REQUIRE(batch.scores == expected.scores);
        REQUIRE(batch.energy == expected.energy);
      }
    }
  }
}

namespace {
struct Recorder {
  static void hear(void *user, const skip_step_event *event) {
    Recorder &self = *static_cast<Recorder *>(user);
    self.names.push_back(event->name);
    self.indices.push_back(event->index);
    self.slow = self.slow || event->seconds < 0 || event->seconds > 10;
    self.last = *static_cast<const float *>(event->results[event->result_count - 1]);
  }
  std::vector<std::string> names;
  std::vector<int64_t> indices;
  bool slow = false;
  float last = 0;
};
} // namespace

TEST_CASE("an observer hears each step, and sees its last result") {
  Handles h;
  h.open();
  Recorder recorder;
  REQUIRE(skipmodel_context_observe(h.context, Recorder::hear, &recorder) == SKIP_OK);
  for (int run = 1; run <= 3; ++run) {
    REQUIRE(Batch(run).run(h.context) == SKIP_OK);
    CHECK(recorder.last == static_cast<float>(run)); // `count`, in the state segment, lives on between runs
  }
  CHECK(std::vector<std::string>(recorder.names.begin(), recorder.names.begin() + 5) ==
        std::vector<std::string>{"conv1", "pool", "score", "count", "conv1"});
  CHECK(std::vector<int64_t>(recorder.indices.begin(), recorder.indices.begin() + 5) == std::vector<int64_t>{0, 1, 2, 3, 0});
  CHECK_FALSE(recorder.slow);
  REQUIRE(skipmodel_context_observe(h.context, nullptr, nullptr) == SKIP_OK);
  size_t heard = recorder.names.size();
  REQUIRE(Batch(1).run(h.context) == SKIP_OK);
  CHECK(recorder.names.size() == heard);
}

TEST_CASE("a context inside a run refuses all else") {
  Handles h;
  h.open();
  skip_observer intrude = [](void *user, const skip_step_event *) {
    Handles &h = *static_cast<Handles *>(user);
    CHECK_FAILS(Batch(1).run(h.context), SKIP_BUSY, "the context is inside another run");
    CHECK_FAILS(skipmodel_context_bind(h.context, h.weights), SKIP_BUSY, "inside a run");
    CHECK_FAILS(skipmodel_context_observe(h.context, nullptr, nullptr), SKIP_BUSY, "inside a run");
  };
  REQUIRE(skipmodel_context_observe(h.context, intrude, &h) == SKIP_OK);
  CHECK(Batch(1).run(h.context) == SKIP_OK);
  CHECK(skipmodel_context_observe(h.context, nullptr, nullptr) == SKIP_OK);
  CHECK(Batch(1).run(h.context) == SKIP_OK);
}

TEST_CASE("a pool serves one run at a time") {
  Handles h, second;
  h.open(2);
  second.open(0, {.pool = h.pool});
  skip_observer intrude = [](void *user, const skip_step_event *) {
    CHECK_FAILS(Batch(1).run(static_cast<skip_context *>(user)), SKIP_BUSY, "the context's pool is inside another run");
  };
  REQUIRE(skipmodel_context_observe(h.context, intrude, second.context) == SKIP_OK);
  CHECK(Batch(1).run(h.context) == SKIP_OK);
  CHECK(Batch(1).run(second.context) == SKIP_OK);
}

namespace {
/// Every unit on a thread of its own, or on ours: as uneven as can be.
struct OwnThreads {
  static void forEach(void *user, int64_t count, skip_task task, void *argument) {
    static_cast<OwnThreads *>(user)->loops += 1;
    std::vector<std::thread> threads;
    for (int64_t i = 1; i < count; ++i)
      threads.emplace_back(task, argument, i, i + 1);
    task(argument, 0, 1);
    for (std::thread &thread : threads)
      thread.join();
  }
  int64_t loops = 0;
};
} // namespace

TEST_CASE("a caller's parallel_for is used instead of a pool") {
  Handles h(5);
  OwnThreads own;
  h.open(0, {.parallel_for = OwnThreads::forEach, .parallel_user = &own});
  Batch batch(5);
  REQUIRE(batch.run(h.context) == SKIP_OK);
  batch.check(5);
  CHECK(own.loops == 6); // three steps in two turns; `count` has one unit, which is not worth a loop
}

TEST_CASE("contexts run at the same time, each with its own state") {
  Handles h[3];
  std::vector<std::thread> threads;
  std::vector<Batch> batches(3, Batch(8));
  std::atomic<int> failures{0};
  for (int i = 0; i < 3; ++i) {
    h[i].open(2);
    threads.emplace_back([&, i] {
      for (int repeat = 0; repeat < 50; ++repeat)
        failures += batches[i].run(h[i].context) != SKIP_OK;
    });
  }
  for (std::thread &thread : threads)
    thread.join();
  CHECK(failures == 0);
  for (const Batch &batch : batches)
    batch.check(1);
}

TEST_CASE("a run leaves the caller's floating-point mode as it was, also for the observer") {
  Handles h;
  h.open(2);
  static unsigned mode;
  mode = _mm_getcsr() & ~0x3Fu; // without the sticky exception flags
  skip_observer look = [](void *, const skip_step_event *) { CHECK((_mm_getcsr() & ~0x3Fu) == mode); };
  REQUIRE(skipmodel_context_observe(h.context, look, nullptr) == SKIP_OK);
  REQUIRE(Batch(3).run(h.context) == SKIP_OK);
  CHECK((_mm_getcsr() & ~0x3Fu) == mode);
}

TEST_CASE("error texts belong to their thread") {
  Handles h;
  h.open();
  CHECK_FAILS(Batch(9).run(h.context), SKIP_INVALID_ARGUMENT, "9 images");
  std::string elsewhere = "unset";
  std::thread([&] { elsewhere = skipmodel_last_error(); }).join();
  CHECK(elsewhere.empty());
  CHECK_THAT(skipmodel_last_error(), Catch::Contains("9 images"));
}
