// Gradients of whole networks, drawn at random: shortcuts, branches, shared and frozen parameters.
#include "tests/unit/ir/Training.h"

#include <sstream>

using namespace skip::test;

namespace {
struct Picture {
  std::string value;
  int64_t channels, size;

  std::string type() const {
    std::string side = std::to_string(size);
    return "tensor<?x" + std::to_string(channels) + "x" + side + "x" + side + "xf32>";
  }
};

class Network {
public:
  explicit Network(uint64_t seed) : generator(seed) {}
  std::string text();

private:
  int64_t upTo(int64_t most) { return static_cast<int64_t>(generator() % static_cast<uint64_t>(most)) + 1; }
  bool oneIn(int64_t n) { return upTo(n) == 1; }
  const Picture &any() { return pictures[static_cast<size_t>(upTo(static_cast<int64_t>(pictures.size()))) - 1]; }
  std::string param(const std::string &shape, bool isTrainable, const std::string &prefix = "p");
  void add(const std::string &operation, const std::string &types, int64_t channels, int64_t size);
  void grow();
  void addConv(const Picture &x);
  void addNorm(const Picture &x);
  void addPool(const Picture &x);
  void addSum(const Picture &x);
  void addLogits(const Picture &x);

  std::mt19937_64 generator;
  std::ostringstream declarations, reads, body;
  std::string trainable, logits;
  std::vector<Picture> pictures;
  std::vector<std::pair<std::string, std::string>> filters; // shape and name, for layers that share
  int count = 0;
};
} // namespace

std::string Network::param(const std::string &shape, bool isTrainable, const std::string &prefix) {
  std::string name = prefix + std::to_string(count++);
  declarations << "graph.parameter @" << name << " : tensor<" << shape << "xf32>\n";
  reads << "%" << name << " = graph.read_parameter @" << name << " : tensor<" << shape << "xf32>\n";
  if (isTrainable)
    trainable += (trainable.empty() ? "@" : ", @") + name;
  return name;
}

void Network::add(const std::string &operation, const std::string &types, int64_t channels, int64_t size) {
  Picture y{"%v" + std::to_string(count++), channels, size};
  body << y.value << " = graph." << operation << " : (" << types << ") -> " << y.type() << "\n";
  pictures.push_back(y);
}

void Network::addConv(const Picture &x) {
  int64_t kernel = upTo(4), stride = oneIn(3) ? 2 : 1, padding = upTo(3) - 1, outputs = oneIn(2) ? x.channels : upTo(5);
  if (x.size + 2 * padding < kernel)
    return;
  std::string shape =
      std::to_string(outputs) + "x" + std::to_string(x.channels) + "x" + std::to_string(kernel) + "x" + std::to_string(kernel);
  auto shared = std::find_if(filters.begin(), filters.end(), [&](const auto &filter) { return filter.first == shape; });
  if (shared == filters.end() || !oneIn(3))
    shared = filters.insert(filters.end(), {shape, param(shape, !oneIn(5))});
  add("conv2d " + x.value + ", %" + shared->second + " stride " + std::to_string(stride) + " padding " +
          std::to_string(padding),
      x.type() + ", tensor<" + shape + "xf32>", outputs, (x.size + 2 * padding - kernel) / stride + 1);
}

void Network::addNorm(const Picture &x) {
  bool isTrained = !oneIn(4);
  std::string c = std::to_string(x.channels), vector = ", tensor<" + c + "xf32>";
  std::string gamma = param(c, isTrained, "g"), beta = param(c, isTrained), mean = param(c, false);
  std::string variance = param(c, false, "g");
  add("batch_norm " + x.value + ", %" + gamma + ", %" + beta + ", %" + mean + ", %" + variance + " epsilon 1.0e-03",
      x.type() + vector + vector + vector + vector, x.channels, x.size);
}

