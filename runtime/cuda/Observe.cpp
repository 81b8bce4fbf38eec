// A run that its observer follows: launches one by one, each waited for and timed by events.
//
// The observer reads results at addresses of the host's, so they are copied there; and since whoever checks a step may put
// other values in its place (they are the next step's inputs), what it changed is copied back. A failure is one of the step
// that was launched last, and is told as that.
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/cuda/Launch.h"
#include "runtime/cuda/Run.h"

#include <initializer_list>
#include <string.h>

using namespace skip::runtime;

namespace skip::cuda {

static constexpr size_t alignment = 64;

namespace {
/// A result of a step, for the images of one turn: where it is on the device, and at which byte its interior origin is.
struct Region {
  DeviceAddress address;
  size_t bytes, origin;
};

class Observed {
public:
  Observed(const Launcher &launcher, const SkipCudaBlock &block, Current &current)
      : launcher(launcher), block(block), current(current) {}
  Observed(const Observed &) = delete;
  Observed &operator=(const Observed &) = delete;
  ~Observed();

  skip_status prepare();
  skip_status step(uint32_t index, Turn turn);

private:
  Region regionOf(const SkipOperand &operand, int64_t sectionImages, Turn turn) const;
  const SkipOperand &resultOf(const SkipStep &step, uint32_t result) const {
    return launcher.variant().operands[step.firstOperand + step.operandCount - step.resultCount + result];
  }
  int64_t sectionImages(uint32_t index) const;
  skip_status makeRoom();
  skip_status runTimed(uint32_t index, Turn turn, float &milliseconds);
  skip_status fetch(const SkipStep &step);
  skip_status tell(uint32_t index, Turn turn, float milliseconds);
  skip_status writeBack(const SkipStep &step);

