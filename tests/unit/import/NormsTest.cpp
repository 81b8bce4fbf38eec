// Norms of groups of channels as exporters write them, global context, padding by reflection, and squares of pixels as
// channels.
#include "tests/unit/import/Imported.h"

#include <catch2/catch.hpp>

using namespace skip;
using namespace skip::test;

/// Ones and zeros of two groups, and the sizes that bring these forth and back.
static const std::string two = "ints shape 2\nfloats number 1\nnode ConstantOfShape shape > zeros\n"
                               "node Add zeros number > ones\nints groups 0 2 -1\nints back 0 4 8 8\n";
static const std::string norm = two + "node Reshape a groups > r\nnode InstanceNormalization r ones zeros > i\n";

TEST_CASE("an instance norm of groups of channels is a group norm, whose numbers are those of the nodes behind it") {
  std::string numbers = "weight n.weight 4 1 1\nweight n.bias 4 1 1\n";
  std::string scaled = numbers + norm + "node Reshape i back > b\nnode Mul b n.weight > c\n";
  CHECK(lineBehind(scaled + "node Add c n.bias > x\n") == "|> n: group_norm(2)");
  CHECK(lineBehind(scaled + "node Add n.bias c > d\nnode Relu d > x\n") == "|> n: group_norm(2) |> relu");
  CHECK(lineBehind(norm + "node Reshape i back > x\n") == "|> group_norm1: group_norm(2)");
  // What has numbers of its own is scaled by a line, and so is what is shifted before it is scaled.
  CHECK(lineBehind(numbers + two + "weight s 2\nweight t 2\nnode Reshape a groups > r\nnode InstanceNormalization r s t > i\n" +
                   "node Reshape i back > b\nnode Mul b n.weight > x\n") ==
        "|> group_norm1: group_norm(2) |> bn1: bn(eps = 1)");
  CHECK(lineBehind(numbers + norm + "node Reshape i back > b\nnode Add b n.bias > c\nnode Mul c n.weight > x\n") ==
        "|> group_norm1: group_norm(2) |> bn1: bn(eps = 1)");
  // Another reader of the norm itself has it without them.
  std::string both =
      specOf(conv("image", "stem", 4, 3, 3, 1, "a") + scaled + "node Add c n.bias > d\nnode Add b d > x\n" + head);
  CHECK(llvm::StringRef(both).count("group_norm(2)") == 2);
}

TEST_CASE("norms of channels, of groups and of vectors") {
  CHECK(lineBehind("weight n.weight 4\nweight n.bias 4\nnode InstanceNormalization a n.weight n.bias > x epsilon=0.001\n") ==
        "|> n: group_norm(4, eps = 0.001)");
  CHECK(lineBehind("weight n.weight 2\nweight n.bias 2\nnode GroupNormalization a n.weight n.bias > x num_groups=2\n") ==
        "|> n: group_norm(2)");
  std::string pooled = "node GlobalAveragePool a > p\nweight n.weight 4\nnode Transpose p > t perm=0,2,3,1\n";
  std::string spec = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + pooled +
                            "node LayerNormalization t n.weight > n axis=-1\nnode Transpose n > u perm=0,3,1,2\n"
                            "node Flatten u > y\noutput y N 4\n");
  CHECK(llvm::StringRef(spec).contains("global_avg_pool |> n: group_norm(1)\n"));
}

/// The norm of a vector r under the sizes [N, 1, 1, 4], as it is written before opset 17.
static const std::string writtenOut =
                             "node Transpose p > r perm=0,2,3,1\nnode ReduceMean r > mean axes=-1,\nnode Sub r mean > c\n"
                             "floats two 2\nfloats eps 1e-6\n",
                         squared = "node Pow c two > q\n",
                         ended = "node ReduceMean q > v axes=-1,\nnode Add v eps > e\nnode Sqrt e > d\nnode Div c d > n\n";

