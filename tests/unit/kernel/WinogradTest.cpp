// Winograd's kernels against the definition of the convolution, at sizes that no tile divides.
#include "tests/unit/kernel/Assembly.h"
#include "tests/unit/kernel/Cases.h"
#include "tests/unit/kernel/WinogradCase.h"

#include "ir/plan/Contractions.h"
#include "ir/plan/x86/Algorithms.h"
#include "ir/plan/x86/Schedule.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <memory>
#include <sstream>
#include <tuple>

using namespace skip;
using namespace skip::testing;
using enum kernel::EpilogueOp;

namespace {

/// A choice compiled for every ISA; shapes that are checked with it have the epilogue of the shape given here.
class Checker {
public:
  Checker(const WinogradCaseShape &shape, const WinogradChoice &choice) : choice(choice) {
    for (const x86::Target &target : hostTargets())
      compiled.push_back(std::make_unique<CompiledWinograd>(shape, choice, target));
  }

  /// Every ISA must compute `shape` right, whatever the order of the units, and without writing where it must not.
  void check(const WinogradCaseShape &shape) {
    WinogradCase test(shape);
    std::vector<double> want = test.want();
    for (const auto &kernels : compiled)
      for (bool inPieces : {false, true}) {
        INFO(nameOf(kernels->target.isa) << ", m " << choice.tile << ", group " << choice.group << ", in pieces " << inPieces);
        INFO(shape.images << " x " << shape.inChannels << " -> " << shape.outChannels << " @ " << shape.height << " x "
                          << shape.width << ", padding " << shape.padding);
        WinogradCase::Buffers buffers = test.buffers(choice);
        if (!choice.fused)
          test.runInput(kernels->input, choice, buffers, inPieces);
        CHECK(std::isnan(buffers.alignedInput[buffers.inputFloats]));
        test.runConv(kernels->conv, choice, buffers, inPieces);
        CHECK(relativeError(buffers.result, want) < toleranceOf(shape.taps.points(choice.tile)));
        CHECK(checkSurroundings(buffers.result) == "");
      }
  }

private:
  WinogradChoice choice;
  std::vector<std::unique_ptr<CompiledWinograd>> compiled;
};

} // namespace

static std::vector<WinogradChoice> choices(int64_t tile) {
  return {{tile, 14, {1, 1, 14, {}}}, {tile, 7, {1, 1, 4, {2, 1}}}, {tile, 1, {1, 1, 1, {}}}, {tile, 16, {1, 1, 6, {4}}}};
}

TEST_CASE("winograd: odd sizes, with and without padding") {
  int64_t tile = GENERATE(2, 4, 5, 6);
  for (const WinogradChoice &choice : choices(tile)) {
    WinogradCaseShape shape{.images = 2, .halo = 1};
    Checker checker(shape, choice);
    for (auto [height, width] : {std::pair(5, 7), {7, 7}, {14, 14}, {1, 1}, {4, 4}, {57, 3}, {2, 6}})
      for (int64_t padding : {0, 1}) {
        shape.height = height;
        shape.width = width;
        shape.padding = padding;
        checker.check(shape);
      }
  }
}

TEST_CASE("winograd: channels that fill no block, groups that span images") {
  int64_t tile = GENERATE(2, 4, 5, 6);
  WinogradChoice choice{tile, 8, {1, 1, 8, {}}};
  WinogradCaseShape shape{.height = 5, .width = 9, .halo = 2, .extraHalo = 1, .bias = true};
  Checker checker(shape, choice);
  for (auto [in, out] : {std::pair(1, 1), {3, 16}, {16, 5}, {17, 33}, {48, 48}, {40, 16}})
    for (int64_t images : {1, 2, 3}) {
      shape.inChannels = in;
      shape.outChannels = out;
      shape.images = images;
      checker.check(shape);
    }
}

TEST_CASE("winograd: several output blocks a unit, many input channels") {
  auto [tile, group, schedule] = GENERATE(table<int64_t, int64_t, plan::ConvSchedule>(
      {{2, 14, {2, 1, 14, {}}}, {4, 16, {2, 1, 8, {}}}, {4, 7, {4, 1, 7, {}}}, {6, 6, {4, 1, 6, {}}}, {4, 5, {2, 1, 2, {1}}}}));
  WinogradCaseShape shape{.images = 3, .inChannels = 160, .outChannels = 64, .height = 6, .width = 10, .halo = 1};
  shape.bias = true;
  shape.epilogue = {Relu};
  Checker(shape, {tile, group, schedule}).check(shape);
}

