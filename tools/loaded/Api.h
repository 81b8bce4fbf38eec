// The C API of one loaded library, found by its prefix.
#pragma once

#include "runtime/Runtime.h"
#include "runtime/training/Training.h"

#include "llvm/Support/Error.h"

#include <string>

namespace skip::loaded {

/// Each function of Runtime.h without its prefix.
struct Api {
  decltype(&skipmodel_model_create_for) modelCreateFor;
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

/// Functions of Training.h without their prefix.
struct TrainerApi {
  decltype(&skipmodel_trainer_max_group) maxGroup;
  decltype(&skipmodel_trainer_create) create;
  decltype(&skipmodel_trainer_destroy) destroy;
  decltype(&skipmodel_trainer_state_bytes) stateBytes;
  decltype(&skipmodel_trainer_workspace_bytes) workspaceBytes;
  decltype(&skipmodel_trainer_init) init;
  decltype(&skipmodel_trainer_load_memory) loadMemory;
  decltype(&skipmodel_trainer_set_number) setNumber;
  decltype(&skipmodel_trainer_set_draws) setDraws;
  decltype(&skipmodel_trainer_observe) observe;
  decltype(&skipmodel_trainer_share) share;
  decltype(&skipmodel_trainer_next_group) nextGroup;
  decltype(&skipmodel_trainer_gradients) gradients;
  decltype(&skipmodel_trainer_gradient_array) gradientArray;
  decltype(&skipmodel_trainer_apply) apply;
  decltype(&skipmodel_trainer_discard) discard;
  decltype(&skipmodel_trainer_save) save;
  decltype(&skipmodel_trainer_weights) weights;
};

/// Finds `<name>_*` in what dlopen returned; an error names the first function that is missing.
llvm::Expected<Api> findApi(void *library, const std::string &name);
/// The same of a training library.
llvm::Expected<TrainerApi> findTrainerApi(void *library, const std::string &name);

} // namespace skip::loaded
