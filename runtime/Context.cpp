// Contexts: everything that a run writes, allocated before the first run; and what is checked of a run whatever runs it.
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/Objects.h"

#include <algorithm>
#include <stdio.h>

using namespace skip::runtime;

namespace skip::runtime {

static skip_status checkWeights(const skip_model &model, const skip_weights *weights) {
  if (weights && weights->target != model.target)
    return fail(SKIP_INVALID_ARGUMENT,
                "these weights were loaded by another library than that of model `%s`, or for another target",
                model.image->name);
  return SKIP_OK;
}

static skip_status bind(skip_context &context, const skip_weights *weights) {
  skip_status status = context.model->target->backend->bind(context, weights);
  if (status == SKIP_OK)
    context.weights = weights;
  return status;
}

/// What `skipc build --batch` would have to be told for so many images; it takes numbers up to 2^20.
struct BatchToBuild {
  explicit BatchToBuild(int64_t n) {
    constexpr int64_t most = 1 << 20;
    snprintf(text, sizeof text, n > most ? "N, which is at most %lld" : "%lld", static_cast<long long>(std::min(n, most)));
  }
  char text[48];
};

static skip_status configure(skip_context &context, const skip_weights *weights, const skip_context_options &options) {
  int64_t limit = largestBatch(*context.model);
  if (options.max_batch < 0)
    return fail(SKIP_INVALID_ARGUMENT,
                "context_create: max_batch is %lld; it is at least 1, or 0 for the %lld that the library was built for",
                static_cast<long long>(options.max_batch), static_cast<long long>(limit));
  if (options.max_batch > limit)
    return fail(SKIP_INVALID_ARGUMENT,
                "context_create: max_batch is %lld, the library was built for 1 to %lld; for more, build it with --batch %s",
                static_cast<long long>(options.max_batch), static_cast<long long>(limit), BatchToBuild(options.max_batch).text);
  context.maxBatch = options.max_batch == 0 ? limit : options.max_batch;
  if (options.pool && options.parallel_for)
    return fail(SKIP_INVALID_ARGUMENT, "context_create: give a pool or a parallel_for, not both");
  if (options.pool)
    if (skip_status status = checkOwn(*options.pool, "context_create"); status != SKIP_OK)
      return status;
  context.pool = options.pool;
  context.parallelFor = options.parallel_for;
  context.parallelUser = options.parallel_user;
  context.undivided = options.undivided != 0;
  const SkipBackend &backend = *context.model->target->backend;
  if (skip_status status = backend.createContext(context, options); status != SKIP_OK || !weights)
    return status;
  return bind(context, weights);
}

static skip_status checkInputs(const skip_context &context, const float *const *inputs) {
  const SkipModelImage &image = *context.model->image;
  if (!inputs && image.inputCount > 0)
    return fail(SKIP_INVALID_ARGUMENT, "%s: `inputs` is null", context.call);
  for (uint32_t i = 0; i < image.inputCount; ++i)
    if (!inputs[i])
      return fail(SKIP_INVALID_ARGUMENT, "%s: input %u, `%s`, is null", context.call, i, image.inputs[i].name);
  return SKIP_OK;
}

static skip_status tooMany(const skip_context &context, int64_t n) {
  auto most = static_cast<long long>(context.maxBatch);
  if (n < 0)
    return fail(SKIP_INVALID_ARGUMENT, "%s: %lld images, this context takes 0 to %lld", context.call, static_cast<long long>(n),
                most);
  int64_t limit = largestBatch(*context.model);
  if (context.maxBatch < limit)
    return fail(SKIP_INVALID_ARGUMENT, "%s: %lld images, this context takes at most %lld, the max_batch that it was made with",
                context.call, static_cast<long long>(n), most);
  return fail(
      SKIP_INVALID_ARGUMENT,
      "%s: %lld images, this context takes at most %lld, which is what the library was built for; run them in parts, or "
      "build it with --batch %s",
      context.call, static_cast<long long>(n), most, BatchToBuild(n).text);
}

static skip_status checkRun(const skip_context &context, int64_t n, const float *const *inputs, float *const *outputs) {
  const SkipModelImage &image = *context.model->image;
  if (n < 0 || n > context.maxBatch)
    return tooMany(context, n);
  if (!context.weights && context.model->target->weightsBytes > 0)
    return fail(SKIP_NO_WEIGHTS, "%s: no weights are bound; load a checkpoint and bind it to the context", context.call);
  if (n == 0)
    return SKIP_OK;
  if (skip_status status = checkInputs(context, inputs); status != SKIP_OK)
    return status;
  return outputs || image.outputCount == 0 ? SKIP_OK : fail(SKIP_INVALID_ARGUMENT, "%s: `outputs` is null", context.call);
}

skip_status createContext(const skip_model &model, const skip_weights *weights, const skip_context_options &options,
                          skip_context **context) {
  if (skip_status status = checkWeights(model, weights); status != SKIP_OK)
    return status;
  skip_context *created = create<skip_context>();
  if (!created)
    return fail(SKIP_OUT_OF_MEMORY, "no memory for a context");
  created->model = &model;
  skip_status status = configure(*created, weights, options);
  if (status != SKIP_OK) {
    skipmodel_context_destroy(created);
    return status;
  }
  *context = created;
  return SKIP_OK;
}

skip_status run(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs) {
  BusyGuard guard(context.busy);
  if (!guard.taken)
    return fail(SKIP_BUSY, "run: the context is inside another run");
  context.call = "run";
  if (skip_status status = checkRun(context, n, inputs, outputs); status != SKIP_OK || n == 0)
    return status;
  return context.model->target->backend->run(context, n, inputs, outputs);
}

skip_status observe(skip_context &context, skip_observer observer, void *user) {
  BusyGuard guard(context.busy);
  if (!guard.taken)
    return fail(SKIP_BUSY, "context_observe: the context is inside a run");
  context.observer = observer;
  context.observerUser = user;
  return SKIP_OK;
}

} // namespace skip::runtime

