// The rules of the language that no error shows: values, names, defaults, what the graph looks like.
#include "tests/unit/frontend/Spec.h"

#include "frontend/Signatures.h"

#include "llvm/Support/MemoryBuffer.h"

#include <catch2/catch.hpp>

using namespace skip::frontend;
using namespace skip::frontend::test;
using Catch::Contains;

/// A model whose body is `body`, with an 8x8 picture of three channels.
static std::string model(const std::string &body, const std::string &before = "") {
  return before + "\nmodel m {\n input x[3, 8, 8]\n" + body + "\n}\n";
}

/// The value of a whole-number expression: it becomes the number of features of a layer.
static int64_t value(const std::string &expression, const std::string &before = "", std::vector<Define> defines = {}) {
  Spec spec(model("output y = x |> flatten |> fc: linear(" + expression + ")", before), std::move(defines));
  return tensorsOf(spec.built())["fc.weight"].shape[0];
}

TEST_CASE("expr: precedence and association") {
  CHECK(value("1 + 2 * 3") == 7);
  CHECK(value("(1 + 2) * 3") == 9);
  CHECK(value("20 - 5 - 3") == 12);
  CHECK(value("100 / 5 / 2") == 10);
  CHECK(value("- 3 + 5") == 2);
  CHECK(value("- -3") == 3);
  CHECK(value("if not 1 == 2 and 3 < 4 or false then 1 else 2") == 1);
  CHECK(value("if true or false and false then 1 else 2") == 1);
  CHECK(value("2 * (if 1 > 2 then 3 else 4)") == 8);
  CHECK(value("if 1 > 2 then 3 else if 2 > 1 then 5 else 6") == 5);
}

TEST_CASE("expr: division rounds down and the rest has the divisor's sign") {
  CHECK(value("10 + (-7) / 2") == 6);
  CHECK(value("10 + (-7) % 2") == 11);
  CHECK(value("10 + 7 / -2") == 6);
  CHECK(value("10 + 7 % -2") == 9);
}

TEST_CASE("expr: `and` and `or` evaluate no more than they need") {
  CHECK(value("if false and 1 / 0 == 1 then 1 else 2") == 2);
  CHECK(value("if true or 1 / 0 == 1 then 1 else 2") == 1);
}

TEST_CASE("expr: sizes of tensors are values") {
  Spec spec(model(
      "y = x |> c: conv(2 * channels(x), 3, stride = 2)\n output z = y |> flatten |> fc: linear(height(y) * 10 + width(x))"));
  CHECK(tensorsOf(spec.built())["c.weight"].shape == std::vector<int64_t>{6, 3, 3, 3});
  CHECK(tensorsOf(spec.built())["fc.weight"].shape == std::vector<int64_t>{48, 96});
}

TEST_CASE("param: -D beats an import's setting, which beats the default") {
  CHECK(value("n", "param n = 3\nparam k = n + 1") == 3);
  CHECK(value("k", "param n = 3\nparam k = n + 1", {{"n", "7"}}) == 8);
  CHECK(value("n", "param n = 3", {{"n", "7"}, {"n", "9"}}) == 9);
  CHECK(value("if kind == b then 1 else 2", "param kind = a | b") == 2);
  CHECK(value("if kind == b then 1 else 2", "param kind = a | b", {{"kind", "b"}}) == 1);
  CHECK(value("if on then 1 else 2", "param on = false", {{"on", "true"}}) == 1);

  CHECK(value("min(7, 3)") == 3);
  CHECK(value("max(7, 3)") == 7);
  CHECK(value("max(floor(2.9), min(ceil(3.1), 9))") == 4);
  CHECK(value("-(floor(-0.5) + ceil(-1.5))") == 2);
  CHECK(value("round(2.5) * 100 + round(-2.5) * 10 + round(7)") == 300 - 30 + 7);
  CHECK(value("round(9007199254740993) - 9007199254740992") == 1); // a whole number passes as it is
  CHECK(value("if min(2, 2.5) == 2 then 1 else 0") == 1);

  for (bool defined : {false, true}) {
    Sources sources;
    sources.forbidDisk();
    sources.addText("lib.skip", "param n = 3\nblock head(x) { return x |> flatten |> fc: linear(n) }");
    sources.addText("main.skip", "import \"lib.skip\" {n = 5}\nmodel m { input x[3, 8, 8]\n output y = x |> head }");
    Diagnostics diagnostics(sources);
    mlir::MLIRContext context;
    GraphRequest request{"main.skip", {}, {}, {}};
    if (defined)
      request.defines = {{"n", "6"}};
    auto module = buildGraph(context, sources, request, diagnostics);
    REQUIRE(module);
    CHECK(tensorsOf(*module)["fc.weight"].shape[0] == (defined ? 6 : 5));
  }
}

