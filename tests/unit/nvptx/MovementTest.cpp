// The kernels that are no contractions, on the emulator, against the reference.
#include "tests/unit/nvptx/Runs.h"

using namespace skip;
using namespace skip::testing;

static constexpr double kBound = 1e-6; // of a step's largest value

static void runSpecs(std::initializer_list<const char *> specs) { runInEach(specs, kBound); }

TEST_CASE("cuda relayout: the caller's arrays in and out") {
  runSpecs({
      "model m { input x[1, 1, 1] output y = x |> relu }",
      "model m { input x[3, 5, 4] output y = x |> relu }",
      "model m { input x[9, 2, 7] output y = x |> relu output z = x }",
  });
}

TEST_CASE("cuda max pool: windows at and over the border") {
  runSpecs({
      "model m { input x[3, 7, 6] output y = x |> max_pool(3, stride = 2) }",
      "model m { input x[5, 8, 8] output y = x |> max_pool(2, stride = 2) }",
      "model m { input x[16, 5, 9] output y = x |> max_pool(4, stride = 1, pad = 2) }",
      "model m { input x[5, 7, 9] output y = x |> max_pool([3, 2], [2, 1], pad = [1, 1, 0, 0]) }",
  });
}

TEST_CASE("cuda activations and gates: by themselves and behind a convolution") {
  runSpecs({
      "model m { input x[5, 4, 3] output y = x |> sigmoid |> silu |> gelu }",
      "model m { input x[5, 4, 3] output y = x |> hard_sigmoid |> hard_swish |> leaky_relu(0.2) |> p: prelu }",
      "model m { input x[3, 5, 4] output y = x |> mish |> a: conv(9, 3) |> mish }",
      "model m { input x[9, 4, 5] a = x |> c: conv(9, 1) output y = mul(x, a |> sigmoid) output z = mul(a, a) }",
  });
}

TEST_CASE("cuda pools and softmax: rows of any length") {
  runSpecs({
      "model m { input x[3, 1, 1] output y = x |> global_avg_pool }",
      "model m { input x[6, 7, 5] output y = x |> global_avg_pool |> softmax }",
      "model m { input x[70, 9, 8] output y = x |> global_avg_pool |> softmax }",
  });
}

TEST_CASE("cuda shortcut A: every second pixel, zero channels around") {
  runSpecs({
      "model m { input x[4, 6, 6] output y = x |> subsample(2) }",
      "model m { input x[3, 7, 5] output y = x |> subsample(3) |> pad_channels(2, 3) }",
      "model m { input x[8, 5, 5] output y = x |> subsample(2) |> pad_channels(8, 8) }",
      "model m { input x[9, 3, 3] output y = x |> pad_channels(16, 1) |> relu }",
      "model m { input x[4, 5, 5] output y = x |> subsample(2) |> pad_channels(4, 4) }",
      "model m { input x[6, 3, 3] output y = x |> pad_channels(8, 1) |> relu }",
      "model m { input x[5, 3, 3] output y = x |> pad_channels(0, 2) }",
  });
}

TEST_CASE("cuda flatten: a vector in planar order") {
  runSpecs({
      "model m { input x[3, 5, 3] output y = x |> flatten }",
      "model m { input x[6, 1, 1] output y = x |> flatten |> softmax }",
  });
}

TEST_CASE("cuda elementwise: chains without a root") {
  runSpecs({
      "model m { input x[5, 4, 3] output y = x |> n: bn |> relu }",
      "model m { input x[5, 4, 3] input z[5, 4, 3] output y = relu(x + z) + x }",
  });
}

TEST_CASE("cuda relayout: turns pass along the caller's arrays, and end within a block") {
  Model model("model m { input x[3, 201, 199] output y = x |> relu }", 20, plan::Precision::f32, 20);
  model.plan().walk([&](plan::KernelOp kernel) { CHECK(kernel.getImages() == 16); });
  model.run({.images = 18, .seed = 2}, kBound);
  model.run({.images = 3, .seed = 3}, kBound);
}
