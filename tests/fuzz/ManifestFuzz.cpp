// The reader of manifests on any bytes: it ends with a text, or what it took is sound, reads back from its lines, and packs no
// checkpoint that lacks its tensors.
#include "codegen/LoadTableText.h"
#include "codegen/PackWeights.h"
#include "codegen/ReadManifest.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace skip::codegen;

static void require(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  isManifest(text);
  llvm::Expected<ManifestWeights> read = readManifest(text, "input");
  if (!read) {
    require(!llvm::toString(read.takeError()).empty(), "an error has a text");
    return 0;
  }
  for (size_t target = 0; target < read->image.targets.size(); ++target) {
    const TargetImage &image = read->image.targets[target];
    for (const SkipLoad &load : image.loads) {
      require(load.offset + load.bytes <= image.weightsBytes, "each entry lies in the segment");
      std::optional<SkipLoad> again = loadOf(lineOf(load));
      require(again && lineOf(*again) == lineOf(load), "an entry reads back");
    }
    if (image.weightsBytes > 1 << 20)
      continue;
    std::string none("\2\0\0\0\0\0\0\0{}", 10);
    llvm::Expected<Segment> packed = packCheckpoint(read->image, target, none, "none");
    require(bool(packed) == read->image.tensors.empty(), "a checkpoint without tensors fits a model without any");
    if (!packed)
      llvm::consumeError(packed.takeError());
  }
  return 0;
}
