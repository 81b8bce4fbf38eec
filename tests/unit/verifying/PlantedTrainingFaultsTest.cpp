// Faults that the kernels of a training step could have, planted in the steps of a small network: the checker must report each.
//
// A fault is damage to a step's result right behind the step, in the values that the step stands for. The network is compiled
// once; a trainer is opened anew for each fault.
#include "ir/plan/Plan.h"
#include "support/TemporaryFolder.h"
#include "tests/unit/SpecText.h"
#include "tools/running/Session.h"
#include "tools/text/Layers.h"
#include "tools/verifying/GradientCheck.h"
#include "tools/verifying/StepCheck.h"
#include "tools/verifying/StepValues.h"

#include <fstream>

using namespace skip;
using reference::Tensor;

static constexpr int64_t images = 4;
static const char *const spec = R"(
  model net {
    input image[3, 12, 12]
    a = image |> conv1: conv(20, 3) |> bn1: bn |> relu1: relu
    b = a |> conv2: conv(32, 3, stride = 2, bias = true) |> bn2: bn
    c = b + (a |> shortcut1: shortcut(like = b, option = A))
    output y = c |> relu2: relu |> max_pool(3, stride = 2, pad = 1) |> global_avg_pool |> fc: linear(5)
    train y {
      loss = cross_entropy {smoothing = 0.1}
      batch = 8, groups = 2
      rate = steps {start = 0.1, at = []}
      length = 10
    }
  })";

namespace {
using Damage = std::function<void(Tensor &)>;

/// The network, compiled and loaded for training.
class Network {
public:
  Network();
  std::unique_ptr<tool::GuardedTrainer> trainer() const;
  mlir::func::FuncOp variant() const { return *compilation->training().getOps<mlir::func::FuncOp>().begin(); }
  /// Whether the checker finds fault with any step, of which the one that makes `value` does damage.
  bool findsFault(llvm::StringRef value, const Damage &damage) const;
  std::vector<std::string> faultsOfRuns(tool::RunningBody::Observer damage) const;

private:
  TemporaryFolder folder;
  tool::CompileOptions options;
  std::unique_ptr<tool::Compilation> compilation;
  std::optional<tool::WeightsSource> weights;
  mlir::OwningOpRef<mlir::ModuleOp> reference;
  std::optional<tool::Session> session;
  std::optional<tool::Checkpoint> checkpoint;
};

/// A trainer of which one step does damage.
class Faulty : public tool::RunningBody {
public:
  Faulty(std::unique_ptr<tool::GuardedTrainer> sound, int64_t step, mlir::OpResult result, Damage damage)
      : sound(std::move(sound)), step(step), result(result), damage(std::move(damage)) {}
  llvm::StringRef isa() const override { return sound->isa(); }
  llvm::Error run(int64_t n, llvm::ArrayRef<const float *> inputs, llvm::ArrayRef<float *> outputs) override {
    return sound->run(n, inputs, outputs);
  }
  llvm::Error observe(Observer observer) override {
    return sound->observe([this, observer](const skip_step_event &event) {
      if (event.index == step)
        spoil(event);
      if (observer)
        observer(event);
    });
  }
  void spoilWorkspace() override { sound->spoilWorkspace(); }
  void clearWorkspace() override { sound->clearWorkspace(); }
  bool isWorkspaceIntact() const override { return sound->isWorkspaceIntact(); }

private:
  void spoil(const skip_step_event &event) {
    auto type = llvm::cast<mlir::RankedTensorType>(result.getType());
    plan::LayoutAttr layout = llvm::cast<plan::KernelOp>(result.getOwner()).outputLayout(result.getResultNumber());
    auto *memory = static_cast<float *>(const_cast<void *>(event.results[result.getResultNumber()]));
    Tensor tensor = tool::readLayout(memory, type, layout, event.images);
    damage(tensor);
    tool::writeLayout(tensor, memory, type, layout);
  }

  std::unique_ptr<tool::GuardedTrainer> sound;
  int64_t step;
  mlir::OpResult result;
  Damage damage;
};
} // namespace

