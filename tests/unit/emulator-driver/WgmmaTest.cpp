// Descriptors against the canonical layouts of the PTX ISA, written as it writes them: nested shapes and strides of elements.
#include "emulator/tensor/Wgmma.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <random>
#include <set>
#include <vector>

using namespace skip::emulator;

/// Offset in elements of (row, k) in ((s0, s1, ..) : (d0, d1, ..)) for rows and for k; the last shape is not needed.
struct Mode {
  std::vector<uint32_t> shape, stride;
  uint32_t operator()(uint32_t index) const {
    uint32_t offset = 0;
    for (size_t i = 0; i < shape.size(); ++i) {
      offset += (i + 1 == shape.size() ? index : index % shape[i]) * stride[i];
      index /= shape[i];
    }
    return offset;
  }
};

static void checkLayout(const SharedOperand &operand, const Mode &row, const Mode &k, uint32_t swizzleBits) {
  uint32_t bytes = bytesOf(operand.element);
  INFO("swizzle " << swizzleBits << ", element of " << bytes);
  REQUIRE_FALSE(refusalOf(operand));
  std::set<uint32_t> addresses;
  for (int r = 0; r < operand.rows; ++r)
    for (int c = 0; c < operand.k; ++c) {
      uint32_t address = operand.descriptor.start + (row(r) + k(c)) * bytes;
      address ^= (address >> 7 & ((1u << swizzleBits) - 1)) << 4; // Swizzle<bits, 4, 3>
      REQUIRE(addressOf(operand, r, c) == address);
      addresses.insert(address);
    }
  CHECK(addresses.size() == static_cast<size_t>(operand.rows) * operand.k);
  CHECK(endOf(operand) == *addresses.rbegin() + bytes);
}

TEST_CASE("wgmma: K-major operands lie as in the canonical layouts") {
  for (MatrixElement element : {MatrixElement::bf16, MatrixElement::tf32, MatrixElement::s8}) {
    uint32_t bytes = bytesOf(element), t = 16 / bytes;
    int k = static_cast<int>(32 / bytes);
    SharedOperand operand{{.start = 4096}, Major::k, element, 128, k};
    operand.descriptor.leading = 128 * 16 + 256;
    operand.descriptor.stride = 128;
    checkLayout(operand, {{8, 99}, {t, 128 / bytes}}, {{t, 99}, {1, operand.descriptor.leading / bytes}}, 0);
    for (uint32_t bits = 1; bits <= 3; ++bits) {
      uint32_t chunks = 1u << bits, atom = 8 * chunks * 16;
      operand.descriptor = {.start = 8 * atom, .leading = 16, .stride = 3 * atom, .swizzle = static_cast<Swizzle>(bits)};
      checkLayout(operand, {{8, 99}, {chunks * t, 3 * atom / bytes}}, {{t, 99}, {1, t}}, bits);
    }
  }
}

TEST_CASE("wgmma: MN-major operands lie as in the canonical layouts") {
  constexpr uint32_t t = 8;
  SharedOperand operand{{.start = 2048}, Major::mn, MatrixElement::f16, 128, 16};
  operand.descriptor.stride = 128;
  operand.descriptor.leading = 16 * 128 + 128;
  checkLayout(operand, {{t, 1, 99}, {1, t, 128 / 2}}, {{8, 99}, {t, operand.descriptor.leading / 2}}, 0);
  for (uint32_t bits = 1; bits <= 3; ++bits) {
    uint32_t chunks = 1u << bits, atom = 8 * chunks * 16;
    operand.descriptor = {.start = 8 * atom, .leading = 4 * atom, .stride = atom, .swizzle = static_cast<Swizzle>(bits)};
    checkLayout(operand, {{t, chunks, 99}, {1, t, 4 * atom / 2}}, {{8, 99}, {chunks * t, atom / 2}}, bits);
  }
}

