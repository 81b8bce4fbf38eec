// The load table: fold batch norm into scale and bias, pack convolution weights into 16 x 16 blocks.
//
// Weights of a checkpoint are [oc][ic][kh][kw]; kernels read [oc/16][ic/b][kh][kw][b][16], where b is 16 in layout filter16 and
// 1 in filter1. A tile of 16 output and b input channels is a transposition: each output channel's row is b*kh*kw consecutive
// floats in the file and every 16th float of the tile. The tile (9 KB for a 3x3) stays in the first-level cache, so that both
// sides move at memory speed.
//
// All arithmetic is in double and rounds to float once; `accumulate` then adds in float.
#include "runtime/LoadTable.h"

#include "runtime/Balance.h"
#include "runtime/Element.h"
#include "runtime/Error.h"

#include <initializer_list>

namespace skip::runtime {

static constexpr int64_t lanes = SKIP_LANES;

static int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/// Input channels of a tile.
static int64_t blockOf(const SkipLoad &load) { return load.layout == SKIP_LAYOUT_FILTER16 ? lanes : 1; }

/// The tensors of one load entry.
struct Sources {
  const FileTensor *const *matches;
  const SkipLoad &load;

  const FileTensor *at(int32_t index) const { return index == SKIP_NO_TENSOR ? nullptr : matches[index]; }
};

static double readElement(const FileTensor &tensor, int64_t i) {
  switch (tensor.type) {
  case ElementType::F32:
    return ElementF32::read(tensor.data + 4 * i);
  case ElementType::F16:
    return ElementF16::read(tensor.data + 2 * i);
  case ElementType::BF16:
    return ElementBF16::read(tensor.data + 2 * i);
  case ElementType::Other:
    break;
  }
  __builtin_trap(); // such tensors were refused
}

static double valueOr(const FileTensor *tensor, int64_t i, double otherwise) {
  return tensor ? readElement(*tensor, i) : otherwise;
}

/// gamma / sqrt(variance + epsilon); 1 where no batch norm is folded.
static double scaleOf(const Sources &from, int64_t oc) {
  const FileTensor *variance = from.at(from.load.variance);
  double gamma = valueOr(from.at(from.load.gamma), oc, 1);
  return variance ? gamma / __builtin_sqrt(readElement(*variance, oc) + from.load.epsilon) : gamma;
}

static double biasOf(const Sources &from, int64_t oc) {
  double shifted = valueOr(from.at(from.load.bias), oc, 0) - valueOr(from.at(from.load.mean), oc, 0);
  return valueOr(from.at(from.load.beta), oc, 0) + shifted * scaleOf(from, oc);
}

static void store(float *to, double value, bool accumulate) {
  float rounded = static_cast<float>(value);
  *to = accumulate ? *to + rounded : rounded;
}

static void packVector(const Sources &from, float *to) {
  for (int64_t oc = 0; oc < from.load.dims[0]; ++oc)
    store(to + oc, from.load.kind == SKIP_LOAD_BIAS ? biasOf(from, oc) : scaleOf(from, oc), from.load.accumulate != 0);
}

/// One output channel's row of a tile: `channels` x `taps` consecutive elements, to every 16th float, tap outermost.
template <typename Element, bool accumulate>
static void packRow(const uint8_t *row, int64_t channels, int64_t taps, int64_t icBlock, double scale, float *to) {
  for (int64_t i = 0; i < channels; ++i)
    for (int64_t tap = 0; tap < taps; ++tap, row += Element::bytes)
      store(to + (tap * icBlock + i) * lanes, Element::read(row) * scale, accumulate);
}

template <typename Element, bool accumulate> static void packConvAs(const Sources &from, const uint8_t *data, float *to) {
  const SkipLoad &load = from.load;
  int64_t outputs = load.dims[0], inputs = load.dims[1], taps = load.dims[2] * load.dims[3];
  int64_t icBlock = blockOf(load), tileFloats = icBlock * taps * lanes;
  double scale[lanes];
  for (int64_t firstOutput = 0; firstOutput < outputs; firstOutput += lanes) {
    int64_t outputCount = outputs - firstOutput < lanes ? outputs - firstOutput : lanes;
    for (int64_t o = 0; o < outputCount; ++o)
      scale[o] = scaleOf(from, firstOutput + o);
    for (int64_t firstInput = 0; firstInput < inputs; firstInput += icBlock, to += tileFloats) {
      int64_t channels = inputs - firstInput < icBlock ? inputs - firstInput : icBlock;
      for (int64_t o = 0; o < outputCount; ++o) {
        const uint8_t *row = data + ((firstOutput + o) * inputs + firstInput) * taps * Element::bytes;
        packRow<Element, accumulate>(row, channels, taps, icBlock, scale[o], to + o);
      }
    }
  }
}

template <typename Element> static void packConvOf(const Sources &from, const uint8_t *data, float *to) {
  if (from.load.accumulate)
    packConvAs<Element, true>(from, data, to);
  else
    packConvAs<Element, false>(from, data, to);
}

static void packConv(const Sources &from, float *to) {
  const FileTensor &weight = *from.at(from.load.source);
  switch (weight.type) {
  case ElementType::F32:
    return packConvOf<ElementF32>(from, weight.data, to);
  case ElementType::F16:
    return packConvOf<ElementF16>(from, weight.data, to);
  case ElementType::BF16:
    return packConvOf<ElementBF16>(from, weight.data, to);
  case ElementType::Other:
    break;
  }
  __builtin_trap(); // such tensors were refused
}

/// What batch norms say of the sizes of the filter's inputs: beta is a channel's mean, gamma its deviation. Null where they say
/// nothing. `sizes` is zero at first.
static const double *sizesOfInputs(const SkipTargetImage &target, const Sources &from, double *sizes) {
  for (uint32_t n = 0; n < from.load.normCount; ++n)
    for (int32_t tensor : {target.norms[from.load.firstNorm + n].gamma, target.norms[from.load.firstNorm + n].beta})
      for (int64_t k = 0; k < from.load.dims[1]; ++k) {
        double value = readElement(*from.at(tensor), k);
        sizes[k] += value * value;
      }
  for (int64_t k = 0; k < from.load.dims[1]; ++k)
    sizes[k] = __builtin_sqrt(sizes[k]);
  return from.load.normCount ? sizes : nullptr;
}

static skip_status packFilter(const SkipTargetImage &target, const Sources &from, float *to) {
  packConv(from, to);
  const SkipLoad &load = from.load;
  if (load.balance == 0)
    return SKIP_OK;
  Owned<double> sizes(static_cast<double *>(calloc(static_cast<size_t>(load.dims[1]), sizeof(double))));
  if (!sizes)
    return fail(SKIP_OUT_OF_MEMORY, "no memory to balance a filter of %lld channels", static_cast<long long>(load.dims[1]));
  balanceFilter(to, roundUp(load.dims[0], lanes) / lanes, roundUp(load.dims[1], lanes) / lanes, load.balance, load.dims[1],
                load.dims[0], sizesOfInputs(target, from, sizes.get()));
  return SKIP_OK;
}

/// Whether what the entry says of pairs makes sense.
static bool isBalanceSound(const SkipLoad &load) {
  if (load.balance == 0)
    return true;
  bool isPoint =
      load.kind == SKIP_LOAD_CONV_WEIGHT && load.layout == SKIP_LAYOUT_FILTER16 && load.dims[2] == 1 && load.dims[3] == 1;
  return isPoint && load.balance > 0 && load.balance <= load.dims[1] && !load.accumulate &&
         roundUp(load.dims[1], lanes) / lanes % (2 * load.balance) == 0;
}

/// Whether tensor `index` of the image holds `elements` elements; an absent one does.
static bool holds(const SkipModelImage &image, int32_t index, int64_t elements) {
  if (index == SKIP_NO_TENSOR)
    return true;
  if (index < 0 || static_cast<uint32_t>(index) >= image.tensorCount)
    return false;
  const SkipTensor &tensor = image.tensors[index];
  int64_t product = 1;
  if (tensor.rank < 0 || tensor.rank > SKIP_MAX_RANK)
    return false;
  for (int32_t i = 0; i < tensor.rank; ++i)
    if (tensor.dims[i] < 0 || __builtin_mul_overflow(product, tensor.dims[i], &product))
      return false;
  return product == elements;
}

/// Whether the batch norms of the filter's input are vectors of its input channels.
static bool hasNorms(const SkipModelImage &image, const SkipTargetImage &target, const SkipLoad &load) {
  if (load.normCount > target.normCount || load.firstNorm > target.normCount - load.normCount)
    return false;
  for (uint32_t n = load.firstNorm; n < load.firstNorm + load.normCount; ++n)
    for (int32_t vector : {target.norms[n].gamma, target.norms[n].beta})
      if (vector == SKIP_NO_TENSOR || !holds(image, vector, load.dims[1]))
        return false;
  return true;
}

/// The floats that `load` writes, or -1 if it makes no sense.
static int64_t floatsOf(const SkipModelImage &image, const SkipTargetImage &target, const SkipLoad &load) {
  int64_t elements = 1, floats = 1;
  bool isConv = load.kind == SKIP_LOAD_CONV_WEIGHT;
  for (int64_t dim : load.dims)
    if (dim < 1 || dim > INT32_MAX || __builtin_mul_overflow(elements, dim, &elements))
      return -1;
  bool isLaidOut = isConv ? load.layout == SKIP_LAYOUT_FILTER16 || load.layout == SKIP_LAYOUT_FILTER1
                          : load.layout == SKIP_LAYOUT_VECTOR && elements == load.dims[0];
  if (load.kind > SKIP_LOAD_SCALE || !isLaidOut || load.element != SKIP_ELEMENT_F32)
    return -1;
  if (isConv && (load.source == SKIP_NO_TENSOR || !holds(image, load.source, elements)))
    return -1;
  for (int32_t vector : {load.bias, load.gamma, load.beta, load.mean, load.variance})
    if (!holds(image, vector, load.dims[0]))
      return -1;
  int64_t inputs = isConv ? roundUp(load.dims[1], blockOf(load)) : 1, taps = load.dims[2] * load.dims[3];
  if (__builtin_mul_overflow(roundUp(load.dims[0], lanes) * inputs, taps, &floats) || floats > INT64_MAX / 8)
    return -1;
  if (!isBalanceSound(load) || !hasNorms(image, target, load))
    return -1;
  return load.balance ? floats + balanceFloats(roundUp(load.dims[0], lanes) / lanes, inputs / lanes) : floats;
}

skip_status checkLoadTable(const SkipModelImage &image, const SkipTargetImage &target) {
  for (uint32_t i = 0; i < target.loadCount; ++i) {
    const SkipLoad &load = target.loads[i];
    int64_t floats = floatsOf(image, target, load);
    if (floats < 0 || load.offset % 64 != 0 || load.bytes != static_cast<uint64_t>(floats) * 4 ||
        load.bytes > target.weightsBytes || load.offset > target.weightsBytes - load.bytes)
      return fail(
          SKIP_INVALID_ARGUMENT,
          "entry %u of model `%s`'s load table contradicts its tensors or the weights segment: a defect of the compiler "
          "that built this library",
          i, image.name);
  }
  return SKIP_OK;
}

/// What a load writes is finite, or its tensors' values are too far apart for float32: a variance of zero, a huge scale.
static skip_status checkFinite(const SkipModelImage &image, const SkipLoad &load, const float *packed, const char *path) {
  bool finite = true;
  for (uint64_t i = 0; i < load.bytes / sizeof(float); ++i)
    finite &= packed[i] - packed[i] == 0;
  if (finite)
    return SKIP_OK;
  ErrorList list("`%s`: folding batch norm into the weights of model `%s` gives NaN or infinity in float32, from:", path,
                 image.name);
  for (int32_t tensor : {load.source, load.bias, load.gamma, load.beta, load.mean, load.variance})
    if (tensor != SKIP_NO_TENSOR)
      list.add("`%s`", image.tensors[tensor].name);
  return list.finish(SKIP_BAD_WEIGHTS);
}

skip_status packWeights(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                        const char *path, float *segment, LoadSummary *summary) {
  if (skip_status status = checkLoadTable(image, target); status != SKIP_OK)
    return status;
  Safetensors tensors;
  LoadSummary said;
  Owned<const FileTensor *> matches(
      static_cast<const FileTensor **>(calloc(size_t{image.tensorCount} + 1, sizeof(const FileTensor *))));
  if (!matches)
    return fail(SKIP_OUT_OF_MEMORY, "no memory to match the tensors of `%s`", path);
  if (skip_status status = matchCheckpoint(image, target, file, bytes, path, tensors, matches.get(), said); status != SKIP_OK)
    return status;
  memset(segment, 0, target.weightsBytes); // padding, and what entries accumulate onto
  for (uint32_t i = 0; i < target.loadCount; ++i) {
    Sources from{matches.get(), target.loads[i]};
    float *to = segment + from.load.offset / sizeof(float);
    if (from.load.kind != SKIP_LOAD_CONV_WEIGHT)
      packVector(from, to);
    else if (skip_status status = packFilter(target, from, to); status != SKIP_OK)
      return status;
    if (skip_status status = checkFinite(image, from.load, to, path); status != SKIP_OK)
      return status;
  }
  if (summary)
    *summary = said;
  return SKIP_OK;
}

} // namespace skip::runtime
