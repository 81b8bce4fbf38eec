// 1x1 convolutions by Strassen's products against their definition.
#include "tests/unit/kernel/Assembly.h"
#include "tests/unit/kernel/ConvCase.h"

#include "ir/plan/x86/Strassen.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace skip;
using namespace skip::testing;
using enum kernel::EpilogueOp;

/// That of direct convolutions (ConvTest.cpp) with room for the sums, which are up to four times as large as their terms.
static constexpr double kTolerance = 1e-5;

/// Of an element against the sum of |x| |w| of its own terms and those of its neighbour in the other row of a pair.
static constexpr double kElementTolerance = 1e-6;

/// Every ISA must compute `shape` right by `schedule`, in the same bits however the units are called.
static void check(const ConvCaseShape &shape, const plan::ConvSchedule &schedule) {
  ConvCase test(shape);
  for (const x86::Target &target : hostTargets()) {
    INFO(nameOf(target.isa) << ", " << schedule.ocBlocks << " x " << schedule.rows << " x " << schedule.columns << " / "
                            << schedule.unitBlocks);
    REQUIRE(plan::isLegal(schedule, test.planShape(), SKIP_ISA_AVX512));
    if (!plan::isLegal(schedule, test.planShape(), target.isa))
      continue; // too few registers
    LoadedKernel kernel(test.spec(schedule), target);
    std::vector<float> first;
    for (bool inPieces : {false, true}) {
      Activation result = test.run(kernel, inPieces);
      CHECK(relativeError(result, test.want()) < kTolerance);
      CHECK(result.checkBorders() == "");
      std::vector<float> values;
      for (int64_t n = 0; n < shape.images; ++n)
        for (int64_t c = 0; c < shape.channels; ++c)
          for (int64_t p = 0; p < shape.height; ++p)
            for (int64_t q = 0; q < shape.width; ++q)
              values.push_back(result.at(n, c, p, q));
      if (inPieces)
        CHECK((values == first));
      first = values;
    }
  }
}

TEST_CASE("strassen: one chunk of channels, one stage, units of the same weights") {
  ConvCaseShape shape{.images = 2, .channels = 32, .height = 8, .width = 12, .halo = 1};
  shape.roots = {{.channels = 64, .extraHalo = 1}};
  shape.bias = true;
  shape.epilogue = {Relu};
  check(shape, {1, 2, 4, {}, 2});
  check(shape, {1, 4, 6, {}, 2});
  check(shape, {1, 8, 12, {}, 2});
}

TEST_CASE("strassen: several stages, and units that share rows or not") {
  ConvCaseShape shape{.images = 2, .channels = 128, .height = 4, .width = 4, .halo = 0};
  shape.roots = {{.channels = 32}};
  shape.bias = true;
  check(shape, {1, 4, 4, {}, 8});
  check(shape, {1, 2, 4, {}, 4});
  check(shape, {2, 4, 4, {}, 4});
}

TEST_CASE("strassen: several chunks, the last unit with fewer rows") {
  ConvCaseShape shape{.images = 2, .channels = 64, .height = 6, .width = 8, .halo = 2};
  shape.roots = {{.channels = 96}}; // three chunks of two blocks
  shape.epilogue = {Relu};
  check(shape, {1, 4, 4, {}, 4});
  check(shape, {2, 4, 8, {}, 4});
  shape.roots = {{.channels = 512}}; // two of sixteen
  check(shape, {1, 6, 4, {}, 2});
}

TEST_CASE("strassen: channels that fill their last block in part") {
  ConvCaseShape shape{.images = 1, .channels = 30, .height = 2, .width = 4, .halo = 1};
  shape.roots = {{.channels = 50}};
  shape.bias = true;
  check(shape, {1, 2, 4, {}, 2});
}

TEST_CASE("strassen: an added tensor, in place too") {
  for (bool inPlace : {false, true}) {
    ConvCaseShape shape{.images = 2, .channels = 64, .height = 4, .width = 6, .halo = 1};
    shape.roots = {{.channels = 64}};
    shape.epilogue = {Add, ScaleShift, Relu};
    shape.addInPlace = inPlace;
    check(shape, {1, 2, 6, {}, 4});
  }
}

