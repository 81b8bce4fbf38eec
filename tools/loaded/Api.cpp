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

Expected<Api> findApi(void *library, const std::string &name) {
  Api api{};
  Finder finder(library, name);
  finder.find(api.modelCreate, "model_create");
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
  if (!finder.missing.empty())
    return createStringError(inconvertibleErrorCode(),
                             "the library of `" + name + "` has no function `" + finder.missing + "`");
  return api;
}

} // namespace skip::loaded
