// Branches that part a warp and bring it together again, calls, what lanes tell each other, atomics, counters.
#include "tests/unit/emulator/Device.h"

#include <array>
#include <numeric>
#include <set>

using namespace skip::emulator;
using namespace skip::emulator::test;

namespace {

/// Runs a body on `threads` threads of `blocks` blocks; out is zeroed and has `words` words.
std::vector<uint32_t> results(const std::string &body, uint32_t threads = 32, uint32_t n = 0, uint32_t blocks = 1,
                              size_t words = 32, Counters *counters = nullptr, const std::string &head = "",
                              uint64_t seed = 1) {
  Device device("sm_90a", Settings{.seed = seed, .maxWarpInstructions = 1'000'000});
  const Module &module = device.load(kernelText(body, "sm_90a", head));
  std::vector<uint32_t> in(1024);
  std::iota(in.begin(), in.end(), 0u);
  uint64_t out = device.put(std::vector<uint32_t>(words, 0));
  Launch launch;
  launch.module = &module;
  launch.grid = {blocks, 1, 1};
  launch.block = {threads, 1, 1};
  launch.params = Device::pack(out, device.put(in), out, n);
  Outcome outcome = device.run(launch);
  INFO(body << "\n" << describe(outcome));
  REQUIRE_FALSE(outcome.fault);
  if (counters)
    *counters = outcome.counters[0];
  return device.get<uint32_t>(out, words);
}

template <class F> std::vector<uint32_t> lanes(F f, size_t count = 32) {
  std::vector<uint32_t> values;
  for (uint32_t i = 0; i < count; ++i)
    values.push_back(static_cast<uint32_t>(f(i)));
  return values;
}

} // namespace

TEST_CASE("lanes that part at branches meet where all ways lead") {
  // A loop of lane-many turns, within it a branch; behind it all lanes are together.
  std::vector<uint32_t> found = results(R"(
mov.u32 %r5, 0; mov.u32 %r6, 0;
L: setp.ge.u32 %p1, %r6, %r0; @%p1 bra E;
and.b32 %r7, %r6, 1; setp.eq.u32 %p2, %r7, 0; @%p2 bra A;
add.u32 %r5, %r5, 100; bra.uni B;
A: add.u32 %r5, %r5, 1;
B: add.u32 %r6, %r6, 1; bra.uni L;
E: vote.sync.ballot.b32 %r8, %p1, -1; add.u32 %r5, %r5, %r8; st.global.u32 [%d4], %r5;)");
  CHECK(found == lanes([](uint32_t i) { return i / 2 * 100 + (i + 1) / 2 + ~0u; }));
}

TEST_CASE("lanes that end early leave the others alone") {
  CHECK(results("setp.lt.u32 %p1, %r0, 7; @%p1 exit; activemask.b32 %r5; st.global.u32 [%d4], %r5; bar.sync 0;") ==
        lanes([](uint32_t i) { return i < 7 ? 0 : ~0u << 7; }));
  CHECK(results("bra X; X: @!%p1 ret; trap;", 5) == lanes([](uint32_t) { return 0; }));
}

TEST_CASE("a table of targets") {
  CHECK(results(R"(
and.b32 %r5, %r0, 3;
T: .branchtargets A, B, C, B;
brx.idx %r5, T;
A: mov.u32 %r6, 10; bra.uni E;
B: mov.u32 %r6, 20; bra.uni E;
C: mov.u32 %r6, 30;
E: vote.sync.all.pred %p1, %p0, -1; st.global.u32 [%d4], %r6;)") ==
        lanes([](uint32_t i) { return std::array{10, 20, 30, 20}[i & 3]; }));
}

TEST_CASE("calls of some lanes, and of themselves") {
  const char *head = R"(
.func (.param .b32 r) sum(.param .b32 a) {
  .reg .b32 %r<6>; .reg .pred %p;
  ld.param.u32 %r1, [a]; mov.u32 %r2, 0; setp.eq.u32 %p, %r1, 0; @%p bra E;
  sub.u32 %r3, %r1, 1;
  { .param .b32 x; .param .b32 y; st.param.b32 [x], %r3; call.uni (y), sum, (x); ld.param.b32 %r4, [y]; }
  add.u32 %r2, %r1, %r4;
E: st.param.b32 [r], %r2; ret;
}
)";
  CHECK(results(R"(
mov.u32 %r6, 9; setp.lt.u32 %p1, %r0, 20;
{ .param .b32 x; .param .b32 y; st.param.b32 [x], %r0; @%p1 call (y), sum, (x); @%p1 ld.param.b32 %r6, [y]; }
st.global.u32 [%d4], %r6;)",
                32, 0, 1, 32, nullptr, head) == lanes([](uint32_t i) { return i < 20 ? i * (i + 1) / 2 : 9; }));
}

