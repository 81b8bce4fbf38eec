// The queue alone: order, and which programmatic kernels run together.
#include "emulator/driver/Queue.h"

#include <catch2/catch.hpp>

using namespace skip::driver;
using skip::emulator::Completion;

namespace {
struct Ran {
  std::vector<std::vector<size_t>> groups; // counts of elements stand for names
  size_t failAt = SIZE_MAX;
  Queue queue;
  explicit Ran(Completion completion, uint64_t seed = 1)
      : queue(
            [this](std::vector<Work *> &works) {
              auto &group = groups.emplace_back();
              for (Work *work : works)
                group.push_back(std::get<FillWork>(*work).count);
              return group.front() != failAt;
            },
            completion, seed) {}
  uint64_t add(size_t name, std::vector<uint64_t> after, bool programmatic = false) {
    Operation operation;
    operation.work = FillWork{.count = name};
    operation.after = std::move(after);
    operation.programmatic = programmatic;
    return queue.add(std::move(operation));
  }
};
using Groups = std::vector<std::vector<size_t>>;
} // namespace

TEST_CASE("queue: only what is needed runs, after what it depends on") {
  Ran ran(Completion::lazy);
  uint64_t a = ran.add(1, {}), b = ran.add(2, {}), c = ran.add(3, {a});
  CHECK(ran.groups.empty());
  ran.queue.complete(c);
  CHECK(ran.groups == Groups{{1}, {3}});
  CHECK(ran.queue.isPending(b));
  ran.queue.completeAll();
  CHECK(ran.groups.size() == 3);
  CHECK(ran.queue.empty());
}

TEST_CASE("queue: programmatic kernels run with the one before them, unless something else is before them too") {
  Ran ran(Completion::lazy);
  uint64_t a = ran.add(1, {}), b = ran.add(2, {a}, true), c = ran.add(3, {b}, true), d = ran.add(4, {c});
  ran.queue.complete(d);
  CHECK(ran.groups == Groups{{1, 2, 3}, {4}});
  uint64_t e = ran.add(5, {}), f = ran.add(6, {}), g = ran.add(7, {e, f}, true);
  ran.queue.complete(g);
  CHECK(ran.groups.back() == std::vector<size_t>{7});
}

TEST_CASE("queue: eager work runs when it is added, mixed work some time") {
  Ran eager(Completion::eager);
  eager.add(1, {});
  CHECK(eager.groups == Groups{{1}});
  size_t early = 0, late = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Ran mixed(Completion::mixed, seed);
    for (size_t i = 0; i < 4; ++i)
      mixed.add(i, {});
    early += mixed.groups.size();
    late += mixed.queue.size();
  }
  CHECK(early > 0);
  CHECK(late > 0);
}

TEST_CASE("queue: after a failure the rest is dropped") {
  Ran ran(Completion::lazy);
  ran.failAt = 1;
  uint64_t a = ran.add(1, {}), b = ran.add(2, {a});
  ran.add(3, {});
  ran.queue.complete(b);
  CHECK(ran.queue.empty());
  CHECK(ran.groups == Groups{{1}});
}

TEST_CASE("queue: who polls sees one step at a time") {
  Ran ran(Completion::lazy);
  uint64_t a = ran.add(1, {}), b = ran.add(2, {a});
  ran.queue.advance(b);
  CHECK(ran.groups == Groups{{1}});
  ran.queue.advance(b);
  CHECK_FALSE(ran.queue.isPending(b));
  ran.queue.advance(b);
  CHECK(ran.groups.size() == 2);
}
