// Arithmetic of a graph, parts of images, and images under other sizes.
#include "tests/unit/import/Imported.h"

#include <catch2/catch.hpp>

using namespace skip;
using namespace skip::test;

TEST_CASE("arithmetic is an activation if all of it together is one") {
  const std::string numbers =
      "floats root 1.41421354\nfloats half 0.5\nfloats one 1\nfloats three 3\nfloats six 6\nfloats zero 0\n";
  auto activation = [&](const std::string &nodes) { return behind(numbers + nodes); };
  CHECK(activation("node Sigmoid a > x\n") == " |> sigmoid");
  CHECK(activation("node Sigmoid a > b\nnode Mul a b > x\n") == " |> silu");
  CHECK(activation("node Sigmoid a > b\nnode Mul b a > x\n") == " |> silu");
  std::string erf = "node Div a root > b\nnode Erf b > c\nnode Add c one > d\n";
  CHECK(activation(erf + "node Mul a d > e\nnode Mul e half > x\n") == " |> gelu");
  CHECK(activation(erf + "node Mul half d > e\nnode Mul e a > x\n") == " |> gelu");
  CHECK(activation("node Mul a half > h\n" + erf + "node Mul h d > x\n") == " |> gelu");
  std::string clip = "node Add a three > b\nnode Clip b zero six > c\n";
  CHECK(activation(clip + "node Div c six > x\n") == " |> hard_sigmoid");
  CHECK(activation(clip + "node Mul a c > d\nnode Div d six > x\n") == " |> hard_swish");
  CHECK(activation("node HardSigmoid a > b alpha=0.16666667 beta=0.5\nnode Mul b a > x\n") == " |> hard_swish");
  CHECK(activation("node Softplus a > b\nnode Tanh b > c\nnode Mul a c > x\n") == " |> mish");
  CHECK(activation("node Softplus a > b\nnode Tanh b > c\nnode Mul c a > x\n") == " |> mish");
  CHECK(activation("node Mish a > x\n") == " |> mish");
  CHECK(activation("node Clip a zero > x\n") == " |> relu");
  CHECK(activation("node Mul a one > b\nnode Sub b zero > x\n").empty());
  CHECK(activation("node LeakyRelu a > x alpha=0.2\n") == " |> leaky_relu(slope = 0.2)");
}

TEST_CASE("an activation that others read is written once, and may begin another") {
  CHECK(llvm::StringRef(behind("node Sigmoid a > b\nnode Mul a b > c\nnode Sigmoid c > d\nnode Mul c d > x\n")) ==
        " |> silu |> silu");
  CHECK(llvm::StringRef(specOf(conv("image", "stem", 4, 3, 3, 1, "a") +
                               "node Sigmoid a > b\nnode Relu b > c\nnode Mul a b > d\n" + "node Add c d > x\n" + head))
            .contains("z = image |> stem: conv(4, 3)\n"));
}

TEST_CASE("arithmetic that is no activation is refused, with what it is") {
  auto error = [](const std::string &nodes) { return behind("floats two 2\nfloats six 6\nfloats zero 0\n" + nodes); };
  CHECK(llvm::StringRef(error("floats odd 0.3\nnode Clip a odd six > x\n"))
            .contains("node 2 of 4 (Clip): it ends arithmetic that Skip has no operations for: clip(x, 0.3, 6)"));
  CHECK(llvm::StringRef(error("node Erf a > b\nnode Mul b two > c\nnode Relu c > x\n"))
            .contains("node 3 of 6 (Mul): it ends arithmetic that Skip has no operations for: 2 * erf(x)"));
  CHECK(llvm::StringRef(error("node Softplus a > x\n")).contains("no operations for: softplus(x)"));
  CHECK(llvm::StringRef(error("node Softplus a > b\nnode Tanh b > x\n")).contains("no operations for: tanh(softplus(x))"));
  CHECK(llvm::StringRef(error("node Tanh a > x\n")).contains("(Tanh): Skip has tanh of a Softplus alone, as in mish"));
  CHECK(llvm::StringRef(error("node Softplus a > b\nnode Mul b two > c\nnode Tanh c > x\n")).contains("(Tanh): Skip has tanh"));
  CHECK(llvm::StringRef(error("weight m.weight 1 4 1 1\nnode Conv a m.weight > m\nnode Mul a m > x\n"))
            .contains("(Mul): its inputs are [N, 4, 8, 8] and [N, 1, 8, 8]; Skip multiplies what has one shape, or by"));
  CHECK(llvm::StringRef(error("weight s 4 1\nnode Mul a s > x\n"))
            .contains("(Mul): it multiplies a constant of [4, 1] and [N, 4, 8, 8]; Skip computes with"));
  CHECK(llvm::StringRef(error("floats large 1000\nnode Clip a zero large > x\n")).contains("clip(x, 0, 1000)"));
  CHECK(llvm::StringRef(error("floats large 1000\nnode Clip a large large > x\n")).contains("clip(x, 1000, 1000)"));
}

