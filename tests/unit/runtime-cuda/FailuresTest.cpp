// Every call of the driver that a life of models, weights and contexts makes, failed once, by each kind of failure: whoever
// asked hears which call it was and why, can ask again and then gets what was asked for, and nothing is lost. After a failure
// by which CUDA tells that the device is dead, a context answers with that, and all can still be given back.
#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/runtime-cuda/Model.h"
#include "tests/unit/runtime-cuda/Spawn.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

using namespace test;

namespace {
/// A context that is of no use any more.
struct Poisoned {};

/// Asks until it is answered, at most twice: one call of the driver fails.
template <typename Ask> void ask(const char *what, Ask ask) {
  for (int again = 0; again < 2; ++again) {
    skip_status status = ask();
    if (status == SKIP_OK)
      return;
    std::printf("<%s: %d %s>\n", what, status, skipmodel_last_error());
    if (again == 1 && std::string(skipmodel_last_error()).find(": the device failed in an earlier run") != std::string::npos)
      throw Poisoned();
  }
  std::printf("<lost>\n");
  std::exit(3);
}
} // namespace

static void checkRight(int64_t wrong) {
  if (wrong)
    std::printf("<wrong>\n");
}

/// Memory of a caller's that outlives failures of the driver, which are to be the runtime's.
struct CallersMemory {
  explicit CallersMemory(int64_t n) : n(n), plain(n) {}
  void make() {
    auto &api = skip::cuda::driver();
    for (auto [address, floats] :
         {std::pair{&in[0], n * pixels}, {&in[1], n * channels}, {&out[0], n * channels}, {&out[1], n}})
      while (api.cuMemAlloc(address, static_cast<size_t>(floats) * 4) != skip::cuda::Result::success)
        ;
    while (api.cuMemcpyHtoD(in[0], plain.pictures.data(), plain.pictures.size() * 4) != skip::cuda::Result::success)
      ;
    while (api.cuMemcpyHtoD(in[1], plain.vectors.data(), plain.vectors.size() * 4) != skip::cuda::Result::success)
      ;
  }
  void take() {
    auto &api = skip::cuda::driver();
    while (api.cuMemcpyDtoH(plain.scores.data(), out[0], plain.scores.size() * 4) != skip::cuda::Result::success)
      ;
    while (api.cuMemcpyDtoH(plain.energy.data(), out[1], plain.energy.size() * 4) != skip::cuda::Result::success)
      ;
  }
  void free() {
    for (skip::cuda::DeviceAddress address : {in[0], in[1], out[0], out[1]})
      while (address && skip::cuda::driver().cuMemFree(address) != skip::cuda::Result::success)
        ;
  }
  skip_status run(skip_context *context, bool waits) {
    const float *from[] = {reinterpret_cast<float *>(in[0]), reinterpret_cast<float *>(in[1])};
    float *to[] = {reinterpret_cast<float *>(out[0]), reinterpret_cast<float *>(out[1])};
    return waits ? skipmodel_run(context, n, from, to) : skipmodel_run_async(context, n, from, to, nullptr);
  }
  int64_t n;
  Batch plain;
  skip::cuda::DeviceAddress in[2] = {}, out[2] = {};
};

/// Of a context's arrays of the host's, all outputs and some.
static void runPlain(skip_context *context) {
  for (int64_t n : {1, 5}) {
    Batch batch(n);
    ask("run", [&] { return batch.run(context); });
    checkRight(batch.wrong(1));
  }
  for (int64_t n : {1, 5, 5}) {
    Batch batch(n);
    batch.wantsScores = false;
    ask("partial", [&] { return batch.run(context); });
    checkRight(batch.wrong(1));
  }
}

/// In memory of the device, with the weights exchanged in between.
static void runOnDevice(skip_context *context, const skip_weights *second, CallersMemory &memory) {
  memory.make();
  ask("device", [&] { return memory.run(context, true); });
  memory.take();
  checkRight(memory.plain.wrong(1));
  ask("bind", [&] { return skipmodel_context_bind(context, second); });
  memory.plain.forget();
  ask("async", [&] { return memory.run(context, false); });
  memory.take(); // the legacy stream's work is done by then
  checkRight(memory.plain.wrong(2));
}

