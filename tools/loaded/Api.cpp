// Looks up the functions of a library's C API with dlsym.
#include "tools/loaded/Api.h"

#include <dlfcn.h>

using namespace llvm;

namespace skip::loaded {

namespace {
/// Looks functions up until the first is missing.
class Finder {
public:
  Finder(void *library, const std::string &name) : library(library), name(name) {}

  template <typename Function> void find(Function &function, const char *suffix) {
    if (!missing.empty())
      return;
    std::string symbol = name + "_" + suffix;
    function = reinterpret_cast<Function>(::dlsym(library, symbol.c_str()));
    if (!function)
      missing = symbol;
  }

  std::string missing;

private:
  void *library;
  const std::string &name;
};
} // namespace

template <typename Table> static Expected<Table> checked(const Table &api, const Finder &finder, const std::string &name) {
  if (!finder.missing.empty())
    return createStringError(inconvertibleErrorCode(),
                             "the library of `" + name + "` has no function `" + finder.missing + "`");
  return api;
}

Expected<Api> findApi(void *library, const std::string &name) {
  Api api{};
  Finder finder(library, name);
  finder.find(api.modelCreateFor, "model_create_for");
  finder.find(api.modelDestroy, "model_destroy");
  finder.find(api.modelIsa, "model_isa");
  finder.find(api.modelMaxBatch, "model_max_batch");
  finder.find(api.modelInputCount, "model_input_count");
  finder.find(api.modelOutputCount, "model_output_count");
  finder.find(api.modelInput, "model_input");
  finder.find(api.modelOutput, "model_output");
  finder.find(api.modelWorkspaceBytes, "model_workspace_bytes");
  finder.find(api.modelStackBytes, "model_stack_bytes");
  finder.find(api.weightsEmbedded, "weights_embedded");
  finder.find(api.weightsLoadFile, "weights_load_file");
  finder.find(api.weightsLoadMemory, "weights_load_memory");
  finder.find(api.weightsDestroy, "weights_destroy");
  finder.find(api.poolCreate, "pool_create");
  finder.find(api.poolThreads, "pool_threads");
  finder.find(api.poolDestroy, "pool_destroy");
  finder.find(api.contextCreate, "context_create");
  finder.find(api.contextBind, "context_bind");
  finder.find(api.contextObserve, "context_observe");
  finder.find(api.contextDestroy, "context_destroy");
  finder.find(api.run, "run");
  finder.find(api.normalizeRgb8, "normalize_rgb8");
  finder.find(api.lastError, "last_error");
  return checked(api, finder, name);
}

Expected<TrainerApi> findTrainerApi(void *library, const std::string &name) {
  TrainerApi api{};
  Finder finder(library, name);
  finder.find(api.maxGroup, "trainer_max_group");
  finder.find(api.create, "trainer_create");
  finder.find(api.destroy, "trainer_destroy");
  finder.find(api.stateBytes, "trainer_state_bytes");
  finder.find(api.workspaceBytes, "trainer_workspace_bytes");
  finder.find(api.init, "trainer_init");
  finder.find(api.loadMemory, "trainer_load_memory");
  finder.find(api.setNumber, "trainer_set_number");
  finder.find(api.setDraws, "trainer_set_draws");
  finder.find(api.observe, "trainer_observe");
  finder.find(api.share, "trainer_share");
  finder.find(api.nextGroup, "trainer_next_group");
  finder.find(api.gradients, "trainer_gradients");
  finder.find(api.gradientArray, "trainer_gradient_array");
  finder.find(api.apply, "trainer_apply");
  finder.find(api.discard, "trainer_discard");
  finder.find(api.save, "trainer_save");
  finder.find(api.weights, "trainer_weights");
  return checked(api, finder, name);
}

} // namespace skip::loaded