TEST_CASE("the norm of a vector that is written out is a group norm, with the numbers of the nodes behind it") {
  std::string start = "opset 13\n" + conv("image", "stem", 4, 3, 3, 1, "a") + "node GlobalAveragePool a > p\n" + writtenOut,
              numbers = "weight n.weight 4\nweight n.bias 4\nnode Mul n n.weight > o\nnode Add o n.bias > u\n",
              end = "node Transpose u > w perm=0,3,1,2\nnode Flatten w > y\noutput y N 4\n";
  for (std::string square : {squared, std::string("node Mul c c > q\n")})
    CHECK_THAT(specOf(start + square + ended + numbers + end),
               Catch::Contains("global_avg_pool |> n: group_norm(1, eps = 1e-06)\n"));
  CHECK_THAT(specOf(start + squared + ended + "node Identity n > u\n" + end),
             Catch::Contains("global_avg_pool |> group_norm1: group_norm(1, eps = 1e-06)\n"));
  // Its parts by themselves, of other powers, of an image, and of another value's mean.
  auto error = [&](const std::string &nodes) { return specOf(start + nodes + end); };
  CHECK_THAT(error("node Relu c > u\n"), Catch::Contains("(Sub): Skip has the mean and the deviation of a vector only where"));
  CHECK_THAT(error("floats three 3\nnode Pow c three > q\n" + ended), Catch::Contains("(Pow): Skip has no such operation"));
  CHECK_THAT(error("node Relu r > s\nnode Sub s mean > u\n"), Catch::Contains("(ReduceMean): Skip has the mean and"));
  CHECK_THAT(error(squared + "node ReduceMean q > v axes=-1,\nnode Sqrt v > u\n"), Catch::Contains("(Sqrt): Skip has no such"));
  CHECK_THAT(error(squared +
                   "floats none 0\nnode ReduceMean q > v axes=-1,\nnode Add v none > e\nnode Sqrt e > d\nnode Div c d > u\n"),
             Catch::Contains("(Div): the norm that it ends adds 0: Skip takes those above 0 and at most 1"));
  CHECK_THAT(specOf(start + "output mean N 1 1 1\n"), Catch::Contains("(ReduceMean): Skip has the mean and the deviation"));
  CHECK_THAT(behind("node ReduceMean a > x axes=1,\n"), Catch::Contains("(ReduceMean): `axes` = [1]: Skip reduces rows and"));
}

TEST_CASE("norms that Skip has not are refused") {
  CHECK(
      llvm::StringRef(behind("weight w 8\nnode LayerNormalization a w > x axis=-1\n"))
          .contains("(LayerNormalization): `axis` = 3 of [N, 4, 8, 8], which Skip has as [4, 8, 8]: it normalises vectors as"));
  CHECK(llvm::StringRef(behind("weight w 3\nnode GroupNormalization a w w > x num_groups=3\n"))
            .contains("(GroupNormalization): `num_groups` = 3 of 4 channels"));
  CHECK(llvm::StringRef(behind("weight w 4\nnode GroupNormalization a w w > x num_groups=2\n"))
            .contains("(GroupNormalization): its scale is [4] of float32, not [2] of float32"));
  CHECK(llvm::StringRef(behind("weight w 8\nints s 0 8 -1\nnode Reshape a s > r\nnode InstanceNormalization r w w > x\n"))
            .contains("(InstanceNormalization): its input is [N, 8, 32], which Skip has as [4, 8, 8]; groups of its channels"));
  CHECK(llvm::StringRef(behind("weight w 4\nnode InstanceNormalization a w w > x epsilon=0.0\n"))
            .contains("`epsilon` = 0: Skip takes those above 0 and at most 1"));
}

TEST_CASE("what was flattened is the image again where its rows and columns come back") {
  std::string there = "ints flat 0 4 64\nnode Reshape a flat > b\n";
  CHECK(behind(there + "ints back 0 4 8 8\nnode Reshape b back > x\n").empty());
  CHECK(lineBehind(there + "ints other 0 4 4 16\nnode Reshape b other > c\n" + conv("c", "wide", 4, 4, 3, 1, "x")) ==
        "|> flatten |> unflatten(4, 4, 16) |> wide: conv(4, 3)");
  CHECK(llvm::StringRef(behind(there + "ints other 0 2 2 4 16\nnode Reshape b other > c\nnode GlobalAveragePool c > x\n"))
            .contains("which Skip has as [256]"));
}

/// The weights of global context, of an image `a`.
static const std::string weights = "weight attn.weight 1 4 1 1\nnode Conv a attn.weight > l\nints pixels 0 1 64\n"
                                   "node Reshape l pixels > r\nnode Softmax r > s\nints three 3\nnode Unsqueeze s three > w\n"
                                   "ints rows 0 4 64\nnode Reshape a rows > f\nints one 1\nnode Unsqueeze f one > g\n";

TEST_CASE("a product with a softmax over pixels is a mean by attention, and what is made of it an offset") {
  std::string text = weights + "node MatMul g w > m\nints context 0 4 1 1\nnode Reshape m context > c\n";
  std::string spec = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + text + "node Add a c > x\n" + head);
  CHECK(llvm::StringRef(spec).contains("v = z |> attention_pool(u)"));
  CHECK(llvm::StringRef(spec).contains("z |> shift(v)"));
  CHECK_FALSE(llvm::StringRef(spec).contains("softmax"));
  spec = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + text + "node Shape a > n\nnode Expand c n > e\nnode Add e a > x\n" +
                head);
  CHECK(llvm::StringRef(spec).contains("shift("));
}

