// Single operations on known values: a in %r2 (or %f2, %d12), b in %r3, c in %r4, the result in %r5. All lanes get the same,
// and lanes that a guard leaves out keep what they had.
#include "tests/unit/emulator/Device.h"

#include <bit>
#include <cmath>
#include <limits>

using namespace skip::emulator;
using namespace skip::emulator::test;

namespace {

struct Row {
  const char *statements;
  uint32_t a, b, c, expected;
};

uint32_t bits(float value) { return std::bit_cast<uint32_t>(value); }

/// Once for all lanes, once for every other one.
void check(const Row &row) {
  std::string body = "ld.global.u32 %r2, [%d2]; ld.global.u32 %r3, [%d2+4]; ld.global.u32 %r4, [%d2+8]; mov.u32 %r5, 0x5eed;\n"
                     "mov.b32 %f2, %r2; mov.b32 %f3, %r3; mov.b32 %f4, %r4;\n"
                     "mov.b64 %d12, {%r2, %r3}; mov.b64 %d13, {%r4, %r2}; mov.b32 {%h2, %h3}, %r2; mov.b32 {%h4, %h5}, %r3;\n"
                     "and.b32 %r6, %r0, %r1; setp.eq.u32 %p9, %r6, 0;\n";
  std::string statements = row.statements, guarded;
  size_t begin = 0;
  for (size_t end = statements.find(';'); end != statements.npos; begin = end + 1, end = statements.find(';', begin))
    guarded += "@%p9 " + statements.substr(begin, end - begin) + ";\n";
  body += guarded + "st.global.u32 [%d4], %r5;\n";
  Device device("sm_90a");
  const Module &module = device.load(kernelText(body, "sm_90a"));
  for (uint32_t every : {0u, 1u}) {
    uint64_t out = device.raw(128);
    Launch launch;
    launch.module = &module;
    launch.block = {32, 1, 1};
    launch.params = Device::pack(out, device.put(std::vector<uint32_t>{row.a, row.b, row.c}), out, every);
    Outcome outcome = device.run(launch);
    INFO(row.statements << " of " << std::hex << row.a << ", " << row.b << ", " << row.c << ": " << describe(outcome));
    REQUIRE_FALSE(outcome.fault);
    std::vector<uint32_t> result = device.get<uint32_t>(out, 32);
    for (uint32_t lane = 0; lane < 32; ++lane)
      CHECK(result[lane] == (every && lane & 1 ? 0x5eedu : row.expected));
  }
}

const uint32_t kLow = 0x80000000u, kNaN = 0x7fc00000u, kCanonical = 0x7fffffffu, kInf = 0x7f800000u;

} // namespace

