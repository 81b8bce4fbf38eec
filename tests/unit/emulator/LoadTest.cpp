// What a module tells about its kernels, and what is refused, with the line.
#include "tests/unit/emulator/Device.h"

using namespace skip::emulator;
using namespace skip::emulator::test;

TEST_CASE("a module tells its kernels' parameters and limits") {
  Device device("sm_90a");
  const Module &module = device.load(R"(.version 8.0
.target sm_90a
.address_size 64
.global .align 4 .u32 counter = 7;
.const .b8 table[4] = {1, 2};
.extern .shared .align 1024 .b8 dynamic[];
.visible .entry first(.param .align 64 .b8 map[128], .param .u32 n, .param .u64 .ptr .global .align 16 p, .param .f32 x)
.reqntid 128, 2
.minnctapersm 1
.explicitcluster
.reqnctapercluster 2, 1, 1
{
  .shared .align 8 .b8 bars[24];
  .reg .b64 %d<2>;
  mov.u64 %d0, dynamic;
  mov.u64 %d1, bars;
  ret;
}
.visible .entry second() .maxntid 64 { ret; }
)");
  REQUIRE(module.kernels().size() == 2);
  const KernelInfo &first = module.kernels()[0];
  CHECK(first.name == "first");
  REQUIRE(first.params.size() == 4);
  CHECK(first.params[1].offset == 128);
  CHECK(first.params[2].offset == 136);
  CHECK(first.params[3].offset == 144);
  CHECK(first.paramBytes == 148);
  CHECK(first.maxThreads == 256);
  CHECK(first.requiredBlock->y == 2);
  CHECK(first.requiredCluster->x == 2);
  CHECK(first.staticSharedBytes == 1024); // dynamic memory lies behind it, at its own alignment
  CHECK(module.kernels()[1].maxThreads == 64);
  CHECK(module.kernels()[1].paramBytes == 0);
  REQUIRE(module.global("counter"));
  CHECK(device.get<uint32_t>(module.global("counter")->address, 1)[0] == 7);
  CHECK(device.get<uint8_t>(module.global("table")->address, 4) == std::vector<uint8_t>{1, 2, 0, 0});
  CHECK_FALSE(module.global("dynamic"));
}

TEST_CASE("a target above the architecture is refused") {
  auto text = [](const std::string &target) { return ".version 8.0\n.target " + target + "\n.address_size 64\n"; };
  CHECK(refusalOfText(text("sm_90a"), "sm_80").text.find("does not run on sm_80") != std::string::npos);
  CHECK(refusalOfText(text("sm_90a"), "sm_90").text.find("does not run") != std::string::npos);
  CHECK(refusalOfText(text("sm_100"), "sm_90a").text.find("does not run") != std::string::npos);
  CHECK(refusalOfText(text("compute_80"), "sm_90a").text.find("is not known") != std::string::npos);
  DeviceMemory memory(1 << 20);
  CHECK(Module::load(text("sm_80"), *architectureOf("sm_90a"), memory).index() == 0);
  CHECK(Module::load(text("sm_86"), *architectureOf("sm_89"), memory).index() == 0);
}

TEST_CASE("what the emulator does not know is an error with its line") {
  auto line = [](const std::string &statement) { return refusalOfText(kernelText("\n" + statement, "sm_90a")); };
  struct Row {
    const char *statement, *message;
  };
  for (auto [statement, message] : {
           Row{"frobnicate.b32 %r1, %r2;", "`frobnicate.b32` is not known"},
           {"add.s32.fancy %r1, %r2, %r3;", "`.fancy` is not known of `add`"},
           {"add.s32 %r1, %d2, %r3;", "a register of 64 bits where `s32` is expected"},
           {"add.s32 %r1, %r2;", "has 2 operands, not 3"},
           {"add.s32 %r1, %r2, %q3;", "names no register"},
           {"add.s32 %r99, %r2, %r3;", "is expected as the result"},
           {"bra nowhere;", "`nowhere` names nothing"},
           {"cvt.s32.f32 %r1, %f1;", "a rounding to an integer is missing"},
           {"fma.f32 %f1, %f2, %f3, %f4;", "a rounding is missing"},
           {"ld.global.v4.f64 {%g1, %g2, %g3, %g4}, [%d1];", "more than 16 bytes"},
           {"mma.sync.aligned.m16n8k16.row.col.f32.tf32.tf32.f32 {%f1,%f2,%f3,%f4}, {%r1,%r2,%r3,%r4}, {%r1,%r2}, "
            "{%f1,%f2,%f3,%f4};",
            "does not exist"},
           {"@%r1 ret;", "is no predicate"},
           {"setp.lo.f32 %p1, %f1, %f2;", "is not known of `f32`"},
           {"cp.async.cg.shared.global [%r1], [%d1], 4;", "copies are of 16 bytes"},
           {"st.const.u32 [%d1], %r1;", "constants cannot be written"},
       }) {
    PtxError error = line(statement);
    INFO(statement << ": " << error.text);
    CHECK(error.line == 11);
    CHECK(error.text.find(message) != std::string::npos);
  }
  CHECK(refusalOfText(kernelText("wgmma.fence.sync.aligned;"), "sm_80").text.find("needs sm_90a") != std::string::npos);
}

TEST_CASE("broken text is refused with its line") {
  struct Row {
    const char *text;
    int line;
  };
  for (auto [text, line] :
       {Row{"", 1},
        {".version 6.5\n.target sm_80\n.address_size 64\n", 1},
        {".version 9.0\n.target sm_80\n.address_size 32\n", 3},
        {".version 8.0\n.target sm_80\n.address_size 64\n/* open", 4},
        {".version 8.0\n.target sm_80\n.address_size 64\n.entry k() {\nret\n}", 6},
        {".version 8.0\n.target sm_80\n.address_size 64\n.entry k() {\n.reg .b32 %r<4>; .reg .b32 %r<4>;}", 5},
        {".version 8.0\n.target sm_80\n.address_size 64\n.global .b8 a[99999999999999];\n", 4},
        {".version 8.0\n.target sm_80\n.address_size 64\n.entry k() {\nL: L: ret;}", 5}}) {
    PtxError error = refusalOfText(text);
    INFO(text << ": " << error.text);
    CHECK(error.line == line);
    CHECK_FALSE(error.text.empty());
  }
}

TEST_CASE("a module's variables are gone with it, and those of one that is refused") {
  DeviceMemory memory(1 << 20);
  std::string head = ".version 8.0\n.target sm_80\n.address_size 64\n.global .b8 a[100]; .const .u32 b = 1;\n";
  std::string twice = ".entry k() { .global .b8 c[10]; ret; } .entry l() { .global .b8 c[10]; ret; }\n";
  {
    auto loaded = Module::load(head + twice, *architectureOf("sm_80"), memory);
    REQUIRE(loaded.index() == 0);
    CHECK(memory.usedBytes() == 124);
  }
  CHECK(memory.usedBytes() == 0);
  for (const char *wrong :
       {".global .align 512 .b8 d[4];", ".entry m() { nonsense; }", ".global .u64 e = nobody;", ".global .b8 f[2000000];"})
    CHECK(Module::load(head + wrong, *architectureOf("sm_80"), memory).index() == 1);
  CHECK(memory.usedBytes() == 0);
}
