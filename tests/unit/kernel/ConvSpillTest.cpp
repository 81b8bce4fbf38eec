// The schedules that the compiler takes keep their vectors in registers.
#include "tests/unit/kernel/Assembly.h"
#include "tests/unit/kernel/ConvCase.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace skip;
using namespace skip::testing;

static std::vector<std::string> spillsOf(const kernel::ConvSpec &spec, SkipIsa isa) {
  auto assembly = x86::printKernel({"conv", spec, {isa, "", ""}}, x86::Stage::Asm);
  REQUIRE(bool(assembly));
  REQUIRE(assembly->find("vfmadd") != std::string::npos);
  return spillsInInnermostLoops(*assembly);
}

static plan::ConvShape shapeOf(int64_t channels, int64_t kernel, int64_t stride, int64_t size) {
  plan::ConvShape shape;
  shape.ocBlocks = (channels + 15) / 16;
  shape.inChannels = channels;
  shape.kernelHeight = shape.kernelWidth = kernel;
  shape.stride = stride;
  shape.outHeight = shape.outWidth = size;
  return shape;
}

static std::vector<plan::ConvShape> shapes() {
  std::vector<plan::ConvShape> list;
  for (auto [channels, size] :
       {std::pair(64, 56), {128, 28}, {256, 14}, {512, 7}, {16, 32}, {32, 16}, {64, 8}, {48, 33}, {80, 13}})
    for (auto [kernel, stride] : {std::pair(1, 1), {1, 2}, {3, 1}, {3, 2}})
      list.push_back(shapeOf(channels, kernel, stride, size));
  list.push_back(shapeOf(64, 7, 2, 112));
  list.back().inChannels = 3;
  list.back().planarInput = true;
  for (int64_t images : {1, 4, 16}) {
    list.push_back(shapeOf(1000, 1, 1, 1));
    list.back().outWidth = list.back().images = images;
    list.back().imagesAreColumns = true;
  }
  return list;
}

static kernel::ConvSpec specOf(const plan::ConvShape &shape, const plan::ConvSchedule &schedule) {
  kernel::ConvSpec spec;
  spec.roots = {{shape.kernelHeight, shape.kernelWidth, shape.stride, shape.planarInput}};
  spec.bias = true;
  spec.epilogue = {kernel::EpilogueOp::Add, kernel::EpilogueOp::Relu};
  spec.imagesAreColumns = shape.imagesAreColumns;
  spec.schedule = schedule;
  return spec;
}

TEST_CASE("conv: no vector is spilled in the inner loops of the default schedules") {
  SkipIsa isa = GENERATE(SKIP_ISA_AVX2, SKIP_ISA_AVX512);
  std::vector<kernel::ConvSpec> seen;
  for (const plan::ConvShape &shape : shapes()) {
    kernel::ConvSpec spec = specOf(shape, plan::convSchedules(shape, isa).front());
    auto same = [&](const kernel::ConvSpec &other) {
      return other.roots == spec.roots && other.schedule == spec.schedule && other.imagesAreColumns == spec.imagesAreColumns;
    };
    if (std::any_of(seen.begin(), seen.end(), same))
      continue;
    seen.push_back(spec);
    INFO(nameOf(isa) << ", kernel " << shape.kernelHeight << ", width " << shape.outWidth << ", tile " << spec.schedule.ocBlocks
                     << " x " << spec.schedule.rows << " x " << spec.schedule.columns);
    CHECK(spillsOf(spec, isa) == std::vector<std::string>());
  }
}

TEST_CASE("conv: no vector is spilled by the largest tiles that are said to fit") {
  SkipIsa isa = GENERATE(SKIP_ISA_AVX2, SKIP_ISA_AVX512);
  for (int64_t blocks = 1; blocks <= 8; ++blocks)
    for (int64_t rows = 1; rows <= 2; ++rows) {
      plan::ConvSchedule schedule{blocks, rows, 28, {}};
      while (schedule.columns > 0 && !plan::fitsRegisters(schedule, isa))
        --schedule.columns;
      if (schedule.columns == 0)
        continue;
      INFO(nameOf(isa) << ", tile " << blocks << " x " << rows << " x " << schedule.columns);
      CHECK(spillsOf(specOf(shapeOf(64, 3, 1, 28), schedule), isa) == std::vector<std::string>());
    }
}

TEST_CASE("conv: a second root does not make the first spill") {
  SkipIsa isa = GENERATE(SKIP_ISA_AVX2, SKIP_ISA_AVX512);
  plan::ConvShape shape = shapeOf(64, 3, 1, 28);
  kernel::ConvSpec spec = specOf(shape, plan::convSchedules(shape, isa).front());
  spec.roots.push_back({1, 1, 2, false});
  CHECK(spillsOf(spec, isa) == std::vector<std::string>());
}

TEST_CASE("conv: a tile beyond the registers is seen to spill") {
  plan::ConvShape shape = shapeOf(64, 3, 1, 28);
  CHECK_FALSE(plan::fitsRegisters({4, 1, 14, {}}, SKIP_ISA_AVX512));
  CHECK_FALSE(spillsOf(specOf(shape, {4, 1, 14, {}}), SKIP_ISA_AVX512).empty());
}
