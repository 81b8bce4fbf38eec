// Convolutions and linear layers on the emulator, against the reference.
#include "tests/unit/nvptx/Runs.h"

using namespace skip;
using namespace skip::testing;

static constexpr double kBound = 2e-6; // of a step's largest value; what plans are verified to is 2e-5 and more

/// Runs each spec's model for a batch of 3.
static void runSpecs(std::initializer_list<const char *> specs) {
  for (const char *spec : specs) {
    INFO(spec);
    Model model(spec, 3);
    runEach(model, 3, kBound);
  }
}

TEST_CASE("cuda convolution: any channels, pictures, kernels, strides and paddings") { runSpecs(windowSpecs); }

TEST_CASE("cuda convolution: batch norms, shortcuts and chains behind it") { runSpecs(chainSpecs); }

TEST_CASE("cuda convolution: a projection goes on into the same sums") {
  Model model(projectionSpec, 2);
  bool hasTwoRoots = false;
  model.plan().walk([&](plan::KernelOp kernel) { hasTwoRoots |= kernel.roots().size() == 2; });
  CHECK(hasTwoRoots);
  runEach(model, 2, kBound);
}

TEST_CASE("cuda linear: of vectors and of pictures") { runSpecs(linearSpecs); }

/// The bits of a model's outputs.
static std::vector<std::vector<float>> outputsOf(Model &model) { return model.run({.images = 3}, kBound); }

TEST_CASE("cuda convolution: every tile gives the same bits") {
  Model model(tilesSpec, 3);
  auto expected = outputsOf(model);
  for (const plan::GemmTile &tile : plan::gemmTiles({})) {
    INFO(tile.m << "x" << tile.n << "x" << tile.k);
    REQUIRE(plan::isLegal(tile));
    model.useTile(tile);
    CHECK(outputsOf(model) == expected);
  }
}

TEST_CASE("cuda convolution: turns of a section find their images") {
  Model model(turnsSpec, 24, plan::Precision::f32, 20);
  std::vector<int64_t> images; // of each step at a time
  model.plan().walk([&](plan::KernelOp kernel) { images.push_back(kernel.getImages().value_or(24)); });
  CHECK(*std::min_element(images.begin(), images.end()) < 24);
  model.run({.images = 18, .seed = 3}, kBound);
}
