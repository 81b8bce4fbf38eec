// Whatever schedule is legal compiles, and computes within the error bound: random shapes, random schedules.
//
// The draws follow Catch's seed: a failure names it, and `skip-kernel-tests "[property]" --rng-seed N` repeats it.
#include "tests/unit/kernel/ConvCase.h"
#include "tests/unit/kernel/WinogradCase.h"

#include "ir/plan/x86/Algorithms.h"
#include "ir/plan/x86/Schedule.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <optional>

using namespace skip;
using namespace skip::testing;
using enum kernel::EpilogueOp;

static constexpr int kDirectDraws = 40, kWinogradDraws = 24, kStrassenDraws = 24;

namespace {
class Draw {
public:
  explicit Draw(unsigned seed) : engine(seed) {}
  int64_t between(int64_t low, int64_t high) { return low + static_cast<int64_t>(engine() % uint64_t(high - low + 1)); }
  template <typename T> const T &oneOf(const std::vector<T> &list) {
    return list[static_cast<size_t>(between(0, int64_t(list.size()) - 1))];
  }
  bool coin() { return between(0, 1) == 1; }

  /// A legal schedule for the shape, any one rather than one that the cost model would try.
  plan::ConvSchedule schedule(const plan::ConvShape &shape, SkipIsa isa) {
    for (;;) {
      plan::ConvSchedule drawn{between(1, std::min(shape.ocBlocks, shape.maxOcBlocks)), between(1, 5), between(1, 28), {}};
      for (int64_t tail = drawn.columns - 1; tail >= 1; --tail)
        if (between(0, 2) == 0)
          drawn.tails.push_back(tail);
      if (shape.rowPositions > 0)
        drawn.rows = 1;
      if (shape.rowPositions > 1 && coin())
        drawn.rows = coin() ? 2 : shape.rowPositions;
      if (plan::isLegal(drawn, shape, isa))
        return drawn;
    }
  }

  /// The same of Strassen's; nothing if none was found.
  std::optional<plan::ConvSchedule> strassen(const plan::ConvShape &shape, SkipIsa isa) {
    for (int tries = 0; tries < 1000; ++tries) {
      plan::ConvSchedule drawn{between(1, 4), 2 * between(1, 4), between(4, 14), {}, 2 * between(1, 6)};
      if (plan::isLegal(drawn, shape, isa))
        return drawn;
    }
    return std::nullopt;
  }

private:
  std::mt19937 engine;
};
} // namespace

static std::string textOf(const plan::ConvSchedule &schedule) {
  std::string text =
      std::to_string(schedule.ocBlocks) + "x" + std::to_string(schedule.rows) + "x" + std::to_string(schedule.columns);
  for (int64_t tail : schedule.tails)
    text += "+" + std::to_string(tail);
  return schedule.unitBlocks ? text + "/" + std::to_string(schedule.unitBlocks) : text;
}

static ConvCaseShape drawConv(Draw &draw) {
  ConvCaseShape shape{.images = draw.between(1, 3),
                      .channels = draw.between(1, 80),
                      .height = draw.between(1, 9),
                      .width = draw.between(1, 17),
                      .halo = draw.between(0, 2)};
  int64_t kernel = draw.between(1, 5);
  shape.roots = {
      {.channels = draw.between(1, 40), .kernelHeight = kernel, .kernelWidth = kernel, .stride = draw.between(1, 2)}};
  shape.roots[0].padding = draw.between(0, (kernel - 1) / 2);
  shape.roots[0].planar = shape.roots[0].channels <= 4;
  shape.bias = draw.coin();
  if (draw.coin())
    shape.epilogue = {Relu};
  return shape;
}

TEST_CASE("conv: every legal schedule compiles and is right", "[property]") {
  Draw draw(Catch::rngSeed() + 1);
  for (int i = 0; i < kDirectDraws; ++i) {
    ConvCaseShape shape = drawConv(draw);
    const x86::Target target = draw.oneOf(hostTargets());
    ConvCase test(shape);
    plan::ConvSchedule schedule = draw.schedule(test.planShape(), target.isa);
    INFO("seed " << Catch::rngSeed() << ", draw " << i << ": " << nameOf(target.isa) << ", " << textOf(schedule) << ", "
                 << shape.roots[0].channels << "->" << shape.channels << ", kernel " << shape.roots[0].kernelHeight << "/"
                 << shape.roots[0].stride << " p" << shape.roots[0].padding << ", " << shape.height << "x" << shape.width
                 << ", images " << shape.images);
    LoadedKernel kernel(test.spec(schedule), target);
    Activation result = test.run(kernel, draw.coin());
    CHECK(relativeError(result, test.want()) < 5e-6);
    CHECK(result.checkBorders() == "");
  }
}