  const Launcher &launcher;
  const SkipCudaBlock &block;
  Current &current;
  Event start = nullptr, end = nullptr;
  // For the step that has most: its results as the observer sees them, the same as they were, and each one's place.
  Owned<char> shown, before;
  Owned<Region> regions;
  Owned<const void *> pointers;
};
} // namespace

Observed::~Observed() {
  for (Event event : {start, end})
    if (event)
      driver().cuEventDestroy(event);
}

/// Images of the section that the step is in, at a time.
int64_t Observed::sectionImages(uint32_t index) const {
  const SkipVariant &variant = launcher.variant();
  int64_t bound = variant.extents[0].bound;
  for (uint32_t i = 0; i < variant.sectionCount; ++i)
    if (const SkipSection &section = variant.sections[i]; index < section.firstStep + section.stepCount)
      return section.images < bound ? section.images : bound;
  return bound;
}

/// Only images that are there: the rest of a buffer was perhaps never written, and must not be written now.
Region Observed::regionOf(const SkipOperand &operand, int64_t sectionImages, Turn turn) const {
  const SkipModelImage &image = *launcher.context.model->image;
  bool isOutput = operand.segment == SKIP_SEGMENT_OUTPUT;
  if (!isOutput && operand.segment != SKIP_SEGMENT_WORKSPACE) // no images in it
    return {launcher.addressOf(operand, turn.first) - operand.origin, operand.bytes, operand.origin};
  uint64_t held = static_cast<uint64_t>(isOutput ? launcher.variant().extents[0].bound : sectionImages);
  uint64_t each = operand.imageBytes ? operand.imageBytes : operand.bytes % held == 0 ? operand.bytes / held : 0;
  uint64_t bytes = each ? each * static_cast<uint64_t>(turn.images) : operand.bytes;
  if (isOutput)
    return {block.ports[image.inputCount + operand.index] + static_cast<uint64_t>(turn.first) * each, bytes, operand.origin};
  return {launcher.addressOf(operand, turn.first) - operand.origin, bytes, operand.origin};
}

static size_t roomFor(const Region &region) { return (region.bytes + alignment - 1) / alignment * alignment; }

skip_status Observed::makeRoom() {
  const SkipVariant &variant = launcher.variant();
  size_t most = 0, results = 0;
  for (uint32_t i = 0; i < variant.stepCount; ++i) {
    const SkipStep &step = variant.steps[i];
    size_t bytes = 0;
    int64_t images = sectionImages(i);
    for (uint32_t r = 0; r < step.resultCount; ++r)
      bytes += roomFor(regionOf(resultOf(step, r), images, {0, images}));
    most = bytes > most ? bytes : most;
    results = step.resultCount > results ? step.resultCount : results;
  }
  shown.reset(static_cast<char *>(allocateAligned(most)));
  before.reset(static_cast<char *>(allocateAligned(most)));
  regions.reset(static_cast<Region *>(calloc(results + 1, sizeof(Region))));
  pointers.reset(static_cast<const void **>(calloc(results + 1, sizeof(void *))));
  if (shown && before && regions && pointers)
    return SKIP_OK;
  return fail(SKIP_OUT_OF_MEMORY, "no memory for %zu bytes of results that the observer is to see", 2 * most);
}

skip_status Observed::prepare() {
  if (skip_status status = makeRoom(); status != SKIP_OK)
    return status;
  if (skip_status status = SKIP_DRIVER(cuEventCreate, &start, kEventDefault); status != SKIP_OK)
    return status;
  return SKIP_DRIVER(cuEventCreate, &end, kEventDefault);
}

skip_status Observed::runTimed(uint32_t index, Turn turn, float &milliseconds) {
  Stream stream = launcher.body.stream;
  skip_status status = SKIP_DRIVER(cuEventRecord, start, stream);
  if (status == SKIP_OK)
    status = launcher.step(index, turn);
  if (status == SKIP_OK)
    status = SKIP_DRIVER(cuEventRecord, end, stream);
  if (status == SKIP_OK)
    status = SKIP_DRIVER(cuEventSynchronize, end);
  return status == SKIP_OK ? SKIP_DRIVER(cuEventElapsedTime, &milliseconds, start, end) : status;
}

skip_status Observed::fetch(const SkipStep &step) {
  char *to = shown.get();
  for (uint32_t r = 0; r < step.resultCount; ++r) {
    const Region &region = regions[r];
    if (skip_status status = SKIP_DRIVER(cuMemcpyDtoHAsync, to, region.address, region.bytes, launcher.body.stream);
        status != SKIP_OK)
      return status;
    pointers[r] = to + region.origin;
    to += roomFor(region);
  }
  if (skip_status status = SKIP_DRIVER(cuStreamSynchronize, launcher.body.stream); status != SKIP_OK)
    return status;
  memcpy(before.get(), shown.get(), static_cast<size_t>(to - shown.get()));
  return SKIP_OK;
}

skip_status Observed::writeBack(const SkipStep &step) {
  size_t at = 0;
  bool changed = false;
  for (uint32_t r = 0; r < step.resultCount; at += roomFor(regions[r++])) {
    if (memcmp(shown.get() + at, before.get() + at, regions[r].bytes) == 0)
      continue;
    changed = true;
    if (skip_status status =
            SKIP_DRIVER(cuMemcpyHtoDAsync, regions[r].address, shown.get() + at, regions[r].bytes, launcher.body.stream);
        status != SKIP_OK)
      return status;
  }
  return changed ? SKIP_DRIVER(cuStreamSynchronize, launcher.body.stream) : SKIP_OK;
}

/// The observer is the caller's: it runs as its thread was.
skip_status Observed::tell(uint32_t index, Turn turn, float milliseconds) {
  const SkipStep &step = launcher.variant().steps[index];
  skip_step_event event{
      index,      step.name,   1e-3 * static_cast<double>(milliseconds), pointers.get(), static_cast<int32_t>(step.resultCount),
      turn.first, turn.images, launcher.variant().extents[0].bound};
  if (skip_status status = current.leave(); status != SKIP_OK)
    return status;
  launcher.context.observer(launcher.context.observerUser, &event);
  return current.enter();
}

skip_status Observed::step(uint32_t index, Turn turn) {
  const SkipStep &step = launcher.variant().steps[index];
  int64_t images = sectionImages(index);
  for (uint32_t r = 0; r < step.resultCount; ++r)
    regions[r] = regionOf(resultOf(step, r), images, turn);
  float milliseconds = 0;
  skip_status status = runTimed(index, turn, milliseconds);
  if (status == SKIP_OK)
    status = fetch(step);
  if (status == SKIP_OK)
    status = tell(index, turn, milliseconds);
  if (status == SKIP_OK)
    status = writeBack(step);
  return status == SKIP_OK ? SKIP_OK : inContext(status, "at step `%.200s`", step.name);
}

skip_status runObserved(const skip_context &context, uint32_t variantIndex, const SkipCudaBlock &block, uint64_t wanted,
                        Current &current) {
  const Body &body = bodyOf(context);
  Launcher launcher{context, body, variantIndex, body.weights ? body.weights->address : 0, wanted};
  Observed observed(launcher, block, current);
  if (skip_status status = observed.prepare(); status != SKIP_OK)
    return status;
  return launcher.forEach(block.n, [&](uint32_t step, Turn turn) { return observed.step(step, turn); });
}

} // namespace skip::cuda