TEST_CASE("what is scaled, shifted or clipped is an activation between lines") {
  auto lines = [](const std::string &nodes) {
    return lineBehind("floats two 2\nfloats minus -1\nfloats one 1\nfloats six 6\nfloats zero 0\nweight c 4 1 1\n" + nodes);
  };
  CHECK(lines("node Clip a zero six > x\n") == "|> bn1: bn(eps = 1) |> hard_sigmoid |> bn2: bn(eps = 1)");
  CHECK(lines("node Clip a minus one > x\n") == "|> bn1: bn(eps = 1) |> hard_sigmoid |> bn2: bn(eps = 1)");
  CHECK(lines("node Clip a zero one > x\n") == "|> bn1: bn(eps = 1) |> hard_sigmoid");
  CHECK(lines("node Clip a one one > x\n") == "|> bn1: bn(eps = 1)");
  CHECK(lines("node Clip a six zero > x\n") == "|> bn1: bn(eps = 1)"); // all is the upper bound
  CHECK(lines("node Clip a minus > x\n") == "|> bn1: bn(eps = 1) |> relu |> bn2: bn(eps = 1)");
  CHECK(lines("node Clip a - six > x\n") == "|> bn1: bn(eps = 1) |> relu |> bn2: bn(eps = 1)");
  CHECK(lines("node Mul a two > x\n") == "|> bn1: bn(eps = 1)");
  CHECK(lines("node Mul a c > b\nnode Add b c > d\nnode Sub c d > e\nnode Div e c > x\n") ==
        "|> bn1: bn(eps = 1) |> bn2: bn(eps = 1) |> bn3: bn(eps = 1) |> bn4: bn(eps = 1)");
  CHECK(lines("node Mul a two > b\nnode Sigmoid b > c1\nnode Mul a c1 > x\n") ==
        "|> bn1: bn(eps = 1) |> silu |> bn2: bn(eps = 1)");
  CHECK(lines("node Mul a two > b\nnode Softplus b > d\nnode Tanh d > e\nnode Mul a e > x\n") ==
        "|> bn1: bn(eps = 1) |> mish |> bn2: bn(eps = 1)");
  CHECK(lines("node Sigmoid a > b\nnode Mul b two > x\n") == "|> sigmoid |> bn1: bn(eps = 1)");
}

TEST_CASE("a layer that has a bias, and a sum of any number") {
  std::string biased = "weight c.weight 4 4 1 1\nweight c.bias 4\nweight s 4 1 1\nnode Conv a c.weight c.bias > b\n";
  CHECK(lineBehind(biased + "node Add b s > x\n") == "|> c: conv(4, 1, bias = true) |> bn1: bn(eps = 1)");
  CHECK(lineBehind("node Sum a > x\n").empty());
  CHECK(specOf(conv("image", "stem", 4, 3, 3, 1, "a") + "node Relu a > b\nnode Sum a b a > x\n" + head) == R"(model net {
  input image[3, 8, 8]
  z = image |> stem: conv(4, 3)
  u = z |> relu
  v = z + u
  output y = global_avg_pool(v + z)
}
)");
}

TEST_CASE("a difference of two values is a sum with one of them negated") {
  std::string gate = conv("image", "stem", 4, 3, 3, 1, "a") + "node GlobalAveragePool a > g\nnode Sigmoid g > h\n";
  CHECK_THAT(
      specOf(conv("image", "stem", 4, 3, 3, 1, "a") + "node Relu a > b\nnode Sub b a > x\n" + head),
      Catch::Contains("u = z |> relu\n  v = z |> layer1.0.downsample.0: bn(eps = 1)\n  output y = global_avg_pool(u + v)"));
  CHECK_THAT(specOf(gate + "node Sub a h > x\n" + head),
             Catch::Contains("sigmoid |> layer1.0.bn1: bn(eps = 1)") && Catch::Contains("shift("));
  CHECK_THAT(specOf(gate + "node Sub h a > x\n" + head), Catch::Contains("bn1: bn(eps = 1) |> shift(u)"));
  CHECK_THAT(behind("ints part 0 2 2 8 8\nnode Reshape a part > b\nnode Sub a b > x\n"),
             Catch::Contains("(Sub): its inputs are [N, 4, 8, 8] and [N, 2, 2, 8, 8]; Skip adds what has one shape"));
}

