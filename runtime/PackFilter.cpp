// A filter's way into its layout: a walk for each layout, which says where an element goes, and a store for each type of
// element.
//
// Weights of a checkpoint are [oc][ic][kh][kw]. x86's kernels read [oc/16][ic/b][kh][kw][b][16], where b is 16 in layout
// filter16 and 1 in filter1. A tile of 16 output and b input channels is a transposition: each output channel's row is b*kh*kw
// consecutive floats in the file and every 16th float of the tile. The tile (9 KB for a 3x3) stays in the first-level cache, so
// that both sides move at memory speed. CUDA's kernels read krsc, [oc][kh][kw][ic] with ic rounded up to whole 16 bytes: a
// transposition of each output channel, which is as small. A linear layer behind a flatten of [C, H, W] has these for ic, kh
// and kw, and so meets pictures that lie [H][W][C].
//
// Arithmetic is in double and rounds to float once, and from float to what is stored; `accumulate` adds in float.
#include "runtime/PackFilter.h"

#include "runtime/Element.h"

namespace skip::runtime {

static constexpr int64_t lanes = SKIP_LANES;

static int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

int64_t elementBytes(uint32_t element) { return element == SKIP_ELEMENT_F32 ? 4 : 2; }

int64_t inputMultiple(const SkipLoad &load) {
  switch (load.layout) {
  case SKIP_LAYOUT_FILTER16:
    return lanes;
  case SKIP_LAYOUT_KRSC:
    return 16 / elementBytes(load.element);
  default:
    return 1;
  }
}

/// Stores element `index` of an array.
template <typename Element, bool accumulate> static void store(uint8_t *array, int64_t index, double value) {
  uint8_t *to = array + index * Element::bytes;
  float rounded = static_cast<float>(value);
  Element::write(to, accumulate ? Element::read(to) + rounded : rounded);
}

/// One output channel's row of a tile: `channels` x `taps` consecutive elements, to every 16th of the tile, tap outermost.
template <typename From, typename To, bool accumulate>
static void packRow(const uint8_t *row, int64_t channels, int64_t taps, int64_t icBlock, double scale, uint8_t *to) {
  for (int64_t i = 0; i < channels; ++i)
    for (int64_t tap = 0; tap < taps; ++tap, row += From::bytes)
      store<To, accumulate>(to, (tap * icBlock + i) * lanes, From::read(row) * scale);
}

template <typename From, typename To, bool accumulate>
static void packBlocked(const Sources &from, const uint8_t *data, uint8_t *to) {
  const SkipLoad &load = from.load;
  int64_t outputs = load.dims[0], inputs = load.dims[1], taps = load.dims[2] * load.dims[3];
  int64_t icBlock = inputMultiple(load), tileBytes = icBlock * taps * lanes * To::bytes;
  double scale[lanes];
  for (int64_t firstOutput = 0; firstOutput < outputs; firstOutput += lanes) {
    int64_t outputCount = outputs - firstOutput < lanes ? outputs - firstOutput : lanes;
    for (int64_t o = 0; o < outputCount; ++o)
      scale[o] = scaleOf(from, firstOutput + o);
    for (int64_t firstInput = 0; firstInput < inputs; firstInput += icBlock, to += tileBytes) {
      int64_t channels = inputs - firstInput < icBlock ? inputs - firstInput : icBlock;
      for (int64_t o = 0; o < outputCount; ++o) {
        const uint8_t *row = data + ((firstOutput + o) * inputs + firstInput) * taps * From::bytes;
        packRow<From, To, accumulate>(row, channels, taps, icBlock, scale[o], to + o * To::bytes);
      }
    }
  }
}

template <typename From, typename To, bool accumulate>
static void packKrsc(const Sources &from, const uint8_t *data, uint8_t *to) {
  const SkipLoad &load = from.load;
  int64_t inputs = load.dims[1], taps = load.dims[2] * load.dims[3], padded = roundUp(inputs, inputMultiple(load));
  for (int64_t output = 0; output < load.dims[0]; ++output, to += taps * padded * To::bytes) {
    double scale = scaleOf(from, output);
    for (int64_t i = 0; i < inputs; ++i)
      for (int64_t tap = 0; tap < taps; ++tap, data += From::bytes)
        store<To, accumulate>(to, tap * padded + i, From::read(data) * scale);
  }
}

template <typename From, typename To, bool accumulate>
static void packAs(const Sources &from, const uint8_t *data, uint8_t *to) {
  if (from.load.layout == SKIP_LAYOUT_KRSC)
    packKrsc<From, To, accumulate>(from, data, to);
  else
    packBlocked<From, To, accumulate>(from, data, to);
}

template <typename From, typename To> static void packTo(const Sources &from, const uint8_t *data, uint8_t *to) {
  if (from.load.accumulate)
    packAs<From, To, true>(from, data, to);
  else
    packAs<From, To, false>(from, data, to);
}

template <typename From> static void packFrom(const Sources &from, const uint8_t *data, uint8_t *to) {
  switch (from.load.element) {
  case SKIP_ELEMENT_F16:
    return packTo<From, ElementF16>(from, data, to);
  case SKIP_ELEMENT_BF16:
    return packTo<From, ElementBF16>(from, data, to);
  default:
    return packTo<From, ElementF32>(from, data, to);
  }
}

void packFilter(const Sources &from, void *to) {
  const FileTensor &weight = *from.at(from.load.source);
  uint8_t *bytes = static_cast<uint8_t *>(to);
  switch (weight.type) {
  case ElementType::F32:
    return packFrom<ElementF32>(from, weight.data, bytes);
  case ElementType::F16:
    return packFrom<ElementF16>(from, weight.data, bytes);
  case ElementType::BF16:
    return packFrom<ElementBF16>(from, weight.data, bytes);
  case ElementType::Other:
    break;
  }
  __builtin_trap(); // such tensors were refused
}

} // namespace skip::runtime
