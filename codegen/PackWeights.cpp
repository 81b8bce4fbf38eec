// Runs the runtime's load table on a checkpoint, into memory of the weights segment's size.
#include "codegen/PackWeights.h"

#include "runtime/Error.h"
#include "runtime/LoadTable.h"
#include "runtime/Memory.h"

using namespace llvm;

namespace skip::codegen {

using Pack = function_ref<skip_status(const SkipModelImage &, const SkipTargetImage &, float *)>;

static Expected<Segment> packInto(const Image &image, size_t target, Pack pack) {
  ImageView view(image);
  uint64_t bytes = image.targets[target].weightsBytes;
  Segment segment(static_cast<char *>(runtime::allocateAligned(bytes)), bytes);
  char *memory = const_cast<char *>(segment.bytes().data());
  if (!memory)
    return createStringError(inconvertibleErrorCode(), "no memory for " + Twine(bytes) + " bytes of weights");
  if (pack(view.get(), view.get().targets[target], reinterpret_cast<float *>(memory)) != SKIP_OK)
    return createStringError(inconvertibleErrorCode(), runtime::lastErrorText());
  return segment;
}

Expected<Segment> packCheckpointFile(const Image &image, size_t target, const std::string &path,
                                     runtime::LoadSummary *summary) {
  return packInto(image, target, [&](const SkipModelImage &view, const SkipTargetImage &plan, float *segment) {
    return runtime::packWeightsFile(view, plan, path.c_str(), segment, summary);
  });
}

Expected<Segment> packCheckpoint(const Image &image, size_t target, StringRef file, const std::string &shownPath,
                                 runtime::LoadSummary *summary) {
  return packInto(image, target, [&](const SkipModelImage &view, const SkipTargetImage &plan, float *segment) {
    return runtime::packWeights(view, plan, file.data(), file.size(), shownPath.c_str(), segment, summary);
  });
}

} // namespace skip::codegen