TEST_CASE("an operation that the file has no weight for is named by its module") {
  CHECK(lineBehind("floats two 2\nnode Mul a two > b name=/body/body.1/Mul\nnode Relu b > c\n"
                   "node Mul c two > x name=/body/body.1/Mul_1\n") ==
        "|> body.1.scale: bn(eps = 1) |> relu |> body.1.scale2: bn(eps = 1)");
}

TEST_CASE("a pooled image is added to and joined with images of one pixel, whichever it is in Skip") {
  std::string pools = "node GlobalAveragePool a > m\nnode GlobalMaxPool a > b\n", end = "output x N 4 1 1\n";
  CHECK(llvm::StringRef(specOf(conv("image", "stem", 4, 3, 3, 1, "a") + pools + "node Add m b > x\n" + end))
            .contains("adaptive_max_pool(1) |> flatten"));
  std::string joined = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + pools + "node Concat m b > x axis=1\n" + end);
  CHECK(llvm::StringRef(joined).contains("adaptive_avg_pool(1) |> concat("));
  CHECK_FALSE(llvm::StringRef(joined).contains("global_avg_pool"));
}

TEST_CASE("parts of images by their channels") {
  std::string split = "node Split a > b c axis=1\nnode Relu c > x\n";
  CHECK(behind(split) == " |> take_channels(2, 2) |> relu");
  CHECK(behind("ints sizes 1 3\nnode Split a sizes > b x axis=1\n") == " |> take_channels(1, 3)");
  CHECK(behind("ints from 1\nints to 3\nints axis 1\nnode Slice a from to axis > x\n") == " |> take_channels(1, 2)");
  CHECK(llvm::StringRef(behind("ints sizes 1 2\nnode Split a sizes > b x axis=1\n")).contains("parts of [1, 2] of 4 channels"));
  CHECK(llvm::StringRef(behind("node Split a axis=1\nnode Relu a > x\n")).contains("it makes no parts"));
  CHECK(llvm::StringRef(behind("node Split a > b x axis=2\n")).contains("`axis` = 2 of [N, 4, 8, 8]: Skip splits images by"));
  CHECK(llvm::StringRef(behind("ints from 1\nints to 3\nints axis 3\nnode Slice a from to axis > x\n"))
            .contains("it takes a part of axis 3 of [N, 4, 8, 8]; Skip takes some of the channels"));
}

TEST_CASE("max pools of windows, strides and padding of any form") {
  auto pool = [](const std::string &attributes) { return behind("node MaxPool a > x " + attributes + "\n"); };
  CHECK(pool("kernel_shape=3,3 strides=2,2 pads=0,0,1,1") == " |> max_pool(3, 2, pad = [0, 0, 1, 1])");
  CHECK(pool("kernel_shape=3,2 strides=2,1 pads=1,0,1,0") == " |> max_pool([3, 2], [2, 1])");
  CHECK(pool("kernel_shape=1,4 strides=1,1") == " |> max_pool([1, 4], 1, pad = 0)");
}

TEST_CASE("a product of two images is theirs, element by element") {
  std::string spec = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + conv("a", "gate", 4, 4, 1, 1, "b") +
                            "node Sigmoid b > g\nnode Mul a g > x\n" + head);
  CHECK(llvm::StringRef(spec).contains("u = z |> gate: conv(4, 1) |> sigmoid\n  output y = z |> mul(u) |> global_avg_pool"));
  CHECK(llvm::StringRef(specOf(conv("image", "stem", 4, 3, 3, 1, "a") + "node Mul a a > x\n" + head)).contains("z |> mul(z)"));
}

TEST_CASE("a convolution along the channels of a pooled image is one of a row") {
  std::string spec =
      specOf(conv("image", "stem", 4, 3, 3, 1, "a") +
             "node GlobalAveragePool a > g\nints row 0 1 -1\nnode Reshape g row > r\nweight eca.weight 1 1 3\n"
             "node Conv r eca.weight > e pads=1,1\nnode Sigmoid e > s\nints back 0 -1 1 1\nnode Reshape s back > f\n"
             "node Mul a f > x\n" +
             head);
  CHECK(llvm::StringRef(spec).contains("unflatten(1, 1, 4) |> eca: conv(1, [1, 3]) |> flatten |> sigmoid"));
}