TEST_CASE("strassen: two roots, the second of stride 2") {
  for (int64_t stride : {1, 2}) {
    ConvCaseShape shape{.images = 2, .channels = 64, .height = 4, .width = 10, .halo = 1};
    shape.roots = {{.channels = 64, .extraHalo = 1}, {.channels = 128, .stride = stride}};
    shape.bias = true;
    shape.epilogue = {Relu};
    check(shape, {1, 2, 5, {}, 4});
    check(shape, {1, 4, 10, {}, 2});
  }
}

TEST_CASE("strassen: rows and columns of zeros around the input, and a stride of 3") {
  ConvCaseShape shape{.images = 2, .channels = 32, .height = 4, .width = 8, .halo = 1};
  shape.roots = {{.channels = 32, .stride = 3}};
  check(shape, {1, 2, 4, {}, 2});
  shape.roots = {{.channels = 64, .padding = 1}};
  check(shape, {1, 4, 8, {}, 2});
}

/// The largest error of an element against what it and those of its group of `rows` rows are sums of.
static double worstElement(const ConvCase &test, const Activation &result, const ConvCaseShape &shape, int64_t rows = 2) {
  double worst = 0;
  size_t index = 0;
  for (int64_t n = 0; n < shape.images; ++n)
    for (int64_t o = 0; o < shape.channels; ++o)
      for (int64_t p = 0; p < shape.height; ++p)
        for (int64_t q = 0; q < shape.width; ++q) {
          double error = std::abs(double(result.at(n, o, p, q)) - test.want()[index++]) / test.magnitude(n, o, p, q, rows);
          worst = error <= worst ? worst : error; // NaN stays
        }
  return worst;
}

TEST_CASE("strassen: every element is within the bound of its own terms, whatever the sizes of channels and pixels") {
  for (float spread : {0.0f, 0.5f, 1.0f, 3.0f, 6.0f}) // wide ones may be computed directly
    for (float pixelSpread : {0.0f, 6.0f})
      for (bool isJoined : {false, true}) {
        ConvCaseShape shape{
            .channels = 64, .height = 4, .width = 8, .bias = true, .spread = spread, .pixelSpread = pixelSpread};
        shape.roots = {{.channels = isJoined ? 64 : 512}};
        if (isJoined)
          shape.roots.push_back({.channels = 128, .stride = 2});
        ConvCase test(shape);
        plan::ConvSchedule schedule{1, 2, 8, {}, 4};
        for (const x86::Target &target : hostTargets()) {
          if (!plan::isLegal(schedule, test.planShape(), target.isa))
            continue;
          INFO("spread " << spread << ", of pixels " << pixelSpread << ", " << (isJoined ? "two roots" : "one root"));
          LoadedKernel kernel(test.spec(schedule), target);
          double tolerance = spread < 3 ? kElementTolerance : (8 + 2 * std::sqrt(512.0)) * 0x1p-24; // docs/verification.md
          CHECK(worstElement(test, test.run(kernel, false), shape) < tolerance);
        }
      }
}

TEST_CASE("strassen: a filter that cannot be balanced is computed directly, to a direct one's bound") {
  for (float noise : {1e-2f, 1e-3f, 1e-6f})
    for (bool isJoined : {false, true}) {
      ConvCaseShape shape{.images = 2, .channels = 64, .height = 6, .width = 8, .halo = 1, .bias = true, .unitNoise = noise};
      shape.epilogue = {Relu};
      shape.roots = {{.channels = 128}};
      if (isJoined)
        shape.roots.push_back({.channels = 64, .stride = 2});
      ConvCase test(shape);
      plan::ConvSchedule schedule{1, 4, 8, {}, 4}; // the last unit has two rows
      for (const x86::Target &target : hostTargets()) {
        if (!plan::isLegal(schedule, test.planShape(), target.isa))
          continue;
        INFO("noise " << noise << ", " << (isJoined ? "two roots" : "one root"));
        LoadedKernel kernel(test.spec(schedule), target);
        for (bool inPieces : {false, true}) {
          Activation result = test.run(kernel, inPieces);
          CHECK(worstElement(test, result, shape, 1) < (8 + 2 * std::sqrt(192.0)) * 0x1p-24); // docs/verification.md
          CHECK(result.checkBorders() == "");
        }
      }
    }
}