static void runObserved(skip_context *context) {
  skipmodel_context_observe(
      context,
      [](void *, const skip_step_event *event) {
        if (event->result_count == 1 && event->images == 1) // is written back
          *static_cast<float *>(const_cast<void *>(event->results[0])) += 0;
      },
      nullptr);
  Batch observed(4);
  ask("observed", [&] { return observed.run(context); });
  checkRight(observed.wrong(2));
}

TEST_CASE("alone: a life", "[.]") {
  skip_model *model = nullptr;
  skip_weights *first = nullptr, *second = nullptr;
  skip_context *context = nullptr;
  std::string files[] = {modelCheckpoint(1), modelCheckpoint(2)};
  ask("model", [&] { return skipmodel_model_create(&model); });
  ask("weights", [&] { return skipmodel_weights_load_memory(model, files[0].data(), files[0].size(), &first); });
  ask("weights", [&] { return skipmodel_weights_load_memory(model, files[1].data(), files[1].size(), &second); });
  ask("context", [&] { return skipmodel_context_create(model, first, nullptr, &context); });
  CallersMemory memory(3);
  skip::cuda::Context primary = nullptr;
  while (skip::cuda::driver().cuDevicePrimaryCtxRetain(&primary, 0) != skip::cuda::Result::success)
    ;
  while (skip::cuda::driver().cuCtxPushCurrent(primary) != skip::cuda::Result::success)
    ;
  try {
    runPlain(context);
    runOnDevice(context, second, memory);
    memory.free();
    memory = CallersMemory(3);
    runObserved(context);
  } catch (const Poisoned &) {
    std::printf("<poisoned>\n");
  }
  memory.free();
  std::printf("<destroy>\n");
  skipmodel_context_destroy(context);
  skipmodel_weights_destroy(second);
  skipmodel_weights_destroy(first);
  skipmodel_model_destroy(model);
  skip::cuda::Context popped = nullptr;
  while (skip::cuda::driver().cuCtxPopCurrent(&popped) == skip::cuda::Result::success && popped)
    popped = nullptr;
  while (skip::cuda::driver().cuDevicePrimaryCtxRelease(0) != skip::cuda::Result::success)
    ;
  std::printf("<done>\n");
}

/// How often a life calls each entry point, by the name that SKIP_EMULATOR_FAIL knows.
static std::map<std::string, int> callsOfALife() {
  TemporaryFolder folder;
  std::string trace = folder.path("trace");
  Ended ended = runAlone("alone: a life", {{"SKIP_EMULATOR_TRACE", trace}});
  CHECK(ended.status == 0);
  CHECK_THAT(ended.text, Catch::Contains("<destroy>\n<done>"));
  std::map<std::string, int> calls;
  std::ifstream lines(trace);
  for (std::string line; std::getline(lines, line);)
    if (size_t end = line.find('('); end != std::string::npos)
      ++calls[line.substr(0, end)];
  return calls;
}

/// Calls of which some are tried for all: they are made many times in the same way.
static std::set<int> triedOf(int count) {
  std::set<int> tried;
  for (int i = 1; i <= count && i <= 8; ++i)
    tried.insert({i, count + 1 - i});
  for (int i = 1; i < 8; ++i)
    tried.insert(1 + i * (count - 1) / 8);
  return tried;
}

/// Those that give something back, where nobody can be told that it failed; what they were to give back is then lost.
static const std::set<std::string> givesBack = {
    "cuMemFree",          "cuMemFreeHost",   "cuStreamDestroy",           "cuEventDestroy",
    "cuGraphExecDestroy", "cuLibraryUnload", "cuDevicePrimaryCtxRelease", "cuGraphDestroy"};

namespace {
struct Code {
  const char *name;
  bool isFault; // CUDA documents that the process can use the device no more
};
} // namespace