TEST_CASE("strassen: every legal schedule compiles and is right", "[property]") {
  Draw draw(Catch::rngSeed() + 3);
  int computed = 0;
  for (int i = 0; i < kStrassenDraws; ++i) {
    ConvCaseShape shape{.images = draw.between(1, 3),
                        .channels = 16 * draw.between(2, 12) - draw.between(0, 3),
                        .height = draw.between(2, 9),
                        .width = draw.between(4, 28),
                        .halo = draw.between(0, 2),
                        .bias = draw.coin()};
    shape.roots.resize(static_cast<size_t>(draw.between(1, 2)));
    for (ConvCaseRoot &root : shape.roots)
      root = {.channels = 32 * draw.between(1, 12) - draw.between(0, 3),
              .stride = draw.between(1, 2),
              .extraHalo = draw.between(0, 1)};
    if (draw.coin()) {
      shape.epilogue = {Add, Relu};
      shape.addInPlace = draw.coin();
    }
    const x86::Target target = draw.oneOf(hostTargets());
    ConvCase test(shape);
    std::optional<plan::ConvSchedule> schedule = draw.strassen(test.planShape(), target.isa);
    if (!schedule)
      continue;
    ++computed;
    INFO("seed " << Catch::rngSeed() << ", draw " << i << ": " << nameOf(target.isa) << ", " << textOf(*schedule) << ", "
                 << shape.roots[0].channels << "->" << shape.channels << ", roots " << shape.roots.size() << ", "
                 << shape.height << "x" << shape.width << ", images " << shape.images);
    LoadedKernel kernel(test.spec(*schedule), target);
    Activation result = test.run(kernel, draw.coin());
    CHECK(relativeError(result, test.want()) < 1e-5);
    CHECK(result.checkBorders() == "");
  }
  CHECK(computed > 0);
}

TEST_CASE("winograd: every legal schedule compiles and is right", "[property]") {
  Draw draw(Catch::rngSeed() + 2);
  for (int i = 0; i < kWinogradDraws; ++i) {
    WinogradCaseShape shape{.images = draw.between(1, 2),
                            .inChannels = draw.between(1, 40),
                            .outChannels = draw.between(1, 80),
                            .height = draw.between(1, 14),
                            .width = draw.between(1, 14),
                            .padding = draw.between(0, 1),
                            .halo = draw.between(0, 2),
                            .bias = draw.coin()};
    const x86::Target target = draw.oneOf(hostTargets());
    shape.taps.stride = draw.between(1, 2);
    plan::Algorithm algorithm = draw.oneOf(plan::winogradCandidates(shape.taps.stride));
    if (draw.between(0, 3) == 0) { // a stem
      shape.taps = {draw.coin() ? 5 : 7, 2};
      shape.inChannels = draw.between(1, 4);
      shape.padding = draw.between(0, shape.taps.kernel / 2);
      algorithm = draw.oneOf(plan::stemCandidates(shape.taps.kernel));
    }
    plan::ConvShape planShape;
    planShape.ocBlocks = (shape.outChannels + 15) / 16;
    planShape.outWidth = algorithm.group;
    planShape.maxOcBlocks = plan::winogradMaxOcBlocks;
    planShape.rowPositions = plan::winogradRowPositions(shape.taps, shape.inChannels, algorithm.tile);
    WinogradChoice choice{algorithm.tile, algorithm.group, draw.schedule(planShape, target.isa), algorithm.fused};
    INFO("seed " << Catch::rngSeed() << ", draw " << i << ": " << nameOf(target.isa) << ", F(" << choice.tile << "), group "
                 << choice.group << (choice.fused ? " fused, " : ", ") << textOf(choice.schedule) << ", " << shape.inChannels
                 << "->" << shape.outChannels << ", kernel " << shape.taps.kernel << ", " << shape.height << "x" << shape.width
                 << " p" << shape.padding << ", images " << shape.images);
    WinogradCase test(shape);
    WinogradCase::Buffers buffers = test.buffers(choice);
    bool inPieces = draw.coin();
    if (!choice.fused)
      test.runInput(LoadedKernel(WinogradCase::inputSpec(shape, choice), target), choice, buffers, inPieces);
    test.runConv(LoadedKernel(WinogradCase::convSpec(shape, choice), target), choice, buffers, inPieces);
    CHECK(relativeError(buffers.result, test.want()) < toleranceOf(shape.taps.points(choice.tile)));
  }
}
