// Compares each array that a run writes with all others: as many as there are ports, squared, which are few.
#include "runtime/Overlap.h"

#include "runtime/Error.h"

namespace skip::runtime {

/// Memory that a run reads or writes.
struct Span {
  uintptr_t begin, end;
  const char *kind, *name; // `input` and the port's name; or what it is, and null

  bool overlaps(const Span &other) const { return begin < other.end && other.begin < end; }
};

static Span spanOf(const void *array, size_t bytes, const char *kind, const char *name = nullptr) {
  uintptr_t begin = reinterpret_cast<uintptr_t>(array);
  return {begin, begin + bytes, kind, name};
}

static Span spanOf(const SkipPort &port, int64_t n, const void *array, const char *kind) {
  return spanOf(array, static_cast<size_t>(n) * imageBytes(port), kind, port.name);
}

static skip_status overlap(const char *call, const Span &array, const Span &other) {
  if (other.name)
    return fail(SKIP_INVALID_ARGUMENT, "%s: %s `%s` and %s `%s` share memory; each needs its own", call, array.kind, array.name,
                other.kind, other.name);
  return fail(SKIP_INVALID_ARGUMENT, "%s: %s `%s` lies in %s; it needs memory of its own", call, array.kind, array.name,
              other.kind);
}

skip_status checkOverlap(const skip_context &context, int64_t n, const float *const *inputs, float *const *outputs) {
  const SkipModelImage &image = *context.model->image;
  const Span workspace = spanOf(context.workspace, context.workspaceBytes, "the context's workspace");
  const Span weights = spanOf(context.weights ? context.weights->segment : nullptr,
                              context.weights ? context.weights->target->weightsBytes : 0, "the weights");
  for (uint32_t i = 0; i < image.inputCount; ++i)
    if (Span input = spanOf(image.inputs[i], n, inputs[i], "input"); input.overlaps(workspace))
      return overlap(context.call, input, workspace);
  for (uint32_t i = 0; i < image.outputCount; ++i) {
    if (!outputs[i])
      continue;
    Span output = spanOf(image.outputs[i], n, outputs[i], "output");
    for (const Span &other : {workspace, weights})
      if (output.overlaps(other))
        return overlap(context.call, output, other);
    for (uint32_t j = 0; j < image.inputCount; ++j)
      if (Span input = spanOf(image.inputs[j], n, inputs[j], "input"); output.overlaps(input))
        return overlap(context.call, output, input);
    for (uint32_t j = 0; j < i; ++j)
      if (Span earlier = spanOf(image.outputs[j], n, outputs[j], "output"); outputs[j] && output.overlaps(earlier))
        return overlap(context.call, output, earlier);
  }
  return SKIP_OK;
}

} // namespace skip::runtime
