// The load table: for each entry fold batch norm into scale and bias, and lay out what comes of it.
//
// All arithmetic is in double and rounds to float once; `accumulate` then adds in float.
#include "runtime/LoadTable.h"

#include "runtime/Balance.h"
#include "runtime/CheckValues.h"
#include "runtime/Element.h"
#include "runtime/Error.h"
#include "runtime/PackFilter.h"

#include <initializer_list>

namespace skip::runtime {

static constexpr int64_t lanes = SKIP_LANES;

static int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

static void store(float *to, double value, bool accumulate) {
  float rounded = static_cast<float>(value);
  *to = accumulate ? *to + rounded : rounded;
}

/// Vectors are float32 on every target.
static void packVector(const Sources &from, void *to) {
  for (int64_t oc = 0; oc < from.load.dims[0]; ++oc)
    store(static_cast<float *>(to) + oc, from.load.kind == SKIP_LOAD_BIAS ? biasOf(from, oc) : scaleOf(from, oc),
          from.load.accumulate != 0);
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

static skip_status packBalanced(const SkipTargetImage &target, const Sources &from, void *to) {
  packFilter(from, to);
  const SkipLoad &load = from.load;
  if (load.balance == 0)
    return SKIP_OK;
  Owned<double> sizes(static_cast<double *>(calloc(static_cast<size_t>(load.dims[1]), sizeof(double))));
  if (!sizes)
    return fail(SKIP_OUT_OF_MEMORY, "no memory to balance a filter of %lld channels", static_cast<long long>(load.dims[1]));
  balanceFilter(static_cast<float *>(to), roundUp(load.dims[0], lanes) / lanes, roundUp(load.dims[1], lanes) / lanes,
                load.balance, load.dims[1], load.dims[0], sizesOfInputs(target, from, sizes.get()));
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

/// Whether kernels read what the entry writes in this form: filters of x86 and all vectors in float32.
static bool isLaidOut(const SkipLoad &load) {
  if (load.kind != SKIP_LOAD_CONV_WEIGHT)
    return load.layout == SKIP_LAYOUT_VECTOR && load.element == SKIP_ELEMENT_F32 &&
           load.dims[1] * load.dims[2] * load.dims[3] == 1;
  if (load.layout == SKIP_LAYOUT_KRSC)
    return load.element <= SKIP_ELEMENT_TF32;
  return (load.layout == SKIP_LAYOUT_FILTER16 || load.layout == SKIP_LAYOUT_FILTER1) && load.element == SKIP_ELEMENT_F32;
}

/// Whether the tensors of the entry are there and have its size, `elements` as a filter.
static bool hasSources(const SkipModelImage &image, const SkipLoad &load, int64_t elements) {
  if (load.kind == SKIP_LOAD_CONV_WEIGHT && (load.source == SKIP_NO_TENSOR || !holds(image, load.source, elements)))
    return false;
  for (int32_t vector : {load.bias, load.gamma, load.beta, load.mean, load.variance})
    if (!holds(image, vector, load.dims[0]))
      return false;
  return true;
}

/// The elements that `load` writes, or -1 if it makes no sense.
static int64_t elementsOf(const SkipModelImage &image, const SkipTargetImage &target, const SkipLoad &load) {
  int64_t elements = 1;
  for (int64_t dim : load.dims)
    if (dim < 1 || dim > INT32_MAX || __builtin_mul_overflow(elements, dim, &elements))
      return -1;
  bool isFilter = load.kind == SKIP_LOAD_CONV_WEIGHT;
  if (load.kind > SKIP_LOAD_SCALE || !isLaidOut(load) || !hasSources(image, load, elements))
    return -1;
  int64_t outputs = load.layout == SKIP_LAYOUT_KRSC ? load.dims[0] : roundUp(load.dims[0], lanes);
  int64_t inputs = isFilter ? roundUp(load.dims[1], inputMultiple(load)) : 1, taps = load.dims[2] * load.dims[3];
  if (__builtin_mul_overflow(outputs * inputs, taps, &elements) || elements > INT64_MAX / 8)
    return -1;
  if (!isBalanceSound(load) || !hasNorms(image, target, load))
    return -1;
  return load.balance ? elements + balanceFloats(roundUp(load.dims[0], lanes) / lanes, inputs / lanes) : elements;
}

skip_status checkLoadTable(const SkipModelImage &image, const SkipTargetImage &target) {
  for (uint32_t i = 0; i < target.loadCount; ++i) {
    const SkipLoad &load = target.loads[i];
    int64_t elements = elementsOf(image, target, load);
    if (elements < 0 || load.offset % 64 != 0 || load.bytes != static_cast<uint64_t>(elements * elementBytes(load.element)) ||
        load.bytes > target.weightsBytes || load.offset > target.weightsBytes - load.bytes)
      return fail(
          SKIP_INVALID_ARGUMENT,
          "entry %u of model `%s`'s load table contradicts its tensors or the weights segment: a defect of the compiler "
          "that built this library",
          i, image.name);
  }
  return SKIP_OK;
}

static const char *elementName(uint32_t element) {
  return element == SKIP_ELEMENT_F16    ? "float16"
         : element == SKIP_ELEMENT_BF16 ? "bfloat16"
         : element == SKIP_ELEMENT_TF32 ? "tf32"
                                        : "float32";
}

/// What a load writes is finite, or its tensors' values are too far apart for what they are stored as: a variance of zero, a
/// huge scale, a weight beyond 65504 in float16.
static skip_status checkFinite(const SkipModelImage &image, const SkipLoad &load, const void *packed, const char *path) {
  if (countNotFinite(load.element, packed, load.bytes / static_cast<uint64_t>(elementBytes(load.element))) == 0)
    return SKIP_OK;
  ErrorList list("`%s`: folding batch norm into the weights of model `%s` gives NaN or infinity in %s, from:", path, image.name,
                 elementName(load.element));
  for (int32_t tensor : {load.source, load.bias, load.gamma, load.beta, load.mean, load.variance})
    if (tensor != SKIP_NO_TENSOR)
      list.add("`%s`", image.tensors[tensor].name);
  return list.finish(SKIP_BAD_WEIGHTS);
}

skip_status packWeights(const SkipModelImage &image, const SkipTargetImage &target, const void *file, size_t bytes,
                        const char *path, void *segment, LoadSummary *summary) {
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
    void *to = static_cast<char *>(segment) + from.load.offset;
    if (from.load.kind != SKIP_LOAD_CONV_WEIGHT)
      packVector(from, to);
    else if (skip_status status = packBalanced(target, from, to); status != SKIP_OK)
      return status;
    if (skip_status status = checkFinite(image, from.load, to, path); status != SKIP_OK)
      return status;
  }
  if (summary)
    *summary = said;
  return SKIP_OK;
}

} // namespace skip::runtime
