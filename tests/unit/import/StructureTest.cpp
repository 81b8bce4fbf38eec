// From a few lines of ONNX to the text of a spec.
#include "tests/unit/import/Imported.h"
#include "tools/import/Identifier.h"

#include "llvm/ADT/StringExtras.h"

#include <catch2/catch.hpp>

using namespace skip;
using namespace skip::test;

/// y = relu(conv2(relu(conv1(x))) + x), where x is projected if its channels change.
static std::string block(const std::string &x, const std::string &path, int width, int inputs, const std::string &y) {
  std::string text = conv(x, path + ".conv1", width, inputs, 3, 1, y + "a") + "node Relu " + y + "a > " + y + "b\n" +
                     conv(y + "b", path + ".conv2", width, width, 3, 1, y + "c");
  std::string side = x;
  if (width != inputs) {
    side = y + "s";
    text += conv(x, path + ".proj", width, inputs, 1, 1, side);
  }
  return text + "node Add " + y + "c " + side + " > " + y + "d\nnode Relu " + y + "d > " + y + "\n";
}

TEST_CASE("blocks of one kind are one definition, with what differs as parameters") {
  CHECK(specOf(conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "body.0", 4, 4, "b") + block("b", "body.1", 4, 4, "c") +
               block("c", "tail.0", 8, 4, "d") + block("d", "tail.1", 8, 8, "x") + head) ==
        R"(block basic(x, width) {
  y = x |> conv1: conv(width, 3) |> relu
    |> conv2: conv(width, 3)
  if channels(x) != width {
    z = x |> proj: conv(width, 1)
  } else {
    z = x
  }
  return relu(y + z)
}

model net {
  input image[3, 8, 8]
  output y = image |> stem: conv(4, 3)
    |> body: repeat(2, basic, 4)
    |> tail: repeat(2, basic, 8)
    |> global_avg_pool
}
)");
}

TEST_CASE("a block that is used once stands where it is used") {
  CHECK(specOf(conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "body.0", 4, 4, "x") + head) ==
        R"(model net {
  input image[3, 8, 8]
  z = image |> stem: conv(4, 3)
  u = z |> body.0.conv1: conv(4, 3) |> relu
    |> body.0.conv2: conv(4, 3)
  output y = relu(u + z) |> global_avg_pool
}
)");
}

TEST_CASE("what only counts from 0 is a repeat") {
  std::string spec =
      specOf(conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "body.1", 4, 4, "b") + block("b", "body.2", 4, 4, "x") + head);
  CHECK(llvm::StringRef(spec).contains("|> body.1: basic\n    |> body.2: basic\n"));
}

TEST_CASE("blocks are counted by a word and a number, too") {
  for (auto [first, second] : {std::pair("trunk.block1-0", "trunk.block1-1"), std::pair("s1.b1", "s1.b2")}) {
    std::string spec =
        specOf(conv("image", "stem", 4, 3, 3, 1, "a") + block("a", first, 4, 4, "b") + block("b", second, 4, 4, "x") + head);
    bool isQuoted = llvm::StringRef(first).contains('-');
    CHECK(llvm::StringRef(spec).contains(isQuoted ? "|> trunk.\"block1-0\": basic\n    |> trunk.\"block1-1\": basic\n"
                                                  : "|> s1.b1: basic\n    |> s1.b2: basic\n"));
  }
  std::string stages = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "layer1", 4, 4, "b") +
                              block("b", "layer2", 4, 4, "x") + head); // a word of more letters is a name
  CHECK(!llvm::StringRef(stages).contains("block"));
}

TEST_CASE("a range of constants is computed") {
  std::string range = "opset 18\nints from 2\nints to 4\nints by 1\nnode Range from to by > axes\n";
  std::string spec = specOf(range + "node ReduceMean image axes > y keepdims=1\n" + "output y N 3 1 1\n");
  CHECK(llvm::StringRef(spec).contains("avg_pool"));
}

