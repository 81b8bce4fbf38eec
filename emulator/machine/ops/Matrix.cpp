// ldmatrix, stmatrix and mma.sync.
#include "emulator/machine/Access.h"
#include "emulator/machine/Converged.h"
#include "emulator/machine/ops/Lanes.h"
#include "emulator/tensor/Mma.h"

#include <algorithm>
#include <cstring>

namespace skip::emulator {
namespace {

/// Rows of 16 bytes at the addresses of the first 8 x count lanes.
void matrixRows(Warp &w, const Instruction &in, bool write, uint64_t *at) {
  needFullWarp(w, w.mask);
  gatherAddresses(w, in, at);
  uint32_t lanes = in.count == 4 ? kAllLanes : (1u << 8 * in.count) - 1;
  resolve(w, in, lanes, at, {16, write});
}

void ldmatrix(Warp &w, const Instruction &in, uint32_t mask) {
  needFullWarp(w, mask);
  uint64_t at[32];
  matrixRows(w, in, false, at);
  for (int m = 0; m < in.count; ++m) {
    Matrix8x8 matrix;
    for (int row = 0; row < 8; ++row)
      std::memcpy(matrix[static_cast<size_t>(row)].data(), reinterpret_cast<const void *>(at[addressLane(m, row)]), 16);
    LaneWords words = distributed(matrix, in.kind);
    std::memcpy(w.at<uint32_t>(w.program->lists[in.list + static_cast<uint32_t>(m)]), words.data(), sizeof words);
  }
}

void stmatrix(Warp &w, const Instruction &in, uint32_t mask) {
  needFullWarp(w, mask);
  uint64_t at[32];
  matrixRows(w, in, true, at);
  for (int m = 0; m < in.count; ++m) {
    LaneWords words;
    std::memcpy(words.data(), w.at<uint32_t>(w.program->lists[in.list + static_cast<uint32_t>(m)]), sizeof words);
    Matrix8x8 matrix = collected(words, in.kind);
    for (int row = 0; row < 8; ++row)
      std::memcpy(reinterpret_cast<void *>(at[addressLane(m, row)]), matrix[static_cast<size_t>(row)].data(), 16);
  }
}

void decodeMatrixMove(Decoding &d, bool load) {
  d.wantArchitecture(load ? 75 : 90);
  bool sync = d.take("sync") && d.take("aligned");
  if (!sync || !d.take("m8n8"))
    d.fail("`.sync.aligned.m8n8` is wanted");
  int count = d.takeOneOf({"x1", "x2", "x4"});
  if (count < 0)
    d.fail("a number of matrices is missing");
  d.in.count = static_cast<uint8_t>(1 << count);
  d.in.kind = d.take("trans");
  int space = d.takeOneOf({"shared", "shared::cta"});
  d.in.space = space < 0 ? Space::generic : Space::shared;
  d.wantType({Type::b16});
  d.wantOperands(2, 2);
  d.address(load ? 1 : 0);
  const Operand &registers = d.operand(load ? 0 : 1);
  std::vector<uint32_t> places =
      load ? d.destinations(registers, Type::b32, d.in.count) : d.sources(registers, Type::b32, d.in.count);
  d.in.list = d.addList(places);
  d.in.execute = load ? ldmatrix : stmatrix;
}
void decodeLdmatrix(Decoding &d) { decodeMatrixMove(d, true); }
void decodeStmatrix(Decoding &d) { decodeMatrixMove(d, false); }

enum class Accumulator : uint8_t { f32, f16, s32 };

template <size_t N> std::span<LaneWords> gather(Warp &w, const std::vector<uint32_t> &places, std::array<LaneWords, N> &into) {
  for (size_t i = 0; i < places.size(); ++i)
    std::memcpy(into[i].data(), w.at<uint32_t>(places[i]), sizeof(LaneWords));
  return {into.data(), places.size()};
}

/// numbers: k, element of A, element of B, accumulator, saturation.
void mma(Warp &w, const Instruction &in, uint32_t mask) {
  needFullWarp(w, mask);
  const Detail &detail = w.program->details[in.target];
  std::array<LaneWords, 4> a, c;
  std::array<LaneWords, 2> b;
  std::span<LaneWords> inA = gather(w, detail.a, a), inB = gather(w, detail.b, b), sums = gather(w, detail.c, c);
  int k = static_cast<int>(detail.numbers[0]);
  MatrixElement ofA = static_cast<MatrixElement>(detail.numbers[1]), ofB = static_cast<MatrixElement>(detail.numbers[2]);
  switch (static_cast<Accumulator>(detail.numbers[3])) {
  case Accumulator::f32:
    mmaF32(sums, inA, inB, sums, k, ofA);
    break;
  case Accumulator::f16:
    mmaF16(sums, inA, inB, sums, k);
    break;
  case Accumulator::s32:
    mmaS32(sums, inA, inB, sums, k, ofA, ofB, detail.numbers[4]);
    break;
  }
  for (size_t i = 0; i < detail.d.size(); ++i)
    std::memcpy(w.at<uint32_t>(detail.d[i]), sums[i].data(), sizeof(LaneWords));
  w.run->counters.matrixOperations += 16 * 8 * static_cast<uint64_t>(k);
}

MatrixElement elementOf(Decoding &d, Type type) {
  switch (type) {
  case Type::f16:
    return MatrixElement::f16;
  case Type::bf16:
    return MatrixElement::bf16;
  case Type::tf32:
    return MatrixElement::tf32;
  case Type::s8:
    return MatrixElement::s8;
  case Type::u8:
    return MatrixElement::u8;
  default:
    d.refuseType(type);
  }
}

bool isShape(int k, MatrixElement element) {
  int bytes = bytesOf(element);
  return bytes == 4 ? k == 4 || k == 8 : bytes == 2 ? k == 8 || k == 16 : k == 16 || k == 32;
}

void decodeMma(Decoding &d) {
  d.wantArchitecture(80);
  if (!d.take("sync") || !d.take("aligned"))
    d.fail("`.sync.aligned` is missing");
  int shape = d.takeOneOf({"m16n8k4", "m16n8k8", "m16n8k16", "m16n8k32"}), k = 4 << std::max(shape, 0);
  if (shape < 0 || !d.take("row") || !d.take("col"))
    d.fail("a shape of m16n8k4 to m16n8k32, and `.row.col` are wanted");
  bool saturate = d.take("satfinite");
  Type result = d.wantType({Type::f32, Type::f16, Type::s32}), a = d.takeType(), b = d.takeType();
  d.wantType({result});
  MatrixElement ofA = elementOf(d, a), ofB = elementOf(d, b);
  bool integers = isInteger(ofA);
  if (!isShape(k, ofA) || integers != isInteger(ofB) || (!integers && ofA != ofB) || integers != (result == Type::s32) ||
      (result == Type::f16 && ofA != MatrixElement::f16) || (saturate && !integers))
    d.fail("a combination of shape and types that does not exist");
  d.wantOperands(4, 4);
  size_t sums = result == Type::f16 ? 2 : 4;
  Type whole = result == Type::f32 ? Type::f32 : Type::b32;
  Detail &detail = d.addDetail();
  detail.d = d.destinations(d.operand(0), whole, sums);
  detail.a = d.sources(d.operand(1), Type::b32, static_cast<size_t>(registersOfA(k, bytesOf(ofA))));
  detail.b = d.sources(d.operand(2), Type::b32, static_cast<size_t>(registersOfB(k, bytesOf(ofB))));
  detail.c = d.sources(d.operand(3), whole, sums);
  uint32_t numbers[] = {static_cast<uint32_t>(k), static_cast<uint32_t>(ofA), static_cast<uint32_t>(ofB),
                        static_cast<uint32_t>(integers              ? Accumulator::s32
                                              : result == Type::f16 ? Accumulator::f16
                                                                    : Accumulator::f32),
                        saturate};
  std::copy(std::begin(numbers), std::end(numbers), detail.numbers);
  d.in.execute = mma;
}

constexpr Operation kOperations[] = {{"ldmatrix", decodeLdmatrix}, {"stmatrix", decodeStmatrix}, {"mma", decodeMma}};

} // namespace

std::span<const Operation> matrixOperations() { return kOperations; }

} // namespace skip::emulator
