// The catalogue against the papers' numbers and against torchvision's names.
#include "tests/unit/frontend/Spec.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace skip::frontend;
using namespace skip::frontend::test;

static Spec catalogue(const std::string &name, std::vector<Define> defines = {}) {
  return Spec(GraphRequest{modelPath(name), {}, std::move(defines), {}});
}

static Spec cifar(const std::string &name, int depth) { return catalogue(name, {{"depth", std::to_string(depth)}}); }

TEST_CASE("parameter counts are torchvision's") {
  auto [name, count] = GENERATE(table<const char *, int64_t>({{"resnet18", 11'689'512},
                                                              {"resnet34", 21'797'672},
                                                              {"resnet50", 25'557'032},
                                                              {"resnet101", 44'549'160},
                                                              {"resnet152", 60'192'808},
                                                              {"vgg16", 138'357'544},
                                                              {"vgg19", 143'667'240},
                                                              {"resnext50_32x4d", 25'028'904},
                                                              {"resnext101_32x8d", 88'791'336},
                                                              {"wide_resnet50_2", 68'883'240},
                                                              {"wide_resnet101_2", 126'886'696}}));
  INFO(name);
  CHECK(parameterCount(catalogue(name).built()) == count);
}

TEST_CASE("parameter counts and names of timm's networks are its own") {
  auto [name, count, tensor] =
      GENERATE(table<const char *, int64_t, const char *>({{"resnet50d", 25'576'264, "layer2.0.downsample.1.weight"},
                                                           {"resnet101d", 44'568'392, "conv1.6.weight"},
                                                           {"seresnet50", 28'088'024, "layer1.0.se.fc1.bias"},
                                                           {"resnet_v2", 25'549'352, "stages.3.blocks.2.norm3.running_var"}}));
  INFO(name);
  Spec spec = catalogue(name);
  CHECK(parameterCount(spec.built()) == count);
  CHECK(tensorsOf(spec.built()).count(tensor) == 1);
}

TEST_CASE("pre-activation networks of all the paper's depths build") {
  for (int depth : {50, 101, 152, 200})
    CHECK(catalogue("resnet_v2", {{"depth", std::to_string(depth)}}).built());
  CHECK(catalogue("cifar_resnet_v2", {{"depth", "164"}}).built());
  CHECK(catalogue("cifar_resnet_v2", {{"depth", "110"}, {"bottlenecks", "false"}}).built());
  CHECK(catalogue("cifar_resnet_v2", {{"depth", "165"}}).codes() == std::vector<std::string>{"E0307"});
}

TEST_CASE("face networks have insightface's names, and of them the depths that it has") {
  for (int depth : {18, 34, 50, 100, 200}) {
    Spec spec = catalogue("iresnet", {{"depth", std::to_string(depth)}});
    Tensors tensors = tensorsOf(spec.built());
    CHECK(tensors["layer1.0.prelu.weight"].shape == std::vector<int64_t>{64});
    CHECK(tensors["fc.weight"].shape == std::vector<int64_t>{512, 512 * 7 * 7});
    CHECK(tensors.count("features.running_mean") == 1);
  }
}

TEST_CASE("a plain network has the parameters of its residual one, less those of projections") {
  // ResNet-18 and -34 project from 64 to 128, 128 to 256 and 256 to 512 channels, each with a batch norm.
  const int64_t projections = 64 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512);
  CHECK(parameterCount(catalogue("plain18").built()) == 11'689'512 - projections);
  CHECK(parameterCount(catalogue("plain34").built()) == 21'797'672 - projections);
}

TEST_CASE("section 4.2's parameter counts, in millions as printed") {
  auto [depth, millions, digit] = GENERATE(table<int, double, double>(
      {{20, 0.27, 0.01}, {32, 0.46, 0.01}, {44, 0.66, 0.01}, {56, 0.85, 0.01}, {110, 1.7, 0.1}, {1202, 19.4, 0.1}}));
  INFO(depth);
  int64_t count = parameterCount(cifar("cifar_resnet", depth).built());
  CHECK(std::llround(double(count) / 1e6 / digit) == std::llround(millions / digit));
  // Option A has no parameters, so the plain network has as many.
  CHECK(parameterCount(cifar("cifar_plain", depth).built()) == count);
}

TEST_CASE("every depth of the form 6n + 2 builds, and has n blocks in each of three layers") {
  int depth = GENERATE(8, 14, 20, 26, 110, 1202);
  for (const char *name : {"cifar_resnet", "cifar_plain"}) {
    INFO(name << " " << depth);
    Tensors tensors = tensorsOf(cifar(name, depth).built());
    std::string last = std::to_string((depth - 2) / 6 - 1), beyond = std::to_string((depth - 2) / 6);
    CHECK(tensors.count("layer3." + last + ".conv2.weight") == 1);
    CHECK(tensors.count("layer3." + beyond + ".conv2.weight") == 0);
  }
}

