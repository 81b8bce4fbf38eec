// The trainer's calls, in memory of our own.
#include "tools/running/GuardedTrainer.h"

#include "tools/running/ForcedIsa.h"
#include "tools/text/Failure.h"

#include <limits>

using namespace skip;
using tool::GuardedTrainer;

llvm::Expected<std::unique_ptr<GuardedTrainer>>
GuardedTrainer::open(const loaded::LoadedModel &library, const codegen::TrainingImage &image, const Setting &setting) {
  std::unique_ptr<GuardedTrainer> trainer(new GuardedTrainer(library, image));
  if (llvm::Error error = trainer->create(setting))
    return error;
  return trainer;
}

llvm::Error GuardedTrainer::create(const Setting &setting) {
  if (llvm::Error error = library.trainerApi().moveInto(api))
    return internalError("train", std::move(error));
  ForcedIsa forced(setting.isa);
  if (llvm::Error error = library.createModel().moveInto(model))
    return badInput(llvm::toString(std::move(error)));
  if (llvm::Error error = library.makePool(static_cast<int32_t>(setting.threads)).moveInto(pool))
    return badInput(llvm::toString(std::move(error)) + "; take fewer (--threads), or free some memory");
  skip_trainer_options options{};
  options.max_group = setting.images;
  options.groups = setting.groups;
  options.pool = pool.get();
  options.state_bytes = api.stateBytes(model, &options);
  options.workspace_bytes = api.workspaceBytes(model, &options);
  state.emplace(options.state_bytes);
  workspace.emplace(options.workspace_bytes);
  options.state = state->data();
  options.workspace = workspace->data();
  if (!options.state || !options.workspace)
    return badInput("no memory for a state of " + llvm::Twine(options.state_bytes) + " bytes and a workspace of " +
                    llvm::Twine(options.workspace_bytes));
  if (llvm::Error error = library.check(api.create(model, &options, &trainer)))
    return badInput(llvm::toString(std::move(error)));
  if (llvm::Error error = library.check(api.loadMemory(trainer, setting.checkpoint.data(), setting.checkpoint.size(), 0)))
    return badInput(llvm::toString(std::move(error)));
  return llvm::Error::success();
}

GuardedTrainer::~GuardedTrainer() {
  if (trainer)
    api.destroy(trainer);
  if (model)
    library.api().modelDestroy(model);
}

llvm::Error GuardedTrainer::addGroup(int64_t images, llvm::ArrayRef<const float *> inputs) {
  const auto *labels = reinterpret_cast<const int32_t *>(inputs.back());
  llvm::Error error = library.check(api.gradients(trainer, images, inputs.data(), labels, &result));
  return error ? internalError("train", std::move(error)) : llvm::Error::success();
}

/// Of a step of one group.
llvm::Error GuardedTrainer::run(int64_t images, llvm::ArrayRef<const float *> inputs, llvm::ArrayRef<float *>) {
  if (llvm::Error error = library.check(api.discard(trainer)))
    return internalError("train", std::move(error));
  return addGroup(images, inputs);
}

llvm::Expected<std::vector<float>> GuardedTrainer::takeMean() {
  float *gradients = nullptr;
  size_t count = 0;
  if (llvm::Error error = library.check(api.gradientArray(trainer, &gradients, &count)))
    return internalError("train", std::move(error));
  std::vector<float> mean(gradients, gradients + count);
  if (llvm::Error error = library.check(api.discard(trainer)))
    return internalError("train", std::move(error));
  return mean;
}

llvm::Expected<std::vector<float>> GuardedTrainer::gradientsOf(int64_t images, llvm::ArrayRef<const float *> inputs,
                                                               int64_t group) {
  if (llvm::Error error = library.check(api.setDraws(trainer, 0, 0, group)))
    return internalError("train", std::move(error));
  if (llvm::Error error = run(images, inputs, {}))
    return error;
  llvm::Expected<std::vector<float>> gradients = takeMean(); // of one: itself
  if (!gradients)
    return gradients.takeError();
  if (llvm::Error error = library.check(api.setDraws(trainer, 0, 0, 0)))
    return internalError("train", std::move(error));
  return gradients;
}

llvm::Expected<std::vector<float>> GuardedTrainer::meanGradient(int64_t images,
                                                                llvm::ArrayRef<std::vector<const float *>> groups) {
  if (llvm::Error error = library.check(api.discard(trainer)))
    return internalError("train", std::move(error));
  for (const std::vector<const float *> &inputs : groups)
    if (llvm::Error error = addGroup(images, inputs))
      return error;
  return takeMean();
}

llvm::Error GuardedTrainer::observe(Observer wanted) {
  observer = std::move(wanted);
  skip_observer forward = [](void *user, const skip_step_event *event) { (*static_cast<Observer *>(user))(*event); };
  llvm::Error error = library.check(api.observe(trainer, observer ? forward : nullptr, &observer));
  return error ? internalError("train", std::move(error)) : llvm::Error::success();
}

llvm::MutableArrayRef<float> GuardedTrainer::leftHere() const {
  return {state->floats() + image.gradientOffset / sizeof(float), (image.stateBytes - image.gradientOffset) / sizeof(float)};
}

llvm::ArrayRef<float> GuardedTrainer::left() const { return leftHere(); }

llvm::ArrayRef<float> GuardedTrainer::parameters() const { return {state->floats(), image.gradientOffset / sizeof(float)}; }

void GuardedTrainer::spoilWorkspace() {
  workspace->fill();
  llvm::fill(leftHere(), std::numeric_limits<float>::quiet_NaN());
}

void GuardedTrainer::clearWorkspace() {
  workspace->clear();
  llvm::fill(leftHere(), 0.0f);
}
