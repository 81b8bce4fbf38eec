// Rules output-2 and output-3: the names of classes, from lists and from files.
#include "tests/unit/frontend/Spec.h"

#include <catch2/catch.hpp>

#include <set>

using namespace skip::frontend;
using namespace skip::frontend::test;

/// The class names of output `index`; empty when it has none.
static std::vector<std::string> classesOf(mlir::ModuleOp module, unsigned index = 0) {
  std::vector<std::string> names;
  auto model = *module.getOps<mlir::func::FuncOp>().begin();
  if (auto classes = model.getResultAttrOfType<mlir::ArrayAttr>(index, skip::graph::classesAttr))
    for (auto name : classes.getAsRange<mlir::StringAttr>())
      names.push_back(name.str());
  return names;
}

/// A model of three classes, named by the file `names.txt`.
static const char *const threeClasses =
    "model m { input x[3, 8, 8]\n y = x |> flatten |> fc: linear(3)\n output y {classes = \"names.txt\"}\n"
    " output z = y {classes = \"names.txt\"} }";

/// Builds `main.skip` of `texts` and nothing else.
static std::vector<std::string> classesFrom(std::vector<std::pair<std::string, std::string>> texts,
                                            std::vector<std::string> importPaths = {}) {
  Sources sources(std::move(importPaths));
  sources.forbidDisk();
  for (const auto &[path, text] : texts)
    sources.addText(path, text);
  Diagnostics diagnostics(sources);
  mlir::MLIRContext context;
  auto module = buildGraph(context, sources, {"main.skip", {}, {}, {}}, diagnostics);
  if (!module)
    return {diagnostics.errors().front().info().code.str()};
  CHECK(classesOf(*module, 0) == classesOf(*module, 1));
  return classesOf(*module);
}

TEST_CASE("output-3: a file of class names has one a line, however the lines end") {
  const std::vector<std::string> names = {"great white shark", "crane (bird)", "L\xc3\xb6we"};
  CHECK(classesFrom({{"main.skip", threeClasses}, {"names.txt", "great white shark\ncrane (bird)\nL\xc3\xb6we\n"}}) == names);
  CHECK(classesFrom({{"main.skip", threeClasses}, {"names.txt", "great white shark\ncrane (bird)\nL\xc3\xb6we"}}) == names);
  CHECK(classesFrom({{"main.skip", threeClasses},
                     {"names.txt", "\xef\xbb\xbfgreat white shark\r\ncrane (bird)\r\nL\xc3\xb6we\r\n"}}) == names);
}

TEST_CASE("output-3: as many names as elements, none of them empty") {
  CHECK(classesFrom({{"main.skip", threeClasses}, {"names.txt", ""}}) == std::vector<std::string>{"E0410"});
  CHECK(classesFrom({{"main.skip", threeClasses}, {"names.txt", "a\nb\n"}}) == std::vector<std::string>{"E0410"});
  CHECK(classesFrom({{"main.skip", threeClasses}, {"names.txt", "a\nb\nc\n\n"}}) == std::vector<std::string>{"E0614"});
  CHECK(classesFrom({{"main.skip", threeClasses}, {"names.txt", "a\n \r\nc\n"}}) == std::vector<std::string>{"E0614"});
  CHECK(classesFrom({{"main.skip", threeClasses}, {"names.txt", std::string(2 << 20, 'a')}}) ==
        std::vector<std::string>{"E0613"});
}

TEST_CASE("output-3: the file stands beside the spec that names it, or in the catalogue; other files are not read") {
  const std::vector<std::string> names = {"a", "b", "c"};
  const std::string importer = "import \"sub/model.skip\"";
  CHECK(classesFrom({{"main.skip", importer}, {"sub/model.skip", threeClasses}, {"sub/names.txt", "a\nb\nc"}}) == names);
  CHECK(classesFrom({{"main.skip", threeClasses}, {"shared/names.txt", "a\nb\nc"}}, {"other", "shared"}) == names);
  CHECK(classesFrom({{"main.skip", importer}, {"sub/model.skip", threeClasses}, {"names.txt", "a\nb\nc"}}) ==
        std::vector<std::string>{"E0612"});
  std::string onDisk = modelPath("x").substr(0, modelPath("x").rfind('/')) + "/imagenet-classes.txt";
  CHECK(classesFrom({{"main.skip", "model m { input x[3, 8, 8]\n output y = x |> flatten |> fc: linear(1000) {classes = \"" +
                                       onDisk + "\"} }"}}) == std::vector<std::string>{"E0612"});
}

TEST_CASE("ImageNet's models name their classes, each differently") {
  for (const char *name :
       {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "plain18", "plain34", "vgg16", "vgg19"}) {
    INFO(name);
    std::vector<std::string> names = classesOf(Spec(GraphRequest{modelPath(name), {}, {}, {}}).built());
    REQUIRE(names.size() == 1000);
    CHECK(names[0] == "tench");
    CHECK(names[7] == "cock");
    CHECK(names[281] == "tabby");
    CHECK(names[282] == "tiger cat");
    CHECK(names[999] == "toilet tissue");
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == 1000);
  }
  CHECK(classesOf(Spec(GraphRequest{modelPath("resnet18"), {}, {{"classes", "10"}}, {}}).built()).empty());
}
