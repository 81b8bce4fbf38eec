// Kernels that are right run right in every order and completion; broken in one place, they are told, as what they are.
#include "tests/unit/emulator/Planted.h"

using namespace skip::emulator;
using namespace skip::emulator::test;
using K = FaultKind;

TEST_CASE("right kernels run right in every order") {
  checkRight(reverse, 0, {1, 2, 3, 4, 5, 6});
  checkRight(reduceWithTicket, 0, {1, 2, 3, 4, 5, 6});
  checkRight(dependentPair, 0, {1, 2, 3});
  checkRight(convolveAmpere, 0.005, {1, 2, 3, 4});
  checkRight(convolveHopper, 0.005, {1, 2, 3, 4});
  checkRight(multiplyHopper, 1e-5, {1, 2});
}

TEST_CASE("planted: threads of a block") {
  for (const Planted &planted : std::vector<Planted>{
           {"a barrier is missing", reverse, "bar.sync 0;", 1, "", {K::race, K::uninitialised}},
           {"a barrier for half of a warp",
            reverse,
            "bar.sync 0;",
            1,
            "and.b32 %r30, %r0, 1; setp.eq.u32 %p2, %r30, 0; @%p2 bar.sync 0;",
            {K::divergence}},
           {"a barrier in a branch",
            reverse,
            "bar.sync 0;",
            1,
            "setp.lt.u32 %p2, %r0, 16; @%p2 bra B; bar.sync 0; B:",
            {K::divergence}},
           {"a barrier of too many threads", reverse, "bar.sync 0;", 1, "bar.sync 0, 160;", {K::deadlock}},
           {"a barrier of other numbers of threads",
            reverse,
            "bar.sync 0;",
            1,
            "setp.lt.u32 %p2, %r0, 64; @%p2 bar.sync 0, 128; @!%p2 bar.sync 0, 96;",
            {K::illegalBarrier}},
           {"a barrier that is no number of warps", reverse, "bar.sync 0;", 1, "bar.sync 0, 100;", {K::illegalBarrier}},
           {"a barrier of half of the block, twice",
            reverse,
            "bar.sync 0;",
            1,
            "bar.sync 0, 64;",
            {K::race, K::uninitialised},
            true},
           {"some warps never come",
            reverse,
            "bar.sync 0;",
            1,
            "setp.lt.u32 %p2, %r0, 32; @%p2 bra B; bar.sync 0, 128; B:",
            {K::deadlock, K::uninitialised, K::race}},
           {"shared memory behind its end", reverse, "[%r13]", 1, "[%r13+512]", {K::outOfBounds}},
           {"shared memory in front of its begin", reverse, "[%r13]", 1, "[%r13+-512]", {K::outOfBounds}},
           {"global memory behind its end", reverse, "[%d5]", 1, "[%d5+4]", {K::outOfBounds}},
           {"a null pointer", reverse, "[%d5]", 1, "[0]", {K::outOfBounds}},
           {"memory that was freed", reverse, "[%d5]", 1, "[%d6]", {K::useAfterFree}},
           {"a misaligned load", reverse, "[%r13]", 1, "[%r13+2]", {K::misaligned, K::outOfBounds}},
           {"a misaligned vector",
            reverse,
            "ld.shared.f32 %f2, [%r13];",
            1,
            "ld.shared.v2.f32 {%f2, %f3}, [%r13];",
            {K::misaligned}},
           {"shared memory that nobody wrote", reverse, "9999", 1, "96", {K::uninitialised}},
           {"global memory that nobody wrote", reverse, "[%d5]", 1, "[%d4]", {K::uninitialised}},
           {"local memory that nobody wrote",
            reverse,
            "mov.u32 %r10, s;",
            1,
            ".local .align 4 .b8 l[16]; mov.u32 %r31, l; ld.local.u32 %r30, [%r31+4]; mov.u32 %r10, s;",
            {K::uninitialised}},
           {"a shuffle in a branch",
            reverse,
            "shfl.sync.bfly",
            1,
            "@%p1 bra C; mov.u32 %r20, 0; C: setp.lt.u32 %p3, %r0, 16; @%p3 shfl.sync.bfly",
            {K::divergence}},
           {"all threads write one place", reverse, "[%r12], %f1", 1, "[%r10], %f1", {K::race, K::uninitialised}},
           {"blocks write one place", reverse, "st.global.f32 [%d4], %f2;", 1, "st.global.f32 [%d1], %f2;", {K::race}},
           {"a loop that does not end", reverse, "bar.sync 0;", 1, "E: bra E;", {K::noEnd}},
           {"a trap", reverse, "bar.sync 0;", 1, "trap;", {K::trap}},
           {"bra.uni that only some take",
            reverse,
            "bar.sync 0;",
            1,
            "setp.lt.u32 %p2, %r0, 16; @%p2 bra.uni D; D: bar.sync 0;",
            {K::divergence}},
           {"no fence in front of the ticket", reduceWithTicket, "membar.gl;", 1, "", {K::race}},
           {"no fence behind the ticket", reduceWithTicket, "membar.gl;", 2, "", {K::race}},
           {"a fence for the block alone", reduceWithTicket, "membar.gl;", 1, "membar.cta;", {K::race}},
           {"no wait for the launch in front", dependentPair, "griddepcontrol.wait;", 1, "", {K::missingWait}},
           {"the wait comes too late",
            dependentPair,
            "griddepcontrol.wait;\nld.global.u32 %r10, [%d5];",
            1,
            "ld.global.u32 %r10, [%d5];\ngriddepcontrol.wait;",
            {K::missingWait}},
       })
    check(planted);
}

TEST_CASE("planted: copies in groups and matrices") {
  for (const Planted &planted : std::vector<Planted>{
           {"wait_group off by one", convolveAmpere, "cp.async.wait_group  2;", 1, "cp.async.wait_group  3;", {K::missingWait}},
           {"no wait_group", convolveAmpere, "cp.async.wait_group  2;", 1, "", {K::missingWait}},
           {"no barrier behind the wait", convolveAmpere, "bar.sync  0;", 1, "", {K::race, K::missingWait, K::uninitialised}},
           {"a group is never committed", convolveAmpere, "cp.async.commit_group;", 4, "", {K::missingWait}},
           {"stages overlap",
            convolveAmpere,
            "[%rd13+32768]",
            0,
            "[%rd13+32752]",
            {K::missingWait, K::race, K::uninitialised, K::misaligned}},
           {"a copy's target is misaligned",
            convolveAmpere,
            "cp.async.cg.shared.global [%rd13+32768]",
            1,
            "cp.async.cg.shared.global [%rd13+32776]",
            {K::misaligned}},
           {"ldmatrix by some lanes",
            convolveAmpere,
            "ldmatrix.sync",
            1,
            "setp.ne.u32 %p1, %r1, 5; @%p1 ldmatrix.sync",
            {K::divergence}},
           {"ldmatrix beyond shared memory",
            convolveAmpere,
            "], 16, %r303;",
            1,
            "], 16, %r303; ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r1}, [70000];",
            {K::outOfBounds}},
       })
    check(planted);
}
