// The derivation of gradients, proven from outside: what graph-derive-backward appends is held against central differences of
// the loss in double precision, for each operation.
#include "tests/unit/ir/Training.h"

#include <sstream>

using namespace skip::test;

/// `%p`, read from a parameter of that name.
struct Param {
  std::string name, shape;
  bool isTrainable = true;
};

/// A network of one operation, which makes a tensor of `result` for each image from what a trained convolution gives. What
/// stands behind a picture makes its pixels count differently.
static std::string networkOf(const std::string &operation, const std::string &result, std::vector<Param> params = {}) {
  params.insert(params.begin(), {"w0", "4x3x3x3"});
  std::ostringstream text, reads;
  std::string trainable, channels = result.substr(0, result.find('x'));
  for (const Param &param : params) {
    text << "graph.parameter @" << param.name << " : tensor<" << param.shape << "xf32>\n";
    reads << "%" << param.name << " = graph.read_parameter @" << param.name << " : tensor<" << param.shape << "xf32>\n";
    trainable += param.isTrainable ? (trainable.empty() ? "@" : ", @") + param.name : "";
  }
  text << "func.func @net(%image: tensor<?x3x6x6xf32>) -> tensor<?x" << channels << "xf32> attributes {graph.trainable = ["
       << trainable << "]} {\n"
       << reads.str() << "%x = graph.conv2d %image, %w0 stride 1 padding 1 : (tensor<?x3x6x6xf32>, tensor<4x3x3x3xf32>) -> "
       << "tensor<?x4x6x6xf32>\n"
       << operation << " -> tensor<?x" << result << "xf32>\n";
  if (channels == result)
    return text.str() + "return %y : tensor<?x" + result + "xf32>\n}\n";
  text << "%r = graph.relu %y : (tensor<?x" << result << "xf32>) -> tensor<?x" << result << "xf32>\n"
       << "%e = graph.global_avg_pool %r : (tensor<?x" << result << "xf32>) -> tensor<?x" << channels << "xf32>\n"
       << "return %e : tensor<?x" << channels << "xf32>\n}\n";
  return text.str();
}

static std::string conv(const std::string &filter, int stride, int padding, const std::string &result) {
  std::ostringstream text;
  text << "%y = graph.conv2d %x, %w bias %c stride " << stride << " padding " << padding << " : (tensor<?x4x6x6xf32>, tensor<"
       << filter << "xf32>, tensor<5xf32>)";
  return networkOf(text.str(), result, {{"w", filter}, {"c", "5"}});
}

static std::string unary(const std::string &operation, const std::string &result) {
  return networkOf("%y = graph." + operation + " : (tensor<?x4x6x6xf32>)", result);
}

static std::string batchNorm(bool isTrained) {
  return networkOf("%y = graph.batch_norm %x, %g, %b, %mean, %var epsilon 1.0e-05 : (tensor<?x4x6x6xf32>, tensor<4xf32>, "
                   "tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)",
                   "4x6x6", {{"g", "4", isTrained}, {"b", "4", isTrained}, {"mean", "4", false}, {"var", "4", false}});
}

static std::string linear(const std::string &behind) {
  return networkOf("%f = graph.flatten %x : (tensor<?x4x6x6xf32>) -> tensor<?x144xf32>\n%" +
                       std::string(behind.empty() ? "y" : "z") +
                       " = graph.linear %f, %l bias %k : (tensor<?x144xf32>, tensor<5x144xf32>, tensor<5xf32>)" + behind,
                   "5", {{"l", "5x144"}, {"k", "5"}});
}

static std::string unflattened() {
  return networkOf("%v = graph.flatten %x : (tensor<?x4x6x6xf32>) -> tensor<?x144xf32>\n"
                   "%y = graph.unflatten %v channels 2 height 8 width 9 : (tensor<?x144xf32>)",
                   "2x8x9");
}

TEST_CASE("the gradient of each operation is what differences of the loss say") {
  auto network = GENERATE(
      conv("5x4x3x3", 1, 1, "5x6x6"), conv("5x4x3x3", 1, 0, "5x4x4"), conv("5x4x1x1", 1, 0, "5x6x6"),
      conv("5x4x3x3", 2, 1, "5x3x3"), conv("5x4x1x1", 2, 0, "5x3x3"), conv("5x4x5x5", 1, 4, "5x10x10"),
      conv("5x4x2x2", 1, 2, "5x9x9"), conv("5x4x3x2", 1, 1, "5x6x7"), conv("5x4x1x3", 3, 2, "5x4x3"),
      conv("5x4x3x3", 4, 1, "5x2x2"), unary("relu %x", "4x6x6"), unary("dropout %x rate 0.4", "4x6x6"),
      unary("max_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1]", "4x3x3"),
      unary("max_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0]", "4x3x3"),
      unary("max_pool %x kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1]", "4x6x6"), unary("subsample %x stride 2", "4x3x3"),
      unary("subsample %x stride 4", "4x2x2"), unary("pad_channels %x before 2 after 3", "9x6x6"),
      unary("take_channels %x first 1 count 2", "2x6x6"), unflattened(), unary("global_avg_pool %x", "4"), batchNorm(false),
      batchNorm(true), networkOf("%y = graph.add %x, %x : (tensor<?x4x6x6xf32>, tensor<?x4x6x6xf32>)", "4x6x6"), linear(""),
      linear(" -> tensor<?x5xf32>\n%y = graph.softmax %z : (tensor<?x5xf32>)"));
  INFO(network);
  Training training(network, 7);
  REQUIRE(training.isDerived);
  CHECK(worstError(training, 4) < 1e-7);
}