TEST_CASE("other products of two values are refused") {
  auto error = [](const std::string &nodes) { return behind(weights + nodes); };
  CHECK(llvm::StringRef(error("node MatMul g f > x\n"))
            .contains("(MatMul): its inputs are [N, 1, 4, 64] and [N, 4, 64]; of two values Skip has the mean of an image by"));
  CHECK(llvm::StringRef(error("node MatMul w g > x\n")).contains("of two values Skip has the mean"));
  CHECK(llvm::StringRef(error("node Sigmoid w > v\nnode MatMul g v > x\n")).contains("of two values Skip has the mean"));
  CHECK(llvm::StringRef(behind("weight l.weight 2 4 1 1\nnode Conv a l.weight > l\nints all 0 128 1\nnode Reshape l all > r\n"
                               "node Softmax r > s axis=1\nints rows 0 2 128\nnode Reshape a rows > f\nnode MatMul f s > x\n"))
            .contains("of two values Skip has the mean"));
}

TEST_CASE("squares of pixels become channels by a convolution that takes one pixel for each") {
  auto squares = [](const std::string &order, const std::string &sizes = "0 4 4 2 2 4", const std::string &back = "0 32 4 2") {
    return lineBehind("ints sizes " + sizes + "\nnode Reshape a sizes > b\nnode Transpose b > c perm=" + order +
                      "\nints back " + back + "\nnode Reshape c back > x\n");
  };
  CHECK(squares("0,3,5,1,2,4") == "|> conv1: conv(32, [2, 4], stride = [2, 4], pad = 0)");
  CHECK(squares("0,1,3,5,2,4") == "|> conv1: conv(32, [2, 4], stride = [2, 4], pad = 0)");
  CHECK(llvm::StringRef(squares("0,3,5,2,1,4")).contains("(Transpose): `perm` = [0, 3, 5, 2, 1, 4]: Skip moves no dimensions"));
  CHECK(llvm::StringRef(squares("0,3,5,1,2,4", "0 2 8 2 2 4")).contains("Skip moves no dimensions"));
}

TEST_CASE("an image is padded by reflection") {
  auto pad = [](const std::string &pads) { return behind("ints pads " + pads + "\nnode Pad a pads > x mode=reflect\n"); };
  CHECK(pad("0 0 1 1 0 0 1 1") == " |> reflect_pad(1)");
  CHECK(pad("0 0 1 2 0 0 1 2") == " |> reflect_pad([1, 2])");
  CHECK(pad("0 0 0 1 0 0 2 3") == " |> reflect_pad([0, 1, 2, 3])");
  CHECK(pad("0 0 0 0 0 0 0 0").empty());
  CHECK(llvm::StringRef(pad("0 0 8 0 0 0 0 0"))
            .contains(
                "`pads` = [0, 0, 8, 0, 0, 0, 0, 0] of [N, 4, 8, 8]: Skip reflects rows and columns, fewer than the image has"));
  CHECK(llvm::StringRef(pad("0 1 0 0 0 0 0 0")).contains("Skip reflects rows and columns"));
  CHECK(llvm::StringRef(behind("ints pads 0 0 1 1 0 0 1 1\nnode Pad a pads > x mode=edge\n"))
            .contains("(Pad): `mode` = edge: Skip pads with zeros, or by reflection"));
  // Zeros that are still pending are written down before.
  CHECK(lineBehind("ints zeros 0 0 1 1 0 0 1 1\nnode Pad a zeros > b\nnode Pad b zeros > x mode=reflect\n") ==
        "|> conv1: conv(4, 1, pad = [1, 1, 1, 1], groups = 4) |> reflect_pad(1)");
}

TEST_CASE("images of one pixel are vectors, and images again where a window reads them") {
  // The zeros around it are the convolution's: a filter of 3 x 3 meets the pixel by its middle tap.
  std::string stem = conv("image", "stem", 4, 3, 3, 1, "a") + "node GlobalAveragePool a > g\n";
  CHECK_THAT(specOf(stem + conv("g", "wide", 4, 4, 3, 1, "q") + "node Relu q > x\n" + head),
             Catch::Contains("adaptive_avg_pool(1)") && Catch::Contains("wide: conv(4, 3"));
  for (std::string mean : {"node GlobalAveragePool g > x\n", "node ReduceMean g > x axes=2,3\n"}) {
    CHECK_THAT(specOf(stem + mean + head), Catch::Contains("conv(4, 3) |> global_avg_pool\n"));
  }
}
