// A step: gradients of each group, then the update.
#include "runtime/Error.h"
#include "runtime/training/Share.h"

using namespace skip::runtime;

namespace skip::runtime {

static skip_status checkLabels(const skip_trainer &trainer, int64_t n, const int32_t *labels) {
  for (int64_t i = 0; i < n; ++i)
    if (labels[i] < 0 || labels[i] >= trainer.classes)
      return fail(SKIP_INVALID_ARGUMENT, "trainer_gradients: label %d of image %lld, the model has %lld classes, 0 to %lld",
                  labels[i], static_cast<long long>(i), static_cast<long long>(trainer.classes),
                  static_cast<long long>(trainer.classes - 1));
  return SKIP_OK;
}

static skip_status checkGroup(const skip_trainer &trainer, int64_t n, const float *const *inputs, const int32_t *labels) {
  if (!inputs || !labels)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_gradients: `%s` is null", inputs ? "labels" : "inputs");
  if (n < 1 || n > trainer.options.max_group)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_gradients: a group of %lld images, this trainer takes 1 to %lld",
                static_cast<long long>(n), static_cast<long long>(trainer.options.max_group));
  if (trainer.groups == trainer.options.groups || trainer.isClosed)
    return fail(SKIP_INVALID_ARGUMENT,
                "trainer_gradients: the step is whole: trainer_apply or trainer_discard comes next; the trainer was made for "
                "%lld groups a step",
                static_cast<long long>(trainer.options.groups));
  if (trainer.groups + trainer.share.inBlock > 0 && n != trainer.groupImages)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_gradients: a group of %lld images after one of %lld; a step's have the same",
                static_cast<long long>(n), static_cast<long long>(trainer.groupImages));
  return checkLabels(trainer, n, labels);
}

static void draw(skip_trainer &trainer, int64_t n) {
  DrawsPlace place = trainer.draw;
  place.group += static_cast<uint64_t>(nextGroup(trainer));
  for (int64_t i = 0; i < n; ++i)
    trainer.draws[i] = static_cast<int32_t>(drawOf(place, static_cast<uint64_t>(i)));
}

static skip_status runGroup(skip_trainer &trainer, int64_t n, const float *const *inputs, const int32_t *labels) {
  uint32_t last = trainer.names().inputCount - 1, pictures = trainer.inference->image->inputCount;
  for (uint32_t i = 0; i < pictures; ++i)
    trainer.inputs[i] = inputs[i];
  if (trainer.hasDraws()) {
    draw(trainer, n);
    trainer.inputs[pictures] = reinterpret_cast<const float *>(trainer.draws);
  }
  trainer.inputs[last] = reinterpret_cast<const float *>(labels); // the port says what they are
  float *outputs[] = {trainer.loss, trainer.logits};
  return run(*trainer.context, n, trainer.inputs, outputs);
}

static int64_t countWrong(const skip_trainer &trainer, int64_t n, const int32_t *labels) {
  int64_t wrong = 0;
  for (int64_t i = 0; i < n; ++i) {
    const float *logits = trainer.logits + i * trainer.classes;
    bool isRight = logits[labels[i]] == logits[labels[i]]; // NaN is no answer
    for (int64_t k = 0; k < trainer.classes; ++k)
      isRight = isRight && (k < labels[i] ? logits[k] < logits[labels[i]] : !(logits[k] > logits[labels[i]]));
    wrong += !isRight;
  }
  return wrong;
}

/// Some groups are there, and others that several processes share are not.
static bool isUnfinished(const skip_trainer &trainer) {
  int64_t groups = trainer.groups + trainer.share.inBlock;
  return trainer.share.processes > 1 && groups > 0 && trainer.groups < trainer.options.groups;
}

static skip_status unfinished(const char *call) {
  return fail(SKIP_INVALID_ARGUMENT, "%s: not all groups of the step are there, which several processes share", call);
}

static bool isFinite(float value) { return value - value == 0; }

namespace {
/// What a number may be: the language's rules (frontend/RecipeSettings.cpp), and one for what the language has not.
struct NumberRule {
  const char *name;
  bool (*allows)(double value);
  const char *allowed;
};
} // namespace

static constexpr NumberRule numberRules[] = {
    {"momentum", [](double value) { return value >= 0 && value < 1; }, "from 0 to below 1"},
    {"decay", [](double value) { return value >= 0 && value <= 1; }, "from 0 to 1"},
    {"Nesterov's momentum", [](double value) { return value == 0 || value == 1; }, "0 or 1, for no and yes"},
    {"the share of statistics", [](double value) { return value >= 0 && value <= 1; }, "from 0 to 1"},
};
static_assert(sizeof numberRules / sizeof *numberRules == SKIP_TRAINER_STATISTICS + 1);

/// Numbers come one by one: what is set is held against what stands.
static skip_status checkNesterov(const skip_trainer &trainer, skip_trainer_number number, double value) {
  double momentum = number == SKIP_TRAINER_MOMENTUM ? value : trainer.numbers[SKIP_TRAINER_MOMENTUM];
  double nesterov = number == SKIP_TRAINER_NESTEROV ? value : trainer.numbers[SKIP_TRAINER_NESTEROV];
  return nesterov == 0 || momentum > 0
             ? SKIP_OK
             : fail(SKIP_INVALID_ARGUMENT, "trainer_set_number: Nesterov's momentum is on, which needs a momentum above 0");
}

} // namespace skip::runtime

