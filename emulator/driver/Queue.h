// The work of one context that has not run yet.
//
// Nothing runs by itself: there is no second thread. Work runs when someone waits for it (lazy), at once (eager), or now and
// then (mixed). When something is waited for, only what it depends on runs, in an order drawn from the seed among all that the
// dependencies allow: a program that forgot to wait, or to order two streams, sees memory that was not written yet.
#pragma once

#include "emulator/driver/Work.h"

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace skip::driver {

struct Operation {
  Work work;
  std::vector<uint64_t> after; // operations that must have ended before
  bool programmatic = false;   // a kernel that may overlap with the kernel in front of it, its only predecessor
};

class Queue {
public:
  /// Runs operations that follow each other as one: more than one only where the later ones are programmatic. Answers false if
  /// the context is dead, whereupon all that is left is dropped.
  using Runner = std::function<bool(std::vector<Work *> &)>;

  Queue(Runner runner, emulator::Completion completion, uint64_t seed);

  /// The operation's number, from 1. Runs what the completion mode says.
  uint64_t add(Operation operation);

  bool isPending(uint64_t operation) const { return pending.count(operation) != 0; }
  bool empty() const { return pending.empty(); }
  size_t size() const { return pending.size(); }

  /// Runs `operation` and all that it depends on.
  void complete(uint64_t operation);
  void completeAll();
  /// Runs one operation of those that `operation` needs: who polls must see progress.
  void advance(uint64_t operation);
  void drop() { pending.clear(); }

private:
  std::set<uint64_t> needed(uint64_t operation) const;
  bool isReady(const Operation &operation) const;
  /// Runs one of `candidates`, together with the programmatic launches among them that follow it.
  void runOne(const std::set<uint64_t> &candidates);

  Runner runner;
  emulator::Completion completion;
  std::mt19937_64 random;
  uint64_t last = 0;
  std::map<uint64_t, Operation> pending;
};

} // namespace skip::driver