TEST_CASE("shuffles") {
  auto shuffled = [](const std::string &how) {
    return results("shfl.sync." + how + "; selp.u32 %r6, 100, 0, %p1; add.u32 %r5, %r5, %r6; st.global.u32 [%d4], %r5;");
  };
  CHECK(shuffled("bfly.b32 %r5|%p1, %r0, 3, 31, -1") == lanes([](uint32_t i) { return (i ^ 3) + 100; }));
  CHECK(shuffled("up.b32 %r5|%p1, %r0, 2, 0, -1") == lanes([](uint32_t i) { return i < 2 ? i : i - 2 + 100; }));
  CHECK(shuffled("down.b32 %r5|%p1, %r0, 2, 31, -1") == lanes([](uint32_t i) { return i > 29 ? i : i + 2 + 100; }));
  CHECK(shuffled("idx.b32 %r5|%p1, %r0, 5, 31, -1") == lanes([](uint32_t) { return 105; }));
  // Segments of eight lanes.
  CHECK(shuffled("idx.b32 %r5|%p1, %r0, 1, 0x181f, -1") == lanes([](uint32_t i) { return i / 8 * 8 + 1 + 100; }));
  CHECK(shuffled("down.b32 %r5|%p1, %r0, 1, 0x181f, -1") == lanes([](uint32_t i) { return i % 8 == 7 ? i : i + 101; }));
  CHECK(shuffled("up.b32 %r5|%p1, %r0, 1, 0x1800, -1") == lanes([](uint32_t i) { return i % 8 == 0 ? i : i + 99; }));
}

TEST_CASE("votes, matches and reductions of a warp") {
  std::string odd = "and.b32 %r5, %r0, 1; setp.eq.u32 %p1, %r5, 1; ";
  auto stored = [](const std::string &body) { return results(body + " st.global.u32 [%d4], %r6;"); };
  CHECK(stored(odd + "vote.sync.ballot.b32 %r6, %p1, -1;") == lanes([](uint32_t) { return 0xaaaaaaaa; }));
  CHECK(stored(odd + "vote.sync.any.pred %p2, %p1, -1; selp.u32 %r6, 1, 0, %p2;") == lanes([](uint32_t) { return 1; }));
  CHECK(stored(odd + "vote.sync.all.pred %p2, !%p1, -1; selp.u32 %r6, 1, 0, %p2;") == lanes([](uint32_t) { return 0; }));
  CHECK(stored("shr.u32 %r5, %r0, 3; match.any.sync.b32 %r6, %r5, -1;") ==
        lanes([](uint32_t i) { return 0xffu << i / 8 * 8; }));
  CHECK(stored("match.all.sync.b32 %r6|%p1, %r1, -1;") == lanes([](uint32_t) { return ~0u; }));
  CHECK(stored("redux.sync.add.u32 %r6, %r0, -1;") == lanes([](uint32_t) { return 496; }));
  CHECK(stored("sub.u32 %r5, %r0, 9; redux.sync.min.s32 %r6, %r5, -1;") == lanes([](uint32_t) { return uint32_t(-9); }));
  CHECK(stored("redux.sync.xor.b32 %r6, %r0, -1;") == lanes([](uint32_t) { return 0; }));
  CHECK(stored("elect.sync %r6|%p1, -1; @%p1 add.u32 %r6, %r6, 7;") == lanes([](uint32_t i) { return i == 0 ? 7 : 0; }));
}

TEST_CASE("barriers that count and vote") {
  auto stored = [](const std::string &body) { return results(body + " st.global.u32 [%d4], %r6;", 64, 0, 1, 64); };
  CHECK(stored("setp.lt.u32 %p1, %r0, 40; bar.red.popc.u32 %r6, 0, %p1;") == lanes([](uint32_t) { return 40; }, 64));
  CHECK(stored("setp.lt.u32 %p1, %r0, 40; barrier.cta.red.and.pred %p2, 0, %p1; selp.u32 %r6, 1, 2, %p2;") ==
        lanes([](uint32_t) { return 2; }, 64));
  CHECK(stored("setp.lt.u32 %p1, %r0, 40; bar.red.or.pred %p2, 0, %p1; selp.u32 %r6, 1, 2, %p2;") ==
        lanes([](uint32_t) { return 1; }, 64));
  // One warp hands over to another: it arrives, the other waits.
  CHECK(results(R"(
.shared .b32 s;
setp.lt.u32 %p1, %r0, 32; @%p1 bra A;
bar.sync 3, 64; ld.shared.u32 %r6, [s]; st.global.u32 [%d4], %r6; bra.uni E;
A: setp.eq.u32 %p2, %r0, 0; @%p2 st.shared.u32 [s], 11; bar.arrive 3, 64;
E: )",
                64, 0, 1, 64) == lanes([](uint32_t i) { return i < 32 ? 0 : 11; }, 64));
}