TEST_CASE("label: names follow the calls") {
  Spec spec(model(R"(
    y = x |> stem |> a: stem |> a.b.3: stem |> many: repeat(2, stem)
    z = y |> repeat(2, inner)
    output o = z)",
                  R"(
    block stem(x) { return x |> c: conv(3, 3) }
    block inner(x) { return x |> _: conv(3, 3) |> deep: own }
    block own(x) { return x |> _: conv(3, 1) })"));
  Tensors tensors = tensorsOf(spec.built());
  std::vector<std::string> names;
  for (const auto &[name, tensor] : tensors)
    names.push_back(name);
  CHECK(names == std::vector<std::string>{"0.deep.weight", "0.weight", "1.deep.weight", "1.weight", "a.b.3.c.weight",
                                          "a.c.weight", "c.weight", "many.0.c.weight", "many.1.c.weight"});
}

TEST_CASE("label: words of the language are names there, as checkpoints have them") {
  for (std::string word : {"import", "param", "block", "model", "input", "output", "return", "if", "then", "else", "and", "or",
                           "not", "true", "false", "require", "error"}) {
    CAPTURE(word);
    Spec spec(model("y = x |> " + word + ": conv(3, 3) |> a." + word + ".1: conv(3, 3)\n output o = " + word + "." + word +
                    ": conv(y, 3, 3)"));
    Tensors tensors = tensorsOf(spec.built());
    CHECK(tensors.count(word + ".weight") == 1);
    CHECK(tensors.count("a." + word + ".1.weight") == 1);
    CHECK(tensors.count(word + "." + word + ".weight") == 1);
  }
}

TEST_CASE("label: in quotes any name that a checkpoint has") {
  Spec spec(R"(model m {
  input x[4, 8, 8]
  let = "conv-1": conv(x, 4, 3)
  output y = a."3x3"."é \"q\"": conv(let, 4, 1)
})");
  CHECK(tensorsOf(spec.built()) == Tensors{{"conv-1.weight", {{4, 4, 3, 3}}}, {"a.3x3.é \"q\".weight", {{4, 4, 1, 1}}}});
  CHECK(Spec(model("output y = \"\": conv(x, 4, 3)")).codes() == std::vector<std::string>{"E0111"});
}

TEST_CASE("label: in quotes `_` is a label like any other") {
  Spec spec(model("output y = x |> \"_\": own |> a.\"_\": conv(3, 3)",
                  "block own(x) { return x |> _: conv(3, 3) |> \"_\": conv(3, 1) }"));
  CHECK(tensorsOf(spec.built()) ==
        Tensors{{"_.weight", {{3, 3, 3, 3}}}, {"_._.weight", {{3, 3, 1, 1}}}, {"a._.weight", {{3, 3, 3, 3}}}});
}