TEST_CASE("wgmma: a K step within a swizzled row permutes by the address") {
  SharedOperand operand{{.start = 1024 + 64, .stride = 1024, .swizzle = Swizzle::b128}, Major::k, MatrixElement::bf16, 64, 16};
  REQUIRE_FALSE(refusalOf(operand));
  CHECK(addressOf(operand, 0, 0) == 1024 + 64);
  CHECK(addressOf(operand, 1, 0) == 1024 + 128 + (64 ^ 16));
  CHECK(addressOf(operand, 7, 8) == 1024 + 7 * 128 + (80 ^ 112));
  CHECK(addressOf(operand, 9, 1) == 2048 + 128 + (64 ^ 16) + 2);
}

TEST_CASE("wgmma: descriptors are decoded, and encode back") {
  uint64_t bits = 0x4000004000010000ull | 0x3fff;
  MatrixDescriptor descriptor = decodeDescriptor(bits);
  CHECK(descriptor.start == 0x3fff0);
  CHECK(descriptor.leading == 16);
  CHECK(descriptor.stride == 1024);
  CHECK(descriptor.swizzle == Swizzle::b128);
  CHECK(encodeDescriptor(descriptor) == bits);
  CHECK(decodeDescriptor(uint64_t{2} << 62).swizzle == Swizzle::b64);
  CHECK(decodeDescriptor(uint64_t{3} << 62).swizzle == Swizzle::b32);
  CHECK(decodeDescriptor(uint64_t{5} << 49).baseOffset == 5);
}

static void checkRefused(const SharedOperand &operand, const char *part) {
  auto refusal = refusalOf(operand);
  REQUIRE(refusal);
  CHECK_THAT(*refusal, Catch::Matchers::Contains(part));
}

TEST_CASE("wgmma: what a descriptor cannot be") {
  SharedOperand good{{.start = 1024, .stride = 1024, .swizzle = Swizzle::b128}, Major::k, MatrixElement::bf16, 64, 16};
  REQUIRE_FALSE(refusalOf(good));
  SharedOperand bad = good;
  bad.descriptor.unknownBits = 1ull << 14;
  checkRefused(bad, "no meaning");
  bad = good;
  bad.descriptor.baseOffset = 1;
  checkRefused(bad, "base offset is 1");
  bad = good;
  bad.descriptor.start = 1024 + 128;
  checkRefused(bad, "row 1 of a pattern of 1024 bytes");
  bad = good;
  bad.descriptor.start = 1024 + 112;
  checkRefused(bad, "112 bytes into a row of 128 bytes");
  bad = good;
  bad.descriptor.stride = 512;
  checkRefused(bad, "stride dimension offset is 512 bytes");
  bad = good;
  bad.descriptor.stride = 1536;
  checkRefused(bad, "no multiple");
  bad = good;
  bad.k = 8;
  checkRefused(bad, "32 bytes along K, not 16");
  bad = good;
  bad.descriptor.swizzle = Swizzle::none;
  checkRefused(bad, "leading dimension offset is 0 bytes");
  bad = good;
  bad.major = Major::mn;
  bad.rows = 128;
  checkRefused(bad, "leading dimension offset is 0 bytes");
  bad = good;
  bad.major = Major::mn;
  bad.element = MatrixElement::tf32;
  bad.k = 8;
  checkRefused(bad, "transposed");
}

TEST_CASE("wgmma: a distance that is not used may be anything") {
  SharedOperand few{{.start = 1024, .swizzle = Swizzle::b128}, Major::k, MatrixElement::bf16, 8, 16};
  CHECK_FALSE(refusalOf(few)); // eight rows: no second group
}

static void writeOperand(std::vector<std::byte> &shared, const SharedOperand &operand, const std::vector<int> &values) {
  for (int row = 0; row < operand.rows; ++row)
    for (int k = 0; k < operand.k; ++k) {
      float value = static_cast<float>(values[row * operand.k + k]);
      uint32_t bits = operand.element == MatrixElement::tf32   ? std::bit_cast<uint32_t>(value)
                      : operand.element == MatrixElement::bf16 ? toBf16(value)
                                                               : toF16(value);
      std::memcpy(&shared[addressOf(operand, row, k)], &bits, bytesOf(operand.element));
    }
}

