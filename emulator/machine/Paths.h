// The paths of a warp: lanes part at branches and meet again where all ways lead.
#pragma once

#include "emulator/machine/State.h"

#include <span>

namespace skip::emulator {

struct Group {
  uint32_t lanes, pc;
};

/// The current path's lanes go on in groups, which meet at `reconverge`.
void diverge(Warp &w, std::span<const Group> groups, uint32_t reconverge);
/// The current path has come to where it meets others, or has no lanes left.
void endPath(Warp &w, int index, uint32_t arriving);
/// Lanes of the current path end.
void exitLanes(Warp &w, uint32_t lanes);
void callFunction(Warp &w, const Program::Call &call, uint32_t index, uint32_t lanes);
void returnLanes(Warp &w, uint32_t lanes);
/// Makes a path current that does not wait; false if there is none.
bool choosePath(Warp &w, bool mayStay);
/// Writes back what the loop holds of the current path.
void leavePath(Warp &w);

/// The current path waits; it runs the present instruction again when it is woken, or the next one.
void waitAt(Warp &w, Waiting waiting, Block *block, uint32_t object, bool again);
/// Wakes paths of all warps of the block's cluster that wait so.
void wake(Cluster &cluster, Waiting waiting, const Block *block, uint32_t object);
void makeRunnable(Warp &w);
/// Barriers of all threads wait for those that are left.
void threadsEnded(Block &block);
void threadsEnded(Cluster &cluster);

} // namespace skip::emulator
