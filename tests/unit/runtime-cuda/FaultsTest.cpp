// Faults of the device: the context is of no use afterwards, and says so.
#include "tests/unit/runtime-cuda/Model.h"
#include "tests/unit/runtime-cuda/Spawn.h"

#include <cstdio>

using namespace test;

/// A run whose first input is too short.
static skip_status runShort(Caller &caller, skip_context *context, bool waits) {
  DeviceBatch batch(caller, 8);
  const float *in[] = {caller.device(std::vector<float>(7)), batch.vectors};
  float *out[] = {batch.scores, batch.energy};
  skip_status status = waits ? skipmodel_run(context, 8, in, out) : skipmodel_run_async(context, 8, in, out, nullptr);
  return status;
}

static void tell(const char *what, skip_status status) {
  std::printf("<%s: %d %s>\n", what, status, status ? skipmodel_last_error() : "");
}

static void goOn(Handles &h) {
  Batch batch(2);
  tell("again", batch.run(h.context));
  tell("bind", skipmodel_context_bind(h.context, h.weights));
  tell("async", skipmodel_run_async(h.context, 0, nullptr, nullptr, nullptr));
  skip_context *another = nullptr;
  tell("another", skipmodel_context_create(h.model, h.weights, nullptr, &another));
  skip_model *model = nullptr;
  tell("model", skipmodel_model_create(&model));
}

TEST_CASE("alone: fault in a graph", "[.]") {
  Handles h;
  h.open();
  Caller caller;
  tell("run", runShort(caller, h.context, true));
  goOn(h);
}

TEST_CASE("alone: fault in an observed run", "[.]") {
  Handles h;
  h.open();
  Caller caller;
  REQUIRE(skipmodel_context_observe(h.context, [](void *, const skip_step_event *) {}, nullptr) == SKIP_OK);
  tell("run", runShort(caller, h.context, true));
  goOn(h);
}

TEST_CASE("alone: fault in a stream", "[.]") {
  Handles h;
  h.open();
  Caller caller;
  tell("run", runShort(caller, h.context, false));
  cuda().cuStreamSynchronize(nullptr);
  goOn(h);
  goOn(h);
}

static std::string faulty(const char *name) {
  // Memory of a dead context cannot be freed; and a fault is to come when its run is waited for.
  Ended ended = runAlone(name, {{"SKIP_EMULATOR_LEAKS", "report"}, {"SKIP_EMULATOR_COMPLETION", "lazy"}});
  CHECK(ended.status == 0);
  return ended.text;
}

TEST_CASE("cuda: a fault of a kernel is told by its run and by all later calls", "[processes]") {
  std::string text = faulty("alone: fault in a graph");
  CHECK_THAT(text, Catch::Contains("<run: 10 run: cuStreamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS, an illegal memory access"));
  CHECK_THAT(
      text,
      Catch::Contains("<again: 10 run: the device failed in an earlier run, after which this process cannot use it: "
                      "run: cu") &&
          Catch::Contains("<bind: 10 context_bind: the device failed in an earlier run") &&
          Catch::Contains("<async: 0 >") && // n is 0
          Catch::Contains("<model: 10 device 0 failed in an earlier run, after which this process cannot use it: an object for "
                          "sm_80: cu") &&
          Catch::Contains(
              "<another: 10 context_create: device 0 failed in an earlier run, after which this process cannot use it: cu"));
}

TEST_CASE("cuda: an observed run says at which step the device failed", "[processes]") {
  std::string text = faulty("alone: fault in an observed run");
  CHECK_THAT(text, Catch::Contains("<run: 10 run: at step `conv1`: ") && Catch::Contains("CUDA_ERROR_ILLEGAL_ADDRESS"));
  CHECK_THAT(text,
             Catch::Contains("<again: 10 run: the device failed in an earlier run, after which this process cannot use it: "
                             "run: at step `conv1`"));
}

TEST_CASE("cuda: a fault that nobody waited for is told by the next call", "[processes]") {
  std::string text = faulty("alone: fault in a stream");
  CHECK_THAT(text, Catch::Contains("<again: 10 run: cu") && Catch::Contains("CUDA_ERROR_ILLEGAL_ADDRESS") &&
                       Catch::Contains("<again: 10 run: the device failed in an earlier run"));
}
