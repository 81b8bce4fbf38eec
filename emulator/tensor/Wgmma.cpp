#include "emulator/tensor/Wgmma.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace skip::emulator {

// The two highest bits: 0 none, 1 128 bytes, 2 64 bytes, 3 32 bytes.
static constexpr Swizzle kSwizzleOfBits[] = {Swizzle::none, Swizzle::b128, Swizzle::b64, Swizzle::b32};
static constexpr uint64_t kField = 0x3fff,
                          kKnownBits = kField | kField << 16 | kField << 32 | uint64_t{7} << 49 | uint64_t{3} << 62;

MatrixDescriptor decodeDescriptor(uint64_t bits) {
  MatrixDescriptor descriptor;
  descriptor.start = static_cast<uint32_t>(bits & kField) << 4;
  descriptor.leading = static_cast<uint32_t>(bits >> 16 & kField) << 4;
  descriptor.stride = static_cast<uint32_t>(bits >> 32 & kField) << 4;
  descriptor.baseOffset = bits >> 49 & 7;
  descriptor.swizzle = kSwizzleOfBits[bits >> 62];
  descriptor.unknownBits = bits & ~kKnownBits;
  return descriptor;
}

uint64_t encodeDescriptor(const MatrixDescriptor &descriptor) {
  uint64_t swizzle =
      std::find(std::begin(kSwizzleOfBits), std::end(kSwizzleOfBits), descriptor.swizzle) - std::begin(kSwizzleOfBits);
  auto field = [](uint32_t bytes) { return uint64_t{bytes & 0x3ffff} >> 4; };
  return field(descriptor.start) | field(descriptor.leading) << 16 | field(descriptor.stride) << 32 |
         uint64_t{descriptor.baseOffset} << 49 | swizzle << 62 | descriptor.unknownBits;
}

static std::string bytesText(uint32_t bytes) { return std::to_string(bytes) + " bytes"; }

static std::optional<std::string> refusalOfStart(const SharedOperand &operand) {
  const MatrixDescriptor &descriptor = operand.descriptor;
  uint32_t span = spanBytes(descriptor.swizzle), inPattern = descriptor.start % patternBytes(descriptor.swizzle);
  if (descriptor.baseOffset != 0)
    return "the matrix base offset is " + std::to_string(descriptor.baseOffset) +
           ", which this emulator does not model: start the pattern at a multiple of " +
           bytesText(patternBytes(descriptor.swizzle));
  if (descriptor.swizzle == Swizzle::none)
    return std::nullopt;
  if (inPattern >= span)
    return "the start " + std::to_string(descriptor.start) + " lies in row " + std::to_string(inPattern / span) +
           " of a pattern of " + bytesText(patternBytes(descriptor.swizzle)) + ": with base offset 0 it must lie in row 0";
  uint32_t wanted = operand.major == Major::k ? 32 : static_cast<uint32_t>(operand.rows * bytesOf(operand.element));
  if (inPattern != 0 && inPattern + wanted > span)
    return "the start is " + bytesText(inPattern) + " into a row of " + bytesText(span) + ", and the " + bytesText(wanted) +
           " that are read run beyond its end";
  return std::nullopt;
}

/// Of a distance that is used at all: it must clear what lies before it.
static std::optional<std::string> refusalOfDistances(const SharedOperand &operand) {
  const MatrixDescriptor &descriptor = operand.descriptor;
  bool plain = descriptor.swizzle == Swizzle::none;
  uint32_t atom = patternBytes(descriptor.swizzle), core = 8 * 16; // eight rows of 16 bytes
  int alongRow = operand.rows * bytesOf(operand.element);
  bool strideUsed = operand.major == Major::k || plain ? operand.rows > 8 : operand.k > 8;
  bool leadingUsed = operand.major == Major::k ? plain
                     : plain                   ? operand.k > 8
                                               : alongRow > static_cast<int>(spanBytes(descriptor.swizzle));
  uint32_t least = plain ? core : atom;
  if (strideUsed && descriptor.stride < least)
    return "the stride dimension offset is " + bytesText(descriptor.stride) + ", less than the " + bytesText(least) +
           " that lie before the next group";
  if (leadingUsed && descriptor.leading < least)
    return "the leading dimension offset is " + bytesText(descriptor.leading) + ", less than the " + bytesText(least) +
           " that lie before the next group";
  if (!plain && ((strideUsed && descriptor.stride % atom) || (leadingUsed && descriptor.leading % atom)))
    return "an offset is no multiple of the swizzle's pattern of " + bytesText(atom) +
           ": later groups would be permuted otherwise";
  return std::nullopt;
}

std::optional<std::string> refusalOf(const SharedOperand &operand) {
  if (operand.descriptor.unknownBits != 0)
    return "bits of the matrix descriptor are set that have no meaning";
  if (operand.k * bytesOf(operand.element) != 32)
    return "an operand has 32 bytes along K, not " + std::to_string(operand.k * bytesOf(operand.element));
  if (operand.major == Major::mn && bytesOf(operand.element) != 2)
    return "only f16 and bf16 may be transposed";
  if (auto refusal = refusalOfStart(operand))
    return refusal;
  return refusalOfDistances(operand);
}

