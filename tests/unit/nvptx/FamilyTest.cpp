// The operations of the wider residual family, on the emulator, against the reference.
#include "tests/unit/nvptx/Runs.h"

using namespace skip;
using namespace skip::testing;

static constexpr double kBound = 1e-6; // of a step's largest value

static void runSpecs(std::initializer_list<const char *> specs) { runInEach(specs, kBound); }

TEST_CASE("cuda average pool: all that it may be divided by, at and over the border") {
  runSpecs({
      "model m { input x[3, 7, 6] output y = x |> avg_pool(3, stride = 2, pad = 1) }",
      "model m { input x[9, 7, 6] output y = x |> avg_pool(3, stride = 2, pad = 1, count_include_pad = false) }",
      "model m { input x[5, 8, 7] output y = x |> avg_pool([3, 2], [2, 2], pad = [1, 0, 0, 1], ceil_mode = true) }",
      "model m { input x[5, 8, 7] output y = x |> avg_pool(2, ceil_mode = true, count_include_pad = false) }",
      "model m { input x[16, 4, 4] output y = x |> adaptive_avg_pool(1) output z = x |> adaptive_avg_pool(2) }",
      "model m { input x[6, 6, 4] output y = x |> adaptive_max_pool(2) }",
  });
}

TEST_CASE("cuda scale and shift of each image's channels: alone, behind a convolution, of vectors") {
  runSpecs({
      "model m { input x[5, 4, 3] output y = mul(x, x |> global_avg_pool |> sigmoid) }",
      "model m { input x[9, 4, 3] s = x |> adaptive_avg_pool(1) |> a: conv(9, 1) output y = mul(x |> c: conv(9, 3), s) |> relu "
      "}",
      "model m { input x[8, 3, 3] output y = shift(x |> c: conv(8, 3), x |> global_avg_pool) + x }",
      "model m { input x[6, 1, 1] v = x |> flatten output y = mul(v, v |> f: linear(6) |> sigmoid) }",
  });
}

TEST_CASE("cuda concat and take_channels: whole vectors and parts of some") {
  runSpecs({
      "model m { input x[8, 3, 4] input z[16, 3, 4] output y = concat(x, z, x) }",
      "model m { input x[3, 3, 4] input z[7, 3, 4] output y = concat(x, z, x) |> relu }",
      "model m { input x[1, 2, 2] input z[1, 2, 2] output y = concat(x, z) }",
      "model m { input x[24, 3, 4] output y = x |> take_channels(8, 16) }",
      "model m { input x[21, 3, 4] output y = x |> take_channels(5, 9) output z = x |> take_channels(16, 3) }",
  });
}

TEST_CASE("cuda unflatten: an image of a vector in planar order") {
  runSpecs({
      "model m { input x[3, 5, 3] output y = x |> flatten |> unflatten(5, 3, 3) }",
      "model m { input x[16, 2, 3] output y = x |> flatten |> unflatten(12, 4, 2) |> relu }",
  });
}

TEST_CASE("cuda upsample: nearest and bilinear, by any factor") {
  runSpecs({
      "model m { input x[3, 4, 5] output y = x |> upsample(2) }",
      "model m { input x[9, 3, 2] output y = x |> upsample(3) }",
      "model m { input x[3, 4, 5] output y = x |> upsample(2, mode = bilinear) }",
      "model m { input x[9, 3, 2] output y = x |> upsample(3, mode = bilinear) }",
      "model m { input x[4, 1, 3] output y = x |> upsample(4, mode = bilinear) }",
  });
}

TEST_CASE("cuda reflect_pad: up to the whole picture") {
  runSpecs({
      "model m { input x[3, 4, 5] output y = x |> reflect_pad(1) }",
      "model m { input x[9, 4, 5] output y = x |> reflect_pad([3, 0, 1, 4]) }",
  });
}

TEST_CASE("cuda group norm: groups of whole vectors and of parts, of many pixels and of one") {
  runSpecs({
      "model m { input x[16, 5, 4] output y = x |> n: group_norm(2) }",
      "model m { input x[16, 5, 4] output y = x |> n: group_norm(1) |> relu }",
      "model m { input x[9, 7, 6] output y = (x |> n: group_norm(3)) + x }",
      "model m { input x[10, 3, 3] output y = x |> n: group_norm(10) |> sigmoid }",
      "model m { input x[21, 9, 8] output y = x |> n: group_norm(7) }",
  });
}

TEST_CASE("cuda group norm: moments are kept in f32, whatever activations are stored as") {
  Model model("model m { input x[16, 6, 6] output y = x |> a: bn |> n: group_norm(4) }", 3, plan::Precision::bf16);
  model.plan().walk([&](plan::KernelOp kernel) {
    if (llvm::isa<graph::MomentsOp>(kernel.getBody().front().front()))
      CHECK(kernel.outputLayout(0).getElement() == plan::Element::f32);
  });
  runEach(model, 3, kBound);
}

TEST_CASE("cuda attention pool: any number of pixels and channels") {
  runSpecs({
      "model m { input x[16, 5, 4] output y = attention_pool(x, x |> a: conv(1, 1)) }",
      "model m { input x[3, 7, 9] output y = attention_pool(x, x |> a: conv(1, 1)) |> flatten }",
      "model m { input x[5, 1, 1] output y = attention_pool(x, x |> a: conv(1, 1)) }",
  });
}

TEST_CASE("cuda general convolutions: groups, dilations, sides and strides of their own") {
  runSpecs({
      "model m { input x[8, 6, 5] output y = x |> c: conv(8, 3, groups = 8) |> relu }",
      "model m { input x[21, 6, 5] output y = x |> c: conv(21, 3, groups = 21, stride = 2) }",
      "model m { input x[32, 5, 4] output y = x |> c: conv(16, 3, groups = 2, bias = true) |> relu }",
      "model m { input x[16, 5, 4] output y = (x |> c: conv(16, 3, groups = 8)) + x }",
      "model m { input x[6, 5, 4] output y = x |> c: conv(9, 3, groups = 3) |> silu }",
      "model m { input x[16, 9, 8] output y = x |> c: conv(12, 3, dilation = 2, bias = true) }",
      "model m { input x[3, 9, 8] output y = x |> c: conv(5, [3, 2], stride = [2, 1], pad = [1, 0, 0, 1]) }",
      "model m { input x[16, 6, 5] s = x |> global_avg_pool output y = mul(x |> c: conv(16, 3, groups = 4), s) }",
      "model m { input x[5, 6, 5] output y = x |> c: conv(10, 3, groups = 5) }",
  });
}

TEST_CASE("cuda split sums: what is behind them adds them up, whatever it is") {
  for (const char *behind :
       {"x |> silu", "x |> leaky_relu(0.1)", "x |> p: prelu", "mul(x, sigmoid(x))", "mul(i |> b: conv(8, 1), x)",
        "mul(x, i |> global_avg_pool |> l: linear(8))", "shift(x, i |> global_avg_pool |> l: linear(8))"}) {
    INFO(behind);
    std::string spec = std::string("model m { input i[512, 3, 3] x = i |> a: conv(8, 3) output y = ") + behind + " }";
    Model model(spec.c_str(), 1, plan::Precision::bf16);
    runEach(model, 1, kBound);
  }
}