TEST_CASE("repeat: only the first block gets the stride") {
  Spec spec(model("output y = x |> l: repeat(3, b, 4, stride = 2)",
                  "block b(x, width, stride = 1) { return x |> c: conv(width, 3, stride) }"));
  std::string text = spec.printed();
  CHECK_THAT(text, Contains("tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x4x4xf32>"));
  size_t strided = 0;
  for (size_t at = 0; (at = text.find("stride 2", at)) != std::string::npos; ++at)
    ++strided;
  CHECK(strided == 1);
}

TEST_CASE("defaults: pads, biases, eps") {
  Spec spec(model("output y = x |> a: conv(4, 3) |> b: conv(4, 2) |> c: conv(4, 5, bias = true) |> n: bn |> max_pool(3, 2) |> "
                  "flatten |> f: linear(2, bias = false)"));
  std::string text = spec.printed();
  CHECK_THAT(text, Contains("tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32>"));
  CHECK_THAT(text, Contains("tensor<4x4x2x2xf32>) -> tensor<?x4x7x7xf32>"));
  CHECK_THAT(text, Contains("tensor<4xf32>) -> tensor<?x4x7x7xf32>"));
  CHECK_THAT(text, Contains("kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1]") && Contains("tensor<?x4x4x4xf32>"));
  CHECK_THAT(text, Contains("epsilon 1.000000e-05") || Contains("epsilon 1.0"));
  Tensors tensors = tensorsOf(spec.built());
  CHECK(tensors.count("a.bias") == 0);
  CHECK(tensors.count("c.bias") == 1);
  CHECK(tensors.count("f.bias") == 0);
}

TEST_CASE("shortcut: option A subsamples and pads, B projects where shapes differ, C always") {
  auto names = [](const char *option) {
    Spec spec(model("y = x |> c: conv(8, 3, stride = 2)\n z = x |> d: conv(3, 3)\n s = z + shortcut(x, like = z, option = " +
                    std::string(option) + ")\n output o = y + again: shortcut(s, like = y, option = " + option + ")"));
    std::string text = spec.printed();
    bool pads = text.find("pad_channels") != std::string::npos;
    if (pads)
      CHECK_THAT(text, Contains("graph.subsample") && Contains("before 2 after 3"));
    Tensors tensors = tensorsOf(spec.built());
    return std::make_tuple(pads, tensors.count("downsample.0.weight"), tensors.count("again.0.weight"));
  };
  CHECK(names("A") == std::make_tuple(true, 0u, 0u));
  CHECK(names("B") == std::make_tuple(false, 0u, 1u));
  CHECK(names("C") == std::make_tuple(false, 1u, 1u));
}

TEST_CASE("names: a label claims a name that an unlabelled operation had") {
  Spec spec(model("y = x |> relu |> relu |> relu: relu\n output o = y"));
  std::vector<std::string> names;
  spec.built().walk([&](skip::graph::ReluOp op) { names.push_back(skip::graph::valueName(op.getLoc()).str()); });
  REQUIRE(names.size() == 3);
  CHECK(names[2] == "relu");
  CHECK(names[0] != names[1]);
}

TEST_CASE("locations name the value and point at the call") {
  Spec spec(model("output y = x |> c1: conv(4, 3)"));
  spec.built().walk([&](skip::graph::Conv2dOp op) {
    auto loc = llvm::cast<mlir::NameLoc>(op.getLoc());
    CHECK(loc.getName() == "c1");
    auto place = llvm::cast<mlir::FileLineColLoc>(loc.getChildLoc());
    CHECK(place.getFilename() == "test.skip");
    CHECK(place.getLine() == 4);
    CHECK(place.getColumn() == 21);
  });
}

TEST_CASE("models are listed with their parameters") {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto models = listModels(sources, modelPath("cifar_resnet"), diagnostics);
  REQUIRE(models.size() == 1);
  CHECK(models[0].name == "cifar_resnet");
  std::map<std::string, std::string> parameters;
  for (const ParameterSummary &parameter : models[0].parameters)
    parameters[parameter.name] = parameter.value;
  CHECK(parameters["depth"] == "20");
  CHECK(parameters["stride_on"] == "conv2 | conv1");
  CHECK(parameters["shortcut"] == "A | B | C");
}