Network::Network() {
  std::string error;
  REQUIRE(folder.create(error));
  std::ofstream(folder.path() + "/net.skip") << spec;
  options.spec = folder.path() + "/net.skip";
  options.exact = options.noTuning = options.train = true;
  compilation = std::make_unique<tool::Compilation>(options);
  llvm::cantFail(compilation->readGraph());
  weights = llvm::cantFail(tool::WeightsSource::open("random:1", tool::modelOf(compilation->module())));
  llvm::cantFail(compilation->optimizeGraph());
  reference = compilation->training().clone();
  llvm::cantFail(compilation->makePlan({"", {1}, {tool::Body::avx2}}));
  session = llvm::cantFail(tool::Session::load(*compilation, *weights));
  checkpoint = llvm::cantFail(tool::Checkpoint::open(*weights, compilation->lowered().image));
}

std::unique_ptr<tool::GuardedTrainer> Network::trainer() const {
  llvm::ArrayRef<char> bytes(static_cast<const char *>(weights->data()), weights->size());
  return llvm::cantFail(
      tool::GuardedTrainer::open(session->model(), *compilation->lowered().training, {"avx2", 1, images, bytes}));
}

/// The last step that has a value of this name: the first computes it, a copy is behind it.
static std::pair<int64_t, mlir::OpResult> find(mlir::func::FuncOp variant, llvm::StringRef value) {
  for (auto [index, kernel] : llvm::enumerate(variant.getOps<plan::KernelOp>()))
    for (mlir::OpResult result : kernel->getResults())
      if (graph::valueName(result) == value)
        return {static_cast<int64_t>(index), result};
  FAIL("no step makes " << value.str());
  return {};
}

bool Network::findsFault(llvm::StringRef value, const Damage &damage) const {
  auto [step, result] = find(variant(), value);
  std::vector<std::unique_ptr<tool::RunningBody>> bodies;
  bodies.push_back(std::make_unique<Faulty>(trainer(), step, result, damage));
  tool::RandomInput input(tool::describePorts(variant()), images, 1);
  tool::StepReference expected(tool::modelOf(*reference), *checkpoint);
  data::Progress progress(1, "test");
  auto errors = llvm::cantFail(tool::checkSteps(variant(), expected, input, images, bodies, progress));
  return !llvm::all_of(errors, [](const tool::StepError &error) { return error.isWithin(); });
}

std::vector<std::string> Network::faultsOfRuns(tool::RunningBody::Observer damage) const {
  std::unique_ptr<tool::GuardedTrainer> body = trainer();
  llvm::cantFail(body->observe(std::move(damage)));
  tool::Ports ports = tool::describePorts(variant());
  tool::RandomInput first(ports, images, 1), other(ports, images, 2);
  return llvm::cantFail(tool::checkGroups(*body, variant(), first, other, images));
}

static double &at(Tensor &x, int64_t a, int64_t b, int64_t c = 0, int64_t d = 0) {
  auto size = [&](size_t axis) { return x.shape.size() > axis ? x.dim(axis) : 1; };
  return x.data[((a * size(1) + b) * size(2) + c) * size(3) + d];
}

static const Network &network() {
  static Network made;
  return made;
}

TEST_CASE("planted in training: nothing is reported where there is no fault") {
  CHECK_FALSE(network().findsFault("loss", [](Tensor &) {}));
  CHECK(network().faultsOfRuns({}).empty());
}

TEST_CASE("planted in training: statistics") {
  CHECK(network().findsFault("bn1.moments", [](Tensor &x) { at(x, 1, 7, 0) *= 143.0 / 144; })); // a pixel forgotten
  CHECK(network().findsFault("bn1.moments", [](Tensor &x) { at(x, 1, 7, 1) *= 143.0 / 144; }));
  CHECK(network().findsFault("bn1.mean", [](Tensor &x) { x.data[3] *= 1 - 1e-5; })); // a mean, summed in float
  CHECK(network().findsFault("bn1.next_variance", [](Tensor &x) { x.data[3] *= (144 * images - 1.0) / (144 * images); }));
  CHECK(network().findsFault("bn1.shift", [](Tensor &x) { std::swap(x.data[1], x.data[2]); }));
  CHECK(network().findsFault("bn1.grad.sums", [](Tensor &x) { std::swap(at(x, 2, 5, 0), at(x, 2, 5, 1)); }));
  CHECK(network().findsFault("bn1.grad.dgamma", [](Tensor &x) { x.data[19] *= 3.0 / 4; })); // an image forgotten
  CHECK(network().findsFault("bn1.grad.c", [](Tensor &x) { x.data[0] += 1e-5; }));
}