static std::string general(const std::string &filter, const std::string &how, const std::string &result) {
  return networkOf("%y = graph.conv2d_general %x, %w bias %c " + how + " : (tensor<?x4x6x6xf32>, tensor<" + filter +
                       "xf32>, tensor<" + filter.substr(0, 1) + "xf32>)",
                   result, {{"w", filter}, {"c", filter.substr(0, 1)}});
}

/// By factors that the picture itself gives.
static std::string excited(bool areVectors) {
  std::string factors = areVectors ? "4" : "4x1x1";
  std::string means = areVectors ? "global_avg_pool %x" : "avg_pool %x kernel [6, 6] strides [6, 6] pads [0, 0, 0, 0]";
  return networkOf("%m = graph." + means + " : (tensor<?x4x6x6xf32>) -> tensor<?x" + factors +
                       "xf32>\n%s = graph.sigmoid %m : (tensor<?x" + factors + "xf32>) -> tensor<?x" + factors +
                       "xf32>\n%y = graph.mul %x, %s : (tensor<?x4x6x6xf32>, tensor<?x" + factors + "xf32>)",
                   "4x6x6");
}

/// Vectors by factors that are pictures of one pixel.
static std::string excitedVectors() {
  return networkOf("%v = graph.global_avg_pool %x : (tensor<?x4x6x6xf32>) -> tensor<?x4xf32>\n"
                   "%m = graph.avg_pool %x kernel [6, 6] strides [6, 6] pads [0, 0, 0, 0] : (tensor<?x4x6x6xf32>) -> "
                   "tensor<?x4x1x1xf32>\n"
                   "%y = graph.mul %v, %m : (tensor<?x4xf32>, tensor<?x4x1x1xf32>)",
                   "4");
}

/// By offsets that the picture itself gives.
static std::string shifted(bool areVectors) {
  std::string offsets = areVectors ? "4" : "4x1x1";
  std::string means = areVectors ? "global_avg_pool %x" : "avg_pool %x kernel [6, 6] strides [6, 6] pads [0, 0, 0, 0]";
  return networkOf("%m = graph." + means + " : (tensor<?x4x6x6xf32>) -> tensor<?x" + offsets +
                       "xf32>\n%y = graph.shift %x, %m : (tensor<?x4x6x6xf32>, tensor<?x" + offsets + "xf32>)",
                   "4x6x6");
}

/// Element by element by what the picture itself gives.
static std::string gated() {
  std::string image = "tensor<?x4x6x6xf32>";
  return networkOf("%s = graph.sigmoid %x : (" + image + ") -> " + image + "\n%y = graph.multiply %x, %s : (" + image + ", " +
                       image + ")",
                   "4x6x6");
}

TEST_CASE("the gradients of general convolutions, activations and what else the wider family has are those of differences") {
  auto network = GENERATE(
      general("6x2x3x3", "strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1] groups 2", "6x6x6"),
      general("4x1x3x3", "strides [2, 2] dilations [1, 1] pads [1, 1, 1, 1] groups 4", "4x3x3"),
      general("8x1x3x1", "strides [2, 1] dilations [1, 2] pads [0, 1, 2, 0] groups 4", "8x3x7"),
      general("5x4x3x2", "strides [1, 3] dilations [2, 1] pads [2, 0, 1, 1] groups 1", "5x5x2"),
      unary("avg_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0]", "4x3x3"),
      unary("avg_pool %x kernel [3, 2] strides [2, 1] pads [1, 0, 1, 1] include_pad", "4x3x6"),
      unary("avg_pool %x kernel [4, 4] strides [3, 3] pads [0, 0, 0, 0] ceil", "4x2x2"),
      unary("max_pool %x kernel [4, 4] strides [3, 3] pads [0, 0, 0, 0] ceil", "4x2x2"),
      unary("max_pool %x kernel [3, 2] strides [2, 1] pads [1, 0, 0, 1]", "4x3x6"),
      networkOf("%y = graph.concat %x, %x : (tensor<?x4x6x6xf32>, tensor<?x4x6x6xf32>)", "8x6x6"),
      unary("upsample %x factor 2", "4x12x12"), unary("upsample %x factor 3 bilinear", "4x18x18"), unary("sigmoid %x", "4x6x6"),
      unary("silu %x", "4x6x6"), unary("gelu %x", "4x6x6"), unary("hard_sigmoid %x", "4x6x6"), unary("hard_swish %x", "4x6x6"),
      unary("mish %x", "4x6x6"), unary("leaky_relu %x slope 0.2", "4x6x6"), gated(), excitedVectors(),
      unary("reflect_pad %x pads [1, 2, 5, 0]", "4x12x8"), unary("reflect_pad %x pads [5, 5, 5, 5]", "4x16x16"), shifted(false),
      shifted(true), networkOf("%y = graph.prelu %x, %s : (tensor<?x4x6x6xf32>, tensor<4xf32>)", "4x6x6", {{"s", "4"}}),
      excited(false), excited(true));
  INFO(network);
  Training training(network, 7);
  REQUIRE(training.isDerived);
  CHECK(worstError(training, 4) < 1e-7);
}
