// Runs the runtime's load table on a checkpoint, into memory of the weights segment's size.
#include "codegen/PackWeights.h"

#include "runtime/Error.h"
#include "runtime/LoadTable.h"
#include "runtime/Memory.h"

using namespace llvm;

namespace skip::codegen {

static Expected<Segment> packInto(const Image &image, function_ref<skip_status(const SkipModelImage &, float *)> pack) {
  ImageView view(image);
  Segment segment(static_cast<char *>(runtime::allocateAligned(image.weightsBytes)), image.weightsBytes);
  char *memory = const_cast<char *>(segment.bytes().data());
  if (!memory)
    return createStringError(inconvertibleErrorCode(), "no memory for " + Twine(image.weightsBytes) + " bytes of weights");
  if (pack(view.get(), reinterpret_cast<float *>(memory)) != SKIP_OK)
    return createStringError(inconvertibleErrorCode(), runtime::lastErrorText());
  return segment;
}

Expected<Segment> packCheckpointFile(const Image &image, const std::string &path, runtime::LoadSummary *summary) {
  return packInto(image, [&](const SkipModelImage &view, float *segment) {
    return runtime::packWeightsFile(view, path.c_str(), segment, summary);
  });
}

Expected<Segment> packCheckpoint(const Image &image, StringRef file, const std::string &shownPath,
                                 runtime::LoadSummary *summary) {
  return packInto(image, [&](const SkipModelImage &view, float *segment) {
    return runtime::packWeights(view, file.data(), file.size(), shownPath.c_str(), segment, summary);
  });
}

} // namespace skip::codegen
