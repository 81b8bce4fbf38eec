// Convolutions and linear layers on tensor cores, on the emulator, against the reference of what is multiplied.
#include "tests/unit/nvptx/Runs.h"

using namespace skip;
using namespace skip::testing;
using plan::Precision;

static constexpr double kBound = 4e-6; // of a step's largest value, beside the rounding of what is stored
static constexpr std::array<Precision, 3> kPrecisions = {Precision::tf32, Precision::f16, Precision::bf16};

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
  for (Precision precision : kPrecisions) {
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
  Model model(turnsSpec, 40, Precision::bf16);
  std::vector<int64_t> images; // of each step at a time
  model.plan().walk([&](plan::KernelOp kernel) { images.push_back(kernel.getImages().value_or(40)); });
  CHECK(*std::min_element(images.begin(), images.end()) < 40);
  model.run({.images = 33, .seed = 3}, kBound);
}