TEST_CASE("a value that others read inside of it is no block") {
  std::string text = conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "body.0", 4, 4, "b") +
                     block("b", "body.1", 4, 4, "c") + "node Add c bb > x\n" + head; // bb is inside of body.0
  std::string spec = specOf(text);
  CHECK(llvm::StringRef(spec).contains("body.0.conv1: conv(4, 3)"));
  CHECK(!llvm::StringRef(spec).contains("block"));
}

TEST_CASE("parts of labels are quoted where they need it") {
  std::string spec = specOf(conv("image", "stem-1.3x3", 4, 3, 3, 1, "x") + head);
  CHECK(llvm::StringRef(spec).contains("\"stem-1\".\"3x3\": conv(4, 3)"));
}

TEST_CASE("operations without a name are numbered, and a name is given once") {
  std::string spec = specOf("weight a 4 3 1 1\nweight twin.weight 4 4 1 1\nnode Conv image a > b\nnode Conv b twin.weight > c\n"
                            "node Conv c twin.weight > x\n" +
                            std::string(head));
  CHECK(llvm::StringRef(spec).contains("|> conv1: conv(4, 1)"));
  CHECK(llvm::StringRef(spec).contains("|> twin: conv(4, 1)"));
  CHECK(llvm::StringRef(spec).contains("|> conv2: conv(4, 1)"));
}

TEST_CASE("blocks that the file has no names for are found by their shape") {
  std::string text = conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "body.0", 4, 4, "b") +
                     block("b", "body.1", 4, 4, "c") + block("c", "tail.0", 8, 4, "d") + block("d", "tail.1", 8, 8, "x") + head;
  for (size_t at; (at = text.find(".weight")) != std::string::npos;)
    text.replace(at, 7, "_w");
  CHECK(specOf(text) == R"(block basic(x, width) {
  y = x |> conv1: conv(width, 3) |> relu
    |> conv2: conv(width, 3)
  if channels(x) != width {
    z = x |> downsample.0: conv(width, 1)
  } else {
    z = x
  }
  return relu(y + z)
}

model net {
  input image[3, 8, 8]
  output y = image |> conv1: conv(4, 3)
    |> layer1: repeat(2, basic, 4)
    |> layer2: repeat(2, basic, 8)
    |> global_avg_pool
}
)");
}

TEST_CASE("what no output needs is left out") {
  CHECK(specOf(conv("image", "stem", 4, 3, 3, 1, "x") + conv("x", "dead", 4, 4, 3, 1, "z") + head) ==
        R"(model net {
  input image[3, 8, 8]
  output y = image |> stem: conv(4, 3) |> global_avg_pool
}
)");
}

TEST_CASE("a constant behind a convolution without a bias is its bias") {
  std::string spec = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + "weight shift 4 1 1\nnode Add a shift > x\n" + head);
  CHECK(llvm::StringRef(spec).contains("stem: conv(4, 3, bias = true)"));
  std::string wrong = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + "weight shift 1 8 8\nnode Add a shift > x\n" + head);
  CHECK(
      llvm::StringRef(wrong).contains("node 2 of 4 (Add): it adds a constant of [1, 8, 8] and [N, 4, 8, 8]; Skip computes with "
                                      "constants that are a number, or one for each channel"));
}

TEST_CASE("zeros before a convolution are its padding") {
  std::string spec = specOf("ints pads 0 0 2 2 0 0 2 2\nnode Pad image pads > a\n" + conv("a", "stem", 4, 3, 3, 1, "x") + head);
  CHECK(llvm::StringRef(spec).contains("stem: conv(4, 3, pad = 3)"));
  CHECK(llvm::StringRef(specOf("ints pads 0 0 2 1 0 0 2 0\nnode Pad image pads > a\nnode Relu a > x\n" + std::string(head)))
            .contains("image |> conv1: conv(3, 1, pad = [2, 1, 2, 0], groups = 3) |> relu"));
}

