// The C API of one loaded library, found by its prefix.
#pragma once

#include "runtime/Runtime.h"

#include "llvm/Support/Error.h"

#include <string>

namespace skip::loaded {

/// Each function of Runtime.h without its prefix.
struct Api {
  decltype(&skipmodel_model_create) modelCreate;
  decltype(&skipmodel_model_destroy) modelDestroy;
  decltype(&skipmodel_model_isa) modelIsa;
  decltype(&skipmodel_model_max_batch) modelMaxBatch;
  decltype(&skipmodel_model_input_count) modelInputCount;
  decltype(&skipmodel_model_output_count) modelOutputCount;
  decltype(&skipmodel_model_input) modelInput;
  decltype(&skipmodel_model_output) modelOutput;
  decltype(&skipmodel_model_workspace_bytes) modelWorkspaceBytes;
  decltype(&skipmodel_model_stack_bytes) modelStackBytes;
  decltype(&skipmodel_weights_embedded) weightsEmbedded;
  decltype(&skipmodel_weights_load_file) weightsLoadFile;
  decltype(&skipmodel_weights_load_memory) weightsLoadMemory;
  decltype(&skipmodel_weights_destroy) weightsDestroy;
  decltype(&skipmodel_pool_create) poolCreate;
  decltype(&skipmodel_pool_threads) poolThreads;
  decltype(&skipmodel_pool_destroy) poolDestroy;
  decltype(&skipmodel_context_create) contextCreate;
  decltype(&skipmodel_context_bind) contextBind;
  decltype(&skipmodel_context_observe) contextObserve;
  decltype(&skipmodel_context_destroy) contextDestroy;
  decltype(&skipmodel_run) run;
  decltype(&skipmodel_normalize_rgb8) normalizeRgb8;
  decltype(&skipmodel_last_error) lastError;
};

/// Finds `<name>_*` in what dlopen returned; an error names the first function that is missing.
llvm::Expected<Api> findApi(void *library, const std::string &name);

} // namespace skip::loaded