TEST_CASE("planted in training: gradients of filters") {
  CHECK(network().findsFault("conv1.weight.grad", [](Tensor &x) { at(x, 17, 2, 0, 1) = 0; })); // a tap forgotten
  CHECK(
      network().findsFault("conv2.weight.grad", [](Tensor &x) { std::swap(at(x, 9, 8, 1, 0), at(x, 9, 8, 0, 1)); })); // turned
  CHECK(network().findsFault("conv2.weight.grad", [](Tensor &x) { at(x, 31, 19, 2, 2) *= 1 - 1e-4; })); // of a pixel
  CHECK(network().findsFault("conv2.weight.transposed", [](Tensor &x) { std::swap(at(x, 3, 4, 0, 0), at(x, 3, 4, 2, 2)); }));
  CHECK_FALSE(network().findsFault("conv2.bias.grad", [](Tensor &x) { x.data[31] *= 1.001; })); // zeros, but for roundings
  CHECK(network().findsFault("conv2.bias.grad", [](Tensor &x) { x.data[31] += 1e-4; }));
  CHECK(network().findsFault("fc.weight.grad", [](Tensor &x) { std::swap(at(x, 0, 31), at(x, 4, 31)); }));
  CHECK(network().findsFault("fc.bias.grad", [](Tensor &x) { x.data[4] *= 3.0 / 4; }));
}

TEST_CASE("planted in training: gradients of pictures") {
  CHECK(network().findsFault("relu1.grad", [](Tensor &x) { // a mask that lets all through
    for (double &value : x.data)
      value = value == 0 ? 1e-3 : value;
  }));
  CHECK(network().findsFault("relu1.grad", [](Tensor &x) { // a pixel of another parity class than its own
    for (int64_t i = 0; i + 1 < x.size(); ++i)
      if (x.data[i] != 0 && x.data[i + 1] != 0)
        return std::swap(x.data[i], x.data[i + 1]);
  }));
  CHECK(network().findsFault("max_pool.grad", [](Tensor &x) { // the last maximum, in place of the first
    for (int64_t i = 0; i + 1 < x.size(); ++i)
      if (x.data[i] != 0 && x.data[i + 1] == 0)
        return std::swap(x.data[i], x.data[i + 1]);
  }));
}

TEST_CASE("planted in training: the loss and its gradient") {
  CHECK(network().findsFault("loss", [](Tensor &x) { x.data[0] *= 1 + 1e-5; }));
  CHECK(network().findsFault("loss.grad", [](Tensor &x) { at(x, 3, 4) += 0.02 / images; })); // no smoothing
}

TEST_CASE("planted in training: a value that is no number") {
  CHECK(network().findsFault("conv1.weight.grad", [](Tensor &x) { x.data[0] = std::numeric_limits<double>::quiet_NaN(); }));
  CHECK(network().findsFault("bn2.scale", [](Tensor &x) { x.data[0] = std::numeric_limits<double>::quiet_NaN(); }));
}

TEST_CASE("planted in training: gradients that are not written, or added to those of an earlier run") {
  auto [step, result] = find(network().variant(), "conv1.weight.grad");
  float before = std::numeric_limits<float>::quiet_NaN();
  auto damaged = [&, step = step](float keep) {
    return network().faultsOfRuns([&, keep](const skip_step_event &event) {
      auto *gradient = static_cast<float *>(const_cast<void *>(event.results[0]));
      if (event.index == step)
        before = *gradient = *gradient + keep * before;
    });
  };
  CHECK_FALSE(damaged(1).empty());
  before = 0;
  CHECK_FALSE(damaged(1).empty());
}

TEST_CASE("planted in training: padding of a gradient is not zero") {
  auto [step, result] = find(network().variant(), "conv1.weight.grad"); // of 20 channels, in blocks of 16
  auto faults = network().faultsOfRuns([&, step = step](const skip_step_event &event) {
    if (event.index == step)
      static_cast<float *>(const_cast<void *>(event.results[0]))[16 * 3 * 9 + 15] = 1;
  });
  REQUIRE(faults.size() == 1);
  CHECK(faults.front() == "gradient of `conv1.weight`: 1 floats of padding are not zero");
}
