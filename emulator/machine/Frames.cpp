#include "emulator/machine/Frames.h"

#include "emulator/machine/Faults.h"

#include <algorithm>
#include <cstring>

namespace skip::emulator {
namespace {

constexpr size_t kMostFrames = 256;
constexpr uint32_t kWarpSize = 32;

uint32_t pick(Dim3 dim, int axis) { return axis == 0 ? dim.x : axis == 1 ? dim.y : dim.z; }

uint64_t specialValue(const Warp &w, Special special, uint32_t lane) {
  const Block &block = *w.block;
  const Cluster &cluster = *block.cluster;
  const Launch &launch = *w.run->launch;
  auto from = [&](Special first) { return static_cast<int>(special) - static_cast<int>(first); };
  auto within = [&](Special first) { return special >= first && from(first) < 3; };
  Dim3 size = launch.cluster;
  Dim3 inCluster{block.rank % size.x, block.rank / size.x % size.y, block.rank / size.x / size.y};
  Dim3 clusters{launch.grid.x / size.x, launch.grid.y / size.y, launch.grid.z / size.z};
  if (within(Special::tidX))
    return pick(threadOf(w, lane), from(Special::tidX));
  if (within(Special::ntidX))
    return pick(launch.block, from(Special::ntidX));
  if (within(Special::ctaidX))
    return pick(block.index, from(Special::ctaidX));
  if (within(Special::nctaidX))
    return pick(launch.grid, from(Special::nctaidX));
  if (within(Special::clusteridX))
    return pick(cluster.index, from(Special::clusteridX));
  if (within(Special::nclusteridX))
    return pick(clusters, from(Special::nclusteridX));
  if (within(Special::clusterCtaidX))
    return pick(inCluster, from(Special::clusterCtaidX));
  if (within(Special::clusterNctaidX))
    return pick(size, from(Special::clusterNctaidX));
  switch (special) {
  case Special::laneid:
    return lane;
  case Special::warpid:
    return w.index;
  case Special::nwarpid:
    return block.warps.size();
  case Special::lanemaskEq:
    return uint64_t(1) << lane;
  case Special::lanemaskLe:
    return (uint64_t(2) << lane) - 1;
  case Special::lanemaskLt:
    return (uint64_t(1) << lane) - 1;
  case Special::lanemaskGe:
    return 0xffffffffu & ~((uint64_t(1) << lane) - 1);
  case Special::lanemaskGt:
    return 0xffffffffu & ~((uint64_t(2) << lane) - 1);
  case Special::clusterCtarank:
    return block.rank;
  case Special::clusterNctarank:
    return cluster.blocks.size();
  case Special::smid:
    return cluster.serial % w.run->architecture->multiprocessors;
  case Special::nsmid:
    return w.run->architecture->multiprocessors;
  case Special::totalSmemSize:
  case Special::aggrSmemSize:
    return block.sharedBytes;
  case Special::dynamicSmemSize:
    return launch.dynamicSharedBytes;
  case Special::isExplicitCluster:
    return cluster.blocks.size() > 1;
  default:
    return 0;
  }
}

template <class T> void fill(std::byte *at, uint64_t bits) {
  T *lanes = reinterpret_cast<T *>(at);
  std::fill(lanes, lanes + kWarpSize, static_cast<T>(bits));
}

void writeLane(std::byte *at, uint32_t bytes, uint32_t lane, uint64_t bits) { std::memcpy(at + bytes * lane, &bits, bytes); }

} // namespace

/// Depends on the block, so that a warp that is used again needs it anew; the same in all lanes.
static bool isOfBlock(Special special) {
  return (special >= Special::ctaidX && special <= Special::ctaidZ) ||
         (special >= Special::clusteridX && special <= Special::clusteridZ) || special == Special::smid;
}

static void fillUniform(std::byte *at, uint64_t bits, uint32_t bytes) {
  if (bytes == 2)
    fill<uint16_t>(at, bits);
  else if (bytes == 4)
    fill<uint32_t>(at, bits);
  else
    fill<uint64_t>(at, bits);
}

void refillFrame(Warp &w, Frame &frame) {
  for (const SpecialPlace &place : frame.program->specials)
    if (isOfBlock(place.special))
      fillUniform(frame.file() + place.slot, specialValue(w, place.special, 0), place.bytes);
}

static void fillFrame(Warp &w, Frame &frame) {
  for (const ConstantPlace &constant : frame.program->constants)
    fillUniform(frame.file() + constant.slot, constant.bits, constant.bytes);
  for (const SpecialPlace &place : frame.program->specials)
    for (uint32_t lane = 0; lane < kWarpSize; ++lane)
      writeLane(frame.file() + place.slot, place.bytes, lane, specialValue(w, place.special, lane));
}

Frame *makeFrame(Warp &w, const Program &program, int caller, uint32_t call) {
  for (const auto &frame : w.frames)
    if (frame->program == &program && program.localBytes)
      fail(w, FaultKind::outOfResources, "`" + program.name + "` calls itself and has local memory, which is not supported");
  if (w.frames.size() >= kMostFrames)
    fail(w, FaultKind::outOfResources, "calls go more than " + std::to_string(kMostFrames) + " deep");
  auto frame = std::make_unique<Frame>();
  frame->program = &program;
  frame->registers.resize(program.fileBytes);
  frame->params.resize(size_t(program.frameParamBytes) * kWarpSize);
  frame->caller = caller;
  frame->call = call;
  fillFrame(w, *frame);
  w.frames.push_back(std::move(frame));
  return w.frames.back().get();
}

void releaseFrames(Warp &w, int caller) {
  std::erase_if(w.frames, [&](const auto &frame) { return frame->caller == caller; });
}

static void copyParams(Frame &from, const std::vector<ParamPlace> &these, Frame &to, const std::vector<ParamPlace> &those,
                       uint32_t lanes) {
  for (size_t i = 0; i < these.size() && i < those.size(); ++i)
    for (uint32_t lane = 0; lane < kWarpSize; ++lane)
      if (lanes >> lane & 1)
        std::memcpy(to.params.data() + size_t(lane) * to.program->frameParamBytes + those[i].offset,
                    from.params.data() + size_t(lane) * from.program->frameParamBytes + these[i].offset,
                    std::min(these[i].bytes, those[i].bytes));
}

void copyArguments(Warp &w, const Program::Call &call, Frame &from, Frame &to, uint32_t lanes) {
  copyParams(from, call.arguments, to, call.callee->formals, lanes);
}

void copyResults(Warp &w, Frame &callee, uint32_t lanes) {
  Frame &caller = *w.paths[static_cast<size_t>(callee.caller)].frame;
  copyParams(callee, callee.program->results, caller, caller.program->calls[callee.call].results, lanes);
}

} // namespace skip::emulator
