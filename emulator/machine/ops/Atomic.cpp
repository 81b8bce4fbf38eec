// atom and red. Lanes go one after the other, in an order that the seed turns round.
#include "emulator/machine/ops/MemoryOps.h"

#include <algorithm>
#include <cstring>

namespace skip::emulator {
namespace {

enum class Update : uint8_t { add, min, max, inc, dec, bitAnd, bitOr, bitXor, exch, cas };
constexpr std::initializer_list<std::string_view> kFunctions = {"add", "min", "max", "inc",  "dec",
                                                                "and", "or",  "xor", "exch", "cas"};

template <class T> T integerResult(Update function, T old, T b, T c) {
  using U = std::make_unsigned_t<T>;
  switch (function) {
  case Update::add:
    return static_cast<T>(U(old) + U(b));
  case Update::min:
    return std::min(old, b);
  case Update::max:
    return std::max(old, b);
  case Update::inc:
    return old >= b ? 0 : static_cast<T>(old + 1);
  case Update::dec:
    return old == 0 || old > b ? b : static_cast<T>(old - 1);
  case Update::bitAnd:
    return old & b;
  case Update::bitOr:
    return old | b;
  case Update::bitXor:
    return old ^ b;
  case Update::exch:
    return b;
  case Update::cas:
    return old == b ? c : old;
  }
  return old;
}

uint16_t halfResult(Update function, uint16_t old, uint16_t b, bool bf16) {
  float x = bf16 ? fromBf16(old) : fromF16(old), y = bf16 ? fromBf16(b) : fromF16(b);
  if (function == Update::add) {
    double sum = fusedToOdd(x, 1, y);
    return bf16 ? toBf16(sum, Rounding::rn) : toF16(sum);
  }
  float r = function == Update::min ? minimum(x, y) : maximum(x, y);
  return bf16 ? toBf16(r) : toF16(r);
}

/// One element: `bits` wide, as the type has it.
uint64_t result(Update function, Type type, uint64_t old, uint64_t b, uint64_t c) {
  switch (type) {
  case Type::f32:
    return std::bit_cast<uint32_t>(
        canonical(std::bit_cast<float>(static_cast<uint32_t>(old)) + std::bit_cast<float>(static_cast<uint32_t>(b))));
  case Type::f64:
    return std::bit_cast<uint64_t>(std::bit_cast<double>(old) + std::bit_cast<double>(b));
  case Type::f16:
  case Type::bf16:
    return halfResult(function, static_cast<uint16_t>(old), static_cast<uint16_t>(b), type == Type::bf16);
  case Type::f16x2:
  case Type::bf16x2: {
    bool bf16 = type == Type::bf16x2;
    return uint64_t(halfResult(function, static_cast<uint16_t>(old >> 16), static_cast<uint16_t>(b >> 16), bf16)) << 16 |
           halfResult(function, static_cast<uint16_t>(old), static_cast<uint16_t>(b), bf16);
  }
  case Type::s32:
    return static_cast<uint32_t>(integerResult<int32_t>(function, static_cast<int32_t>(old), static_cast<int32_t>(b), 0));
  case Type::s64:
    return static_cast<uint64_t>(integerResult<int64_t>(function, static_cast<int64_t>(old), static_cast<int64_t>(b), 0));
  default:
    if (bytesOf(type) == 2)
      return integerResult<uint16_t>(function, static_cast<uint16_t>(old), static_cast<uint16_t>(b), static_cast<uint16_t>(c));
    if (bytesOf(type) == 4)
      return integerResult<uint32_t>(function, static_cast<uint32_t>(old), static_cast<uint32_t>(b), static_cast<uint32_t>(c));
    return integerResult<uint64_t>(function, old, b, c);
  }
}

uint64_t readRegister(Warp &w, uint32_t place, uint32_t bytes, int lane) {
  return bytes == 2 ? w.at<uint16_t>(place)[lane] : bytes == 4 ? w.at<uint32_t>(place)[lane] : w.at<uint64_t>(place)[lane];
}
void writeRegister(Warp &w, uint32_t place, uint32_t bytes, int lane, uint64_t bits) {
  if (bytes == 2)
    w.at<uint16_t>(place)[lane] = static_cast<uint16_t>(bits);
  else if (bytes == 4)
    w.at<uint32_t>(place)[lane] = static_cast<uint32_t>(bits);
  else
    w.at<uint64_t>(place)[lane] = bits;
}

/// Lists: results (atom), then sources. numbers: function, type, elements, whether there are results.
void atomic(Warp &w, const Instruction &in, uint32_t mask) {
  const Detail &detail = w.program->details[in.target];
  Update function = static_cast<Update>(detail.numbers[0]);
  Type type = static_cast<Type>(detail.numbers[1]);
  uint32_t bytes = bytesOf(type);
  uint64_t at[32];
  gatherAddresses(w, in, at);
  resolve(w, in, mask, at, {bytes * in.count, true, true, false, true});
  bool backwards = w.run->random() & 1;
  for (int step = 0; step < 32; ++step) {
    int lane = backwards ? 31 - step : step;
    if (!(mask >> lane & 1))
      continue;
    acquireAt(w, in, at[lane]);
    releaseAt(w, in, at[lane]);
    for (uint32_t element = 0; element < in.count; ++element) {
      uint64_t old = 0;
      void *memory = reinterpret_cast<void *>(at[lane] + element * bytes);
      std::memcpy(&old, memory, bytes);
      uint64_t b = readRegister(w, detail.b[element], bytes, lane);
      uint64_t c = detail.c.empty() ? 0 : readRegister(w, detail.c[element], bytes, lane);
      uint64_t made = result(function, type, old, b, c);
      std::memcpy(memory, &made, bytes);
      if (!detail.d.empty())
        writeRegister(w, detail.d[element], bytes, lane, old);
    }
  }
}

bool isKnown(Update function, Type type) {
  bool floats = isFloat(type), half = floats && type != Type::f32 && type != Type::f64;
  bool bits = type >= Type::b16 && type <= Type::b64;
  switch (function) {
  case Update::add:
    return floats || (bytesOf(type) >= 4 && !bits);
  case Update::min:
  case Update::max:
    return half || (!floats && !bits && bytesOf(type) >= 4);
  case Update::inc:
  case Update::dec:
    return type == Type::u32;
  case Update::cas:
    return bits;
  case Update::exch:
    return bits && type != Type::b16;
  default:
    return type == Type::b32 || type == Type::b64;
  }
}

void decodeAtomic(Decoding &d, bool hasResult) {
  takeOrder(d);
  if (d.in.order == Order::weak)
    d.in.order = Order::relaxed;
  d.in.space = takeMemorySpace(d);
  int function = d.takeOneOf(kFunctions);
  if (function < 0)
    d.fail("an operation is missing");
  d.take("noftz");
  bool policy = d.take("L2::cache_hint");
  std::string_view vector = d.takeStartingWith("v");
  Type type = d.takeType();
  if (!isKnown(static_cast<Update>(function), type) || type == Type::tf32)
    d.refuseType(type);
  if (!vector.empty() && vector != "2" && vector != "4" && vector != "8")
    d.fail("a vector of " + std::string(vector));
  d.in.count = vector.empty() ? 1 : static_cast<uint8_t>(vector[0] - '0');
  if (d.in.count * bytesOf(type) > 16)
    d.fail("an access of more than 16 bytes a lane");
  if (d.in.count > 1)
    d.wantArchitecture(90);
  bool cas = function == static_cast<int>(Update::cas);
  size_t operands = 2 + hasResult + cas + policy;
  d.wantOperands(operands, operands);
  size_t memory = hasResult;
  d.address(memory);
  Detail &detail = d.addDetail();
  detail.numbers[0] = static_cast<uint32_t>(function);
  detail.numbers[1] = static_cast<uint32_t>(type);
  if (hasResult)
    detail.d = d.destinations(d.operand(0), type, d.in.count);
  detail.b = d.sources(d.operand(memory + 1), type, d.in.count);
  if (cas)
    detail.c = d.sources(d.operand(memory + 2), type, d.in.count);
  d.in.execute = atomic;
}

void decodeAtom(Decoding &d) { decodeAtomic(d, true); }

void decodeRed(Decoding &d) {
  if (d.take("async")) // red.async completes at an mbarrier of another block
    d.fail("`red.async` is not supported");
  decodeAtomic(d, false);
}

constexpr Operation kOperations[] = {{"atom", decodeAtom}, {"red", decodeRed}};

} // namespace

std::span<const Operation> atomicOperations() { return kOperations; }

} // namespace skip::emulator