TEST_CASE("a file of blocks has no model to list") {
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK(listModels(sources, modelPath("blocks"), diagnostics).empty());
  CHECK(listModels(sources, modelPath("vgg_blocks"), diagnostics).empty());
  CHECK_FALSE(diagnostics.hasErrors());
}

TEST_CASE("a byte order mark, carriage returns and comments are no part of the text") {
  Spec spec("\xef\xbb\xbf// a model\r\nmodel m {\r\n  input x[3, 8, 8] // the picture\r\n  output y = x |> relu\r\n}");
  CHECK(spec.built());
}

/// `text` in canonical form.
static std::string canonical(const std::string &text) {
  Sources sources;
  sources.addText("a.skip", text);
  Diagnostics diagnostics(sources);
  std::string result;
  llvm::raw_string_ostream stream(result);
  REQUIRE(printSyntax(sources, "a.skip", diagnostics, stream));
  return result;
}

TEST_CASE("canonical text reads back as itself") {
  for (const char *name : {"blocks", "cifar_resnet", "resnet50", "vgg19", "vgg_blocks"}) {
    Sources sources;
    Diagnostics diagnostics(sources);
    std::string text;
    llvm::raw_string_ostream stream(text);
    REQUIRE(printSyntax(sources, modelPath(name), diagnostics, stream));
    CHECK(canonical(text) == text);
  }
  CHECK(canonical("param a=1+2*-3\nparam b = 1e-5\nparam c = x|y") ==
        "param a = 1 + (2 * (-3))\nparam b = 1e-05\nparam c = x | y\n");
  std::string quoted = "\nmodel m() {\n  input x[4, 8, 8]\n  output y = \"a.3x3\": conv(x, 4, 3)\n}\n";
  CHECK(canonical(quoted) == quoted);
  std::string own = "\nblock b(x) {\n  return _: conv(x, 4, 3)\n}\n\nmodel m() {\n  input x[4, 8, 8]\n"
                    "  output y = \"_\": b(x)\n}\n";
  CHECK(canonical(own) == own);
}

TEST_CASE("canonical numbers are the shortest that read back as the same") {
  CHECK(canonical("param a = 0.485\nparam b = 0.1000\nparam c = 2.0\nparam d = 1e22") ==
        "param a = 0.485\nparam b = 0.1\nparam c = 2.0\nparam d = 1e+22\n");
  CHECK(canonical("param a = 0.30000000000000004\nparam b = 5e-324") == "param a = 0.30000000000000004\nparam b = 5e-324\n");
}

TEST_CASE("canonical options are values, lists, and texts") {
  std::string text = "\nmodel m() {\n  input x[1, 8, 8] {mean = [0.5], crop = 8}\n  output y = x {classes = [\"a\", \"b\"]}\n"
                     "  output z = x {classes = \"names \\\"1\\\".txt\"}\n}\n";
  CHECK(canonical(text) == text);
}