TEST_CASE("one value for each channel is a factor or an offset, as it is or repeated over the image") {
  std::string gate = "node GlobalAveragePool a > g\nweight se.weight 4 4 1 1\nnode Conv g se.weight > h\nnode Sigmoid h > i\n";
  std::string repeated = gate + "node Shape a > s\nnode Expand i s > j\n",
              wanted = "  y = image |> stem: conv(4, 3)\n"
                       "  z = y |> global_avg_pool |> se: linear(4, bias = false) |> sigmoid\n  output";
  for (const std::string &nodes : {gate + "node Mul a i > x\n", gate + "node Mul i a > x\n", repeated + "node Mul a j > x\n"})
    CHECK(llvm::StringRef(specOf(conv("image", "stem", 4, 3, 3, 1, "a") + nodes + "node Relu x > r\noutput r N 4 8 8\n"))
              .contains("y |> mul(z) |> relu"));
  for (const std::string &nodes : {gate + "node Add a i > x\n", gate + "node Add i a > x\n", repeated + "node Add j a > x\n"})
    CHECK(llvm::StringRef(specOf(conv("image", "stem", 4, 3, 3, 1, "a") + nodes + "node Relu x > r\noutput r N 4 8 8\n"))
              .contains("y |> shift(z) |> relu"));
  CHECK(llvm::StringRef(behind(repeated + "node Relu j > k\nnode Add a k > x\n"))
            .contains("(Expand): Skip repeats a value of each channel only where it is a factor (Mul) or added (Add)"));
}

TEST_CASE("windows of every form, by the language's defaults") {
  auto layer = [](const std::string &attributes, const std::string &sizes) {
    return behind("weight c.weight " + sizes + "\nnode Conv a c.weight > x " + attributes + "\n");
  };
  CHECK(layer("group=2 kernel_shape=3,3 pads=1,1,1,1", "4 2 3 3") == "\n    |> c: conv(4, 3, groups = 2)");
  CHECK(layer("kernel_shape=1,5 pads=0,2,0,2 strides=1,2", "4 4 1 5") == "\n    |> c: conv(4, [1, 5], stride = [1, 2])");
  CHECK(layer("kernel_shape=3,3 pads=2,2,2,2 dilations=2,2", "4 4 3 3") == "\n    |> c: conv(4, 3, dilation = 2)");
  CHECK(layer("kernel_shape=3,3 pads=0,1,2,1", "4 4 3 3") == "\n    |> c: conv(4, 3, pad = [0, 1, 2, 1])");
  CHECK(behind("node AveragePool a > x kernel_shape=2,2 strides=2,2\n") == " |> avg_pool(2)");
  CHECK(behind("node AveragePool a > x kernel_shape=3,3 strides=2,2 pads=1,1,1,1\n") ==
        " |> avg_pool(3, stride = 2, count_include_pad = false)");
  CHECK(behind("node AveragePool a > x kernel_shape=3,3 strides=3,3 ceil_mode=1\n") ==
        " |> avg_pool(3, pad = 0, ceil_mode = true)");
  CHECK(behind("node MaxPool a > x kernel_shape=3,3 strides=2,2 ceil_mode=1\n") ==
        " |> max_pool(3, 2, pad = 0, ceil_mode = true)");
}

TEST_CASE("a filter that is computed of a parameter has another name than the parameter") {
  auto filter = [](const std::string &nodes) {
    return behind("weight c.weight 4 4 3 3\n" + nodes + "node Conv a f > x kernel_shape=3,3 pads=1,1,1,1\n");
  };
  CHECK(filter("node Identity c.weight > f\n") == "\n    |> c: conv(4, 3)");
  CHECK(filter("node Add c.weight c.weight > g\nnode Mul g g > f\n") == "\n    |> c.computed: conv(4, 3)");
}

