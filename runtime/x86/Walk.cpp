// The plan walker: for each step of each turn of each section, resolve operands and parameters, count the work units, and share
// them out. A run may have parts (SkipVariant.parts), each with a plan for as many images.
//
// Between two steps there is a barrier, so that one set of operand and parameter arrays, the body's, serves all steps. Nothing
// here allocates, locks or does I/O; the clock is read only for an observer.
#include "runtime/Error.h"
#include "runtime/Overlap.h"
#include "runtime/ThreadPool.h"
#include "runtime/x86/Body.h"

#include <immintrin.h>
#include <time.h>

using namespace skip::runtime;

namespace skip::runtime {

/// One part of a run of one context: all of it, where it is not divided.
struct Run {
  const skip_context &context;
  x86::Body &body;
  const SkipVariant &variant;
  const float *const *inputs;
  void *const *outputs;      // null for those that are not wanted and that no step needs
  int64_t firstImage;        // of the batch, that is image 0 of this run
  uint64_t wanted = 0;       // of the outputs, as in SkipStep
  bool lacksOutputs = false; // one of them is not wanted

  void all(int64_t images);
  void turn(const SkipSection &section, int64_t first, int64_t images);
  void step(int64_t index, int64_t first);
  int64_t resolve(const SkipStep &step, int64_t first);
  void *base(const SkipOperand &operand) const;
  bool isWanted(const SkipStep &step) const;
  void share(SkipKernelFn kernel, int64_t units) const;
  void report(int64_t index, int64_t first, double seconds) const;
};

/// What all threads of one step share.
struct StepCall {
  SkipKernelFn kernel;
  void *const *operands;
  const int64_t *params;
};

static void runUnits(void *argument, int64_t begin, int64_t end) {
  const StepCall &call = *static_cast<const StepCall *>(argument);
  call.kernel(call.operands, call.params, begin, end);
}

/// For a caller's own threads, whose floating-point mode is not ours.
static void runUnitsFlushing(void *argument, int64_t begin, int64_t end) {
  FlushDenormals flush;
  runUnits(argument, begin, end);
}

void *Run::base(const SkipOperand &operand) const {
  switch (static_cast<SkipSegment>(operand.segment)) {
  case SKIP_SEGMENT_INPUT:
    return const_cast<float *>(inputs[operand.index]);
  case SKIP_SEGMENT_OUTPUT:
    return outputs[operand.index];
  case SKIP_SEGMENT_WEIGHTS:
    return const_cast<void *>(context.weights->segment);
  case SKIP_SEGMENT_STATE:
    return body.state;
  case SKIP_SEGMENT_WORKSPACE:
    return context.workspace;
  }
  __builtin_trap();
}

/// Fills the body's operand and parameter arrays for images from `first` on; returns the number of work units.
int64_t Run::resolve(const SkipStep &step, int64_t first) {
  for (uint32_t i = 0; i < step.operandCount; ++i) {
    const SkipOperand &operand = variant.operands[step.firstOperand + i];
    body.operands[i] = static_cast<char *>(base(operand)) + operand.offset + operand.origin +
                       static_cast<uint64_t>(first) * operand.imageBytes;
  }
  for (uint32_t i = 0; i < step.paramCount; ++i) {
    const SkipParam &param = variant.params[step.firstParam + i];
    body.params[i] = param.extent < 0 ? param.value : param.value * body.extents[param.extent];
  }
  const int64_t *split = x86::kernelsOf(variant)[step.kernel].split[context.model->body];
  int64_t units = 1;
  for (int i = 0; i < 3; ++i)
    units *= (body.params[i] + split[i] - 1) / split[i];
  return units;
}

void Run::share(SkipKernelFn kernel, int64_t units) const {
  StepCall call{kernel, body.operands, body.params};
  if (units == 1)
    runUnits(&call, 0, 1);
  else if (context.parallelFor)
    context.parallelFor(context.parallelUser, units, runUnitsFlushing, &call);
  else if (context.pool)
    context.pool->forEach(units, runUnits, &call);
  else
    runUnits(&call, 0, units);
}

static double secondsNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void Run::report(int64_t index, int64_t first, double seconds) const {
  const SkipStep &step = variant.steps[index];
  skip_step_event event{index,
                        step.name,
                        seconds,
                        body.operands + (step.operandCount - step.resultCount),
                        static_cast<int32_t>(step.resultCount),
                        firstImage + first,
                        body.extents[0],
                        variant.extents[0].bound};
  context.observer(context.observerUser, &event);
}

/// Whether something that is wanted depends on the step, and all that it writes has a place.
bool Run::isWanted(const SkipStep &step) const {
  if (!(step.outputs & wanted))
    return false;
  const SkipOperand *results = variant.operands + step.firstOperand + step.operandCount - step.resultCount;
  for (uint32_t i = 0; i < step.resultCount; ++i)
    if (results[i].segment == SKIP_SEGMENT_OUTPUT && !outputs[results[i].index])
      return false;
  return true;
}

void Run::step(int64_t index, int64_t first) {
  const SkipStep &step = variant.steps[index];
  if (lacksOutputs && !isWanted(step))
    return;
  double start = context.observer ? secondsNow() : 0;
  {
    FlushDenormals flush; // not around the observer, whose arithmetic is its own
    if (int64_t units = resolve(step, first); units > 0)
      share(x86::kernelsOf(variant)[step.kernel].fn[context.model->body], units);
  }
  if (context.observer)
    report(index, first, secondsNow() - start);
}

/// All steps of a section for some of the batch's images.
void Run::turn(const SkipSection &section, int64_t first, int64_t images) {
  body.extents[0] = images;
  for (uint32_t i = 0; i < section.stepCount; ++i)
    step(section.firstStep + i, first);
}

void Run::all(int64_t images) {
  for (uint32_t i = 0; i < variant.sectionCount; ++i) {
    const SkipSection &section = variant.sections[i];
    for (int64_t first = 0; first < images; first += section.images)
      turn(section, first, section.images < images - first ? section.images : images - first);
  }
}

bool x86::isNeeded(const SkipTargetImage &target, int64_t bound, uint32_t output) {
  for (uint32_t v = 0; v < target.variantCount; ++v) {
    const SkipVariant &variant = target.variants[v];
    for (uint32_t s = 0; s < variant.stepCount; ++s) {
      const SkipStep &step = variant.steps[s];
      for (uint32_t i = 0; i < step.operandCount; ++i) {
        const SkipOperand &operand = variant.operands[step.firstOperand + i];
        bool isResult = i >= step.operandCount - step.resultCount;
        if (operand.segment == SKIP_SEGMENT_OUTPUT && operand.index == output && (!isResult || step.resultCount > 1))
          return true;
      }
    }
    if (variant.extents[0].bound >= bound)
      return false; // the larger ones are not used
  }
  return false;
}

static skip_status checkStack(skip_context &context) {
  size_t needed = stackBytesOfRun(*context.model->image);
  if (hasStack(x86::bodyOf(context).stack, needed))
    return SKIP_OK;
  return fail(SKIP_INVALID_ARGUMENT,
              "%s: the calling thread has less than %zu bytes of stack left; create it with %zu (model_stack_bytes)",
              context.call, needed, skipmodel_model_stack_bytes(context.model));
}

/// The array of a port from image `first` on.
template <typename Float> static Float *imagesFrom(Float *array, const SkipPort &port, int64_t first) {
  return array + static_cast<uint64_t>(first) * imageBytes(port) / sizeof(float);
}

/// Runs `n` images from image `first` on by the plan for `n`.
static void runPart(skip_context &context, int64_t first, int64_t n, const float *const *inputs, float *const *outputs) {
  const SkipModelImage &image = *context.model->image;
  const SkipVariant &variant = *variantFor(*context.model, n);
  x86::Body &body = x86::bodyOf(context);
  for (uint32_t i = 1; i < variant.extentCount; ++i)
    body.extents[i] = variant.extents[i].initial;
  if (uint32_t extent = variant.threadsExtent; extent > 0 && context.pool) {
    int64_t threads = context.pool->threads(), bound = variant.extents[extent].bound;
    body.extents[extent] = threads < bound ? threads : bound;
  }
  for (uint32_t i = 0; i < image.inputCount; ++i)
    body.inputs[i] = imagesFrom(inputs[i], image.inputs[i], first);
  Run run{context, body, variant, body.inputs, body.outputs, first};
  for (uint32_t i = 0; i < image.outputCount; ++i) {
    body.outputs[i] = outputs[i] ? imagesFrom(outputs[i], image.outputs[i], first) : body.spares[i];
    run.lacksOutputs = run.lacksOutputs || !outputs[i];
    if (outputs[i])
      run.wanted |= uint64_t{1} << (i < 63 ? i : 63);
  }
  run.all(n);
}

/// How many of `n` images are to be run first.
static int64_t firstPart(const skip_context &context, int64_t n) {
  const SkipVariant &variant = *variantFor(*context.model, n);
  int64_t fromLast = variant.extents[0].bound - n;
  bool isKnown = !context.undivided && fromLast < int64_t{variant.partCount};
  return isKnown ? variant.parts[int64_t{variant.partCount} - 1 - fromLast] : n;
}

static void runParts(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs) {
  for (int64_t first = 0; first < n;) {
    int64_t images = firstPart(context, n - first);
    runPart(context, first, images, inputs, outputs);
    first += images;
  }
}

static skip_status runBatch(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs) {
  if (!context.pool) {
    runParts(context, n, inputs, outputs);
    return SKIP_OK;
  }
  PoolRun exclusive(*context.pool);
  if (!exclusive.taken())
    return fail(SKIP_BUSY, "%s: the context's pool is inside another run", context.call);
  runParts(context, n, inputs, outputs);
  return SKIP_OK;
}

skip_status x86::run(skip_context &context, int64_t n, const float *const *inputs, float *const *outputs) {
  if (skip_status status = checkOverlap(context, n, inputs, outputs); status != SKIP_OK)
    return status;
  if (skip_status status = checkStack(context); status != SKIP_OK)
    return status;
  return runBatch(context, n, inputs, outputs);
}

} // namespace skip::runtime