TEST_CASE("integer arithmetic") {
  for (const Row &row : {
           Row{"add.s32 %r5, %r2, %r3;", 5, uint32_t(-7), 0, uint32_t(-2)},
           {"add.sat.s32 %r5, %r2, %r3;", 0x7fffffff, 1, 0, 0x7fffffff},
           {"sub.sat.s32 %r5, %r2, %r3;", kLow, 1, 0, kLow},
           {"sub.u32 %r5, %r2, 3;", 1, 0, 0, uint32_t(-2)},
           {"mul.lo.s32 %r5, %r2, %r3;", 0x10001, 0x10001, 0, 0x20001},
           {"mul.hi.s32 %r5, %r2, %r3;", uint32_t(-2), 3, 0, ~0u},
           {"mul.hi.u32 %r5, %r2, %r3;", kLow, 6, 0, 3},
           {"mul.wide.s32 %d20, %r2, %r3; cvt.u32.u64 %r5, %d20;", uint32_t(-2), 3, 0, uint32_t(-6)},
           {"mul.wide.s32 %d20, %r2, %r3; shr.s64 %d20, %d20, 32; cvt.u32.u64 %r5, %d20;", uint32_t(-2), 3, 0, ~0u},
           {"mul.wide.u16 %r5, %h2, %h4;", 0xffff, 0xffff, 0, 0xfffe0001},
           {"mad.lo.u32 %r5, %r2, %r3, %r4;", 7, 6, 5, 47},
           {"mad.hi.u32 %r5, %r2, %r3, %r4;", kLow, 4, 5, 7},
           {"mad.wide.u32 %d20, %r2, %r3, %d13; cvt.u32.u64 %r5, %d20;", 3, 4, 5, 17},
           {"mul.lo.u16 %h6, %h2, %h4; cvt.u32.u16 %r5, %h6;", 0x101, 0x101, 0, 0x0201},
           {"mul.hi.u64 %d20, %d12, %d12; cvt.u32.u64 %r5, %d20;", 0, 2, 0, 4},
           {"mul24.lo.s32 %r5, %r2, %r3;", 0x7fffffff, 5, 0, uint32_t(-5)},
           {"mul24.lo.u32 %r5, %r2, %r3;", 0xff000003, 5, 0, 15},
           {"div.s32 %r5, %r2, %r3;", uint32_t(-7), 2, 0, uint32_t(-3)},
           {"rem.s32 %r5, %r2, %r3;", uint32_t(-7), 2, 0, ~0u},
           {"div.u32 %r5, %r2, %r3;", 7, 0, 0, ~0u},
           {"div.s32 %r5, %r2, %r3;", kLow, ~0u, 0, kLow},
           {"rem.s32 %r5, %r2, %r3;", kLow, ~0u, 0, 0},
           {"min.s32 %r5, %r2, %r3;", uint32_t(-7), 2, 0, uint32_t(-7)},
           {"max.u32 %r5, %r2, %r3;", uint32_t(-7), 2, 0, uint32_t(-7)},
           {"max.s32.relu %r5, %r2, %r3;", uint32_t(-7), uint32_t(-2), 0, 0},
           {"abs.s32 %r5, %r2;", uint32_t(-7), 0, 0, 7},
           {"neg.s32 %r5, %r2;", 7, 0, 0, uint32_t(-7)},
           {"sad.u32 %r5, %r2, %r3, %r4;", 3, 10, 100, 107},
           {"sad.s32 %r5, %r2, %r3, %r4;", uint32_t(-3), 10, 100, 113},
           {"dp4a.s32.s32 %r5, %r2, %r3, %r4;", 0x010203ff, 0x01010101, 10, 15},
           {"add.cc.u32 %r6, %r2, %r3; addc.u32 %r5, %r4, 0;", ~0u, 1, 7, 8},
           {"sub.cc.u32 %r6, %r2, %r3; subc.u32 %r5, %r4, 0;", 0, 1, 7, 6},
           {"mad.lo.cc.u32 %r6, %r2, %r3, %r2; madc.hi.u32 %r5, %r2, %r3, 1;", ~0u, ~0u, 0, 0},
       })
    check(row);
}

