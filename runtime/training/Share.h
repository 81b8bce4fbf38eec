// One training in several processes.
//
// Of G groups each of P processes computes k = G / P. Let b be the largest power of two that divides k: groups are dealt out in
// blocks of b, block after block to process after process, so that each block is a node of the tree of groups (Trainer.h).
//
//   G = 12, P = 2: k = 6, b = 2      process 0: groups 0 1, 4 5, 8 9       process 1: groups 2 3, 6 7, 10 11
//
// A process adds the gradients of its block as the tree does; then all broadcast theirs in the order of processes, and every
// one adds them to the tree in that order. So all have the sums of one process, bit for bit, and do the same update.
#pragma once

#include "runtime/training/Trainer.h"

namespace skip::runtime {

/// After a group of this process ran: as addGroup, and behind a block's last one the exchange.
skip_status addSharedGroup(skip_trainer &trainer, const Threads &threads);

/// Which of the step's groups is this process's next.
int64_t nextGroup(const skip_trainer &trainer);

} // namespace skip::runtime