TEST_CASE("other depths are errors that name the depth and the option that set it") {
  Spec spec = cifar("cifar_resnet", 21);
  CHECK_FALSE(spec.module);
  CHECK(spec.codes() == std::vector<std::string>{"E0307"});
  CHECK_THAT(spec.rendered(), Catch::Contains("depth 21 is not 6n + 2") && Catch::Contains("<command line>:1:10: note:"));
  CHECK(cifar("cifar_plain", 2).codes() == std::vector<std::string>{"E0307"});
  CHECK(cifar("cifar_plain", -4).codes() == std::vector<std::string>{"E0307"});
}

TEST_CASE("multiply-adds are those of Table 1") {
  struct Row {
    const char *name;
    std::vector<Define> defines;
    double billions;
  };
  auto row = GENERATE(values<Row>({{"resnet18", {}, 1.8},
                                   {"resnet34", {{"shortcut", "A"}}, 3.6},
                                   {"resnet50", {{"stride_on", "conv1"}}, 3.8},
                                   {"resnet101", {{"stride_on", "conv1"}}, 7.6},
                                   {"resnet152", {{"stride_on", "conv1"}}, 11.3},
                                   {"vgg19", {}, 19.6}}));
  INFO(row.name);
  CHECK(multiplyAdds(catalogue(row.name, row.defines).built()) == Approx(row.billions * 1e9).epsilon(0.02));
}

TEST_CASE("the stride's place does not change what a bottleneck gives, only what it costs") {
  Spec here = catalogue("resnet50"), there = catalogue("resnet50", {{"stride_on", "conv1"}});
  CHECK(tensorsOf(here.built()) == tensorsOf(there.built()));
  CHECK(multiplyAdds(here.built()) > multiplyAdds(there.built()));
}

TEST_CASE("the shortcut option decides where there are projections") {
  auto projections = [](const char *option) {
    Tensors tensors = tensorsOf(catalogue("resnet18", {{"shortcut", option}}).built());
    return std::count_if(tensors.begin(), tensors.end(),
                         [](auto &entry) { return entry.first.find("downsample.0.weight") != std::string::npos; });
  };
  CHECK(projections("A") == 0);
  CHECK(projections("B") == 3);
  CHECK(projections("C") == 8);
}

static void expectConv(Tensors &tensors, const std::string &name, int64_t out, int64_t in, int64_t kernel) {
  tensors[name + ".weight"] = {{out, in, kernel, kernel}};
}

static void expectNorm(Tensors &tensors, const std::string &name, int64_t channels) {
  for (const char *suffix : {".weight", ".bias"})
    tensors[name + suffix] = {{channels}};
  for (const char *suffix : {".running_mean", ".running_var"})
    tensors[name + suffix] = {{channels}, true};
}

static void expectLinear(Tensors &tensors, const std::string &name, int64_t out, int64_t in) {
  tensors[name + ".weight"] = {{out, in}};
  tensors[name + ".bias"] = {{out}};
}

/// torchvision's ResNet: `blocks[i]` blocks in layer i + 1.
static Tensors torchvisionResNet(std::vector<int> blocks, bool bottleneck) {
  Tensors tensors;
  expectConv(tensors, "conv1", 64, 3, 7);
  expectNorm(tensors, "bn1", 64);
  int64_t in = 64;
  for (size_t layer = 0; layer < blocks.size(); ++layer)
    for (int block = 0; block < blocks[layer]; ++block) {
      std::string name = "layer" + std::to_string(layer + 1) + "." + std::to_string(block);
      int64_t width = 64 << layer, out = bottleneck ? 4 * width : width;
      expectConv(tensors, name + ".conv1", width, in, bottleneck ? 1 : 3);
      expectConv(tensors, name + ".conv2", width, width, 3);
      expectNorm(tensors, name + ".bn1", width);
      expectNorm(tensors, name + ".bn2", width);
      if (bottleneck) {
        expectConv(tensors, name + ".conv3", out, width, 1);
        expectNorm(tensors, name + ".bn3", out);
      }
      if (in != out) {
        expectConv(tensors, name + ".downsample.0", out, in, 1);
        expectNorm(tensors, name + ".downsample.1", out);
      }
      in = out;
    }
  expectLinear(tensors, "fc", 1000, in);
  return tensors;
}