extern "C" {

skip_status skipmodel_trainer_gradients(skip_trainer *trainer, int64_t n, const float *const *inputs, const int32_t *labels,
                                        skip_training_result *result) {
  if (skip_status status = checkOwn(trainer, "trainer_gradients"); status != SKIP_OK)
    return status;
  if (!result)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_gradients: `result` is null");
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_gradients");
  if (skip_status status = checkGroup(*trainer, n, inputs, labels); status != SKIP_OK)
    return status;
  if (skip_status status = runGroup(*trainer, n, inputs, labels); status != SKIP_OK)
    return status;
  *result = {trainer->loss[0], countWrong(*trainer, n, labels)};
  trainer->groupImages = n;
  trainer->isFinite = trainer->isFinite && isFinite(trainer->loss[0]);
  if (trainer->share.processes > 1)
    return addSharedGroup(*trainer, Threads(*trainer));
  addGroup(*trainer, Threads(*trainer));
  return SKIP_OK;
}

skip_status skipmodel_trainer_gradient_array(skip_trainer *trainer, float **gradients, size_t *count) {
  if (skip_status status = checkOwn(trainer, "trainer_gradient_array"); status != SKIP_OK)
    return status;
  if (!gradients || !count)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_gradient_array: `%s` is null", gradients ? "count" : "gradients");
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_gradient_array");
  if (isUnfinished(*trainer))
    return unfinished("trainer_gradient_array");
  if (trainer->groups == 0)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_gradient_array: the step has no gradients yet");
  Threads threads(*trainer);
  closeSum(*trainer, threads);
  scaleToMean(*trainer, threads);
  *gradients = trainer->gradients();
  *count = trainer->parameterFloats();
  return SKIP_OK;
}

skip_status skipmodel_trainer_apply(skip_trainer *trainer, double rate) {
  if (skip_status status = checkOwn(trainer, "trainer_apply"); status != SKIP_OK)
    return status;
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_apply");
  if (isUnfinished(*trainer))
    return unfinished("trainer_apply");
  if (trainer->groups == 0)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_apply: the step has no gradients");
  if (!isFinite(static_cast<float>(rate)) || rate < 0)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_apply: a rate of %g, which must be a number from 0 on", rate);
  Threads threads(*trainer);
  closeSum(*trainer, threads);
  const char *gone = !trainer->isFinite                       ? "the loss is"
                     : !areStatisticsFinite(*trainer)         ? "a batch norm's statistic is"
                     : !areGradientsFinite(*trainer, threads) ? "a gradient is"
                                                              : nullptr;
  if (!gone) {
    updateStatistics(*trainer);
    updateParameters(*trainer, threads, static_cast<float>(rate));
    ++trainer->draw.step;
  }
  discardStep(*trainer);
  return gone ? fail(SKIP_NOT_FINITE, "trainer_apply: %s NaN or infinite; nothing was changed", gone) : SKIP_OK;
}

skip_status skipmodel_trainer_discard(skip_trainer *trainer) {
  if (skip_status status = checkOwn(trainer, "trainer_discard"); status != SKIP_OK)
    return status;
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_discard");
  discardStep(*trainer);
  return SKIP_OK;
}

skip_status skipmodel_trainer_set_number(skip_trainer *trainer, skip_trainer_number number, double value) {
  if (skip_status status = checkOwn(trainer, "trainer_set_number"); status != SKIP_OK)
    return status;
  if (number < SKIP_TRAINER_MOMENTUM || number > SKIP_TRAINER_STATISTICS)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_set_number: no such number, %d", static_cast<int>(number));
  if (const NumberRule &rule = numberRules[number]; !rule.allows(value))
    return fail(SKIP_INVALID_ARGUMENT, "trainer_set_number: %s of %g, which must be %s", rule.name, value, rule.allowed);
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_set_number");
  if (skip_status status = checkNesterov(*trainer, number, value); status != SKIP_OK)
    return status;
  trainer->numbers[number] = value;
  return SKIP_OK;
}

skip_status skipmodel_trainer_set_draws(skip_trainer *trainer, uint64_t seed, int64_t step, int64_t first_group) {
  if (skip_status status = checkOwn(trainer, "trainer_set_draws"); status != SKIP_OK)
    return status;
  if (step < 0 || first_group < 0)
    return fail(SKIP_INVALID_ARGUMENT, "trainer_set_draws: step %lld, first group %lld: neither is below 0",
                static_cast<long long>(step), static_cast<long long>(first_group));
  BusyGuard guard(trainer->busy);
  if (!guard.taken)
    return busy("trainer_set_draws");
  trainer->draw = {seed, static_cast<uint64_t>(step), static_cast<uint64_t>(first_group)};
  return SKIP_OK;
}

skip_status skipmodel_trainer_observe(skip_trainer *trainer, skip_observer observer, void *user) {
  if (skip_status status = checkOwn(trainer, "trainer_observe"); status != SKIP_OK)
    return status;
  return observe(*trainer->context, observer, user);
}

} // extern "C"
