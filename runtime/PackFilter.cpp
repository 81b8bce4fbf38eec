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

int64_t elementBytes(uint32_t element) {
  switch (static_cast<SkipElement>(element)) {
  case SKIP_ELEMENT_F32:
    return ElementF32::bytes;
  case SKIP_ELEMENT_F16:
    return ElementF16::bytes;
  case SKIP_ELEMENT_BF16:
    return ElementBF16::bytes;
  case SKIP_ELEMENT_TF32:
    return ElementTF32::bytes;
  }
  __builtin_trap();
}

int64_t inputMultiple(const SkipLoad &load) {
  switch (static_cast<SkipLayout>(load.layout)) {
  case SKIP_LAYOUT_FILTER16:
    return lanes;
  case SKIP_LAYOUT_KRSC:
    return 16 / elementBytes(load.element);
  case SKIP_LAYOUT_FILTER1:
  case SKIP_LAYOUT_VECTOR:
    return 1;
  }
  __builtin_trap();
}

/// What x86's kernels read is float32.
template <bool accumulate> static void store(float *to, double value) {
  float rounded = static_cast<float>(value);
  *to = accumulate ? *to + rounded : rounded;
}

/// One output channel's row of a tile: `channels` x `taps` consecutive elements, to every 16th float, tap outermost.
template <typename From, bool accumulate>
static void packRow(const uint8_t *row, int64_t channels, int64_t taps, int64_t icBlock, double scale, float *to) {
  for (int64_t i = 0; i < channels; ++i)
    for (int64_t tap = 0; tap < taps; ++tap, row += From::bytes)
      store<accumulate>(to + (tap * icBlock + i) * lanes, From::read(row) * scale);
}

template <typename From, bool accumulate> static void packBlocked(const Sources &from, const uint8_t *data, float *to) {
  const SkipLoad &load = from.load;
  int64_t outputs = load.dims[0], inputs = load.dims[1], taps = load.dims[2] * load.dims[3];
  int64_t icBlock = inputMultiple(load), tileFloats = icBlock * taps * lanes;
  double scale[lanes];
  for (int64_t firstOutput = 0; firstOutput < outputs; firstOutput += lanes) {
    int64_t outputCount = outputs - firstOutput < lanes ? outputs - firstOutput : lanes;
    for (int64_t o = 0; o < outputCount; ++o)
      scale[o] = scaleOf(from, firstOutput + o);
    for (int64_t firstInput = 0; firstInput < inputs; firstInput += icBlock, to += tileFloats) {
      int64_t channels = inputs - firstInput < icBlock ? inputs - firstInput : icBlock;
      for (int64_t o = 0; o < outputCount; ++o) {
        const uint8_t *row = data + ((firstOutput + o) * inputs + firstInput) * taps * From::bytes;
        packRow<From, accumulate>(row, channels, taps, icBlock, scale[o], to + o);
      }
    }
  }
}

template <typename From, typename To> static void packKrsc(const Sources &from, const uint8_t *data, uint8_t *to) {
  const SkipLoad &load = from.load;
  int64_t inputs = load.dims[1], taps = load.dims[2] * load.dims[3],
          pixelBytes = roundUp(inputs, inputMultiple(load)) * To::bytes;
  for (int64_t output = 0; output < load.dims[0]; ++output, to += taps * pixelBytes) {
    double scale = scaleOf(from, output);
    for (int64_t i = 0; i < inputs; ++i)
      for (int64_t tap = 0; tap < taps; ++tap, data += From::bytes) {
        uint8_t *element = to + tap * pixelBytes + i * To::bytes;
        float rounded = static_cast<float>(From::read(data) * scale);
        To::write(element, load.accumulate ? To::read(element) + rounded : rounded);
      }
  }
}

template <typename From> static void packKrscFrom(const Sources &from, const uint8_t *data, uint8_t *to) {
  switch (static_cast<SkipElement>(from.load.element)) {
  case SKIP_ELEMENT_F16:
    return packKrsc<From, ElementF16>(from, data, to);
  case SKIP_ELEMENT_BF16:
    return packKrsc<From, ElementBF16>(from, data, to);
  case SKIP_ELEMENT_TF32:
    return packKrsc<From, ElementTF32>(from, data, to);
  case SKIP_ELEMENT_F32:
    return packKrsc<From, ElementF32>(from, data, to);
  }
  __builtin_trap();
}

template <typename From> static void packFrom(const Sources &from, const uint8_t *data, void *to) {
  if (from.load.layout == SKIP_LAYOUT_KRSC)
    packKrscFrom<From>(from, data, static_cast<uint8_t *>(to));
  else if (from.load.accumulate)
    packBlocked<From, true>(from, data, static_cast<float *>(to));
  else
    packBlocked<From, false>(from, data, static_cast<float *>(to));
}

void packFilter(const Sources &from, void *to) {
  const FileTensor &weight = *from.at(from.load.source);
  switch (weight.type) {
  case ElementType::F32:
    return packFrom<ElementF32>(from, weight.data, to);
  case ElementType::F16:
    return packFrom<ElementF16>(from, weight.data, to);
  case ElementType::BF16:
    return packFrom<ElementBF16>(from, weight.data, to);
  case ElementType::Other:
    break;
  }
  __builtin_trap(); // such tensors were refused
}

} // namespace skip::runtime
