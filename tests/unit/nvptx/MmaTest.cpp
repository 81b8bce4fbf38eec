// Convolutions and linear layers on tensor cores, on the emulator, against the reference of what is multiplied.
#include "ir/plan/Layout.h"
#include "tests/unit/nvptx/Runs.h"

using namespace skip;
using namespace skip::testing;
using plan::Precision;

static constexpr double kBound = 4e-6; // of a step's largest value, beside the rounding of what is stored
static constexpr std::array<Precision, 3> kPrecisions = {Precision::tf32, Precision::f16, Precision::bf16};
// f16 is bf16 but for a word of the product, so what takes long is done in these.
static constexpr std::array<Precision, 2> kWidths = {Precision::tf32, Precision::bf16};

/// Runs each spec's model for a batch of 3, in each precision.
static void runSpecs(std::initializer_list<const char *> specs) {
  for (const char *spec : specs)
    for (Precision precision : kPrecisions) {
      INFO(spec << ", " << plan::stringifyPrecision(precision).str());
      Model model(spec, 3, precision);
      CHECK(model.ptx().find("mma.sync") != std::string::npos);
      runEach(model, 3, kBound);
    }
}

TEST_CASE("cuda tensor cores: any channels, pictures, kernels, strides and paddings") { runSpecs(windowSpecs); }

TEST_CASE("cuda tensor cores: batch norms, shortcuts and chains behind it") { runSpecs(chainSpecs); }

TEST_CASE("cuda tensor cores: a projection goes on into the same sums") {
  for (Precision precision : kPrecisions) {
    Model model(projectionSpec, 2, precision);
    bool hasTwoRoots = false;
    model.plan().walk([&](plan::KernelOp kernel) { hasTwoRoots |= kernel.roots().size() == 2; });
    CHECK(hasTwoRoots);
    runEach(model, 2, kBound);
  }
}

TEST_CASE("cuda tensor cores: linear layers of vectors and of pictures") { runSpecs(linearSpecs); }

TEST_CASE("cuda tensor cores: every tile is right where none divides the sizes") {
  for (Precision precision : kWidths) {
    Model model(tilesSpec, 3, precision);
    int64_t bytes = precision == Precision::tf32 ? 4 : 2;
    std::vector<plan::MmaTile> tiles = plan::mmaTiles({}, bytes);
    tiles.push_back({16, 16, 128 / bytes, 1, 1, 2});
    tiles.push_back({32, 16, 64 / bytes, 2, 1, 5});
    tiles.push_back({128, 128, 64 / bytes, 2, 2, 3});
    for (const plan::MmaTile &tile : tiles) {
      INFO(tile.m << "x" << tile.n << "x" << tile.k << ", " << tile.warpsM << "x" << tile.warpsN << " warps, " << tile.stages
                  << " stages, " << plan::stringifyPrecision(precision).str());
      REQUIRE(plan::isLegal(tile, bytes));
      model.useTile(tile);
      model.run({.images = 3, .completion = emulator::Completion::lazy}, kBound);
      model.run({.images = 2, .seed = 5, .completion = emulator::Completion::eager}, kBound);
    }
  }
}

TEST_CASE("cuda tensor cores: turns of a section find their images") {
  Model model(turnsSpec, 40, Precision::bf16, 20);
  std::vector<int64_t> images; // of each step at a time
  model.plan().walk([&](plan::KernelOp kernel) { images.push_back(kernel.getImages().value_or(40)); });
  CHECK(*std::min_element(images.begin(), images.end()) < 40);
  model.run({.images = 33, .seed = 3}, kBound);
}

/// Sums of a batch's last layers, which are few and long.
static constexpr std::initializer_list<const char *> partsSpecs = {
    "model m { input x[520, 3, 3] output y = x |> a: conv(24, 3, bias = true) |> relu }",
    "model m { input x[517, 4, 3] y = x |> a: conv(133, 3, stride = 2) |> n: bn z = x |> p: conv(133, 1, stride = 2) |> q: bn "
    "output r = relu(z + y) }",
    "model m { input x[5, 3, 3] input z[5, 3, 3] y = x |> c: conv(330, 1) |> a: conv(5, 5) output r = relu(z + y) }",
    "model m { input x[900, 3, 2] output y = x |> flatten |> a: linear(11) }",
};

static bool hasParts(Model &model) {
  bool has = false;
  model.plan().walk([&](plan::KernelOp kernel) { has |= plan::addendsOf(kernel.outputLayout(0)) > 1; });
  return has;
}

TEST_CASE("cuda tensor cores: sums in parts, in each order the same bits") {
  for (const char *spec : partsSpecs)
    for (Precision precision : kWidths) {
      INFO(spec << ", " << plan::stringifyPrecision(precision).str());
      Model model(spec, 2, precision);
      CHECK(hasParts(model));
      runEach(model, 2, kBound);
      auto expected = model.run({.images = 2}, kBound);
      for (uint64_t seed : {2, 3, 4})
        CHECK(model.run({.images = 2, .seed = seed}, kBound) == expected);
    }
}

TEST_CASE("cuda tensor cores: no parts on CUDA cores, whose sums have one order") {
  Model model(*partsSpecs.begin(), 2);
  CHECK(!hasParts(model));
}