extern "C" {

skip_status skipmodel_context_create(const skip_model *model, const skip_weights *weights, const skip_context_options *options,
                                     skip_context **context) {
  if (!context)
    return fail(SKIP_INVALID_ARGUMENT, "context_create: `context` is null");
  *context = nullptr;
  if (skip_status status = checkOwn(model, "context_create"); status != SKIP_OK)
    return status;
  return createContext(*model, weights, options ? *options : skip_context_options{}, context);
}

skip_status skipmodel_context_bind(skip_context *context, const skip_weights *weights) {
  if (skip_status status = checkOwn(context, "context_bind"); status != SKIP_OK)
    return status;
  if (skip_status status = checkWeights(*context->model, weights); status != SKIP_OK)
    return status;
  BusyGuard guard(context->busy);
  if (!guard.taken)
    return fail(SKIP_BUSY, "context_bind: the context is inside a run");
  return bind(*context, weights);
}

skip_status skipmodel_context_observe(skip_context *context, skip_observer observer, void *user) {
  skip_status status = checkOwn(context, "context_observe");
  return status == SKIP_OK ? skip::runtime::observe(*context, observer, user) : status;
}

void skipmodel_context_destroy(skip_context *context) {
  if (!context)
    return;
  context->model->target->backend->destroyContext(*context);
  destroy(context);
}

skip_status skipmodel_run(skip_context *context, int64_t n, const float *const *inputs, float *const *outputs) {
  skip_status status = checkOwn(context, "run");
  return status == SKIP_OK ? skip::runtime::run(*context, n, inputs, outputs) : status;
}

skip_status skipmodel_run_async(skip_context *context, int64_t n, const float *const *inputs, float *const *outputs,
                                void *stream) {
  if (skip_status status = checkOwn(context, "run_async"); status != SKIP_OK)
    return status;
  BusyGuard guard(context->busy);
  if (!guard.taken)
    return fail(SKIP_BUSY, "run_async: the context is inside another run");
  context->call = "run_async";
  if (skip_status status = checkRun(*context, n, inputs, outputs); status != SKIP_OK || n == 0)
    return status;
  return context->model->target->backend->runAsync(*context, n, inputs, outputs, stream);
}

} // extern "C"