void Network::addPool(const Picture &x) {
  int64_t kernel = upTo(3), stride = upTo(2), padding = kernel > 1 ? upTo(2) - 1 : 0;
  std::string k = std::to_string(kernel), s = std::to_string(stride), pad = std::to_string(padding);
  if (oneIn(3))
    return add("subsample " + x.value + " stride 2", x.type(), x.channels, (x.size + 1) / 2);
  if (oneIn(3))
    return add("pad_channels " + x.value + " before 1 after 2", x.type(), x.channels + 3, x.size);
  if (x.size + 2 * padding >= kernel)
    add("max_pool " + x.value + " kernel [" + k + ", " + k + "] strides [" + s + ", " + s + "] pads [" + pad + ", " + pad +
            ", " + pad + ", " + pad + "]",
        x.type(), x.channels, (x.size + 2 * padding - kernel) / stride + 1);
}

/// With another of the same shape, or with itself.
void Network::addSum(const Picture &x) {
  for (int tries = 0; tries < 8; ++tries)
    if (Picture other = any(); other.type() == x.type())
      return add("add " + x.value + ", " + other.value, x.type() + ", " + x.type(), x.channels, x.size);
}

void Network::grow() {
  Picture x = oneIn(3) ? any() : pictures.back();
  switch (upTo(5)) {
  case 1:
    if (oneIn(4))
      return add("dropout " + x.value + " rate 0.25", x.type(), x.channels, x.size);
    return add("relu " + x.value, x.type(), x.channels, x.size);
  case 2:
    return addNorm(x);
  case 3:
    return addSum(x);
  case 4:
    return addPool(x);
  default:
    return addConv(x);
  }
}

/// What nothing reads adds to the logits.
void Network::addLogits(const Picture &x) {
  std::string c = std::to_string(x.channels), id = std::to_string(count++), filter = param("4x" + c, true);
  body << "%e" << id << " = graph.global_avg_pool " << x.value << " : (" << x.type() << ") -> tensor<?x" << c << "xf32>\n"
       << "%l" << id << " = graph.linear %e" << id << ", %" << filter << " : (tensor<?x" << c << "xf32>, tensor<4x" << c
       << "xf32>) -> tensor<?x4xf32>\n";
  std::string sum = "%s" + id;
  if (logits.empty())
    sum = "%l" + id;
  else
    body << sum << " = graph.add " << logits << ", %l" << id << " : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>\n";
  logits = sum;
}

std::string Network::text() {
  pictures.push_back({"%image", 3, 9});
  addConv(pictures.back());
  for (int64_t i = 4 + upTo(10); i > 0; --i)
    grow();
  std::string graph = body.str();
  for (size_t i = 1; i < pictures.size(); ++i)
    if (graph.find(pictures[i].value + " ") == graph.rfind(pictures[i].value + " ") &&
        graph.find(pictures[i].value + ",") == graph.npos)
      addLogits(pictures[i]);
  return declarations.str() + "func.func @net(%image: tensor<?x3x9x9xf32>) -> tensor<?x4xf32> attributes {graph.trainable = [" +
         trainable + "]} {\n" + reads.str() + body.str() + "return " + logits + " : tensor<?x4xf32>\n}\n";
}

static bool agrees(Training &training) {
  for (int tries = 0; tries < 3; ++tries) // a mask of a relu or a maximum that flips within the step is drawn anew
    if (worstError(training, 1) < 1e-6)
      return true;
  return false;
}

TEST_CASE("the gradients of random networks are what differences of the loss say") {
  int expanded = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::string network = Network(seed).text();
    INFO("seed " << seed << "\n" << network);
    Training training(network, seed);
    REQUIRE(training.isDerived);
    CHECK(agrees(training));
    int strided = training.stridedGradients();
    CHECK(training.expand() < 1e-9); // batch norms of few elements divide by little
    expanded += strided > 0 && training.stridedGradients() == 0;
  }
  CHECK(expanded > 20);
}