TEST_CASE("ResNets have torchvision's tensors") {
  CHECK(tensorsOf(catalogue("resnet18").built()) == torchvisionResNet({2, 2, 2, 2}, false));
  CHECK(tensorsOf(catalogue("resnet34").built()) == torchvisionResNet({3, 4, 6, 3}, false));
  CHECK(tensorsOf(catalogue("resnet50").built()) == torchvisionResNet({3, 4, 6, 3}, true));
  CHECK(tensorsOf(catalogue("resnet101").built()) == torchvisionResNet({3, 4, 23, 3}, true));
  CHECK(tensorsOf(catalogue("resnet152").built()) == torchvisionResNet({3, 8, 36, 3}, true));
}

TEST_CASE("VGG has torchvision's tensors, biases among them") {
  auto vgg = [](std::vector<int> positions, std::vector<int64_t> widths) {
    Tensors tensors;
    int64_t in = 3;
    for (size_t i = 0; i < positions.size(); ++i) {
      std::string name = "features." + std::to_string(positions[i]);
      expectConv(tensors, name, widths[i], in, 3);
      tensors[name + ".bias"] = {{widths[i]}};
      in = widths[i];
    }
    expectLinear(tensors, "classifier.0", 4096, 512 * 7 * 7);
    expectLinear(tensors, "classifier.3", 4096, 4096);
    expectLinear(tensors, "classifier.6", 1000, 4096);
    return tensors;
  };
  CHECK(tensorsOf(catalogue("vgg16").built()) ==
        vgg({0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28}, {64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512}));
  CHECK(tensorsOf(catalogue("vgg19").built()) ==
        vgg({0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34},
            {64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512}));
}

TEST_CASE("CIFAR networks have the tensors that public checkpoints have") {
  Tensors expected;
  expectConv(expected, "conv1", 16, 3, 3);
  expectNorm(expected, "bn1", 16);
  int64_t in = 16;
  for (int layer = 0; layer < 3; ++layer)
    for (int block = 0; block < 3; ++block) {
      std::string name = "layer" + std::to_string(layer + 1) + "." + std::to_string(block);
      int64_t width = 16 << layer;
      expectConv(expected, name + ".conv1", width, in, 3);
      expectNorm(expected, name + ".bn1", width);
      expectConv(expected, name + ".conv2", width, width, 3);
      expectNorm(expected, name + ".bn2", width);
      in = width;
    }
  expectLinear(expected, "linear", 10, 64);
  CHECK(tensorsOf(cifar("cifar_resnet", 20).built()) == expected);
  CHECK(tensorsOf(cifar("cifar_plain", 20).built()) == expected);
}

TEST_CASE("ports carry what tools need") {
  Spec spec = catalogue("resnet50");
  auto model = *spec.built().getOps<mlir::func::FuncOp>().begin();
  CHECK(model.getSymName() == "resnet50");
  auto text = [](mlir::Attribute attribute) { return llvm::cast<mlir::StringAttr>(attribute).getValue(); };
  CHECK(text(model.getArgAttr(0, skip::graph::nameAttr)) == "image");
  CHECK(llvm::cast<mlir::IntegerAttr>(model.getArgAttr(0, skip::graph::resizeAttr)).getInt() == 256);
  CHECK(llvm::cast<mlir::IntegerAttr>(model.getArgAttr(0, skip::graph::cropAttr)).getInt() == 224);
  auto mean = llvm::cast<mlir::DenseF64ArrayAttr>(model.getArgAttr(0, skip::graph::meanAttr)).asArrayRef();
  CHECK(mean == llvm::ArrayRef<double>({0.485, 0.456, 0.406}));
  CHECK(text(model.getResultAttr(0, skip::graph::nameAttr)) == "logits");

  Spec small = cifar("cifar_resnet", 20);
  auto classes = llvm::cast<mlir::ArrayAttr>(
      (*small.built().getOps<mlir::func::FuncOp>().begin()).getResultAttr(0, skip::graph::classesAttr));
  REQUIRE(classes.size() == 10);
  CHECK(text(classes[9]) == "truck");
}

TEST_CASE("every value has a name of its own, that of the user's label where there is one") {
  Spec spec = catalogue("resnet18");
  std::map<std::string, int> names;
  spec.built().walk([&](mlir::Operation *op) {
    if (op->getNumResults() == 1 && !llvm::isa<skip::graph::ReadParameterOp>(op))
      ++names[skip::graph::valueName(op->getLoc()).str()];
  });
  for (const auto &[name, uses] : names) {
    INFO(name);
    CHECK(uses == 1);
  }
  for (const char *name : {"conv1", "layer1.0.conv1", "layer1.0.relu", "layer1.0.add", "layer2.0.downsample.0", "fc"})
    CHECK(names.count(name) == 1);
}
