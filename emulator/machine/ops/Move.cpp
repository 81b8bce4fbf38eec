// mov, also to and from vectors and of clocks; cvta and isspacep.
#include "emulator/machine/ops/Lanes.h"

#include <cstring>

namespace skip::emulator {

namespace {

template <class T> void move(Warp &w, const Instruction &in, uint32_t mask) {
  T *d = w.at<T>(in.dst);
  const T *a = w.at<T>(in.a);
  if (mask == kAllLanes) {
    std::memmove(d, a, 32 * sizeof(T));
    return;
  }
  SKIP_LANES
  for (int i = 0; i < 32; ++i)
    d[i] = mask >> i & 1 ? a[i] : d[i];
}

void movePredicate(Warp &w, const Instruction &in, uint32_t mask) { setPredicate(w, in.dst, *w.at<uint32_t>(in.a), mask); }

/// The low part is the first.
template <class Whole, class Part> void pack(Warp &w, const Instruction &in, uint32_t mask) {
  constexpr unsigned kParts = sizeof(Whole) / sizeof(Part);
  const uint32_t *parts = &w.program->lists[in.list];
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    Whole whole = 0;
    for (unsigned p = 0; p < kParts; ++p)
      whole |= static_cast<Whole>(Whole(w.at<Part>(parts[p])[i]) << 8 * sizeof(Part) * p);
    w.at<Whole>(in.dst)[i] = whole;
  }
}

template <class Whole, class Part> void unpack(Warp &w, const Instruction &in, uint32_t mask) {
  constexpr unsigned kParts = sizeof(Whole) / sizeof(Part);
  const uint32_t *parts = &w.program->lists[in.list];
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    Whole whole = w.at<Whole>(in.a)[i];
    for (unsigned p = 0; p < kParts; ++p)
      w.at<Part>(parts[p])[i] = static_cast<Part>(whole >> 8 * sizeof(Part) * p);
  }
}

/// Time is the number of instructions: it grows, and that is all that programs may rely on.
void moveClock(Warp &w, const Instruction &in, uint32_t mask) {
  uint64_t now = w.run->counters.warpInstructions * 4 + ++w.run->clockReads;
  Special special = static_cast<Special>(in.kind);
  if (special == Special::clockHi || special == Special::globaltimerHi)
    now >>= 32;
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    if (in.count == 8)
      w.at<uint64_t>(in.dst)[i] = now;
    else
      w.at<uint32_t>(in.dst)[i] = static_cast<uint32_t>(now);
  }
}

Type partOf(Decoding &d, Type whole, size_t count) {
  uint32_t bytes = bytesOf(whole);
  if (count == 2 && bytes == 8)
    return Type::b32;
  if ((count == 2 && bytes == 4) || (count == 4 && bytes == 8))
    return Type::b16;
  d.fail("a vector of " + std::to_string(count) + " does not make up `" + std::string(nameOf(whole)) + "`");
}

bool decodeVector(Decoding &d, Type type) {
  const Operand &to = d.operand(0), &from = d.operand(1);
  bool packs = from.kind == Operand::Kind::vector;
  if (!packs && to.kind != Operand::Kind::vector)
    return false;
  const Operand &vector = packs ? from : to;
  size_t count = vector.parts.size();
  Type part = partOf(d, type, count);
  std::vector<uint32_t> parts = packs ? d.sources(vector, part, count) : d.destinations(vector, part, count);
  d.in.list = d.addList(parts);
  if (packs)
    d.in.dst = d.destination(0, type);
  else
    d.in.a = d.source(1, type);
  if (count == 4)
    d.in.execute = packs ? pack<uint64_t, uint16_t> : unpack<uint64_t, uint16_t>;
  else if (bytesOf(type) == 4)
    d.in.execute = packs ? pack<uint32_t, uint16_t> : unpack<uint32_t, uint16_t>;
  else
    d.in.execute = packs ? pack<uint64_t, uint32_t> : unpack<uint64_t, uint32_t>;
  return true;
}

