// The reader of manifests on any bytes: it ends with a text, or what it took is sound, reads back from its lines, and packs no
// checkpoint that lacks its tensors.
#include "codegen/LoadTableText.h"
#include "codegen/PackWeights.h"
#include "codegen/ReadManifest.h"
#include "tests/fuzz/Reading.h"

#include <cstring>

using namespace skip::codegen;
using skip::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text = skip::fuzz::textOf(data, size);
  isManifest(text);
  llvm::Expected<ManifestWeights> read = readManifest(text, "input");
  if (!skip::fuzz::isRead(read))
    return 0;
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
