// Convolutions and linear layers by sm_90a's products of warp groups, on the emulator, against the reference of what is
// multiplied.
#include "ir/plan/Layout.h"
#include "tests/unit/nvptx/Runs.h"

using namespace skip;
using namespace skip::testing;
using plan::Precision;
using plan::WgmmaTile;

static constexpr double kBound = 4e-6; // of a step's largest value, beside the rounding of what is stored
static constexpr std::array<Precision, 3> kPrecisions = {Precision::tf32, Precision::f16, Precision::bf16};
// f16 is bf16 but for a word of the product, so what takes long is done in these.
static constexpr std::array<Precision, 2> kWidths = {Precision::tf32, Precision::bf16};
static constexpr WgmmaTile kSmall{64, 32, 1, 3, 1}, kShared{64, 64, 1, 2, 2}, kTwoGroups{128, 32, 2, 2, 1};

static bool hasProducts(const Model &model) { return model.ptx().find("wgmma.mma_async") != std::string::npos; }

/// A model for sm_90a whose contractions are all computed by the tile.
static void runBy(const WgmmaTile &tile, const char *spec, int64_t batch, Precision precision, const std::vector<Run> &runs) {
  INFO(spec << ", " << plan::stringifyPrecision(precision).str() << ", " << tile.m << "x" << tile.n << ", " << tile.consumers
            << " groups, " << tile.stages << " stages, " << tile.cluster << " blocks a cluster");
  REQUIRE(plan::isLegal(tile));
  Model model(spec, batch, precision, 512, SKIP_CUDA_SM_90A);
  model.useTile(tile);
  CHECK(hasProducts(model));
  for (const Run &run : runs)
    model.run(run, kBound);
}

static void runSpecs(std::initializer_list<const char *> specs) {
  for (const char *spec : specs)
    for (Precision precision : kWidths)
      for (const WgmmaTile &tile : {kSmall, kShared})
        runBy(tile, spec, 3, precision, allRuns(3));
}

TEST_CASE("cuda warp groups: any channels, pictures, kernels, strides and paddings") { runSpecs(windowSpecs); }

TEST_CASE("cuda warp groups: batch norms, shortcuts and chains behind it") { runSpecs(chainSpecs); }

TEST_CASE("cuda warp groups: a projection goes on into the same sums") {
  for (Precision precision : kPrecisions)
    for (const WgmmaTile &tile : {kSmall, kShared, kTwoGroups})
      runBy(tile, projectionSpec, 2, precision, allRuns(2));
}

TEST_CASE("cuda warp groups: linear layers of vectors, and of square pictures") {
  runSpecs({"model m { input x[5, 4, 3] output y = x |> global_avg_pool |> a: linear(11) }",
            "model m { input x[64, 2, 2] output y = x |> flatten |> a: linear(70) }"});
}

TEST_CASE("cuda warp groups: every tile is right where none divides the sizes") {
  for (Precision precision : kWidths) {
    Model model(tilesSpec, 3, precision, 512, SKIP_CUDA_SM_90A);
    std::vector<WgmmaTile> tiles = plan::wgmmaTiles({});
    tiles.push_back({64, 16, 1, 2, 1});
    tiles.push_back({192, 80, 1, 2, 1});
    tiles.push_back({128, 96, 1, 3, 4});
    tiles.push_back({256, 16, 2, 5, 2});
    for (const WgmmaTile &tile : tiles) {
      INFO(tile.m << "x" << tile.n << ", " << tile.consumers << " groups, " << tile.stages << " stages, " << tile.cluster
                  << " blocks a cluster, " << plan::stringifyPrecision(precision).str());
      REQUIRE(plan::isLegal(tile));
      model.useTile(tile);
      model.run({.images = 3, .completion = emulator::Completion::lazy}, kBound);
      model.run({.images = 2, .seed = 5, .completion = emulator::Completion::eager}, kBound);
    }
  }
}

TEST_CASE("cuda warp groups: turns of a section find their images") {
  constexpr const char *spec =
      "model m { input x[8, 40, 40] output y = x |> a: conv(32, 3) |> relu |> max_pool(8, stride = 8) |> b: conv(16, 3) }";
  Model model(spec, 12, Precision::bf16, 1, SKIP_CUDA_SM_90A);
  int64_t least = 12; // images of a step at a time
  model.plan().walk([&](plan::KernelOp kernel) { least = std::min<int64_t>(least, kernel.getImages().value_or(12)); });
  CHECK(least < 12);
  model.useTile(WgmmaTile{256, 32, 2, 3, 1});
  model.run({.images = 11, .seed = 3}, kBound);
}

TEST_CASE("cuda warp groups: sums in parts, in each order the same bits") {
  constexpr const char *spec = "model m { input x[517, 4, 4] y = x |> a: conv(72, 3, stride = 2) |> n: bn "
                               "z = x |> p: conv(72, 1, stride = 2) |> q: bn output r = relu(z + y) }";
  for (Precision precision : kWidths) {
    Model model(spec, 2, precision, 512, SKIP_CUDA_SM_90A);
    bool hasParts = false;
    model.plan().walk([&](plan::KernelOp kernel) { hasParts |= plan::addendsOf(kernel.outputLayout(0)) > 1; });
    CHECK(hasParts);
    model.useTile(kShared);
    runEach(model, 2, kBound);
    auto expected = model.run({.images = 2}, kBound);
    for (uint64_t seed : {2, 3, 4})
      CHECK(model.run({.images = 2, .seed = seed}, kBound) == expected);
  }
}

TEST_CASE("cuda warp groups: taken where they are faster, and where maps have the sizes") {
  auto has = [](const char *spec, Precision precision, SkipCudaColumn column) {
    return hasProducts(Model(spec, 32, precision, 512, column));
  };
  constexpr const char *large = "model m { input x[64, 28, 28] output y = x |> a: conv(256, 3) }";
  CHECK(has(large, Precision::bf16, SKIP_CUDA_SM_90A));
  CHECK(!has(large, Precision::bf16, SKIP_CUDA_SM_80));
  CHECK(has(large, Precision::tf32, SKIP_CUDA_SM_90A));
  CHECK(!has(large, Precision::f32, SKIP_CUDA_SM_90A));
  CHECK(!has("model m { input x[64, 28, 27] output y = x |> flatten |> a: linear(256) }", Precision::bf16, SKIP_CUDA_SM_90A));
}
