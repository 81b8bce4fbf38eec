// What lanes of a warp tell each other: shfl, vote, match, redux, elect, activemask, bar.warp.sync.
#include "emulator/machine/Converged.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/ops/Lanes.h"

#include <algorithm>

namespace skip::emulator {
namespace {

enum class Shuffle : uint8_t { up, down, bfly, idx };

/// The lane that is read, and whether it is within the segment.
std::pair<int, bool> sourceLane(Shuffle mode, int lane, uint32_t b, uint32_t c) {
  int by = static_cast<int>(b & 31), clamp = static_cast<int>(c & 31), segment = static_cast<int>(c >> 8 & 31);
  int low = lane & segment, high = low | (clamp & ~segment);
  int from = lane;
  bool within = true;
  switch (mode) {
  case Shuffle::up:
    from = lane - by;
    within = from >= high;
    break;
  case Shuffle::down:
    from = lane + by;
    within = from <= high;
    break;
  case Shuffle::bfly:
    from = lane ^ by;
    within = from <= high;
    break;
  case Shuffle::idx:
    from = low | (by & ~segment);
    within = from <= high;
    break;
  }
  return {within ? from : lane, within};
}

void shfl(Warp &w, const Instruction &in, uint32_t mask) {
  needMembers(w, mask, static_cast<uint32_t>(in.immediate));
  const uint32_t *members = w.at<uint32_t>(static_cast<uint32_t>(in.immediate));
  uint32_t values[32], *d = w.at<uint32_t>(in.dst), within = 0;
  const uint32_t *a = w.at<uint32_t>(in.a), *b = w.at<uint32_t>(in.b), *c = w.at<uint32_t>(in.c);
  std::copy(a, a + 32, values);
  for (int lane = 0; lane < 32; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    auto [from, holds] = sourceLane(static_cast<Shuffle>(in.kind), lane, b[lane], c[lane]);
    if (!((mask & members[lane]) >> from & 1))
      fail(w, FaultKind::divergence, "reads lane " + std::to_string(from) + ", which does not run it or is no member",
           1u << lane);
    within |= static_cast<uint32_t>(holds) << lane;
    d[lane] = values[from];
  }
  setPredicate(w, in.list, within, mask);
}

void decodeShfl(Decoding &d) {
  if (!d.take("sync"))
    d.fail("`shfl` without `.sync` is gone since sm_70");
  int mode = d.takeOneOf({"up", "down", "bfly", "idx"});
  d.wantType({Type::b32});
  if (mode < 0)
    d.fail("a mode is missing");
  d.wantOperands(5, 5);
  const Operand &result = d.operand(0);
  bool pair = result.kind == Operand::Kind::pair, negated = false;
  d.in.kind = static_cast<uint8_t>(mode);
  d.in.dst = d.destination(pair ? result.parts[0] : result, Type::b32);
  d.in.list = pair ? d.predicate(result.parts[1], negated) : FileLayout::kSink + 128;
  d.in.a = d.source(1, Type::b32);
  d.in.b = d.source(2, Type::b32);
  d.in.c = d.source(3, Type::b32);
  d.in.immediate = d.source(4, Type::b32);
  d.in.execute = shfl;
}

enum class Vote : uint8_t { all, any, uni, ballot };

void voteOf(Warp &w, const Instruction &in, uint32_t mask) {
  uint32_t bits = (*w.at<uint32_t>(in.a) ^ (in.narrowAddress ? ~0u : 0u)) & mask;
  Vote mode = static_cast<Vote>(in.kind);
  if (mode == Vote::ballot) {
    for (int i = 0; i < 32; ++i)
      if (mask >> i & 1)
        w.at<uint32_t>(in.dst)[i] = bits;
    return;
  }
  bool holds = mode == Vote::any ? bits != 0 : mode == Vote::all ? bits == mask : bits == mask || bits == 0;
  setPredicate(w, in.dst, holds ? ~0u : 0u, mask);
}

void vote(Warp &w, const Instruction &in, uint32_t mask) {
  eachGroup(w, mask, in.b, [&](uint32_t group) { voteOf(w, in, group); });
}

void decodeVote(Decoding &d) {
  if (!d.take("sync"))
    d.fail("`vote` without `.sync` is gone since sm_70");
  int mode = d.takeOneOf({"all", "any", "uni", "ballot"});
  d.wantType({mode == 3 ? Type::b32 : Type::pred});
  d.wantOperands(3, 3);
  bool negated = false;
  d.in.kind = static_cast<uint8_t>(mode);
  d.in.dst = mode == 3 ? d.destination(0, Type::b32) : d.predicate(d.operand(0), negated);
  d.in.a = d.predicate(d.operand(1), negated);
  d.in.narrowAddress = negated;
  d.in.b = d.source(2, Type::b32);
  d.in.execute = vote;
  if (mode < 0)
    d.fail("a mode is missing");
}

template <class T, bool All> void matchOf(Warp &w, const Instruction &in, uint32_t mask) {
  T values[32];
  std::copy(w.at<T>(in.a), w.at<T>(in.a) + 32, values);
  uint32_t holds = 0;
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    uint32_t same = 0;
    for (int j = 0; j < 32; ++j)
      same |= static_cast<uint32_t>((mask >> j & 1) && values[i] == values[j]) << j;
    bool all = same == mask;
    w.at<uint32_t>(in.dst)[i] = All ? (all ? mask : 0) : same;
    holds |= static_cast<uint32_t>(all) << i;
  }
  if (All)
    setPredicate(w, in.list, holds, mask);
}

template <class T, bool All> void match(Warp &w, const Instruction &in, uint32_t mask) {
  eachGroup(w, mask, in.b, [&](uint32_t group) { matchOf<T, All>(w, in, group); });
}

void decodeMatch(Decoding &d) {
  int mode = d.takeOneOf({"any", "all"});
  if (!d.take("sync") || mode < 0)
    d.fail("`.sync`, and `.any` or `.all` are wanted");
  Type type = d.wantType({Type::b32, Type::b64});
  d.wantOperands(3, 3);
  const Operand &result = d.operand(0);
  bool pair = result.kind == Operand::Kind::pair, negated = false;
  d.in.dst = d.destination(pair ? result.parts[0] : result, Type::b32);
  d.in.list = pair ? d.predicate(result.parts[1], negated) : FileLayout::kSink + 128;
  d.in.a = d.source(1, type);
  d.in.b = d.source(2, Type::b32);
  if (type == Type::b32)
    d.in.execute = mode ? match<uint32_t, true> : match<uint32_t, false>;
  else
    d.in.execute = mode ? match<uint64_t, true> : match<uint64_t, false>;
}

enum class Reduction : uint8_t { add, min, max, bitAnd, bitOr, bitXor };

template <class T> void reduxOf(Warp &w, const Instruction &in, uint32_t mask) {
  const T *a = w.at<T>(in.a);
  T result = a[std::countr_zero(mask)];
  for (uint32_t left = mask & (mask - 1); left; left &= left - 1) {
    T value = a[std::countr_zero(left)];
    switch (static_cast<Reduction>(in.kind)) {
    case Reduction::add:
      result = static_cast<T>(static_cast<uint32_t>(result) + static_cast<uint32_t>(value));
      break;
    case Reduction::min:
      result = std::min(result, value);
      break;
    case Reduction::max:
      result = std::max(result, value);
      break;
    case Reduction::bitAnd:
      result &= value;
      break;
    case Reduction::bitOr:
      result |= value;
      break;
    case Reduction::bitXor:
      result ^= value;
      break;
    }
  }
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      w.at<T>(in.dst)[i] = result;
}

template <class T> void redux(Warp &w, const Instruction &in, uint32_t mask) {
  eachGroup(w, mask, in.b, [&](uint32_t group) { reduxOf<T>(w, in, group); });
}

void decodeRedux(Decoding &d) {
  int operation = d.takeOneOf({"add", "min", "max", "and", "or", "xor"});
  if (!d.take("sync") || operation < 0)
    d.fail("`.sync` and an operation are wanted");
  d.wantArchitecture(80);
  Type type = operation < 3 ? d.wantType({Type::u32, Type::s32}) : d.wantType({Type::b32});
  d.wantOperands(3, 3);
  d.in.kind = static_cast<uint8_t>(operation);
  d.in.dst = d.destination(0, type);
  d.in.a = d.source(1, type);
  d.in.b = d.source(2, Type::b32);
  d.in.execute = type == Type::s32 ? redux<int32_t> : redux<uint32_t>;
}

void electOf(Warp &w, const Instruction &in, uint32_t mask) {
  int leader = std::countr_zero(mask);
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      w.at<uint32_t>(in.dst)[i] = static_cast<uint32_t>(leader);
  setPredicate(w, in.list, 1u << leader, mask);
}

void elect(Warp &w, const Instruction &in, uint32_t mask) {
  eachGroup(w, mask, in.a, [&](uint32_t group) { electOf(w, in, group); });
}

void decodeElect(Decoding &d) {
  if (!d.take("sync"))
    d.fail("`.sync` is missing");
  d.wantArchitecture(90);
  d.wantOperands(2, 2);
  const Operand &result = d.operand(0);
  if (result.kind != Operand::Kind::pair)
    d.fail("a register and a predicate are expected");
  bool negated = false;
  d.in.dst = d.destination(result.parts[0], Type::b32);
  d.in.list = d.predicate(result.parts[1], negated);
  d.in.a = d.source(1, Type::b32);
  d.in.execute = elect;
}

void activemask(Warp &w, const Instruction &in, uint32_t mask) {
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      w.at<uint32_t>(in.dst)[i] = mask;
}

void decodeActivemask(Decoding &d) {
  d.wantType({Type::b32});
  d.wantOperands(1, 1);
  d.in.dst = d.destination(0, Type::b32);
  d.in.execute = activemask;
}

constexpr Operation kOperations[] = {
    {"shfl", decodeShfl},   {"vote", decodeVote},   {"match", decodeMatch},
    {"redux", decodeRedux}, {"elect", decodeElect}, {"activemask", decodeActivemask},
};

} // namespace

std::span<const Operation> warpOperations() { return kOperations; }

} // namespace skip::emulator
