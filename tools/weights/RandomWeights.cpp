// Random weights under which activations stay of order one at any depth.
//
// He's initialisation (variance 2 / fan-in) keeps the second moment through a convolution and its relu, and batch norms here
// have a gain of one in the mean square. A residual block adds its branch to what came in: were both of order one, the sum
// would double with each block, 2^600 in ResNet-1202. So what ends a branch, the batch norm (or without one the convolution)
// that feeds the add, is scaled by 1 / sqrt(number of adds): the second moment then grows by at most (1 + 2 / n)^n < 7.4. Where
// both operands of an add end in such an operation, the deeper one is the branch and the other the projection.
//
// Channels are of unlike size, as those of trained networks are: each output channel of a batch norm, or of a convolution whose
// result no batch norm reads, is multiplied by 2^u, u drawn evenly from [-spread, spread], and all by one number so that the
// mean of these squares is 1. Where the channels before are unlike, more hangs on the few large ones.
#include "tools/weights/RandomWeights.h"

#include "ir/graph/Graph.h"
#include "tools/weights/Random.h"
#include "tools/weights/SafetensorsWriter.h"

#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace skip;
using mlir::Operation;
using mlir::Value;
using tool::Random;

/// Of channels' sizes, in powers of two: a thousandfold in all.
static constexpr float spread = 5;

namespace {
class Initialiser {
public:
  Initialiser(mlir::func::FuncOp model, uint64_t seed) : model(model), seed(seed) {}
  std::string run();

private:
  void findBranchEnds();
  void fillFilter(graph::Contraction op);
  void fillNorm(graph::BatchNormOp norm);
  std::vector<float> channelScales(Value parameter) const;
  void scaleChannels(Value parameter, llvm::ArrayRef<float> scales);
  template <typename Function> void fill(Value parameter, Function value);

  mlir::func::FuncOp model;
  uint64_t seed;
  llvm::DenseMap<Operation *, float> branchScale;
  llvm::StringMap<std::vector<float>> values;
  llvm::StringSet<> scaled; // parameters whose channels have their sizes
};
} // namespace

static bool endsBranch(Operation *op) { return llvm::isa_and_nonnull<graph::BatchNormOp, graph::Contraction>(op); }

void Initialiser::findBranchEnds() {
  llvm::DenseMap<Value, int64_t> depth;
  std::vector<Operation *> ends;
  int64_t adds = 0;
  for (Operation &op : model.getBody().front()) {
    int64_t deepest = 0;
    for (Value operand : op.getOperands())
      deepest = std::max(deepest, depth.lookup(operand));
    for (Value result : op.getResults())
      depth[result] = deepest + 1;
    auto add = llvm::dyn_cast<graph::AddOp>(op);
    if (!add)
      continue;
    ++adds;
    Operation *a = add.getA().getDefiningOp(), *b = add.getB().getDefiningOp();
    if (!endsBranch(a) || (endsBranch(b) && depth[add.getB()] > depth[add.getA()]))
      std::swap(a, b);
    if (endsBranch(a))
      ends.push_back(a);
  }
  for (Operation *end : ends)
    branchScale[end] = 1 / std::sqrt(static_cast<float>(adds));
}

/// Gives each element of a parameter `value(random)`; the first that fills a parameter decides.
template <typename Function> void Initialiser::fill(Value parameter, Function value) {
  auto read = parameter.getDefiningOp<graph::ReadParameterOp>();
  if (!read)
    return;
  std::vector<float> &elements = values[read.getParameter()];
  if (!elements.empty())
    return;
  elements.resize(static_cast<size_t>(llvm::cast<mlir::RankedTensorType>(parameter.getType()).getNumElements()));
  Random random(seed, read.getParameter());
  for (float &element : elements)
    element = value(random);
}