TEST_CASE("winograd: a chain of adds, scales and relu, the first add in place") {
  int64_t tile = GENERATE(2, 4, 5, 6);
  for (bool inPlace : {false, true}) {
    WinogradCaseShape shape{.images = 3, .inChannels = 20, .outChannels = 30, .height = 7, .width = 9, .halo = 1};
    shape.bias = true;
    shape.epilogue = {Add, ScaleShift, Relu, Add, ScaleShift};
    shape.addInPlace = inPlace;
    Checker checker(shape, {tile, 7, {2, 1, 7, {}}});
    checker.check(shape);
    shape.height = shape.width = 12;
    checker.check(shape);
  }
}

TEST_CASE("winograd: what follows the gradient of an input") {
  for (const kernel::Epilogue &chain : {kernel::Epilogue{Add, ReluGradInput}, {ReluGradInput, ScaleAdd, ScaleChannels}}) {
    WinogradCaseShape shape{.images = 2, .inChannels = 20, .outChannels = 30, .height = 7, .width = 9, .halo = 1};
    shape.epilogue = chain;
    Checker(shape, {4, 7, {2, 1, 7, {}}}).check(shape);
  }
}

/// A schedule that makes filters in registers. Where these have no room for it, it must still be right.
static WinogradChoice streamed(int64_t tile, int64_t rows, int64_t group, bool fused = false) {
  return {tile, group, {1, rows, group, {}}, fused};
}

TEST_CASE("winograd: filters made in registers, odd sizes") {
  auto [stride, tile, rows, group] = GENERATE(table<int64_t, int64_t, int64_t, int64_t>({{1, 2, 4, 4},
                                                                                         {1, 2, 2, 6},
                                                                                         {1, 4, 6, 1},
                                                                                         {1, 4, 6, 4},
                                                                                         {1, 4, 2, 4},
                                                                                         {1, 5, 2, 9},
                                                                                         {1, 5, 7, 3},
                                                                                         {1, 6, 8, 2},
                                                                                         {2, 7, 8, 1},
                                                                                         {2, 7, 2, 4},
                                                                                         {2, 4, 2, 7},
                                                                                         {2, 4, 5, 4}}));
  WinogradCaseShape shape{.images = 2, .outChannels = 20, .taps = {3, stride}, .halo = 1};
  WinogradChoice choice = streamed(tile, rows, group);
  Checker checker(shape, choice);
  for (auto [height, width] : {std::pair(5, 7), {7, 7}, {1, 1}, {21, 3}})
    for (int64_t padding : {0, 1}) {
      shape.height = height;
      shape.width = width;
      shape.padding = padding;
      checker.check(shape);
    }
}

TEST_CASE("winograd: filters made in registers, channels and a chain of operations") {
  auto [stride, tile, schedule] = GENERATE(table<int64_t, int64_t, plan::ConvSchedule>({{1, 4, {1, 6, 4, {}}},
                                                                                        {1, 4, {2, 2, 4, {}}},
                                                                                        {1, 5, {1, 2, 3, {1}}},
                                                                                        {2, 7, {2, 2, 4, {}}},
                                                                                        {2, 7, {1, 8, 4, {}}},
                                                                                        {2, 4, {2, 5, 4, {}}}}));
  bool fused = GENERATE(false, true);
  int many = fused && stride == 2 ? 40 : 168; // four windows a block must fit the stack
  for (auto [in, out] : {std::pair(5, 32), {many, 64}}) {
    WinogradCaseShape shape{
        .images = 3, .inChannels = in, .outChannels = out, .height = 6, .width = 10, .taps = {3, stride}, .halo = 1};
    shape.bias = true;
    shape.epilogue = {Add, ScaleShift, Relu};
    shape.addInPlace = fused;
    Checker(shape, {tile, 4, schedule, fused}).check(shape);
  }
}

TEST_CASE("winograd: fused with the input's transform") {
  auto [tile, group, schedule] = GENERATE(table<int64_t, int64_t, plan::ConvSchedule>(
      {{2, 7, {1, 1, 7, {}}}, {4, 25, {2, 1, 13, {12}}}, {4, 5, {2, 1, 2, {1}}}, {6, 16, {1, 1, 8, {}}}}));
  for (auto [in, out] : {std::pair(16, 32), {40, 64}, {17, 30}}) {
    WinogradCaseShape shape{.inChannels = in, .outChannels = out, .halo = 1, .bias = true, .epilogue = {Relu, Add}};
    Checker checker(shape, {tile, group, schedule, /*fused=*/true});
    for (auto [height, width] : {std::pair(5, 7), {14, 14}, {1, 1}, {21, 3}})
      for (int64_t images : {1, 3}) {
        shape.height = height;
        shape.width = width;
        shape.images = images;
        checker.check(shape);
      }
  }
}