uint32_t addressOf(const SharedOperand &operand, int row, int k) {
  const MatrixDescriptor &descriptor = operand.descriptor;
  uint32_t bytes = bytesOf(operand.element), each = 16 / bytes, r = row, c = k;
  bool plain = descriptor.swizzle == Swizzle::none;
  uint32_t span = spanBytes(descriptor.swizzle), offset;
  if (operand.major == Major::k)
    offset = r % 8 * span + r / 8 * descriptor.stride + (plain ? c / each * descriptor.leading + c % each * bytes : c * bytes);
  else if (plain)
    offset = r % each * bytes + r / each * descriptor.stride + c % 8 * 16 + c / 8 * descriptor.leading;
  else
    offset = r * bytes % span + r * bytes / span * descriptor.leading + c % 8 * span + c / 8 * descriptor.stride;
  return swizzled(descriptor.start + offset, descriptor.swizzle);
}

uint32_t endOf(const SharedOperand &operand) {
  uint32_t end = 0;
  forEachPiece(operand, 0, operand.rows, [&](uint32_t address, uint32_t bytes) { end = std::max(end, address + bytes); });
  return end;
}

/// Calls store(row, k, values, count) for every piece: `count` values along K, or along the rows of MN-major operands.
template <class Store>
static void gather(const SharedOperand &operand, const std::byte *shared, int first, int count, Store store) {
  int each = 16 / bytesOf(operand.element);
  bool alongK = operand.major == Major::k;
  int outer = alongK ? count : operand.k, inner = alongK ? operand.k : count;
  for (int o = 0; o < outer; ++o)
    for (int i = 0; i < inner; i += each) {
      int row = alongK ? o : i, k = alongK ? i : o;
      uint32_t words[4];
      float values[16];
      std::memcpy(words, shared + addressOf(operand, first + row, k), sizeof words);
      elementsOf(words, operand.element, values);
      store(row, k, values, each);
    }
}

void gatherRows(const SharedOperand &operand, const std::byte *shared, int first, int count, float *rowMajor) {
  int width = operand.k, alongK = operand.major == Major::k;
  gather(operand, shared, first, count, [=](int row, int k, const float *values, int each) {
    for (int e = 0; e < each; ++e)
      rowMajor[alongK ? row * width + k + e : (row + e) * width + k] = values[e];
  });
}

void gatherColumns(const SharedOperand &operand, const std::byte *shared, int first, int count, float *columnMajor) {
  bool alongK = operand.major == Major::k;
  gather(operand, shared, first, count, [=](int row, int k, const float *values, int each) {
    for (int e = 0; e < each; ++e)
      columnMajor[alongK ? (k + e) * count + row : k * count + row + e] = values[e];
  });
}

/// Between accumulators in f32 and a matrix: move(register word, element of the matrix), one call for each.
template <class Move> static void eachF32(std::span<LaneWords> registers, float *sums, int n, Move move) {
  for (int group = 0; group < n / 8; ++group)
    for (int half = 0; half < 2; ++half) // rows 0 to 7, 8 to 15
      for (int lane = 0; lane < kWarpLanes; ++lane) {
        float *at = sums + (lane / 4 + 8 * half) * n + 8 * group + 2 * (lane % 4);
        move(registers[4 * group + 2 * half][lane], at[0]);
        move(registers[4 * group + 2 * half + 1][lane], at[1]);
      }
}

/// The same of accumulators in f16, two in a register.
template <class Move> static void eachF16(std::span<LaneWords> registers, float *sums, int n, Move move) {
  for (int reg = 0; reg < n / 4; ++reg)
    for (int lane = 0; lane < kWarpLanes; ++lane) {
      Position at = positionInC(lane, 2 * reg);
      move(registers[reg][lane], sums + at.row * n + at.column);
    }
}

void accumulate(std::span<LaneWords> registers, const WarpProduct &product) {
  int n = product.n;
  std::array<float, kWarpRows * 256> sums;
  if (!product.scaleD)
    std::fill_n(sums.data(), kWarpRows * n, 0.0f);
  else if (product.f16)
    eachF16(registers, sums.data(), n, [](uint32_t word, float *pair) { elementsOf({&word, 1}, MatrixElement::f16, pair); });
  else
    eachF32(registers, sums.data(), n, [](uint32_t word, float &sum) { sum = std::bit_cast<float>(word); });
  multiplyAccumulate(sums.data(), product.a, product.b, n, product.k);
  if (product.f16)
    eachF16(registers, sums.data(), n,
            [](uint32_t &word, const float *pair) { word = toF16(pair[0]) | static_cast<uint32_t>(toF16(pair[1])) << 16; });
  else
    eachF32(registers, sums.data(), n, [](uint32_t &word, float sum) { word = std::bit_cast<uint32_t>(canonical(sum)); });
}

} // namespace skip::emulator