TEST_CASE("atomics of many blocks") {
  for (uint64_t seed : {1, 2, 3}) {
    std::vector<uint32_t> found = results(R"(
red.global.add.u32 [%d1], 1;
atom.global.max.s32 %r5, [%d1+4], %r0;
mov.f32 %f1, 0f3F800000; red.global.add.f32 [%d1+8], %f1;
atom.global.inc.u32 %r5, [%d1+12], 9;
L: ld.relaxed.gpu.global.u32 %r6, [%d1+16]; add.u32 %r7, %r6, 2; atom.global.cas.b32 %r8, [%d1+16], %r6, %r7; setp.ne.u32 %p1, %r8, %r6; @%p1 bra L;
atom.global.or.b32 %r5, [%d1+20], 4;
atom.global.exch.b32 %r5, [%d1+24], 3;
mov.b32 %r9, 0x3c003c00; red.global.add.noftz.f16x2 [%d1+28], %r9;)",
                                          64, 0, 3, 32, nullptr, "", seed);
    CHECK(found[0] == 192);
    CHECK(found[1] == 63);
    CHECK(found[2] == 0x43400000);
    CHECK(found[3] == 192 % 10);
    CHECK(found[4] == 384);
    CHECK(found[5] == 4);
    CHECK(found[6] == 3);
    CHECK(found[7] == 0x5a005a00);
  }
}

TEST_CASE("special registers") {
  CHECK(results(
            "mov.u32 %r5, %ctaid.x; mov.u32 %r6, %ntid.x; mad.lo.u32 %r7, %r5, %r6, %r0; mul.wide.u32 %d7, %r7, 4; add.u64 "
            "%d7, %d1, %d7;"
            "mov.u32 %r8, %warpid; shl.b32 %r8, %r8, 8; mov.u32 %r9, %laneid; or.b32 %r8, %r8, %r9; st.global.u32 [%d7], %r8;",
            48, 0, 2, 96) == lanes([](uint32_t i) { return (i % 48 / 32) << 8 | i % 48 % 32; }, 96));
  CHECK(results("mov.u32 %r5, %nctaid.x; mov.u32 %r6, %clock; setp.gt.u32 %p1, %r6, 0; selp.u32 %r6, 1, 0, %p1; add.u32 %r5, "
                "%r5, %r6; st.global.u32 [%d4], %r5;")[0] == 2);
}

TEST_CASE("counters of bytes and of bank conflicts") {
  auto counted = [](const std::string &address) {
    Counters counters;
    results(".shared .align 16 .b8 s[8192]; mov.u32 %r5, s; " + address +
                " st.shared.u32 [%r5], %r0; ld.shared.u32 %r6, [%r5]; st.global.u32 [%d4], %r6;",
            32, 0, 1, 32, &counters);
    return counters;
  };
  Counters row = counted("mad.lo.u32 %r5, %r0, 4, %r5;");
  CHECK(row.bankConflicts == 0);
  CHECK(row.sharedAccesses == 2);
  CHECK(row.sharedReadBytes == 128);
  CHECK(row.sharedWriteBytes == 128);
  CHECK(row.globalWriteBytes == 128);
  CHECK(row.globalReadBytes == 0);
  CHECK(counted("mad.lo.u32 %r5, %r0, 8, %r5;").bankConflicts == 2);
  CHECK(counted("mad.lo.u32 %r5, %r0, 128, %r5;").bankConflicts == 62);
  CHECK(counted("mad.lo.u32 %r5, %r0, 132, %r5;").bankConflicts == 0);
}