TEST_CASE("strassen: the largest scratch is on the stack, within what callers are told") {
  ConvCaseShape shape{.channels = 256, .height = 14, .width = 14};
  shape.roots = {{.channels = 1024}};
  ConvCase test(shape);
  plan::ConvSchedule schedule{2, 14, 14, {}, 8};
  REQUIRE(plan::isLegal(schedule, test.planShape(), SKIP_ISA_AVX512));
  auto assembly = x86::printKernel({"conv", test.spec(schedule), {SKIP_ISA_AVX512, "", ""}}, x86::Stage::Asm);
  REQUIRE(bool(assembly));
  CHECK(largestFrame(*assembly) > 400 * 1024);
  CHECK(largestFrame(*assembly) <= 512 * 1024);
  codegen::KernelCache none;
  auto compiled = x86::compileKernels({x86::Job{"conv", test.spec(schedule), {SKIP_ISA_AVX512, "", ""}}}, 1, none);
  REQUIRE(bool(compiled));
  CHECK(compiled->stackBytes >= static_cast<uint64_t>(largestFrame(*assembly)));
  CHECK(compiled->stackBytes < static_cast<uint64_t>(largestFrame(*assembly)) + 1024);
}

TEST_CASE("strassen: a kernel that takes more stack than callers are told is not made") {
  ConvCaseShape shape{.channels = 512, .height = 14, .width = 14};
  shape.roots = {{.channels = 1024}};
  ConvCase test(shape);
  plan::ConvSchedule schedule{2, 14, 14, {}, 16};
  REQUIRE_FALSE(plan::isLegal(schedule, test.planShape(), SKIP_ISA_AVX512));
  codegen::KernelCache none;
  auto compiled = x86::compileKernels({x86::Job{"conv", test.spec(schedule), {SKIP_ISA_AVX512, "", ""}}}, 1, none);
  CHECK_THAT(llvm::toString(compiled.takeError()), Catch::Contains("kernel `conv`") && Catch::Contains("bytes of stack"));
}

TEST_CASE("strassen: what is not legal") {
  ConvCaseShape shape{.channels = 64, .height = 6, .width = 8};
  shape.roots = {{.channels = 64}};
  auto isLegal = [&](const plan::ConvSchedule &schedule) {
    return plan::isLegal(schedule, ConvCase(shape).planShape(), SKIP_ISA_AVX512);
  };
  CHECK(isLegal({2, 2, 8, {}, 4}));
  CHECK_FALSE(isLegal({2, 3, 8, {}, 4}));  // rows in pairs
  CHECK_FALSE(isLegal({2, 8, 8, {}, 4}));  // more than there are
  CHECK_FALSE(isLegal({2, 2, 6, {}, 4}));  // a rest of columns
  CHECK_FALSE(isLegal({2, 2, 2, {}, 4}));  // narrow tiles
  CHECK_FALSE(isLegal({2, 2, 4, {2}, 4})); // tails
  CHECK_FALSE(isLegal({2, 2, 8, {}, 2}));  // a unit of half a pair of blocks
  CHECK_FALSE(isLegal({1, 2, 8, {}, 6}));  // units that do not divide
  CHECK_FALSE(isLegal({4, 2, 8, {}, 8}));  // registers
  shape.roots = {{.channels = 48}};
  CHECK_FALSE(isLegal({2, 2, 8, {}, 4})); // three blocks of input channels
  shape.roots = {{.channels = 64, .kernelHeight = 3, .kernelWidth = 3, .padding = 1}};
  CHECK_FALSE(isLegal({2, 2, 8, {}, 4}));
  shape.roots = {{.channels = 64}, {.channels = 64, .kernelHeight = 3, .kernelWidth = 3, .padding = 1}};
  CHECK_FALSE(isLegal({2, 2, 8, {}, 4}));
}