TEST_CASE("a filter that the exporter has computed of a parameter has another name, too, and one with a norm in it has not") {
  auto filter = [](const std::string &name, const std::string &more) {
    return behind("weight " + name + " 4 4 3 3\nnode Conv a " + name + " > x pads=1,1,1,1 " + more + "\n");
  };
  CHECK(filter("view_5", "module=body.conv") == "\n    |> body.conv.computed: conv(4, 3)");
  CHECK(filter("onnx::Conv_193", "name=/body/conv/Conv") == "\n    |> body.conv: conv(4, 3)");
  CHECK(filter("body.blur.filt", "module=body.blur") == "\n    |> body.blur: conv(4, 3)"); // a module's own, if no parameter
  CHECK(filter("/body/blur/Constant_8_output_0", "name=/body/blur/Conv") == "\n    |> body.blur: conv(4, 3)");
  CHECK(filter("view_5", "") == "\n    |> conv1: conv(4, 3)");
}

TEST_CASE("layers that share a weight are named by their modules") {
  std::string weights = "weight a.conv.weight 4 4 1 1\nweight a.bn.weight 4\nweight a.bn.bias 4\n";
  auto layers = [&](const std::string &x, const std::string &of, const std::string &y) {
    return "node Conv " + x + " a.conv.weight > " + y + "c module=" + of + ".conv\nnode BatchNormalization " + y +
           "c a.bn.weight a.bn.bias a.bn.bias a.bn.weight > " + y + " module=" + of + ".bn\n";
  };
  std::string spec = lineBehind(weights + layers("a", "a", "b") + layers("b", "c.0", "c") + layers("c", "c.1", "x"));
  CHECK(spec == "|> a.conv: conv(4, 1) |> a.bn: bn |> c: repeat(2, part)");
  // A module's part keeps its name where the module itself reads it; what is of no module is numbered.
  CHECK(lineBehind(weights + "node Conv a a.conv.weight > b module=a\nnode Conv b a.conv.weight > x\n") ==
        "|> a.conv: conv(4, 1) |> conv1: conv(4, 1)");
  llvm::Expected<onnx::Imported> imported = import("input image N 3 8 8\n" + conv("image", "stem", 4, 3, 3, 1, "a") + weights +
                                                   layers("a", "a", "b") + layers("b", "c", "x") + head);
  REQUIRE(bool(imported));
  CHECK(imported->tensors == 11); // each layer has its own
}

TEST_CASE("inputs and outputs keep their names where there are several") {
  CHECK(specOf("input x N 2 8 8\nnode Concat image x > joined axis=1\n" + conv("joined", "stem", 4, 5, 3, 1, "features") +
               "node GlobalAveragePool features > p\nnode Flatten p > output\noutput features N 4 8 8\noutput result N 4\n"
               "output output N 4\nnode Relu output > result\n") == R"(model net {
  input image[3, 8, 8]
  input x[2, 8, 8]
  y = image |> concat(x) |> stem: conv(4, 3)
  z = y |> global_avg_pool
  output features = y
  output result = z |> relu
  output result_2 = z
}
)");
}

TEST_CASE("labels of one underscore are those that a file has") {
  CHECK(llvm::StringRef(specOf(conv("image", "_", 4, 3, 3, 1, "x") + head)).contains("\"_\": conv(4, 3)"));
  CHECK(llvm::StringRef(specOf(conv("image", "a._", 4, 3, 3, 1, "x") + head)).contains("a.\"_\": conv(4, 3)"));
}

TEST_CASE("an input that nothing reads and that is no image is passed over, and said") {
  std::string text = conv("image", "stem", 4, 3, 3, 1, "x") + head;
  llvm::Expected<onnx::Imported> imported = import("input mask N 7\ninput image N 3 8 8\ninput odd N 3 H 8\n" + text);
  REQUIRE(bool(imported));
  CHECK(imported->spec.find("input image[3, 8, 8]") != std::string::npos);
  CHECK(imported->spec.find("mask") == std::string::npos);
  CHECK(imported->notes == std::vector<std::string>{"the input `mask`, which is no image, is passed over: nothing reads it",
                                                    "the input `odd`, which is no image, is passed over: nothing reads it"});
  llvm::Expected<onnx::Imported> read = import("input image N 3 8 8\ninput mask N 7\nnode Relu mask > r\n" + text);
  REQUIRE_FALSE(bool(read));
  CHECK(llvm::StringRef(llvm::toString(read.takeError())).contains("the input `mask` has 2 dimensions; images of"));
  llvm::Expected<onnx::Imported> none = import("input mask N 7\n" + text);
  REQUIRE_FALSE(bool(none));
  CHECK(llvm::StringRef(llvm::toString(none.takeError())).contains("it has no input"));
}