TEST_CASE("a fault tells where") {
  Device device("sm_80");
  const Module &module = device.load(kernelText("setp.eq.u32 %p1, %r0, 37;\n@%p1 st.global.u32 [%d2+-8],\n %r0;"));
  Launch launch;
  launch.module = &module;
  launch.grid = {1, 2, 1};
  launch.block = {8, 8, 1};
  launch.params = Device::pack(device.put(std::vector<int>(64)), device.put(std::vector<int>(64)), uint64_t(0), 0);
  Outcome outcome = device.run(launch);
  CHECK_FALSE(outcome.fault); // %tid.x stays below 8
  const Module &other = device.load(kernelText(
      "mov.u32 %r5, %tid.y; mad.lo.u32 %r0, %r5, 8, %r0; setp.eq.u32 %p1, %r0, 37;\n@%p1 st.global.u32 [%d2+-8],\n %r0;"));
  launch.module = &other;
  outcome = device.run(launch);
  REQUIRE(outcome.fault);
  CHECK(outcome.fault->kind == FaultKind::outOfBounds);
  CHECK(outcome.fault->kernel == "kernel");
  CHECK(outcome.fault->line == 11);
  CHECK(outcome.fault->instruction.find("st.global.u32") != std::string::npos);
  CHECK(outcome.fault->thread.x == 5);
  CHECK(outcome.fault->thread.y == 4);
  CHECK(outcome.fault->text.find("global address 0x") != std::string::npos);
}

TEST_CASE("launches that cannot be") {
  Device device("sm_80");
  const Module &module = device.load(kernelText("bar.sync 0;"));
  Launch launch;
  launch.module = &module;
  launch.params.resize(28);
  auto kind = [&] {
    Outcome outcome = device.run(launch);
    return outcome.fault ? outcome.fault->text : "";
  };
  launch.block = {32, 1, 1};
  CHECK(kind() == "");
  launch.block = {1025, 1, 1};
  CHECK(kind().find("a block of (1025, 1, 1)") != std::string::npos);
  launch.block = {32, 1, 1};
  launch.dynamicSharedBytes = 164 << 10;
  CHECK(kind().find("bytes of shared memory") != std::string::npos);
  launch.dynamicSharedBytes = 0;
  launch.cluster = {2, 1, 1};
  launch.grid = {2, 1, 1};
  CHECK(kind().find("a cluster of (2, 1, 1)") != std::string::npos);
  launch.cluster = {1, 1, 1};
  launch.params.resize(24);
  CHECK(kind().find("24 bytes of parameters, not 28") != std::string::npos);
}

TEST_CASE("device memory") {
  DeviceMemory memory(1 << 20);
  uint64_t a = memory.allocate(100), b = memory.allocate(1000);
  CHECK(a % 256 == 0);
  CHECK(memory.usedBytes() == 1100);
  CHECK(memory.allocate(0) == 0);
  CHECK(memory.allocate(1 << 20) == 0);
  CHECK(memory.contains(a, 100));
  CHECK_FALSE(memory.contains(a, 101));
  CHECK(memory.find(b + 999)->address == b);
  CHECK_FALSE(memory.find(b + 1000));
  CHECK_FALSE(memory.isWritten(a, 1));
  memory.markWritten(a + 3, 40);
  CHECK(memory.isWritten(a + 3, 40));
  CHECK_FALSE(memory.isWritten(a + 2, 40));
  memory.copyShadow(b + 1, a, 100);
  CHECK(memory.isWritten(b + 4, 40));
  CHECK_FALSE(memory.isWritten(b + 3, 2));
  CHECK(memory.release(a));
  CHECK_FALSE(memory.release(a));
  CHECK_FALSE(memory.release(b + 1));
  CHECK(memory.wasFreed(a + 99));
  CHECK_FALSE(memory.wasFreed(b));
  CHECK(memory.live().size() == 1);
}

TEST_CASE("blocks that wait for each other in memory all get to run") {
  // A barrier of the whole grid: each block counts itself and waits for the others.
  std::vector<uint32_t> found = results(R"(
setp.ne.u32 %p1, %r0, 0; @%p1 bra E;
mov.u32 %r5, %nctaid.x;
atom.add.acq_rel.gpu.global.u32 %r6, [%d1], 1;
L: ld.acquire.gpu.global.u32 %r6, [%d1]; setp.lt.u32 %p2, %r6, %r5; @%p2 bra L;
E: bar.sync 0;)",
                                        256, 0, 20);
  CHECK(found[0] == 20);
}