static void checkProduct(SharedOperand a, SharedOperand b, bool scaleD, bool f16) {
  std::mt19937 random(7);
  std::vector<std::byte> shared(std::max(endOf(a), endOf(b)));
  std::vector<int> valuesA(a.rows * a.k), valuesB(b.rows * b.k);
  for (int &value : valuesA)
    value = static_cast<int>(random() % 9) - 4;
  for (int &value : valuesB)
    value = static_cast<int>(random() % 9) - 4;
  writeOperand(shared, a, valuesA);
  writeOperand(shared, b, valuesB);
  std::vector<float> columns(b.rows * b.k), rows(kWarpRows * a.k);
  gatherColumns(b, shared.data(), 0, b.rows, columns.data());
  for (int warp = 0; warp < 4; ++warp) {
    gatherRows(a, shared.data(), kWarpRows * warp, kWarpRows, rows.data());
    std::vector<LaneWords> registers(accumulatorRegisters(b.rows, f16));
    for (LaneWords &words : registers)
      words.fill(f16 ? 0x3c003c00 : 0x3f800000); // ones
    accumulate(registers, {rows.data(), columns.data(), b.rows, a.k, scaleD, f16});
    for (int lane = 0; lane < 32; ++lane)
      for (int index = 0; index < b.rows / 2; ++index) {
        Position at = positionInC(lane, index);
        int sum = scaleD;
        for (int k = 0; k < a.k; ++k)
          sum += valuesA[(kWarpRows * warp + at.row) * a.k + k] * valuesB[at.column * a.k + k];
        float got = f16 ? fromF16(static_cast<uint16_t>(registers[index / 2][lane] >> 16 * (index & 1)))
                        : std::bit_cast<float>(registers[index][lane]);
        REQUIRE(got == static_cast<float>(sum));
      }
  }
}

TEST_CASE("wgmma: products of all layouts") {
  for (int n : {8, 24, 128, 256})
    for (unsigned bits = 1; bits <= 3; ++bits) {
      uint32_t atom = 8u << (4 + bits);
      Swizzle swizzle = static_cast<Swizzle>(bits);
      SharedOperand a{{.start = 0, .stride = atom, .swizzle = swizzle}, Major::k, MatrixElement::bf16, 64, 16};
      SharedOperand b{{.start = 64 * 1024, .stride = atom, .swizzle = swizzle}, Major::k, MatrixElement::bf16, n, 16};
      checkProduct(a, b, true, false);
      if (n % (8 << bits))
        continue;
      b.major = a.major = Major::mn;
      b.element = a.element = MatrixElement::f16;
      a.descriptor.leading = b.descriptor.leading = 2 * atom;
      checkProduct(a, b, false, true);
    }
  SharedOperand a{{.start = 0, .leading = 1024, .stride = 128}, Major::k, MatrixElement::tf32, 64, 8};
  SharedOperand b{{.start = 8192, .leading = 128, .stride = 256}, Major::k, MatrixElement::tf32, 16, 8};
  checkProduct(a, b, true, false);
}

TEST_CASE("wgmma: the pieces of an operand cover its bytes once") {
  for (Major major : {Major::k, Major::mn}) {
    SharedOperand operand{
        {.start = 0, .leading = 2048, .stride = 1024, .swizzle = Swizzle::b128}, major, MatrixElement::bf16, 128, 16};
    std::set<uint32_t> pieces;
    forEachPiece(operand, 0, 128, [&](uint32_t address, uint32_t bytes) {
      CHECK(bytes == 16);
      CHECK(pieces.insert(address).second);
    });
    CHECK(pieces.size() == 128 * 2);
    for (int row = 0; row < 128; ++row)
      for (int k = 0; k < 16; ++k)
        REQUIRE(pieces.count(addressOf(operand, row, k) / 16 * 16));
  }
}