TEST_CASE("winograd: stride 2 over the phases of a planar picture") {
  auto [kernel, tile] = GENERATE(table<int64_t, int64_t>({{7, 5}, {7, 3}, {5, 4}, {5, 2}, {3, 5}, {3, 4}, {5, 5}}));
  int64_t channels = GENERATE(1, 3, 4);
  for (bool fused : {false, true}) {
    WinogradCaseShape shape{.inChannels = channels, .outChannels = 40, .halo = 1};
    shape.taps = {kernel, 2};
    shape.bias = true;
    Checker checker(shape, {tile, 7, {1, 1, 4, {2, 1}}, fused});
    for (auto [height, width] : {std::pair(5, 7), {1, 1}, {12, 12}, {30, 2}})
      for (int64_t padding : {0, int(kernel / 2)}) {
        shape.height = height;
        shape.width = width;
        shape.padding = padding;
        shape.images = 2;
        checker.check(shape);
      }
  }
}

TEST_CASE("winograd: stride 2 over the phases of blocked channels") {
  auto [tile, group, schedule] = GENERATE(table<int64_t, int64_t, plan::ConvSchedule>({{7, 4, {2, 1, 4, {}}},
                                                                                       {5, 7, {1, 1, 4, {2, 1}}},
                                                                                       {4, 16, {2, 1, 8, {}}},
                                                                                       {3, 1, {1, 1, 1, {}}},
                                                                                       {7, 16, {1, 1, 9, {7}}}}));
  bool fused = GENERATE(false, true);
  for (auto [in, out] : {std::pair(16, 32), {40, 64}, {5, 30}}) {
    int64_t windows = 4 * ((in + 15) / 16); // of a fused kernel, on its stack
    if (fused && !plan::scratchFits(windows, tile + 1, group))
      continue;
    WinogradCaseShape shape{
        .inChannels = in, .outChannels = out, .taps = {3, 2}, .halo = 1, .bias = true, .epilogue = {Relu, Add}};
    Checker checker(shape, {tile, group, schedule, fused});
    for (auto [height, width] : {std::pair(5, 7), {14, 14}, {1, 1}, {21, 3}})
      for (int64_t padding : {0, 1}) {
        shape.height = height;
        shape.width = width;
        shape.padding = padding;
        shape.images = 2;
        checker.check(shape);
      }
  }
}

/// The basic block with the most multiply-adds: one input block's 16 channels, a loop of its own.
static std::vector<std::string> multiplications(const std::string &assembly) {
  std::vector<std::string> block, best;
  int count = 0, most = 0;
  std::istringstream stream(assembly);
  for (std::string line; std::getline(stream, line);) {
    if (line.rfind(".LBB", 0) == 0 || line.rfind("\tj", 0) == 0) {
      block.clear();
      count = 0;
    }
    block.push_back(line);
    count += line.find("vfmadd") != std::string::npos;
    if (count >= most) {
      most = count;
      best = block;
    }
  }
  return best;
}

TEST_CASE("winograd: no vector is spilled where filters are made in registers") {
  auto [stride, tile, rows, group] = GENERATE(table<int64_t, int64_t, int64_t, int64_t>(
      {{1, 2, 4, 6}, {1, 4, 6, 1}, {1, 4, 6, 4}, {1, 4, 2, 13}, {1, 5, 2, 9}, {1, 6, 8, 3}, {2, 7, 2, 8}, {2, 7, 8, 1}}));
  CAPTURE(stride, tile, rows, group);
  WinogradChoice choice = streamed(tile, rows, group);
  WinogradCaseShape test{.taps = {3, stride}, .bias = true, .epilogue = {Add, Relu}};
  test.inChannels = 16;
  plan::ConvShape shape;
  shape.outWidth = group;
  shape.rowPositions = plan::winogradRowPositions(test.taps, test.inChannels, tile);
  REQUIRE(plan::isLegal(choice.schedule, shape, SKIP_ISA_AVX512));
  auto assembly = x86::printKernel({"conv", WinogradCase::convSpec(test, choice), {SKIP_ISA_AVX512, "", ""}}, x86::Stage::Asm);
  REQUIRE(bool(assembly));
  std::vector<std::string> spills = spillsInInnermostLoops(*assembly);
  std::erase_if(spills, [](const std::string &line) { return line.find(",%r") != std::string::npos; }); // the scratch
  CHECK(spills == std::vector<std::string>());
}

