// What is behind the C API's opaque type trainer.
//
// Its memory begins with the state that kernels know (TrainingImage.h). Behind it lie, for the runtime alone,
//
//   | momentum | partial sums of gradients, one a level | statistics of each group | values of frozen tensors |
//
// Groups are the leaves of a binary tree: gradients of groups 0 and 1 are added, then those of 2 and 3, then both sums, and so
// on, so that processes with a part of the groups each, of a power of two, add the same numbers. As groups come one by one, a
// level of the tree has at most one sum that waits for its neighbour.
#pragma once

#include "runtime/Error.h"
#include "runtime/Objects.h"
#include "runtime/ThreadPool.h"
#include "runtime/training/Draws.h"
#include "runtime/training/Training.h"
#include "runtime/training/TrainingImage.h"

namespace skip::runtime {

/// A trainer's part among several processes (Share.h); without others it is a whole one.
struct SharedSteps {
  int32_t process = 0, processes = 1;
  int64_t block = 1, level = 0; // groups of a block, a power of two, and its exponent
  int64_t inBlock = 0;          // groups of the block so far
  skip_broadcast broadcast = nullptr;
  void *user = nullptr;
  float *gradients = nullptr; // room for the own block's
  char *statistics = nullptr;
};

} // namespace skip::runtime

struct skip_trainer {
  const skip_model *inference = nullptr;
  const SkipTrainingImage *image = nullptr;
  skip_model *model = nullptr; // of gradients
  skip_context *context = nullptr;
  skip_weights frozen; // the gradients' weights segment
  skip_trainer_options options{};

  char *state = nullptr;
  void *ownedState = nullptr;
  float *momentum = nullptr, *partials = nullptr, *groupStatistics = nullptr, *frozenValues = nullptr;

  // By tensor of the image.
  int32_t *entries = nullptr;      // of its entry of image->state, or -1: frozen
  int64_t *frozenPlaces = nullptr; // in frozenValues

  // The arrays of a run.
  const float **inputs = nullptr;
  int32_t *draws = nullptr; // null where nothing is drawn
  float *loss = nullptr, *logits = nullptr;
  int64_t classes = 0;

  double numbers[4] = {0.9, 0, 0, 0.1}; // by skip_trainer_number

  skip::runtime::DrawsPlace draw; // of the step's first group

  skip::runtime::SharedSteps share;

  // The step so far.
  int64_t groups = 0, groupImages = 0;
  uint64_t waiting = 0;  // levels whose partial sum waits
  bool holdsSum = false; // the state's gradients are a sum that waits too
  bool isFinite = true;
  float scale = 1;       // of the sum, to the mean
  bool isClosed = false; // the sum is whole
  mutable std::atomic<bool> busy{false};

  const SkipModelImage &names() const { return image->model; }
  bool hasDraws() const { return image->model.inputCount > inference->image->inputCount + 1; }
  size_t parameterFloats() const { return image->parameterBytes / sizeof(float); }
  size_t statisticBytes() const { return image->stateBytes - image->groupOffset; }
  float *parameters() const { return reinterpret_cast<float *>(state); }
  float *gradients() const { return reinterpret_cast<float *>(state + image->gradientOffset); }
  float *partial(int64_t level) const { return partials + static_cast<size_t>(level) * parameterFloats(); }
  const SkipLoad *entryOf(uint32_t tensor) const { return entries[tensor] < 0 ? nullptr : &image->state[entries[tensor]]; }
  float *frozenOf(uint32_t tensor) const { return frozenValues + frozenPlaces[tensor]; }
  bool isParameter(uint32_t tensor) const { return entries[tensor] >= 0 && entryOf(tensor)->offset < image->parameterBytes; }
};

namespace skip::runtime {

/// Whether the trainer is there and was made by this library; the text says whose it is.
inline skip_status checkOwn(const skip_trainer *trainer, const char *call) {
  return trainer ? checkOwn(*trainer->inference, call, "trainer") : fail(SKIP_INVALID_ARGUMENT, "%s: `trainer` is null", call);
}

/// What a call ends with that comes while another one has the trainer.
inline skip_status busy(const char *call) { return fail(SKIP_BUSY, "%s: the trainer is inside another call", call); }

/// Elements of a checkpoint's tensor.
int64_t elementsOf(const SkipTensor &tensor);

/// The trainer's threads, for what is no run of its context; the calling one alone where the pool is in another's run.
class Threads {
public:
  explicit Threads(const skip_trainer &trainer);
  ~Threads();
  Threads(const Threads &) = delete;

  /// Calls task(argument, begin, end) for ranges that cover [0, units).
  void share(int64_t units, skip_task task, void *argument) const;

private:
  const skip_trainer_options &options;
  alignas(PoolRun) char memory[sizeof(PoolRun)];
  PoolRun *claim = nullptr;
};

/// Runs of the context read and write `state` from now on, in place of memory of its own.
void lendState(skip_context &context, void *state);
/// Before the context is destroyed.
void returnState(skip_context &context);

/// Drops what the step has so far.
void discardStep(skip_trainer &trainer);

/// Takes in the gradients of a group that just ran, and its statistics.
void addGroup(skip_trainer &trainer, const Threads &threads);
/// The steps of that, of a node of `groups` groups on `level`, whose gradients are in the state: adds what waits from `level`
/// up to below `end`, and returns the level of the sum.
int64_t mergeUp(skip_trainer &trainer, const Threads &threads, int64_t level, int64_t end);
/// The sum in the state waits on `level`.
void keepPartial(skip_trainer &trainer, const Threads &threads, int64_t level);
void addNode(skip_trainer &trainer, const Threads &threads, int64_t level, int64_t groups);
/// The sum over the groups becomes whole, in the state's gradients.
void closeSum(skip_trainer &trainer, const Threads &threads);
/// The whole sum becomes the mean.
void scaleToMean(skip_trainer &trainer, const Threads &threads);
/// Of all groups of the step.
bool areStatisticsFinite(const skip_trainer &trainer);
bool areGradientsFinite(const skip_trainer &trainer, const Threads &threads);
void updateParameters(const skip_trainer &trainer, const Threads &threads, float rate);
void updateStatistics(const skip_trainer &trainer);

} // namespace skip::runtime
