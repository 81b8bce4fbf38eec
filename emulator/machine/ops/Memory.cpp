// Loads and stores.
#include "emulator/machine/Resolve.h"
#include "emulator/machine/Sync.h"
#include "emulator/machine/ops/MemoryOps.h"

#include <cstring>

namespace skip::emulator {

Space takeMemorySpace(Decoding &d) {
  static constexpr Space kSpaces[] = {Space::global, Space::constant, Space::shared, Space::shared, Space::sharedCluster,
                                      Space::local,  Space::param,    Space::param,  Space::param};
  int index = d.takeOneOf(
      {"global", "const", "shared", "shared::cta", "shared::cluster", "local", "param", "param::entry", "param::func"});
  return index < 0 ? Space::generic : kSpaces[index];
}

void takeOrder(Decoding &d) {
  int order = d.takeOneOf({"weak", "relaxed", "acquire", "release", "acq_rel", "volatile", "mmio"});
  d.in.order = order < 0 || order == 0 ? Order::weak : order >= 5 ? Order::relaxed : static_cast<Order>(order);
  d.takeScope();
}

void releaseAt(Warp &w, const Instruction &in, uint64_t host) {
  if (w.run->settings.checks)
    publish(w, host, in.order == Order::release || in.order == Order::acquireRelease, in.scope);
}
void acquireAt(Warp &w, const Instruction &in, uint64_t host) {
  if (w.run->settings.checks)
    observe(w, host, in.order == Order::acquire || in.order == Order::acquireRelease, in.scope);
}

namespace {

template <class T> T fetch(uint64_t at) {
  T value;
  std::memcpy(&value, reinterpret_cast<const void *>(at), sizeof value);
  return value;
}

/// M: in memory, signed where it is extended so; R: the register, of its width.
template <class M, class R> void load(Warp &w, const Instruction &in, uint32_t mask) {
  uint64_t at[32];
  gatherAddresses(w, in, at);
  bool strong = in.order != Order::weak;
  resolve(w, in, mask, at, {static_cast<uint32_t>(sizeof(M) * in.count), false, strong, in.kind != 0});
  const uint32_t *places = &w.program->lists[in.list];
  bool isWhole = sizeof(M) == sizeof(R) && in.count == 1 && isRow(at, mask, sizeof(M));
  if (isWhole)
    std::memcpy(w.at<R>(places[0]), reinterpret_cast<const void *>(at[0]), 32 * sizeof(M));
  for (uint32_t element = 0; element < in.count && !isWhole; ++element) {
    R *d = w.at<R>(places[element]);
    if (mask == kAllLanes) {
      for (int i = 0; i < 32; ++i)
        d[i] = static_cast<R>(fetch<M>(at[i] + element * sizeof(M)));
    } else {
      for (uint32_t left = mask; left; left &= left - 1) {
        int i = std::countr_zero(left);
        d[i] = static_cast<R>(fetch<M>(at[i] + element * sizeof(M)));
      }
    }
  }
  if (strong)
    for (uint32_t left = mask; left; left &= left - 1)
      acquireAt(w, in, at[std::countr_zero(left)]);
}

template <class M, class R> void store(Warp &w, const Instruction &in, uint32_t mask) {
  uint64_t at[32];
  gatherAddresses(w, in, at);
  bool strong = in.order != Order::weak;
  resolve(w, in, mask, at, {static_cast<uint32_t>(sizeof(M) * in.count), true, strong});
  const uint32_t *places = &w.program->lists[in.list];
  if (strong)
    for (uint32_t left = mask; left; left &= left - 1)
      releaseAt(w, in, at[std::countr_zero(left)]);
  if (sizeof(M) == sizeof(R) && in.count == 1 && isRow(at, mask, sizeof(M))) {
    std::memcpy(reinterpret_cast<void *>(at[0]), w.at<R>(places[0]), 32 * sizeof(M));
    return;
  }
  for (uint32_t element = 0; element < in.count; ++element) {
    const R *a = w.at<R>(places[element]);
    for (uint32_t left = mask; left; left &= left - 1) {
      int i = std::countr_zero(left);
      M value = static_cast<M>(a[i]);
      std::memcpy(reinterpret_cast<void *>(at[i] + element * sizeof(M)), &value, sizeof value);
    }
  }
}

/// Parameters of the kernel, at an address that is known: the same for all lanes.
template <class M, class R> void loadParam(Warp &w, const Instruction &in, uint32_t mask) {
  const uint32_t *places = &w.program->lists[in.list];
  for (uint32_t element = 0; element < in.count; ++element) {
    R value = static_cast<R>(fetch<M>(reinterpret_cast<uint64_t>(w.run->launch->params.data()) +
                                      static_cast<uint64_t>(in.immediate) + element * sizeof(M)));
    R *d = w.at<R>(places[element]);
    SKIP_LANES
    for (int i = 0; i < 32; ++i)
      d[i] = mask >> i & 1 ? value : d[i];
  }
}

/// Parameters of functions that are called: bytes a lane in the frame.
std::byte *frameParam(Warp &w, const Instruction &in, int lane) {
  Frame &frame = *w.path().frame;
  return frame.params.data() + static_cast<size_t>(lane) * frame.program->frameParamBytes + in.immediate;
}
template <class M, class R> void loadFrame(Warp &w, const Instruction &in, uint32_t mask) {
  const uint32_t *places = &w.program->lists[in.list];
  for (uint32_t element = 0; element < in.count; ++element)
    for (uint32_t left = mask; left; left &= left - 1) {
      int i = std::countr_zero(left);
      w.at<R>(places[element])[i] =
          static_cast<R>(fetch<M>(reinterpret_cast<uint64_t>(frameParam(w, in, i)) + element * sizeof(M)));
    }
}
template <class M, class R> void storeFrame(Warp &w, const Instruction &in, uint32_t mask) {
  const uint32_t *places = &w.program->lists[in.list];
  for (uint32_t element = 0; element < in.count; ++element)
    for (uint32_t left = mask; left; left &= left - 1) {
      int i = std::countr_zero(left);
      M value = static_cast<M>(w.at<R>(places[element])[i]);
      std::memcpy(frameParam(w, in, i) + element * sizeof(M), &value, sizeof value);
    }
}

enum class Way : uint8_t { load, store, param, loadFrame, storeFrame };

template <class M, class R> Execute wayOf(Way way) {
  switch (way) {
  case Way::load:
    return load<M, R>;
  case Way::store:
    return store<M, R>;
  case Way::param:
    return loadParam<M, R>;
  case Way::loadFrame:
    return loadFrame<M, R>;
  case Way::storeFrame:
    return storeFrame<M, R>;
  }
  return nullptr;
}

template <class M> Execute forRegister(Way way, uint32_t bytes) {
  if constexpr (sizeof(M) <= 2)
    if (bytes == 2)
      return wayOf<M, uint16_t>(way);
  if constexpr (sizeof(M) <= 4)
    if (bytes == 4)
      return wayOf<M, uint32_t>(way);
  return bytes == 8 ? wayOf<M, uint64_t>(way) : nullptr;
}

/// Only signed integers are extended with their sign, and only by loads.
Execute executeOf(Way way, Type type, uint32_t bytes) {
  bool sign = isSigned(type) && !isFloat(type) && way != Way::store && way != Way::storeFrame;
  switch (bytesOf(type)) {
  case 1:
    return sign ? forRegister<int8_t>(way, bytes) : forRegister<uint8_t>(way, bytes);
  case 2:
    return sign ? forRegister<int16_t>(way, bytes) : forRegister<uint16_t>(way, bytes);
  case 4:
    return sign ? forRegister<int32_t>(way, bytes) : forRegister<uint32_t>(way, bytes);
  default:
    return forRegister<uint64_t>(way, bytes);
  }
}

/// The registers of a load or a store, all of one width, which may be more than the type's.
uint32_t placesOf(Decoding &d, const Operand &operand, Type type, size_t count, bool isLoad) {
  std::vector<uint32_t> places;
  uint32_t bytes = 0, common = 0;
  auto add = [&](const Operand &part) {
    places.push_back(isLoad ? d.wideDestination(part, type, bytes) : d.wideSource(part, type, bytes));
    bool matters = part.kind != Operand::Kind::sink;
    if (matters && common && bytes != common)
      d.fail("registers of different widths");
    common = matters ? bytes : common;
  };
  if (count == 1 && operand.kind != Operand::Kind::vector) {
    add(operand);
  } else {
    if (operand.kind != Operand::Kind::vector || operand.parts.size() != count)
      d.fail("a vector of " + std::to_string(count) + " is expected");
    for (const Operand &part : operand.parts)
      add(part);
  }
  d.in.list = d.addList(places);
  return common ? common : std::max<uint32_t>(2, bytesOf(type));
}

/// A parameter that is named: of the kernel, or in the frame of a function.
Way paramWay(Decoding &d, const Operand &operand, bool isLoad, uint32_t bytes) {
  if (operand.kind != Operand::Kind::memory || operand.parts[0].kind != Operand::Kind::variable)
    return isLoad ? Way::load : Way::store;
  const Variable *variable = operand.parts[0].variable;
  if (auto found = d.addresses.params.find(variable); found != d.addresses.params.end()) {
    if (operand.value < 0 || static_cast<uint64_t>(operand.value) + bytes > found->second.bytes)
      d.fail("beyond the parameter `" + variable->name + "`");
    d.in.immediate = found->second.offset + operand.value;
    return isLoad ? Way::loadFrame : Way::storeFrame;
  }
  auto found = d.addresses.of.find(variable);
  if (variable->space != Space::param || found == d.addresses.of.end())
    d.fail("`" + variable->name + "` is no parameter of this function");
  if (!isLoad)
    d.fail("a kernel's parameters cannot be written");
  if (operand.value < 0 || static_cast<uint64_t>(operand.value) + bytes > variable->bytes)
    d.fail("beyond the parameter `" + variable->name + "`");
  d.in.immediate = static_cast<int64_t>(found->second) + operand.value;
  return Way::param;
}

void decodeAccess(Decoding &d, bool isLoad) {
  takeOrder(d);
  d.in.space = takeMemorySpace(d);
  d.in.kind = isLoad && d.take("nc");
  d.takeCacheHints();
  bool policy = d.take("L2::cache_hint");
  int vector = d.takeOneOf({"v2", "v4"});
  d.in.count = static_cast<uint8_t>(vector < 0 ? 1 : vector == 0 ? 2 : 4);
  Type type = d.takeType();
  uint32_t bytes = bytesOf(type);
  if (bytes == 0 || bytes > 8 || type == Type::tf32)
    d.refuseType(type);
  if (bytes * d.in.count > 16)
    d.fail("an access of more than 16 bytes a lane");
  if (d.in.kind && d.in.space != Space::global)
    d.fail("`.nc` is for .global");
  d.wantOperands(policy ? 3 : 2, policy ? 3 : 2);
  const Operand &memory = d.operand(isLoad ? 1 : 0);
  uint32_t registerBytes = placesOf(d, d.operand(isLoad ? 0 : 1), type, d.in.count, isLoad);
  Way way = d.in.space == Space::param ? paramWay(d, memory, isLoad, bytes * d.in.count) : isLoad ? Way::load : Way::store;
  if (way == Way::load || way == Way::store)
    d.address(memory);
  if (!isLoad && d.in.space == Space::constant)
    d.fail("constants cannot be written");
  d.in.execute = executeOf(way, type, registerBytes);
  if (!d.in.execute)
    d.fail("a register of " + std::to_string(8 * registerBytes) + " bits for `" + std::string(nameOf(type)) + "`");
}

void decodeLd(Decoding &d) { decodeAccess(d, true); }
void decodeSt(Decoding &d) { decodeAccess(d, false); }

void nothing(Warp &, const Instruction &, uint32_t) {}

/// Prefetches and hints change nothing that can be seen.
void decodePrefetch(Decoding &d) {
  takeMemorySpace(d);
  d.takeOneOf({"L1", "L2", "L2::evict_last", "L2::evict_normal"});
  d.take("tensormap");
  d.wantOperands(1, 1);
  d.address(0);
  d.in.execute = nothing;
}
void decodePrefetchu(Decoding &d) { decodePrefetch(d); }
void decodeHint(Decoding &d) {
  takeMemorySpace(d);
  d.takeOneOf({"L2", "L2::evict_normal"});
  d.wantOperands(2, 2);
  d.address(0);
  d.integer(1);
  d.in.execute = nothing;
}

void createPolicy(Warp &w, const Instruction &in, uint32_t mask) {
  for (int i = 0; i < 32; ++i)
    if (mask >> i & 1)
      w.at<uint64_t>(in.dst)[i] = 0x12f0000000000000; // opaque
}

void decodeCreatepolicy(Decoding &d) {
  if (d.takeOneOf({"fractional", "range"}) < 0)
    d.fail("`.fractional` or `.range` is missing");
  takeMemorySpace(d);
  d.takeCacheHints();
  d.takeOneOf({"L2::evict_unchanged"});
  d.takeOneOf({"L2::evict_unchanged", "L2::evict_first"});
  d.wantType({Type::b64});
  d.wantOperands(1, 4);
  d.in.dst = d.destination(0, Type::b64);
  d.in.execute = createPolicy;
}

constexpr Operation kOperations[] = {
    {"ld", decodeLd},
    {"ldu", decodeLd},
    {"st", decodeSt},
    {"prefetch", decodePrefetch},
    {"prefetchu", decodePrefetchu},
    {"discard", decodeHint},
    {"applypriority", decodeHint},
    {"createpolicy", decodeCreatepolicy},
};

} // namespace

std::span<const Operation> memoryOperations() { return kOperations; }

} // namespace skip::emulator
