// Products of a warpgroup: operands that a descriptor finds in shared memory, and the accumulator of m64nNkK.
//
// A descriptor names a start, two distances and a swizzle. Counted in chunks of 16 bytes, of which E elements are one, and with
// S the chunks of a swizzled row (1, 2, 4, 8):
//   K-major, no swizzle:   rows of 8 chunks apart by 16 bytes, each further 8 rows by `stride`, the next chunk along K by
//   `leading` K-major, swizzled:     rows apart by 16 S bytes, each further 8 by `stride`; chunks along K adjoin MN-major, no
//   swizzle:  the next chunk along MN by `stride`, k by 16 bytes, each further 8 of k by `leading` MN-major, swizzled:    S
//   chunks along MN adjoin, the next S by `leading`; k by 16 S bytes, each further 8 of k by `stride`
// Then the swizzle permutes the address itself, not the offset, just as the tensor unit did when it wrote.
#pragma once

#include "emulator/tensor/Mma.h"
#include "emulator/tensor/Swizzle.h"

#include <cstddef>
#include <optional>
#include <string>

namespace skip::emulator {

struct MatrixDescriptor {
  uint32_t start = 0, leading = 0, stride = 0; // bytes
  uint32_t baseOffset = 0;
  Swizzle swizzle = Swizzle::none;
  uint64_t unknownBits = 0; // those that have no meaning and must be 0
};
MatrixDescriptor decodeDescriptor(uint64_t bits);
uint64_t encodeDescriptor(const MatrixDescriptor &descriptor);

enum class Major : uint8_t { k, mn };

/// An operand in shared memory: 64 rows (M) of A or N of B, and K elements each. K is 32 bytes of elements.
struct SharedOperand {
  MatrixDescriptor descriptor;
  Major major = Major::k;
  MatrixElement element = MatrixElement::bf16;
  int rows = 64;
  int k = 16;
};

/// Why silicon would read something else than what was meant, or why this model does not know what it would read.
std::optional<std::string> refusalOf(const SharedOperand &operand);

/// The address in shared memory of element (row, k); row counts along M or N.
uint32_t addressOf(const SharedOperand &operand, int row, int k);

/// One past the highest byte that the operand occupies. Whoever gathers checks it against the size of shared memory.
uint32_t endOf(const SharedOperand &operand);

/// Calls touch(address, bytes) for the pieces of at most 16 bytes that rows `first` to `first + count - 1` consist of, each
/// once. With MN-major operands `first` and `count` are multiples of eight.
template <class Touch> void forEachPiece(const SharedOperand &operand, int first, int count, Touch touch) {
  int bytes = bytesOf(operand.element), each = 16 / bytes;
  if (operand.major == Major::k) {
    for (int row = first; row < first + count; ++row)
      for (int k = 0; k < operand.k; k += each)
        touch(addressOf(operand, row, k), 16u);
  } else {
    for (int k = 0; k < operand.k; ++k)
      for (int row = first; row < first + count; row += each)
        touch(addressOf(operand, row, k), 16u);
  }
}

/// Rows `first` to `first + count - 1` as floats: A as [count][k], and B as [k][count], which is what multiplyAccumulate takes.
/// `shared` is all of the shared memory, that addresses count in.
void gatherRows(const SharedOperand &operand, const std::byte *shared, int first, int count, float *rowMajor);
void gatherColumns(const SharedOperand &operand, const std::byte *shared, int first, int count, float *columnMajor);

constexpr int kWarpgroupRows = 64, kWarpRows = 16;

/// N of wgmma: a multiple of 8 from 8 to 256.
constexpr bool isWgmmaN(int n) { return n >= 8 && n <= 256 && n % 8 == 0; }
/// The registers of the accumulator of one lane.
constexpr int accumulatorRegisters(int n, bool f16) { return f16 ? n / 4 : n / 2; }

/// What one warp of the four does: d[16][n] = (scaleD ? d : 0) + a[16][k] b[k][n], its rows being those from 16 * (warp % 4).
/// `registers` are accumulatorRegisters(n, f16) rows of lanes.
struct WarpProduct {
  const float *a = nullptr, *b = nullptr;
  int n = 8, k = 16;
  bool scaleD = true, f16 = false;
};
void accumulate(std::span<LaneWords> registers, const WarpProduct &product);

} // namespace skip::emulator
