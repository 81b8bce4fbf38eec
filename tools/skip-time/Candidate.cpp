// A candidate runs as a user's model does, by the C API of its library: a run is a replay of its graph. The time is the GPU's
// own, between two events in a stream that has something to do while both are put there, so what the host takes does not count.
//
// As on CPUs (tools/tuning/Candidate.cpp), weights are cold and the input has just been written, by the graph's own first
// steps; of a few runs the least counts; and what memory lies where is drawn anew for each place.
#include "tools/skip-time/Candidate.h"

#include "tools/skip-time/Error.h"

#include "support/Printable.h"

#include <algorithm>
#include <cmath>
#include <dlfcn.h>

using namespace skip;
using timing::Candidate;
using timing::Error;

static constexpr int kColdRuns = 3, kWarmRuns = 2; // few enough to be on their way together
static constexpr const char *kName = "candidate_"; // what the functions begin with

struct Candidate::Api {
  decltype(&skipmodel_model_create_for) modelCreateFor;
  decltype(&skipmodel_model_destroy) modelDestroy;
  decltype(&skipmodel_model_input_count) modelInputCount;
  decltype(&skipmodel_model_output_count) modelOutputCount;
  decltype(&skipmodel_model_max_batch) modelMaxBatch;
  decltype(&skipmodel_model_input) modelInput;
  decltype(&skipmodel_model_output) modelOutput;
  decltype(&skipmodel_weights_load_memory) weightsLoadMemory;
  decltype(&skipmodel_weights_destroy) weightsDestroy;
  decltype(&skipmodel_context_create) contextCreate;
  decltype(&skipmodel_context_destroy) contextDestroy;
  decltype(&skipmodel_run) run;
  decltype(&skipmodel_run_async) runAsync;
  decltype(&skipmodel_last_error) lastError;
};

/// Weights and workspace of one place.
struct Candidate::Placed {
  const Api &api;
  skip_weights *weights = nullptr;
  skip_context *context = nullptr;

  explicit Placed(const Api &api) : api(api) {}
  Placed(const Placed &) = delete;
  ~Placed() {
    api.contextDestroy(context);
    api.weightsDestroy(weights);
  }
};

template <typename Function> static void find(void *library, const char *name, Function &function) {
  std::string symbol = std::string(kName) + name;
  function = reinterpret_cast<Function>(dlsym(library, symbol.c_str()));
  if (!function)
    throw Error("it has no function `" + symbol + "`");
}

void Candidate::require(skip_status status) const {
  if (status != SKIP_OK)
    throw Error(api->lastError());
}

static bool areDims(const skip_tensor_info &info, std::vector<int64_t> dims) {
  dims.front() = -1;
  return std::equal(dims.begin(), dims.end(), info.dims, info.dims + info.rank);
}

void Candidate::checkShapes(const Problem &problem) const {
  skip_tensor_info input{}, output{};
  bool isOne = api->modelInputCount(model) == 1 && api->modelOutputCount(model) == 1;
  require(api->modelInput(model, 0, &input));
  require(api->modelOutput(model, 0, &output));
  if (!isOne || api->modelMaxBatch(model) != problem.key.images || !areDims(input, problem.arrays.inputDims) ||
      !areDims(output, problem.arrays.outputDims))
    throw Error("its arrays are not those of the problem that the manifest names");
}

Candidate::Candidate(const std::string &path, const Problem &problem, const Gpu &gpu) : api(std::make_unique<Api>()) {
  std::string file = path.find('/') == path.npos ? "./" + path : path; // else the system's folders would be searched
  library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    throw Error(printable(dlerror()));
  try {
    find(library, "model_create_for", api->modelCreateFor);
    find(library, "model_destroy", api->modelDestroy);
    find(library, "model_input_count", api->modelInputCount);
    find(library, "model_output_count", api->modelOutputCount);
    find(library, "model_max_batch", api->modelMaxBatch);
    find(library, "model_input", api->modelInput);
    find(library, "model_output", api->modelOutput);
    find(library, "weights_load_memory", api->weightsLoadMemory);
    find(library, "weights_destroy", api->weightsDestroy);
    find(library, "context_create", api->contextCreate);
    find(library, "context_destroy", api->contextDestroy);
    find(library, "run", api->run);
    find(library, "run_async", api->runAsync);
    find(library, "last_error", api->lastError);
    skip_model_options options{.target = "cuda", .device = gpu.ordinal()};
    require(api->modelCreateFor(&options, &model));
    checkShapes(problem);
  } catch (const Error &) {
    close();
    throw;
  }
}

void Candidate::close() {
  placed.reset();
  if (model)
    api->modelDestroy(model);
  dlclose(library);
}

Candidate::~Candidate() { close(); }

std::unique_ptr<Candidate::Placed> Candidate::bind(const Problem &problem) const {
  auto made = std::make_unique<Placed>(*api);
  require(api->weightsLoadMemory(model, problem.arrays.weights.data(), problem.arrays.weights.size(), &made->weights));
  require(api->contextCreate(model, made->weights, nullptr, &made->context));
  return made;
}

void Candidate::check(Problem &problem) {
  problem.output.spoil();
  placed = bind(problem);
  const float *inputs[] = {problem.input.pointer()};
  float *outputs[] = {problem.output.pointer()};
  require(api->run(placed->context, problem.key.images, inputs, outputs));
  std::vector<float> result = problem.output.read();
  if (const Expected *wrong = problem.arrays.firstWrong(result, problem.key.precision))
    throw Error("wrong result: element " + std::to_string(wrong->index) + " is " + std::to_string(result[wrong->index]) +
                ", and it must be " + std::to_string(wrong->value));
}

void Candidate::enqueue(const Placed &at, const Problem &problem, const Gpu &gpu) const {
  const float *inputs[] = {problem.input.pointer()};
  float *outputs[] = {problem.output.pointer()};
  require(api->runAsync(at.context, problem.key.images, inputs, outputs, gpu.stream()));
}

void Candidate::place(const Problem &problem, Gpu &gpu) {
  placed = bind(problem); // the place before it goes only now, so that this is another one
  int64_t least = INT64_MAX;
  for (int run = -1; run < kColdRuns; ++run) {
    gpu.flush();
    gpu.start();
    enqueue(*placed, problem, gpu);
    int64_t time = gpu.stop();
    if (run >= 0) // the first one touches the memory
      least = std::min(least, time);
  }
  cold.add(least);
  gpu.flush();
  enqueue(*placed, problem, gpu);
  gpu.start();
  for (int run = 0; run < kWarmRuns; ++run)
    enqueue(*placed, problem, gpu);
  warm.add(std::max<int64_t>(1, gpu.stop() / kWarmRuns));
}