TEST_CASE("an input that no output depends on is said") {
  llvm::Expected<onnx::Imported> imported =
      import("input image N 3 8 8\ninput hint N 1 8 8\n" + conv("image", "stem", 4, 3, 3, 1, "x") + head);
  REQUIRE(bool(imported));
  CHECK(imported->notes ==
        std::vector<std::string>{"no output depends on the input `hint`: the model has it, and does not read it"});
}

TEST_CASE("a module is the last but one of PyTorch's scopes") {
  CHECK(onnx::moduleOfScopes("['', 'layer1', 'layer1.0', 'layer1.0.prelu', 'prelu_1']") == "layer1.0.prelu");
  CHECK(onnx::moduleOfScopes("['', 'relu']").empty());
  CHECK(onnx::moduleOfScopes("['relu']").empty());
  CHECK(onnx::moduleOfScopes("''").empty());
}

TEST_CASE("a file cannot have more computed of constants than it is large") {
  std::string text = "ints shape 60000\nnode ConstantOfShape shape > c0\n";
  for (int i = 0; i < 9; ++i)
    text += "node Concat c" + std::to_string(i) + " c" + std::to_string(i) + " > c" + std::to_string(i + 1) + " axis=0\n";
  CHECK(llvm::StringRef(specOf(text + conv("image", "stem", 4, 3, 3, 1, "x") + head))
            .contains("(Concat): the file computes too much of constants; simplify it before"));
}

/// A block whose shortcut, if it has one, averages before it is projected, where the stride is not 1.
static std::string averagedBlock(const std::string &x, const std::string &path, int width, int inputs, int stride,
                                 const std::string &y) {
  std::string text = conv(x, path + ".conv1", width, inputs, 3, stride, y + "e") +
                     conv(y + "e", path + ".conv2", width, width, 3, 1, y + "a"),
              side = x;
  if (stride != 1) {
    side = y + "p";
    text += "node AveragePool " + x + " > " + side + " kernel_shape=2,2 strides=2,2 ceil_mode=1\n";
  }
  if (width != inputs)
    text += conv(side, path + ".downsample.1", width, inputs, 1, 1, y + "s");
  return text + "node Add " + y + "a " + (width != inputs ? y + "s" : x) + " > " + y + "b\nnode Relu " + y + "b > " + y + "\n";
}

TEST_CASE("a shortcut that averages by its stride is one block with those whose stride is 1") {
  CHECK(specOf(averagedBlock("image", "layer1.0", 4, 3, 1, "a") + averagedBlock("a", "layer1.1", 4, 4, 1, "b") +
               averagedBlock("b", "layer2.0", 8, 4, 2, "c") + averagedBlock("c", "layer2.1", 8, 8, 1, "d") +
               averagedBlock("d", "layer3.0", 16, 8, 2, "x") + head) == R"(block basic(x, width, stride = 1) {
  y = x |> conv1: conv(width, 3, stride)
    |> conv2: conv(width, 3)
  if stride != 1 or channels(x) != width {
    z = x |> avg_pool(stride) |> downsample.1: conv(width, 1)
  } else {
    z = x
  }
  return relu(y + z)
}

model net {
  input image[3, 8, 8]
  output y = image |> layer1: repeat(2, basic, 4)
    |> layer2: repeat(2, basic, 8, stride = 2)
    |> layer3.0: basic(16, stride = 2)
    |> global_avg_pool
}
)");
}
