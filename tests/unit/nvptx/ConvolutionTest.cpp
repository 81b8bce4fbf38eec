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

TEST_CASE("cuda convolution: any channels, pictures, kernels, strides and paddings") {
  runSpecs({
      "model m { input x[8, 6, 5] output y = x |> a: conv(16, 3) |> relu }",
      "model m { input x[3, 9, 7] output y = x |> a: conv(5, 3, stride = 2) }",
      "model m { input x[1, 1, 1] output y = x |> a: conv(1, 1, bias = true) }",
      "model m { input x[17, 5, 3] output y = x |> a: conv(33, 1, bias = true) }",
      "model m { input x[6, 11, 8] output y = x |> a: conv(70, 5, pad = 0, bias = true) |> relu }",
      "model m { input x[2, 3, 3] output y = x |> a: conv(4, 3, pad = 4) }",
      "model m { input x[5, 13, 13] output y = x |> a: conv(9, 7, stride = 3) |> relu }",
      "model m { input x[12, 7, 7] output y = x |> a: conv(8, 1, stride = 2) |> b: conv(7, 2) }",
  });
}

TEST_CASE("cuda convolution: batch norms, shortcuts and chains behind it") {
  runSpecs({
      "model m { input x[6, 6, 5] output y = x |> a: conv(6, 3) |> n: bn |> relu |> b: conv(6, 3) |> o: bn }",
      "model m { input x[6, 6, 5] y = x |> a: conv(6, 3) |> n: bn output z = relu(y + x) }",
      "model m { input x[6, 6, 5] y = x |> a: conv(6, 3) output z = x |> b: conv(6, 3) |> relu |> n: bn }",
      "model m { input x[6, 6, 5] y = x |> a: conv(6, 3) |> relu z = y |> n: bn |> b: conv(6, 1) output o = relu(z + y) + x }",
  });
}

TEST_CASE("cuda convolution: a projection goes on into the same sums") {
  Model model("model m { input x[6, 7, 6] y = x |> a: conv(10, 3, stride = 2) |> n: bn |> relu |> b: conv(10, 3) |> o: bn "
              "z = x |> p: conv(10, 1, stride = 2) |> q: bn output r = relu(y + z) }",
              2);
  bool hasTwoRoots = false;
  model.plan().walk([&](plan::KernelOp kernel) { hasTwoRoots |= kernel.roots().size() == 2; });
  CHECK(hasTwoRoots);
  runEach(model, 2, kBound);
}

TEST_CASE("cuda linear: of vectors and of pictures") {
  runSpecs({
      "model m { input x[5, 4, 3] output y = x |> global_avg_pool |> a: linear(11) }",
      "model m { input x[5, 4, 3] output y = x |> flatten |> a: linear(11) |> relu |> b: linear(3, bias = false) }",
      "model m { input x[64, 2, 2] output y = x |> flatten |> a: linear(70) }",
  });
}

/// The bits of a model's outputs.
static std::vector<std::vector<float>> outputsOf(Model &model) { return model.run({.images = 3}, kBound); }

TEST_CASE("cuda convolution: every tile gives the same bits") {
  Model model("model m { input x[7, 9, 6] y = x |> a: conv(38, 3, stride = 2) |> n: bn |> relu |> b: conv(38, 3) |> o: bn "
              "z = x |> p: conv(38, 1, stride = 2) |> q: bn output r = relu(y + z) |> global_avg_pool |> f: linear(21) }",
              3);
  auto expected = outputsOf(model);
  for (const plan::GemmTile &tile : plan::gemmTiles({})) {
    INFO(tile.m << "x" << tile.n << "x" << tile.k);
    REQUIRE(plan::isLegal(tile));
    model.useTile(tile);
    CHECK(outputsOf(model) == expected);
  }
}

TEST_CASE("cuda convolution: turns of a section find their images") {
  Model model(
      "model m { input x[3, 95, 93] output y = x |> a: conv(16, 3) |> relu |> max_pool(8, stride = 8) |> b: conv(4, 3) }", 24);
  std::vector<int64_t> images; // of each step at a time
  model.plan().walk([&](plan::KernelOp kernel) { images.push_back(kernel.getImages().value_or(24)); });
  CHECK(*std::min_element(images.begin(), images.end()) < 24);
  model.run({.images = 18, .seed = 3}, kBound);
}