static constexpr Code codes[] = {
    {"CUDA_ERROR_UNKNOWN", false},           {"CUDA_ERROR_INVALID_VALUE", false},  {"CUDA_ERROR_OUT_OF_MEMORY", false},
    {"CUDA_ERROR_NOT_INITIALIZED", false},   {"CUDA_ERROR_DEINITIALIZED", false},  {"CUDA_ERROR_NO_DEVICE", false},
    {"CUDA_ERROR_INVALID_CONTEXT", false},   {"CUDA_ERROR_NOT_FOUND", false},      {"CUDA_ERROR_NOT_SUPPORTED", false},
    {"CUDA_ERROR_ECC_UNCORRECTABLE", false}, {"CUDA_ERROR_ILLEGAL_ADDRESS", true}, {"CUDA_ERROR_LAUNCH_FAILED", true}};

namespace {
/// What a call of the API answered, as `ask` printed it.
struct Told {
  std::string what, text;
  int status;
  bool isOf(const std::set<std::string> &calls) const { return calls.count(what) != 0; }
};
} // namespace

static std::vector<Told> toldIn(const std::string &text) {
  std::vector<Told> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    char what[16] = "";
    int status = 0, length = 0;
    if (std::sscanf(line.c_str(), "<%15[a-z]: %d %n", what, &status, &length) == 2)
      all.push_back({what, line.substr(static_cast<size_t>(length)), status});
  }
  return all;
}

/// The text begins with the call of the API where it is one of a context's, and says which call of the driver it was and what
/// that answered.
static void checkTold(const Told &told, const std::string &entry, const Code &code) {
  if (told.isOf({"run", "partial", "device", "observed"}))
    CHECK_THAT(told.text, Catch::StartsWith("run: "));
  if (told.isOf({"async"}))
    CHECK_THAT(told.text, Catch::StartsWith("run_async: "));
  if (told.isOf({"bind"}))
    CHECK_THAT(told.text, Catch::StartsWith("context_bind: "));
  if (told.isOf({"context"}))
    CHECK_THAT(told.text, Catch::StartsWith("context_create: ") || Catch::StartsWith("context_bind: "));
  if (told.status == SKIP_INVALID_ARGUMENT) // the driver's word for memory that it does not know
    CHECK(entry == "cuPointerGetAttribute");
  else
    CHECK_THAT(told.text, Catch::Contains(entry) && (Catch::Contains(code.name) || Catch::Contains(entry + " answers ")));
}

static void checkFailure(const std::string &entry, int call, const Code &code) {
  std::string fail = entry + ":" + std::to_string(call) + ":" + code.name;
  INFO(fail);
  Ended ended = runAlone("alone: a life", {{"SKIP_EMULATOR_FAIL", fail}});
  INFO(ended.text);
  CHECK_THAT(ended.text, Catch::Contains("<done>") && !Catch::Contains("<wrong>") && !Catch::Contains("FAILED:"));
  bool isContexts = false;
  for (const Told &told : toldIn(ended.text)) {
    checkTold(told, entry, code);
    isContexts |= told.isOf({"run", "partial", "device", "observed", "async", "bind"});
  }
  CHECK((ended.text.find("<poisoned>") != std::string::npos) == (isContexts && code.isFault));
  if (givesBack.count(entry))
    CHECK((ended.status == 0 || ended.status == 86));
  else
    CHECK(ended.status == 0);
}

/// Calls and codes in turn, so that each of both is met with each entry point.
TEST_CASE("cuda: each call of the driver may fail once, by each kind of failure", "[processes]") {
  size_t tried = 0;
  for (const auto &[entry, count] : callsOfALife()) {
    std::set<int> distinct = triedOf(count);
    std::vector<int> calls(distinct.begin(), distinct.end());
    size_t most = std::max(calls.size(), std::size(codes));
    for (size_t i = 0; i < most; ++i)
      checkFailure(entry, calls[i % calls.size()], codes[(tried + i) % std::size(codes)]);
    tried += most;
  }
  CHECK(tried > 400);
}