void decodeMov(Decoding &d) {
  Type type = d.takeType();
  d.wantOperands(2, 2);
  bool negated = false;
  if (type == Type::pred) {
    d.in.dst = d.predicate(d.operand(0), negated);
    bool number = d.operand(1).kind == Operand::Kind::integer;
    d.in.a = number ? d.layout.constant(d.operand(1).value ? ~0u : 0u, 4) : d.predicate(d.operand(1), negated);
    d.in.execute = movePredicate;
    if (negated)
      d.fail("`!` is not known here");
    return;
  }
  if (decodeVector(d, type))
    return;
  d.in.dst = d.destination(0, type);
  Special special = d.operand(1).kind == Operand::Kind::special ? specialOf(d.operand(1).name) : Special::none;
  if (special >= Special::clock && special < Special::none) {
    d.in.kind = static_cast<uint8_t>(special);
    d.in.count = static_cast<uint8_t>(bytesOf(type));
    d.in.execute = moveClock;
    if (bytesOf(type) < 4)
      d.refuseType(type);
    return;
  }
  d.in.execute = forBits(d, type, [](auto zero) -> Execute { return move<decltype(zero)>; });
  d.in.a = d.source(1, type);
}

Space takeSpace(Decoding &d) {
  static constexpr Space kSpaces[] = {Space::global, Space::constant, Space::shared, Space::sharedCluster,
                                      Space::shared, Space::local,    Space::param,  Space::param};
  int index = d.takeOneOf({"global", "const", "shared", "shared::cluster", "shared::cta", "local", "param", "param::entry"});
  if (index < 0)
    d.fail("a state space is missing");
  return kSpaces[index];
}

uint64_t windowOf(Space space) {
  switch (space) {
  case Space::shared:
  case Space::sharedCluster:
    return kSharedWindow;
  case Space::local:
    return kLocalWindow;
  case Space::param:
    return kParamWindow;
  default:
    return 0;
  }
}

void toGeneric(Warp &w, const Instruction &in, uint32_t mask) {
  uint64_t *d = w.at<uint64_t>(in.dst);
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      d[i] = (in.narrowAddress ? w.at<uint32_t>(in.a)[i] : w.at<uint64_t>(in.a)[i]) | static_cast<uint64_t>(in.immediate);
}
void fromGeneric(Warp &w, const Instruction &in, uint32_t mask) {
  const uint64_t *a = w.at<uint64_t>(in.a);
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    uint64_t bits = a[i] & ~kWindowMask;
    if (in.narrowAddress)
      w.at<uint32_t>(in.dst)[i] = static_cast<uint32_t>(bits);
    else
      w.at<uint64_t>(in.dst)[i] = bits;
  }
}

void decodeCvta(Decoding &d) {
  bool to = d.take("to");
  uint64_t window = windowOf(takeSpace(d));
  d.wantType({Type::u64});
  d.wantOperands(2, 2);
  uint32_t bytes = 8;
  d.in.dst = to ? d.wideDestination(d.operand(0), Type::u64, bytes) : d.destination(0, Type::u64);
  d.in.a = to ? d.source(1, Type::u64) : d.wideSource(d.operand(1), Type::u64, bytes);
  d.in.narrowAddress = bytes == 4;
  if (bytes < 4)
    d.fail("an address is of 32 or 64 bits");
  d.in.immediate = static_cast<int64_t>(window);
  d.in.execute = to ? fromGeneric : window || bytes == 4 ? toGeneric : move<uint64_t>;
}

void isSpace(Warp &w, const Instruction &in, uint32_t mask) {
  uint32_t bits = 0;
  for (int i = 0; i < 32; ++i)
    bits |= static_cast<uint32_t>((w.at<uint64_t>(in.a)[i] & kWindowMask) == static_cast<uint64_t>(in.immediate)) << i;
  setPredicate(w, in.dst, bits, mask);
}

void decodeIsspacep(Decoding &d) {
  d.in.immediate = static_cast<int64_t>(windowOf(takeSpace(d)));
  bool negated = false;
  d.wantOperands(2, 2);
  d.in.dst = d.predicate(d.operand(0), negated);
  d.in.a = d.source(1, Type::u64);
  d.in.execute = isSpace;
}

constexpr Operation kOperations[] = {{"mov", decodeMov}, {"cvta", decodeCvta}, {"isspacep", decodeIsspacep}};

} // namespace

std::span<const Operation> moveOperations() { return kOperations; }

} // namespace skip::emulator