TEST_CASE("operations on bits") {
  for (const Row &row : {
           Row{"and.b32 %r5, %r2, %r3;", 0xff00, 0x0ff0, 0, 0x0f00},
           {"or.b32 %r5, %r2, %r3;", 0xff00, 0x0ff0, 0, 0xfff0},
           {"xor.b32 %r5, %r2, %r3;", 0xff00, 0x0ff0, 0, 0xf0f0},
           {"not.b32 %r5, %r2;", 0xff00, 0, 0, 0xffff00ff},
           {"cnot.b32 %r5, %r2;", 0, 0, 0, 1},
           {"shl.b32 %r5, %r2, %r3;", 3, 4, 0, 48},
           {"shl.b32 %r5, %r2, %r3;", 3, 32, 0, 0},
           {"shr.u32 %r5, %r2, %r3;", kLow, 31, 0, 1},
           {"shr.s32 %r5, %r2, %r3;", kLow, 99, 0, ~0u},
           {"popc.b32 %r5, %r2;", 0xf0f1, 0, 0, 9},
           {"popc.b64 %r5, %d12;", 0xf, 0xf0, 0, 8},
           {"clz.b32 %r5, %r2;", 0, 0, 0, 32},
           {"clz.b64 %r5, %d12;", 1, 0, 0, 63},
           {"brev.b32 %r5, %r2;", 0x13, 0, 0, 0xc8000000},
           {"bfind.u32 %r5, %r2;", 0x13, 0, 0, 4},
           {"bfind.shiftamt.u32 %r5, %r2;", 0x13, 0, 0, 27},
           {"bfind.s32 %r5, %r2;", ~0u, 0, 0, ~0u},
           {"bfind.s32 %r5, %r2;", uint32_t(-5), 0, 0, 2},
           {"bfe.u32 %r5, %r2, %r3, %r4;", 0xabcd, 4, 8, 0xbc},
           {"bfe.s32 %r5, %r2, %r3, %r4;", 0xabcd, 4, 8, 0xffffffbc},
           {"bfe.s32 %r5, %r2, %r3, %r4;", kLow, 28, 16, 0xfffffff8},
           {"bfe.u32 %r5, %r2, %r3, %r4;", ~0u, 40, 8, 0},
           {"bfe.u32 %r5, %r2, %r3, %r4;", ~0u, 0, 32, ~0u},
           {"bfi.b32 %r5, %r2, %r3, 8, 4;", 0xff, 0, 0, 0xf00},
           {"bfi.b32 %r5, %r2, %r3, 28, 16;", 0xff, 1, 0, 0xf0000001},
           {"bfi.b32 %r5, %r2, %r3, 32, 4;", 0xff, 1, 0, 1},
           {"shf.l.wrap.b32 %r5, %r2, %r3, %r4;", 0x80000001, 0x7, 33, 0xf},
           {"shf.l.clamp.b32 %r5, %r2, %r3, %r4;", 0x80000001, 0x7, 33, 0x80000001},
           {"shf.r.wrap.b32 %r5, %r2, %r3, %r4;", 0x80000001, 0x7, 4, 0x78000000},
           {"shf.r.clamp.b32 %r5, %r2, %r3, %r4;", 0x80000001, 0x7, 40, 7},
           {"prmt.b32 %r5, %r2, %r3, %r4;", 0x33221100, 0x77665544, 0x7531, 0x77553311},
           {"prmt.b32 %r5, %r2, %r3, %r4;", 0x80221100, 0x77665544, 0x000b, 0x000000ff},
           {"prmt.b32.f4e %r5, %r2, %r3, %r4;", 0x33221100, 0x77665544, 1, 0x44332211},
           {"prmt.b32.rc16 %r5, %r2, %r3, %r4;", 0x33221100, 0, 2, 0x11001100},
           {"lop3.b32 %r5, %r2, %r3, %r4, 0xE8;", 0xf0, 0xcc, 0xaa, 0xe8},
           {"lop3.b32 %r5, %r2, %r3, %r4, 0x96;", 0xf0, 0xcc, 0xaa, 0x96},
           {"fns.b32 %r5, %r2, %r3, 2;", 0x111, 0, 0, 4},
           {"fns.b32 %r5, %r2, %r3, -1;", 0x111, 7, 0, 4},
           {"mov.b32 %r5, {%h3, %h2};", 0x12345678, 0, 0, 0x56781234},
           {"mov.b64 {%r6, %r5}, %d12;", 1, 2, 0, 2},
       })
    check(row);
}

