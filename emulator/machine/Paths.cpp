#include "emulator/machine/Paths.h"

#include "emulator/machine/Faults.h"
#include "emulator/machine/Frames.h"

#include <bit>

namespace skip::emulator {
namespace {

constexpr size_t kMostPaths = 4096;

int newPath(Warp &w, const Path &made) {
  int index = -1;
  for (size_t i = 0; i < w.paths.size() && index < 0; ++i)
    if (!w.paths[i].isLive)
      index = static_cast<int>(i);
  if (index < 0) {
    if (w.paths.size() == kMostPaths)
      fail(w, FaultKind::outOfResources, "branches and calls go too deep");
    w.paths.emplace_back();
    index = static_cast<int>(w.paths.size() - 1);
  }
  w.paths[static_cast<size_t>(index)] = made;
  w.paths[static_cast<size_t>(index)].isLive = true;
  return index;
}

} // namespace

void leavePath(Warp &w) {
  Path &path = w.path();
  if (path.isLive && path.waiting != Waiting::children) {
    path.pc = w.pc;
    path.mask = w.mask;
  }
}

void diverge(Warp &w, std::span<const Group> groups, uint32_t reconverge) {
  w.stop = true;
  int self = w.current;
  Path before = w.path();
  // A loop parts again and again to the same place: its lanes become brothers there.
  bool nested = reconverge != before.reconverge;
  int parent = nested ? self : before.parent;
  uint32_t arrived = 0;
  int made = 0;
  if (nested) {
    Path &path = w.path();
    path.waiting = Waiting::children;
    path.pc = reconverge;
    path.mask = path.arrived = 0;
  }
  for (const Group &group : groups) {
    if (group.lanes == 0)
      continue;
    if (group.pc == reconverge) {
      arrived |= group.lanes;
      continue;
    }
    Path child = before;
    child.mask = group.lanes;
    child.pc = group.pc;
    child.reconverge = reconverge;
    child.parent = parent;
    child.arrived = 0;
    child.children = 0;
    child.waiting = Waiting::no;
    ++made;
    if (!nested && made == 1)
      w.paths[static_cast<size_t>(self)] = child;
    else
      newPath(w, child);
  }
  if (parent >= 0) {
    Path &meeting = w.paths[static_cast<size_t>(parent)];
    meeting.arrived |= arrived;
    meeting.children += nested ? made : made - 1;
  }
  w.pc = w.path().pc; // what leavePath writes back
  w.mask = w.path().mask;
}

void endPath(Warp &w, int index, uint32_t arriving) {
  for (;;) {
    Path &path = w.paths[static_cast<size_t>(index)];
    path.isLive = false;
    w.stop = true;
    if (path.parent < 0)
      return;
    int parentIndex = path.parent;
    Path &parent = w.paths[static_cast<size_t>(parentIndex)];
    parent.arrived |= arriving;
    if (--parent.children > 0)
      return;
    parent.waiting = Waiting::no;
    parent.mask = parent.arrived;
    parent.arrived = 0;
    releaseFrames(w, parentIndex);
    if (parent.mask != 0)
      return;
    index = parentIndex;
    arriving = 0;
  }
}

void exitLanes(Warp &w, uint32_t lanes) {
  w.alive &= ~lanes;
  w.mask &= ~lanes;
  w.block->liveThreads -= static_cast<uint32_t>(std::popcount(lanes));
  w.block->cluster->liveThreads -= static_cast<uint32_t>(std::popcount(lanes));
  w.path().mask = w.mask;
  w.stop = true;
  threadsEnded(*w.block);
  if (w.mask == 0)
    endPath(w, w.current, 0);
}

void callFunction(Warp &w, const Program::Call &call, uint32_t index, uint32_t lanes) {
  // Lanes that the guard leaves out go on behind the call when the others are back.
  int caller = w.current;
  Frame *frame = makeFrame(w, *call.callee, caller, index);
  copyArguments(w, call, *w.path().frame, *frame, lanes);
  Path &path = w.path();
  path.waiting = Waiting::children;
  path.pc = w.pc;
  path.arrived = w.mask & ~lanes;
  path.children = 1;
  path.mask = 0;
  Path child;
  child.mask = lanes;
  child.parent = caller;
  child.frame = frame;
  newPath(w, child);
  w.stop = true;
}

void returnLanes(Warp &w, uint32_t lanes) {
  Frame *frame = w.path().frame;
  if (frame->caller < 0)
    return exitLanes(w, lanes);
  copyResults(w, *frame, lanes);
  w.paths[static_cast<size_t>(frame->caller)].arrived |= lanes;
  w.mask &= ~lanes;
  w.path().mask = w.mask;
  w.stop = true;
  if (w.mask == 0)
    endPath(w, w.current, 0);
}

bool choosePath(Warp &w, bool mayStay) {
  size_t count = w.paths.size();
  if (mayStay && w.path().isLive && w.path().waiting == Waiting::no) {
    count = 0;
  } else {
    size_t start = count > 1 ? w.run->below(count) : 0;
    size_t i = 0;
    for (; i < count; ++i) {
      const Path &path = w.paths[(start + i) % count];
      if (path.isLive && path.waiting == Waiting::no)
        break;
    }
    if (i == count)
      return false;
    w.current = static_cast<int>((start + i) % count);
  }
  Path &path = w.path();
  w.pc = path.pc;
  w.mask = path.mask;
  w.file = path.frame->file();
  w.program = path.frame->program;
  return true;
}

void waitAt(Warp &w, Waiting waiting, Block *block, uint32_t object, bool again) {
  if (again)
    --w.pc;
  Path &path = w.path();
  path.pc = w.pc;
  path.mask = w.mask;
  path.waiting = waiting;
  path.objectBlock = block;
  path.object = object;
  w.stop = true;
}

void makeRunnable(Warp &w) {
  if (w.runnableAt >= 0)
    return;
  w.runnableAt = static_cast<int>(w.run->runnable.size());
  w.run->runnable.push_back(&w);
}

void wake(Cluster &cluster, Waiting waiting, const Block *block, uint32_t object) {
  for (auto &member : cluster.blocks)
    for (auto &warp : member->warps)
      for (Path &path : warp->paths) {
        if (!path.isLive || path.waiting != waiting || path.objectBlock != block || path.object != object)
          continue;
        path.waiting = Waiting::no;
        makeRunnable(*warp);
      }
}

} // namespace skip::emulator
