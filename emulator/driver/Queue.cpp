#include "emulator/driver/Queue.h"

#include <algorithm>

namespace skip::driver {

Queue::Queue(Runner runner, emulator::Completion completion, uint64_t seed)
    : runner(std::move(runner)), completion(completion), random(seed) {}

uint64_t Queue::add(Operation operation) {
  std::erase_if(operation.after, [&](uint64_t other) { return !isPending(other); });
  uint64_t number = ++last;
  pending.emplace(number, std::move(operation));
  if (completion == emulator::Completion::eager)
    complete(number);
  else if (completion == emulator::Completion::mixed && random() % 4 == 0)
    complete(std::next(pending.begin(), static_cast<ptrdiff_t>(random() % pending.size()))->first);
  return number;
}

std::set<uint64_t> Queue::needed(uint64_t operation) const {
  std::set<uint64_t> found;
  std::vector<uint64_t> open{operation};
  while (!open.empty()) {
    uint64_t next = open.back();
    open.pop_back();
    auto at = pending.find(next);
    if (at == pending.end() || !found.insert(next).second)
      continue;
    open.insert(open.end(), at->second.after.begin(), at->second.after.end());
  }
  return found;
}

bool Queue::isReady(const Operation &operation) const {
  return std::none_of(operation.after.begin(), operation.after.end(), [&](uint64_t other) { return isPending(other); });
}

void Queue::runOne(const std::set<uint64_t> &candidates) {
  std::vector<uint64_t> ready;
  for (uint64_t number : candidates)
    if (auto at = pending.find(number); at != pending.end() && isReady(at->second))
      ready.push_back(number);
  std::vector<uint64_t> chain{ready[random() % ready.size()]};
  for (uint64_t number : candidates) { // ascending, so that successors come in their order
    auto at = pending.find(number);
    if (number > chain.back() && at != pending.end() && at->second.programmatic &&
        at->second.after == std::vector{chain.back()})
      chain.push_back(number);
  }
  std::vector<Work> taken; // out of the queue before they run: what throws does not run again
  for (uint64_t number : chain)
    taken.push_back(std::move(pending.extract(number).mapped().work));
  std::vector<Work *> works;
  for (Work &work : taken)
    works.push_back(&work);
  if (!runner(works))
    drop();
}

void Queue::complete(uint64_t operation) {
  std::set<uint64_t> candidates = needed(operation);
  while (isPending(operation))
    runOne(candidates);
}

void Queue::completeAll() {
  std::set<uint64_t> all;
  for (auto &[number, operation] : pending)
    all.insert(all.end(), number);
  while (!pending.empty())
    runOne(all);
}

void Queue::advance(uint64_t operation) {
  if (isPending(operation))
    runOne(needed(operation));
}

} // namespace skip::driver