TEST_CASE("f32 arithmetic") {
  float tiny = 0x1p-130f;
  for (const Row &row : {
           Row{"add.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(1), bits(0x1p-24f), 0, bits(1)},
           {"add.rp.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(1), bits(0x1p-24f), 0, bits(1 + 0x1p-23f)},
           {"add.rz.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(-1), bits(0x1p-26f), 0, bits(-1 + 0x1p-24f)},
           {"sub.rm.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(1), bits(0x1p-40f), 0, bits(1 - 0x1p-24f)},
           {"fma.rn.f32 %f5, %f2, %f2, %f3; mov.b32 %r5, %f5;", bits(1 + 0x1p-12f), bits(-1 - 0x1p-11f), 0, bits(0x1p-24f)},
           {"mul.f32 %f5, %f2, %f2; add.f32 %f5, %f5, %f3; mov.b32 %r5, %f5;", bits(1 + 0x1p-12f), bits(-1 - 0x1p-11f), 0, 0},
           {"add.ftz.f32 %f5, %f2, %f2; mov.b32 %r5, %f5;", bits(-tiny), 0, 0, kLow},
           {"add.f32 %f5, %f2, %f2; mov.b32 %r5, %f5;", bits(tiny), 0, 0, bits(2 * tiny)},
           {"mul.ftz.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(0x1p-70f), bits(0x1p-70f), 0, 0},
           {"add.sat.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(1), bits(2), 0, bits(1)},
           {"add.sat.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", kNaN, bits(2), 0, 0},
           {"mul.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", 0xffc12345, bits(2), 0, kCanonical},
           {"sub.f32 %f5, %f2, %f2; mov.b32 %r5, %f5;", kInf, 0, 0, kCanonical},
           {"max.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", kNaN, bits(-2), 0, bits(-2)},
           {"max.NaN.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", kNaN, bits(-2), 0, kCanonical},
           {"max.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", kLow, 0, 0, 0},
           {"min.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", 0, kLow, 0, kLow},
           {"min.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(3), bits(2), 0, bits(2)},
           {"max.xorsign.abs.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(-3), bits(2), 0, bits(-3)},
           {"div.rn.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(1), bits(3), 0, bits(1.0f / 3)},
           {"div.rz.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(2), bits(3), 0, 0x3f2aaaaa},
           {"rcp.rn.f32 %f5, %f2; mov.b32 %r5, %f5;", bits(3), 0, 0, bits(1.0f / 3)},
           {"sqrt.rn.f32 %f5, %f2; mov.b32 %r5, %f5;", bits(2), 0, 0, bits(std::sqrt(2.0f))},
           {"ex2.approx.f32 %f5, %f2; mov.b32 %r5, %f5;", bits(-3), 0, 0, bits(0.125f)},
           {"ex2.approx.ftz.f32 %f5, %f2; mov.b32 %r5, %f5;", bits(-130), 0, 0, 0},
           {"lg2.approx.f32 %f5, %f2; mov.b32 %r5, %f5;", bits(8), 0, 0, bits(3)},
           {"rsqrt.approx.f32 %f5, %f2; mov.b32 %r5, %f5;", bits(4), 0, 0, bits(0.5f)},
           {"rcp.approx.ftz.f32 %f5, %f2; mov.b32 %r5, %f5;", bits(-0.0f), 0, 0, 0xff800000},
           {"abs.f32 %f5, %f2; neg.f32 %f5, %f5; mov.b32 %r5, %f5;", bits(-2), 0, 0, bits(-2)},
           {"copysign.f32 %f5, %f2, %f3; mov.b32 %r5, %f5;", bits(-2), bits(3), 0, bits(-3)},
           {"fma.rn.ftz.sat.f32 %f5, %f2, %f3, %f4; mov.b32 %r5, %f5;", bits(2), bits(0.25f), bits(0.25f), bits(0.75f)},
           {"cvt.f64.f32 %g1, %f2; fma.rn.f64 %g1, %g1, %g1, 0d3FF0000000000000; cvt.rn.f32.f64 %f5, %g1; mov.b32 %r5, %f5;",
            bits(3), 0, 0, bits(10)},
       })
    check(row);
}

TEST_CASE("conversions") {
  for (const Row &row : {
           Row{"cvt.rni.s32.f32 %r5, %f2;", bits(2.5f), 0, 0, 2},
           {"cvt.rmi.s32.f32 %r5, %f2;", bits(-2.5f), 0, 0, uint32_t(-3)},
           {"cvt.rpi.s32.f32 %r5, %f2;", bits(-2.5f), 0, 0, uint32_t(-2)},
           {"cvt.rzi.s32.f32 %r5, %f2;", kNaN, 0, 0, 0},
           {"cvt.rzi.u32.f32 %r5, %f2;", kNaN, 0, 0, 0},
           {"cvt.rzi.s64.f32 %d7, %f2; mov.b64 {%r6, %r5}, %d7;", kNaN, 0, 0, kLow},
           {"cvt.rni.u64.f32 %d7, %f2; mov.b64 {%r6, %r5}, %d7;", kNaN, 0, 0, kLow},
           {"cvt.f64.f32 %d7, %f2; cvt.rzi.s32.f64 %r5, %d7;", kNaN, 0, 0, kLow},
           {"cvt.rzi.s32.f32 %r5, %f2;", bits(3e9f), 0, 0, 0x7fffffff},
           {"cvt.rzi.u32.f32 %r5, %f2;", bits(-3), 0, 0, 0},
           {"cvt.rn.f32.u32 %f5, %r2; mov.b32 %r5, %f5;", 0x1000003, 0, 0, bits(0x1000004)},
           {"cvt.rz.f32.s32 %f5, %r2; mov.b32 %r5, %f5;", 0x1000003, 0, 0, bits(0x1000002)},
           {"cvt.rn.f32.s64 %f5, %d12; mov.b32 %r5, %f5;", 0, ~0u, 0, bits(-4294967296.0f)},
           {"cvt.u32.u16 %r5, %h2;", 0xffff8001, 0, 0, 0x8001},
           {"cvt.s32.s16 %r5, %h2;", 0xffff8001, 0, 0, 0xffff8001},
           {"cvt.s32.s8 %r5, %r2;", 0x181, 0, 0, 0xffffff81},
           {"cvt.u32.u8 %r5, %r2;", 0x181, 0, 0, 0x81},
           {"cvt.u16.u32 %h6, %r2; cvt.u32.u16 %r5, %h6;", 0x12345, 0, 0, 0x2345},
           {"cvt.sat.s8.s32 %r5, %r2;", 300, 0, 0, 127},
           {"cvt.sat.u8.s32 %r5, %r2;", uint32_t(-300), 0, 0, 0},
           {"cvt.s64.s32 %d20, %r2; shr.u64 %d20, %d20, 32; cvt.u32.u64 %r5, %d20;", kLow, 0, 0, ~0u},
           {"cvt.rn.bf16x2.f32 %r5, %f2, %f3;", bits(1), bits(-2), 0, 0x3f80c000},
           {"cvt.rn.bf16x2.f32 %r5, %f2, %f3;", 0x3f808000, 0x3f818000, 0, 0x3f803f82},
           {"cvt.rn.bf16x2.f32 %r5, %f2, %f3;", kNaN, 0xff800001, 0, 0x7fff7fff},
           {"cvt.rn.relu.bf16x2.f32 %r5, %f2, %f3;", bits(-1), bits(-0.0f), 0, 0},
           {"cvt.rn.relu.bf16x2.f32 %r5, %f2, %f3;", bits(3), kNaN, 0, 0x40407fff},
           {"cvt.rz.bf16x2.f32 %r5, %f2, %f3;", 0x3f80ffff, 0, 0, 0x3f800000},
           {"cvt.rn.f16x2.f32 %r5, %f2, %f3;", bits(1), bits(65520), 0, 0x3c007c00},
           {"cvt.rn.bf16.f32 %h6, %f2; mov.b32 %r5, {%h6, %h6};", bits(1.5f), 0, 0, 0x3fc03fc0},
           {"cvt.f32.bf16 %f5, %h2; mov.b32 %r5, %f5;", 0x3fc0, 0, 0, bits(1.5f)},
           {"cvt.f32.f16 %f5, %h2; mov.b32 %r5, %f5;", 0x0001, 0, 0, bits(0x1p-24f)},
           {"cvt.rn.f16.f32 %h6, %f2; cvt.u32.u16 %r5, %h6;", bits(0x1p-25f), 0, 0, 0},
           {"cvt.rna.tf32.f32 %r5, %f2;", 0x3f801000, 0, 0, 0x3f802000},
           {"cvt.rna.tf32.f32 %r5, %f2;", 0x3f800fff, 0, 0, 0x3f800000},
           {"cvt.sat.f32.f32 %f5, %f2; mov.b32 %r5, %f5;", bits(7), 0, 0, bits(1)},
           {"cvt.rni.f32.f32 %f5, %f2; mov.b32 %r5, %f5;", bits(3.5f), 0, 0, bits(4)},
           {"cvt.rzi.f32.f32 %f5, %f2; mov.b32 %r5, %f5;", bits(-3.7f), 0, 0, bits(-3)},
           {"cvt.pack.sat.s8.s32.b32 %r5, %r2, %r3, %r4;", 300, uint32_t(-3), 0x1234, 0x12347ffd},
           {"cvt.rn.f64.s32 %g1, %r2; cvt.rn.f32.f64 %f5, %g1; mov.b32 %r5, %f5;", uint32_t(-9), 0, 0, bits(-9)},
       })
    check(row);
}

TEST_CASE("arithmetic in sixteen bits") {
  for (const Row &row : {
           Row{"fma.rn.f16x2 %r5, %r2, %r3, %r4;", 0x3c004000, 0x40004000, 0x3c003c00, 0x42004500},
           {"add.f16x2 %r5, %r2, %r3;", 0x3c007bff, 0x3c007bff, 0, 0x40007c00},
           {"fma.rn.relu.f16x2 %r5, %r2, %r3, %r4;", 0x3c003c00, 0xbc003c00, 0, 0x00003c00},
           {"fma.rn.bf16x2 %r5, %r2, %r3, %r4;", 0x3f804000, 0x40004000, 0x3f803f80, 0x404040a0},
           {"fma.rn.oob.relu.bf16x2 %r5, %r2, %r3, %r4;", 0x7fff4000, 0x40004000, 0x3f803f80, 0x000040a0},
           {"add.rn.bf16x2 %r5, %r2, %r3;", 0x3f803f80, 0x3f80bf80, 0, 0x40000000},
           {"mul.bf16x2 %r5, %r2, %r3;", 0x40403f80, 0x40403f80, 0, 0x41103f80},
           {"max.f16x2 %r5, %r2, %r3;", 0x7e00c000, 0x3c003c00, 0, 0x3c003c00},
           {"max.NaN.bf16x2 %r5, %r2, %r3;", 0x7fc0c000, 0x3f803f80, 0, 0x7fff3f80},
           {"neg.bf16x2 %r5, %r2;", 0x3f80bf80, 0, 0, 0xbf803f80},
           {"abs.f16x2 %r5, %r2;", 0xbc003c00, 0, 0, 0x3c003c00},
           {"mul.f16 %h6, %h2, %h3; cvt.u32.u16 %r5, %h6;", 0x40004200, 0, 0, 0x4600},
       })
    check(row);
}

TEST_CASE("comparisons and choices") {
  auto chosen = [](const char *comparison) { return std::string(comparison) + " selp.u32 %r5, 1, 0, %p1;"; };
  struct Compared {
    const char *comparison;
    uint32_t a, b;
    bool holds;
  };
  for (auto [comparison, a, b, holds] : {
           Compared{"setp.lt.s32 %p1, %r2, %r3;", ~0u, 0, true},
           {"setp.lt.u32 %p1, %r2, %r3;", ~0u, 0, false},
           {"setp.lo.u32 %p1, %r2, %r3;", 0, 1, true},
           {"setp.hs.u32 %p1, %r2, %r3;", 1, 1, true},
           {"setp.ne.b32 %p1, %r2, %r3;", 1, 1, false},
           {"setp.eq.f32 %p1, %f2, %f3;", kNaN, kNaN, false},
           {"setp.ne.f32 %p1, %f2, %f3;", kNaN, bits(1), false},
           {"setp.neu.f32 %p1, %f2, %f3;", kNaN, bits(1), true},
           {"setp.ltu.f32 %p1, %f2, %f3;", kNaN, bits(1), true},
           {"setp.num.f32 %p1, %f2, %f3;", kNaN, bits(1), false},
           {"setp.nan.f32 %p1, %f2, %f3;", kNaN, bits(1), true},
           {"setp.geu.f32 %p1, %f2, %f3;", bits(1), bits(2), false},
           {"setp.gt.ftz.f32 %p1, %f2, %f3;", 1, 0, false},
           {"setp.gt.f32 %p1, %f2, %f3;", 1, 0, true},
           {"setp.eq.f32 %p1, %f2, %f3;", kLow, 0, true},
           {"testp.subnormal.f32 %p1, %f2;", 1, 0, true},
           {"testp.notanumber.f32 %p1, %f2;", kNaN, 0, true},
           {"setp.lt.f16 %p1, %h2, %h4;", 0x3c00, 0x4000, true},
       })
    check({chosen(comparison).c_str(), a, b, 0, holds});
  for (const Row &row : {
           Row{"setp.lt.s32 %p2, %r4, 5; setp.gt.and.s32 %p1|%p3, %r2, %r3, !%p2; selp.u32 %r5, 1, 2, %p1;", 9, 3, 7, 1},
           {"setp.lt.s32 %p2, %r4, 5; setp.gt.and.s32 %p1|%p3, %r2, %r3, %p2; selp.u32 %r5, 1, 2, %p3;", 9, 3, 7, 2},
           {"setp.lt.s32 %p2, %r4, 5; setp.gt.xor.s32 %p1, %r2, %r3, %p2; selp.u32 %r5, 1, 2, %p1;", 9, 3, 3, 2},
           {"slct.u32.s32 %r5, %r2, %r3, %r4;", 1, 2, uint32_t(-1), 2},
           {"slct.u32.f32 %r5, %r2, %r3, %f4;", 1, 2, bits(0.5f), 1},
           {"set.lt.u32.s32 %r5, %r2, %r3;", 1, 2, 0, ~0u},
           {"set.lt.f32.s32 %f5, %r2, %r3; mov.b32 %r5, %f5;", 1, 2, 0, bits(1)},
           {"set.gt.f16x2.f16x2 %r5, %r2, %r3;", 0x40003c00, 0x3c004000, 0, 0x3c000000},
           {"setp.eq.u32 %p1, %r2, %r3; setp.eq.u32 %p2, %r2, %r4; xor.pred %p3, %p1, %p2; not.pred %p3, %p3; selp.u32 %r5, 1, "
            "0, %p3;",
            1, 1, 2, 0},
           {"mov.pred %p1, -1; selp.u32 %r5, 4, 5, %p1;", 0, 0, 0, 4},
       })
    check(row);
}