/// The sizes of an operation's output channels, a stream of `parameter`'s own.
std::vector<float> Initialiser::channelScales(Value parameter) const {
  auto read = parameter.getDefiningOp<graph::ReadParameterOp>();
  std::vector<float> scales(static_cast<size_t>(llvm::cast<mlir::RankedTensorType>(parameter.getType()).getDimSize(0)), 1.0f);
  if (!read)
    return scales;
  Random random(seed, (read.getParameter() + " scales").str());
  float squares = 0;
  for (float &scale : scales) {
    scale = std::exp2(random.uniform(-spread, spread));
    squares += scale * scale;
  }
  for (float &scale : scales)
    scale /= std::sqrt(squares / static_cast<float>(scales.size()));
  return scales;
}

/// Multiplies what belongs to output channel c by scales[c].
void Initialiser::scaleChannels(Value parameter, llvm::ArrayRef<float> scales) {
  auto read = parameter ? parameter.getDefiningOp<graph::ReadParameterOp>() : nullptr;
  if (!read || !scaled.insert(read.getParameter()).second)
    return;
  std::vector<float> &elements = values[read.getParameter()];
  for (size_t i = 0, perChannel = elements.size() / scales.size(); i < elements.size(); ++i)
    elements[i] *= scales[i / perChannel];
}

void Initialiser::fillFilter(graph::Contraction op) {
  Value filter = op.getFilter(), bias = op.getBias();
  auto type = llvm::cast<mlir::RankedTensorType>(filter.getType());
  auto fanIn = static_cast<float>(type.getNumElements() / type.getDimSize(0));
  auto found = branchScale.find(op);
  float scale = found == branchScale.end() ? 1 : found->second;
  float deviation = std::sqrt(2 / fanIn) * scale;
  fill(filter, [=](Random &random) { return deviation * random.normal(); });
  if (bias)
    fill(bias, [=](Random &random) { return 0.1f * scale * random.normal(); });
  if (op.getSizes().isLinear ||
      llvm::any_of(op->getUsers(), [](Operation *user) { return llvm::isa<graph::BatchNormOp>(user); }))
    return; // classes are alike, and a norm's own channels have sizes
  std::vector<float> scales = channelScales(filter);
  scaleChannels(filter, scales);
  scaleChannels(bias, scales);
}

void Initialiser::fillNorm(graph::BatchNormOp norm) {
  auto found = branchScale.find(norm.getOperation());
  float scale = found == branchScale.end() ? 1 : found->second;
  // The mean of gamma^2 / variance is 1: gamma^2 averages 1 + 0.4^2 / 12, 1 / variance ln(1.2 / 0.8) / 0.4.
  float gain = 0.98666f * scale;
  fill(norm.getGamma(), [=](Random &random) { return gain * random.uniform(0.8f, 1.2f); });
  fill(norm.getBeta(), [=](Random &random) { return 0.1f * scale * random.normal(); });
  fill(norm.getMean(), [](Random &random) { return 0.1f * random.normal(); });
  fill(norm.getVariance(), [](Random &random) { return random.uniform(0.8f, 1.2f); });
  std::vector<float> scales = channelScales(norm.getGamma());
  scaleChannels(norm.getGamma(), scales);
  scaleChannels(norm.getBeta(), scales);
}

std::string Initialiser::run() {
  findBranchEnds();
  model.walk([&](Operation *op) {
    if (auto contraction = llvm::dyn_cast<graph::Contraction>(op))
      fillFilter(contraction);
    else if (auto norm = llvm::dyn_cast<graph::BatchNormOp>(op))
      fillNorm(norm);
  });
  // A parameter of an operation that none of the rules above knows: small numbers.
  model.walk(
      [&](graph::ReadParameterOp read) { fill(read.getValue(), [](Random &random) { return 0.1f * random.normal(); }); });
  tool::SafetensorsWriter writer;
  for (auto parameter : model->getParentOfType<mlir::ModuleOp>().getOps<graph::ParameterOp>())
    writer.add(parameter.getSymName(), parameter.getTensorType().getShape(), values[parameter.getSymName()]);
  return writer.finish();
}

std::string tool::randomWeights(mlir::func::FuncOp model, uint64_t seed) { return Initialiser(model, seed).run(); }