TEST_CASE("a value under other sizes than its own is no image") {
  std::string text = "ints two 0 2 2 8 8\nnode Reshape a two > b\n";
  CHECK(llvm::StringRef(behind(text + "node GlobalAveragePool b > x\n"))
            .contains("(GlobalAveragePool): input 0 is [N, 2, 2, 8, 8], which Skip has as [4, 8, 8]"));
  CHECK(behind(text + "node Relu b > c\nints back 0 4 8 8\nnode Reshape c back > x\n") == " |> relu");
}

TEST_CASE("a product's factors are its weight's and bias's") {
  std::string spec = specOf("node GlobalAveragePool image > g\nnode Flatten g > f\nweight fc.weight 3 4\nweight b 4\n"
                            "node Gemm f fc.weight b > y alpha=2.0 beta=0.5\noutput y N 4\n");
  CHECK(llvm::StringRef(spec).contains("|> fc.computed: linear(4)"));
}

TEST_CASE("a product's bias may be one number for all outputs") {
  std::string start = conv("image", "stem", 4, 3, 3, 1, "a") +
                      "node GlobalAveragePool a > g\nnode Flatten g > f\nweight fc.weight 4 3\n",
              end = "node Gemm f fc.weight b > y\noutput y N 3\n", other = "weight fc.other 4 1\n";
  for (std::string bias : {"floats b 2\n", "weight b 1\n", "weight b 1 1\n", "weight b 1 3\n"})
    CHECK_THAT(specOf(start + bias + end), Catch::Contains("|> fc: linear(3)\n"));
  CHECK_THAT(specOf(start + other + "floats b 2\nnode Gemm f fc.other b > y\noutput y N 1\n"), Catch::Contains("linear(1)\n"));
  CHECK_THAT(specOf(start + "weight b 2\n" + end), Catch::Contains("(Gemm): its bias is [2] of float32, not [3] of float32"));
  CHECK_THAT(specOf(start + "weight b 3 1\n" + end),
             Catch::Contains("(Gemm): its bias is [3, 1] of float32, not [3] of float32"));
}

TEST_CASE("before opset 13 a softmax is over all axes from its own on") {
  std::string pooled = conv("image", "stem", 4, 3, 3, 1, "a") + "node GlobalAveragePool a > g\n", end = "output y N 4 1 1\n";
  std::string pixel = pooled + "weight w 4 4 3 3\nnode Conv g w > h pads=1,1,1,1\n";
  for (std::string opset : {"opset 11\n", "opset 17\n"}) {
    CHECK_THAT(specOf(opset + pooled + "node Softmax g > y axis=1\n" + end), Catch::Contains("global_avg_pool |> softmax\n"));
    CHECK_THAT(specOf(opset + pixel + "node Softmax h > y axis=1\n" + end), Catch::Contains("|> flatten |> softmax\n"));
  }
  CHECK_THAT(specOf("opset 11\n" + pooled + "node Softmax g > y\n" + end), Catch::Contains("global_avg_pool |> softmax\n"));
  CHECK_THAT(behind("node Softmax a > x axis=2\n"), Catch::Contains("(Softmax): `axis` = 2 of [N, 4, 8, 8]: Skip has"));
  CHECK_THAT(specOf("opset 11\n" + conv("image", "stem", 4, 3, 3, 1, "a") + "node Softmax a > x axis=2\n" + head),
             Catch::Contains("(Softmax): `axis` = 2 of [N, 4, 8, 8]: Skip has"));
}

TEST_CASE("arithmetic of which zeros or steps are pending is not that of its input") {
  std::string text = "ints zero 0\nints all 8\nints rows 2\nints two 2\nints pads 0 0 2 0 0 0 2 0\nnode Sigmoid a > b\n"
                     "node Slice b zero all rows two > c\nnode Pad c pads > d\nnode Mul a d > x\n";
  std::string spec = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + text + head);
  CHECK(llvm::StringRef(spec).contains("u = z |> sigmoid |>"));
  CHECK(llvm::StringRef(spec).contains("z |> mul(u)"));
  std::string steps =
      "ints zero 0\nints all 8\nints rows 2\nints two 2\nfloats twice 2\nnode Sigmoid a > b\nnode Mul a twice > e\n"
      "node Slice b zero all rows two > c\nnode Slice e zero all rows two > d\nnode Relu c > f\nnode Relu d > g\n";
  spec = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + steps + "node Mul c d > h\nnode Sum f g h > x\n" + head);
  CHECK(llvm::StringRef(spec).contains("= u |> mul(w)"));
}