TEST_CASE("winograd: no vector is spilled in the multiplications") {
  auto [isa, blocks, columns] = GENERATE(table<SkipIsa, int64_t, int64_t>({{SKIP_ISA_AVX512, 2, 14},
                                                                           {SKIP_ISA_AVX512, 1, 16},
                                                                           {SKIP_ISA_AVX512, 2, 8},
                                                                           {SKIP_ISA_AVX512, 3, 8},
                                                                           {SKIP_ISA_AVX512, 4, 6},
                                                                           {SKIP_ISA_AVX2, 1, 4},
                                                                           {SKIP_ISA_AVX2, 1, 6},
                                                                           {SKIP_ISA_AVX2, 2, 2}}));
  CAPTURE(isa, blocks, columns);
  REQUIRE(plan::fitsRegisters({blocks, 1, columns, {}}, isa));
  int64_t group = GENERATE(1, 2), tile = GENERATE(4, 5, 6);
  CAPTURE(group, tile);
  WinogradChoice choice{tile, group * columns, {blocks, 1, columns, {}}};
  WinogradCaseShape shape{.bias = true, .epilogue = {Add, Relu}};
  auto assembly = x86::printKernel({"conv", WinogradCase::convSpec(shape, choice), {isa, "", ""}}, x86::Stage::Asm);
  REQUIRE(bool(assembly));
  std::vector<std::string> lines = multiplications(*assembly);
  REQUIRE(int64_t(lines.size()) > 16 * blocks * columns);
  for (const std::string &line : lines) {
    bool toStack = line.ends_with("(%rsp)") || line.ends_with("(%rbp)"); // the scratch has an index
    if (toStack && line.find("mm") != std::string::npos)
      FAIL_CHECK("a spill: " << line);
  }
}

TEST_CASE("winograd: windows of several groups are made row by row of tiles, those of one group block by block") {
  WinogradCase test({.inChannels = 32, .height = 8, .width = 8}); // 2 x 2 tiles of 2 blocks
  for (int64_t group : {2, 4}) {
    WinogradChoice choice{4, group, {1, 1, group, {}}};
    WinogradCase::Buffers buffers = test.buffers(choice);
    LoadedKernel kernel(WinogradCase::inputSpec({}, choice), hostTargets().back());
    test.runInputUnits(kernel, choice, buffers, 0, 2); // of four
    auto isMade = [&](int64_t tile, int64_t block) {
      int64_t blockFloats = 36 * plan::winogradPositionVectors(group) * 16;
      return !std::isnan(buffers.alignedInput[(tile / group * 2 + block) * blockFloats + tile % group * 16]);
    };
    for (int64_t tile = 0; tile < 4; ++tile)
      for (int64_t block = 0; block < 2; ++block)
        CHECK(isMade(tile, block) == (group == 2 ? tile < 2 : block == 0));
  }
}

TEST_CASE("winograd: what is held on the stack is within what callers are told") {
  auto frame = [](const WinogradCaseShape &shape, const WinogradChoice &choice) {
    auto assembly =
        x86::printKernel({"conv", WinogradCase::convSpec(shape, choice), {SKIP_ISA_AVX512, "", ""}}, x86::Stage::Asm);
    REQUIRE(bool(assembly));
    return largestFrame(*assembly);
  };
  // The largest that plan::scratchFits allows: sums of many tiles; the windows of a group beside those of few.
  REQUIRE(plan::scratchFits(0, 8, 36));
  int64_t ofSums = frame({.inChannels = 64, .outChannels = 64}, {6, 36, {2, 1, 9, {}}});
  CHECK(ofSums > 200 * 1024);
  CHECK(ofSums <= 512 * 1024);
  int64_t blocks = 1;
  while (plan::scratchFits(blocks + 1, 6, 16))
    ++blocks;
  int64_t ofWindows = frame({.inChannels = 16 * blocks, .outChannels = 64}, {4, 16, {2, 1, 8, {}}, true});
  CHECK(ofWindows > 300 * 1024);
  CHECK(ofWindows <= 512 * 1024);
}
