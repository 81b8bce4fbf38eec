// Runs the runtime's load table on a checkpoint, into memory of the weights segment's size.
#include "codegen/PackWeights.h"

#include "runtime/Error.h"
#include "runtime/LoadTable.h"
#include "runtime/Memory.h"

using namespace llvm;

namespace skip::codegen {

Expected<Segment> packCheckpoint(const Image &image, size_t target, StringRef file, const std::string &shownPath,
                                 runtime::LoadSummary *summary) {
  ImageView view(image);
  uint64_t bytes = image.targets[target].weightsBytes;
  Segment segment(static_cast<char *>(runtime::allocateAligned(bytes)), bytes);
  char *memory = const_cast<char *>(segment.bytes().data());
  if (!memory)
    return createStringError(inconvertibleErrorCode(), "no memory for " + Twine(bytes) + " bytes of weights");
  if (runtime::packWeights(view.get(), view.get().targets[target], file.data(), file.size(), shownPath.c_str(), memory,
                           summary) != SKIP_OK)
    return createStringError(inconvertibleErrorCode(), runtime::lastErrorText());
  return segment;
}

} // namespace skip::codegen