TEST_CASE("the readme's spec is what the readme says") {
  auto buffer = llvm::MemoryBuffer::getFile(sourceFolder() + "/frontend/README.md");
  REQUIRE(buffer);
  llvm::StringRef text = (*buffer)->getBuffer();
  std::string spec = text.split("```skip\n").second.split("```").first.str();
  REQUIRE_FALSE(spec.empty());
  Spec built(spec), deeper(spec, {{"depth", "14"}, {"shortcut", "A"}});
  Tensors tensors = tensorsOf(built.built()), more = tensorsOf(deeper.built());
  for (const char *name :
       {"conv1.weight", "bn1.running_var", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight", "fc.bias"})
    CHECK(tensors.count(name) == 1);
  CHECK(more.count("layer2.1.conv1.weight") == 1);
  CHECK(more.count("layer2.0.downsample.0.weight") == 0);
}

TEST_CASE("the readme lists every operation with its parameters") {
  auto buffer = llvm::MemoryBuffer::getFile(sourceFolder() + "/frontend/README.md");
  REQUIRE(buffer);
  for (const OperationInfo &operation : allOperations()) {
    Signature signature = Signature::of(operation);
    std::string call = ("`" + operation.name + "(").str();
    for (size_t i = 0; i < signature.parameters.size(); ++i)
      call.append(i ? ", " : "").append(signature.parameters[i].str());
    if (operation.operation != Operation::Repeat)
      call += ")`";
    INFO(call);
    CHECK((*buffer)->getBuffer().contains(call));
  }
}

TEST_CASE("codes can be explained") {
  std::string text;
  llvm::raw_string_ostream stream(text);
  CHECK(explain("E0207", stream));
  CHECK_THAT(text, Contains("E0207") && Contains("given twice"));
  CHECK_FALSE(explain("E9999", stream));
}

/// The text of the built graph.
static std::string graphOf(const std::string &body) { return Spec(model(body)).printed(); }

TEST_CASE("conv: lists are of rows and columns, or of four sides; what one number says is a plain convolution") {
  CHECK_THAT(graphOf("output y = x |> c: conv(4, [3, 3], [2, 2], pad = [1, 1, 1, 1])"),
             Contains("graph.conv2d %") && Contains("stride 2 padding 1"));
  CHECK_THAT(graphOf("output y = x |> c: conv(4, [3, 1])"),
             Contains("strides [1, 1] dilations [1, 1] pads [1, 0, 1, 0] groups 1") && Contains("tensor<?x4x8x8xf32>"));
  CHECK_THAT(graphOf("output y = x |> c: conv(6, 3, groups = 3, dilation = 2)"),
             Contains("dilations [2, 2] pads [2, 2, 2, 2] groups 3") && Contains("tensor<6x1x3x3xf32>"));
  CHECK_THAT(graphOf("output y = x |> c: conv(4, 3, [2, 1], pad = [0, 1, 2, 3],)"),
             Contains("strides [2, 1] dilations [1, 1] pads [0, 1, 2, 3] groups 1") && Contains("tensor<?x4x4x10xf32>"));
}

TEST_CASE("pools: the ceiling, whose pixels count, and pools to a size") {
  CHECK_THAT(graphOf("output y = x |> max_pool(3, 2, pad = 0, ceil_mode = true)"), Contains("pads [0, 0, 0, 0] ceil"));
  CHECK_THAT(graphOf("output y = x |> max_pool([3, 2], [2, 1], pad = [0, 1, 1, 0])"),
             Contains("kernel [3, 2] strides [2, 1] pads [0, 1, 1, 0] :") && Contains("tensor<?x3x4x8xf32>"));
  CHECK_THAT(graphOf("output y = x |> max_pool([3, 2], 1)"), Contains("kernel [3, 2] strides [1, 1] pads [1, 0, 1, 0] :"));
  CHECK_THAT(graphOf("output y = x |> avg_pool(2)"), Contains("kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] include_pad"));
  CHECK_THAT(graphOf("output y = x |> avg_pool([3, 2], 1, count_include_pad = false)"),
             Contains("kernel [3, 2] strides [1, 1] pads [1, 0, 1, 0] :"));
  CHECK_THAT(graphOf("output y = x |> adaptive_avg_pool([4, 1])"), Contains("kernel [2, 8] strides [2, 8]"));
  CHECK_THAT(graphOf("output y = x |> conv1: conv(4, 3, pad = [0, 1]) |> adaptive_max_pool(1)"),
             Contains("kernel [6, 8] strides [6, 8] pads [0, 0, 0, 0] :") && Contains("-> tensor<?x4x1x1xf32>"));
}
