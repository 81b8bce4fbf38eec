// Runs the runtime's load table on a checkpoint, into memory of the weights segment's size, and writes that as a file.
#include "codegen/PackWeights.h"

#include "codegen/OutputFiles.h"
#include "codegen/TargetTable.h"
#include "runtime/Error.h"
#include "runtime/LoadTable.h"
#include "runtime/Memory.h"
#include "runtime/PackedFile.h"

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

Error writePacked(const Image &image, size_t target, ArrayRef<char> segment, AtomicFile &file) {
  ImageView view(image);
  runtime::PackedHeader header = runtime::packedHeader(view.get().targets[target]);
  if (Error error = writeBytes(file, StringRef(reinterpret_cast<const char *>(&header), sizeof(header))))
    return error;
  return writeBytes(file, StringRef(segment.data(), segment.size()));
}

std::string packedName(const std::string &stem, const Image &image, size_t target) {
  std::string of = image.targets.size() == 1 ? "" : "." + entryOf(image.targets[target].target).name.str();
  return stem + of + ".skipweights";
}

} // namespace skip::codegen
