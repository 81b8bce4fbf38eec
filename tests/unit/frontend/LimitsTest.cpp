// Texts that ask for too much: each is an error, and quickly.
#include "tests/unit/frontend/Spec.h"

#include <catch2/catch.hpp>

#include <chrono>

using namespace skip::frontend;
using namespace skip::frontend::test;

static std::string repeated(const std::string &text, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i)
    result += text;
  return result;
}

static std::string inModel(const std::string &body) { return "model m { input x[3, 8, 8]\n" + body + "\n}\n"; }

/// `count` pieces, each with its own number in place of `#`.
static std::string numbered(const std::string &piece, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i) {
    std::string one = piece;
    for (size_t at; (at = one.find('#')) != std::string::npos;)
      one.replace(at, 1, std::to_string(i));
    result += one;
  }
  return result;
}

TEST_CASE("whatever a text asks for, the answer comes soon") {
  struct Row {
    const char *what, *code; ///< no code: the text is good
    std::string text;
  };
  const std::string identity = "block same(x) { return x }\n", conv = "block c(x) { return x |> c: conv(3, 3) }\n";
  auto row = GENERATE_COPY(values<Row>({
      {"repeat of 10^9", "E0703", conv + inModel("output y = x |> r: repeat(1000000000, c)")},
      {"a repeat below the limit", "E0705",
       "block c(x) { return x |> c: conv(3, 3) |> relu }\n" + inModel("output y = x |> r: repeat(100000, c)")},
      {"repeats of repeats that build nothing", "E0708",
       identity + "block many(x) { return x |> repeat(100000, same) }\n" + inModel("output y = x |> repeat(100000, many)")},
      {"a tensor of 2^40 elements", "E0704", inModel("output y = x |> c: conv(17179869184, 1)")},
      {"an input of 2^40 elements", "E0704", "model m { input x[1, 1048576, 1048576]\n output y = x }"},
      {"a kernel that fits by its padding", "E0712", inModel("output y = x |> c: conv(1, 2000001, pad = 1000000)")},
      {"a block within itself", "E0706", "block b(x) { return x |> b }\n" + inModel("output y = x |> b")},
      {"blocks within each other", "E0706",
       "block a(x) { return x |> b }\nblock b(x) { return x |> a }\n" + inModel("output y = x |> a")},
      {"blocks in long chains", "E0707",
       [] {
         std::string text = "block b100(x) { return x }\n";
         for (int i = 0; i < 100; ++i)
           text += "block b" + std::to_string(i) + "(x) { return x |> b" + std::to_string(i + 1) + " }\n";
         return text;
       }() + inModel("output y = x |> b0")},
      {"parentheses", "E0701", inModel("output y = " + repeated("(", 100'000) + "x" + repeated(")", 100'000))},
      {"minus signs", "E0701", "param p = " + repeated("-", 500'000) + "1"},
      {"nots", "E0701", "param p = " + repeated("not ", 200'000) + "true"},
      {"conditionals", "E0701", "param p = " + repeated("if true then ", 50'000) + "1" + repeated(" else 2", 50'000)},
      {"calls in calls", "E0701", inModel("output y = " + repeated("relu(", 100'000) + "x" + repeated(")", 100'000))},
      {"ifs in ifs", "E0701", inModel(repeated("if true {", 100'000) + repeated("}", 100'000))},
      {"a sum of 100,000 terms", nullptr, "param p = 1" + repeated(" + 1", 100'000) + "\n" + inModel("output y = x")},
      {"a pipeline of 20,000 stages", nullptr, inModel("output y = x" + repeated(" |> relu", 20'000))},
      {"a chain of 50,000 else-ifs", nullptr, inModel("if false {}" + repeated(" else if false {}", 50'000) + "\noutput y = x")},
      {"a file of more than a mebibyte", "E0601", repeated("// nothing here\n", 70'000)},
      {"a number of 100,000 digits", "E0103", "param p = " + repeated("9", 100'000)},
      {"a fraction of 500,000 digits", "E0103", "param p = 0." + repeated("3", 500'000)},
      {"2^63", "E0103", "param p = 9223372036854775808"},
      {"1e999", "E0103", "param p = 1e999"},
      {"zero bytes", "E0101", std::string(500'000, '\0')},
      {"a line of opening braces", "E0111", repeated("{", 500'000)},
      {"60,000 models", "E0710", numbered("model m# {}\n", 60'000)},
      {"60,000 unknown names", "E0201", inModel(numbered("a# = nothing#\n", 40'000))},
      {"40,000 parameters", "E0711", "block b(" + numbered("p# = 1, ", 40'000) + "q = 1) {}"},
      {"40,000 parameters of the file", "E0711", numbered("param p# = 1\n", 40'000)},
      {"60,000 options", "E0711", "model m { input x[3, 8, 8] {" + numbered("a# = 1, ", 60'000) + "} }"},
      {"60,000 choices", "E0711", "param p = a" + numbered(" | a#", 60'000)},
      {"a text of opening braces", "E0306", inModel("error \"" + repeated("{", 900'000) + "\"")},
      {"a long label", "E0709", inModel("output y = x |> " + repeated("a.", 100'000) + "a: relu")},
      {"long calls of a block with many parameters", "E0204",
       "block b(x, " + numbered("p# = 1, ", 250) + "q = 1) { return x }\n" +
           inModel("y = b(x" + repeated(", 1", 200'000) + ")\noutput z = y")},
      {"blocks that use one another twice", "E0708",
       [] {
         std::string text = "block b60(x) { return x }\n";
         for (int i = 0; i < 60; ++i)
           text += "block b" + std::to_string(i) + "(x) { return x |> b" + std::to_string(i + 1) + " |> b" + std::to_string(i + 1) + " }\n";
         return text;
       }() + inModel("output y = x |> b0")},
  }));
  INFO(row.what);
  auto start = std::chrono::steady_clock::now();
  Spec spec(row.text);
  std::string rendered = spec.rendered();
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::vector<std::string> codes = spec.codes();
  INFO(rendered.substr(0, 2000));
  CHECK(bool(spec.module) == !row.code);
  if (row.code)
    CHECK(std::count(codes.begin(), codes.end(), row.code) > 0);
  CHECK(rendered.size() < 200'000);
  CHECK(seconds.count() < 60); // no hang; how fast it is depends on the machine
}

/// Sixty blocks within blocks, each of whose bodies nests its call deep: the product of two limits.
TEST_CASE("nested calls of nested blocks do not exhaust the stack") {
  std::string text = "block b60(x) { return x }\n";
  for (int i = 0; i < 60; ++i)
    text += "block b" + std::to_string(i) + "(x) { return " + repeated("relu(", 150) + "b" + std::to_string(i + 1) + "(x)" +
            repeated(")", 150) + " }\n";
  Spec spec(text + inModel("output y = x |> b0"));
  CHECK(spec.codes() == std::vector<std::string>{"E0701"});
}

TEST_CASE("imports in a circle are an error") {
  Sources sources;
  sources.forbidDisk();
  sources.addText("a.skip", "import \"b.skip\"\nmodel m { input x[3, 8, 8]\n output y = x }");
  sources.addText("b.skip", "import \"c.skip\"");
  sources.addText("c.skip", "import \"a.skip\"");
  Diagnostics diagnostics(sources);
  mlir::MLIRContext context;
  CHECK_FALSE(buildGraph(context, sources, {"a.skip", {}, {}, {}}, diagnostics));
  REQUIRE(diagnostics.errors().size() == 1);
  CHECK(diagnostics.errors()[0].info().code == "E0603");
}

TEST_CASE("after a hundred errors the rest is left out, and that is said once") {
  std::string body = numbered("a# = nothing#\n", 100);
  CHECK(Spec(inModel(body + "output y = x")).codes().size() == 100);
  auto codes = Spec(inModel(body + "b = nothing\nc = nothing2\noutput y = x")).codes();
  REQUIRE(codes.size() == 101);
  CHECK(codes.back() == "E0710");
}