TEST_CASE("what waits for ever is told with what it waits for") {
  auto deadlock = [](const std::string &body) {
    Device device("sm_90a", Settings{.maxWarpInstructions = 1'000'000});
    Launch launch;
    launch.module = &device.load(
        kernelText(".shared .align 8 .b64 m; setp.eq.u32 %p1, %r0, 0; @%p1 mbarrier.init.shared.b64 [m], 2; bar.sync 0;" + body,
                   "sm_90a"));
    launch.block = {64, 1, 1};
    launch.params = Device::pack(uint64_t(0), uint64_t(0), uint64_t(0), 0);
    Outcome outcome = device.run(launch);
    INFO(describe(outcome));
    REQUIRE(outcome.fault);
    CHECK(outcome.fault->kind == FaultKind::deadlock);
    return outcome.fault->text;
  };
  CHECK(deadlock("L: mbarrier.try_wait.parity.shared.b64 %p2, [m], 0; @!%p2 bra L;")
            .find("mbarrier 0x400 (phase 0, 2 arrivals and 0 bytes are missing)") != std::string::npos);
  CHECK(deadlock("L: mbarrier.test_wait.parity.shared.b64 %p2, [m], 0; @!%p2 bra L;").find("tests a barrier again and again") !=
        std::string::npos);
  CHECK(deadlock("bar.sync 1, 96;").find("barrier 1 (64 of 96 threads came)") != std::string::npos);
}

TEST_CASE("one seed is one order") {
  auto instructions = [](uint64_t seed) {
    Counters counters;
    results(
        "mov.u32 %r5, %laneid; setp.ne.u32 %p2, %r5, 0; @%p2 bra E;"
        "L: atom.global.cas.b32 %r8, [%d1], 0, 1; setp.ne.u32 %p1, %r8, 0; @%p1 bra L; atom.global.exch.b32 %r8, [%d1], 0; E:",
        64, 0, 4, 32, &counters, "", seed);
    return counters.warpInstructions;
  };
  CHECK(instructions(1) == instructions(1));
  CHECK(instructions(2) == instructions(2));
  CHECK(std::set<uint64_t>{instructions(1), instructions(2), instructions(3), instructions(4)}.size() > 1);
}

TEST_CASE("without checks, what a block left undone is done before it ends") {
  // The store is not waited for: checks would tell.
  std::string body = ".shared .align 16 .b8 s[128]; mov.u32 %r5, s; mad.lo.u32 %r6, %r0, 4, %r5; st.shared.u32 [%r6], %r0;"
                     "fence.proxy.async; bar.sync 0; setp.ne.u32 %p1, %r0, 0; @%p1 bra E;"
                     "mov.u32 %r7, %ctaid.x; mad.wide.u32 %d7, %r7, 128, %d1;"
                     "cp.async.bulk.global.shared::cta.bulk_group [%d7], [%r5], 128; cp.async.bulk.commit_group; E:";
  for (bool checks : {false, true}) {
    Device device("sm_90a", Settings{.completion = Completion::lazy, .checks = checks});
    uint64_t out = device.raw(128 * 100);
    Launch launch;
    launch.module = &device.load(kernelText(body, "sm_90a"));
    launch.grid = {100, 1, 1};
    launch.block = {32, 1, 1};
    launch.params = Device::pack(out, out, out, 0);
    Outcome outcome = device.run(launch);
    INFO(describe(outcome));
    REQUIRE(outcome.fault.has_value() == checks);
    if (checks)
      CHECK(outcome.fault->kind == FaultKind::missingWait);
    else
      CHECK(device.get<uint32_t>(out, 3200) == lanes([](uint32_t i) { return i % 32; }, 3200));
  }
}

TEST_CASE("what ld.global.nc reads, no thread of its launch wrote") {
  // Thread 5 writes word 5 alone, or nobody writes. Read by all lanes a row, and by the first lanes four words each.
  for (bool writes : {false, true})
    for (std::string load : {"ld.global.nc.u32 %r5, [%d5];", "setp.gt.u32 %p2, %r0, 1; mad.wide.u32 %d7, %r0, 16, %d2;"
                                                             "@!%p2 ld.global.nc.v4.u32 {%r5, %r6, %r7, %r8}, [%d7];"}) {
      std::string store = "setp.ne.u32 %p1, %r0, 5; @!%p1 st.global.u32 [%d5], %r0; bar.sync 0;";
      Device device("sm_80", Settings{});
      uint64_t words = device.put(std::vector<uint32_t>(32, 0));
      Launch launch;
      launch.module = &device.load(kernelText((writes ? store : "") + load));
      launch.block = {32, 1, 1};
      launch.params = Device::pack(words, words, words, 0);
      Outcome outcome = device.run(launch);
      INFO(load << "\n" << describe(outcome));
      REQUIRE(outcome.fault.has_value() == writes);
      if (writes)
        CHECK(outcome.fault->kind == FaultKind::race);
    }
}
