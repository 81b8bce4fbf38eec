// The checkpoint reader on any bytes: the header is refused with a text, or all that it says is true of the file; what matches
// the model packs, and stays inside its segment.
#include "runtime/Error.h"
#include "runtime/LoadTable.h"
#include "runtime/PackedFile.h"
#include "tests/fuzz/Require.h"

#include <cstdlib>
#include <cstring>

using namespace skip::runtime;

static constexpr SkipTensor tensors[] = {
    {"conv.weight", 4, 0, {17, 3, 1, 2}}, {"bn.weight", 1, 0, {17}},      {"bn.bias", 1, 0, {17}},
    {"bn.running_mean", 1, 0, {17}},      {"bn.running_var", 1, 0, {17}}, {"fc.weight", 2, 0, {2, 17}},
};
/// An entry that writes `floats` floats at `offset`; without tensors yet.
static constexpr SkipLoad entry(SkipLoadKind kind, uint64_t offset, uint64_t floats, int64_t oc, int64_t ic = 1,
                                int64_t kw = 1) {
  SkipLoad load = {};
  load.kind = kind;
  load.offset = offset;
  load.bytes = 4 * floats;
  load.dims[0] = oc;
  load.dims[1] = ic;
  load.dims[2] = 1;
  load.layout = kind == SKIP_LOAD_CONV_WEIGHT ? SKIP_LAYOUT_FILTER1 : SKIP_LAYOUT_VECTOR;
  load.dims[3] = kw;
  load.epsilon = 1e-5;
  load.source = load.bias = load.gamma = load.beta = load.mean = load.variance = SKIP_NO_TENSOR;
  return load;
}

static constexpr uint64_t fcOffset = 768, biasOffset = 2816, scaleOffset = 2944, segmentBytes = 3072;

static constexpr SkipLoad convLoad() {
  SkipLoad load = entry(SKIP_LOAD_CONV_WEIGHT, 0, 2 * 3 * 2 * 16, 17, 3, 2);
  load.source = 0;
  load.gamma = 1;
  load.variance = 4;
  return load;
}

static constexpr SkipLoad fcLoad(uint32_t accumulate) {
  SkipLoad load = entry(SKIP_LOAD_CONV_WEIGHT, fcOffset, 2 * 16 * 16, 2, 17);
  load.layout = SKIP_LAYOUT_FILTER16;
  load.source = 5;
  load.accumulate = accumulate;
  return load;
}

static constexpr SkipLoad vectorLoad(SkipLoadKind kind, uint64_t offset) {
  SkipLoad load = entry(kind, offset, 32, 17);
  load.gamma = 1;
  load.beta = 2;
  load.mean = 3;
  load.variance = 4;
  return load;
}

static constexpr SkipLoad loads[] = {convLoad(), fcLoad(0), fcLoad(1), vectorLoad(SKIP_LOAD_BIAS, biasOffset),
                                     vectorLoad(SKIP_LOAD_SCALE, scaleOffset)};

static void require(bool holds, const char *what) { skip::fuzz::require(holds, what, lastErrorText()); }

static void requireText(skip_status status) {
  size_t length = std::strlen(lastErrorText());
  require(status == SKIP_OK || (length > 0 && length < 8192), "an error has a text");
}

static SkipModelImage model() {
  SkipModelImage image = {};
  image.name = "fuzz";
  image.tensors = tensors;
  image.tensorCount = sizeof(tensors) / sizeof(*tensors);
  return image;
}

static SkipTargetImage plan() {
  SkipTargetImage target = {};
  target.loads = loads;
  target.loadCount = sizeof(loads) / sizeof(*loads);
  target.weightsBytes = segmentBytes;
  target.loadFingerprint = 1;
  return target;
}

static void checkHeader(const uint8_t *file, size_t size) {
  Safetensors parsed;
  skip_status status = parsed.parse(file, size, "fuzz");
  requireText(status);
  if (status != SKIP_OK)
    return;
  uint64_t headerBytes = 0, covered = 0;
  std::memcpy(&headerBytes, file, 8);
  for (size_t i = 0; i < parsed.count(); ++i) {
    const FileTensor &tensor = parsed[i];
    covered += static_cast<uint64_t>(tensor.bytes);
    require(parsed.find(tensor.name) == static_cast<ptrdiff_t>(i), "each name is found");
    int64_t elements = 1;
    for (int32_t d = 0; d < tensor.rank; ++d)
      elements *= tensor.dims[d];
    require(elements == tensor.elements, "a shape has as many elements");
    uint64_t bits = tensor.type == ElementType::F32 ? 32 : tensor.type == ElementType::Other ? 4 : 16; // at the least
    require(tensor.data >= file && tensor.data <= file + size, "data begin inside of the file");
    require(static_cast<uint64_t>(elements) * bits / 8 <= static_cast<size_t>(file + size - tensor.data), "and end there");
  }
  require(covered == size - 8 - headerBytes, "each byte of the data belongs to a tensor");
}

static void checkPacking(const uint8_t *file, size_t size) {
  static const SkipModelImage image = model();
  static const SkipTargetImage target = plan();
  LoadSummary summary;
  requireText(readSummary(file, size, "fuzz", summary));
  Owned<float> segment(static_cast<float *>(allocateAligned(segmentBytes)));
  std::memset(segment.get(), 0xFF, segmentBytes);
  skip_status status = packWeights(image, target, file, size, "fuzz", segment.get(), &summary);
  require(status == SKIP_OK || status == SKIP_BAD_WEIGHTS, "a file is good or bad");
  requireText(status);
  if (status == SKIP_OK)
    for (int i = 17; i < 32; ++i)
      require(segment[biasOffset / 4 + i] == 0, "padding is zero");
  if (isPacked(file, size))
    requireText(checkPacked(image, target, file, size, "fuzz"));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A copy of exactly this size, so that a sanitizer sees any read beyond it.
  Owned<uint8_t> exact(static_cast<uint8_t *>(std::malloc(size > 0 ? size : 1)));
  if (size > 0)
    std::memcpy(exact.get(), data, size);
  checkHeader(exact.get(), size);
  checkPacking(exact.get(), size);
  return 0;
}
