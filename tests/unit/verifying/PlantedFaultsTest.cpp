// Faults that kernels and plans could have, planted in a small network: the checker, as it is, must report each.
//
// A fault of a kernel is planted by damage to a step's result right behind the step, in every run. What a kernel forgets to
// write is what lay there before the step. A fault of a plan is planted behind the passes, of which the last would refuse some.
#include "ir/plan/Layout.h"
#include "passes/graph/Passes.h"
#include "runtime/Safetensors.h"
#include "support/TemporaryFolder.h"
#include "tests/unit/SpecText.h"
#include "tools/running/Session.h"
#include "tools/text/Layers.h"
#include "tools/verifying/RunCheck.h"
#include "tools/verifying/StepCheck.h"
#include "tools/weights/RandomWeights.h"

#include "mlir/Pass/PassManager.h"

#include <cmath>
#include <fstream>

using namespace skip;

static constexpr int64_t images = 3, smallChannel = 5, channels = 20;
static const char *const spec = R"(
  model net {
    input image[3, 12, 12]
    a = image |> conv1: conv(20, 3) |> bn1: bn |> relu
    b = a + (a |> conv2: conv(20, 3) |> bn2: bn)
    output y = b |> conv3: conv(24, 3, stride = 2) |> bn3: bn |> relu |> global_avg_pool |> fc: linear(5)
  })";

namespace {
/// The result of a step, and the workspace as it was before it.
struct Site {
  float *interior;
  plan::Strides strides;
  int64_t images;
  tool::GuardedMemory &workspace;
  const std::vector<float> &before;

  float &at(int64_t n, int64_t c, int64_t y, int64_t x) const {
    return interior[n * strides.image + c / 16 * strides.block + y * strides.row + x * strides.pixel + c % 16];
  }
  /// What was there if this was not written.
  float old(const float &value) const { return before[static_cast<size_t>(&value - workspace.floats())]; }
  void forget(float &value) const { value = old(value); }
};
using Damage = std::function<void(const Site &)>;

/// Steps are counted, for a copy of a result has its name.
static uint32_t stepOf(plan::KernelOp kernel) {
  auto kernels = kernel->getParentOfType<mlir::func::FuncOp>().getOps<plan::KernelOp>();
  return static_cast<uint32_t>(std::distance(kernels.begin(), llvm::find(kernels, kernel)));
}

/// A body of which one step does damage.
class Faulty : public tool::RunningBody {
public:
  Faulty(std::unique_ptr<tool::Runner> sound, plan::KernelOp kernel, Damage damage)
      : sound(std::move(sound)), kernel(kernel), damage(std::move(damage)) {
    remember();
    llvm::cantFail(observe({}));
  }
  llvm::StringRef isa() const override { return sound->isa(); }
  llvm::Error run(int64_t n, llvm::ArrayRef<const float *> inputs, llvm::ArrayRef<float *> outputs) override {
    return sound->run(n, inputs, outputs);
  }
  llvm::Error observe(Observer observer) override {
    return sound->observe([this, observer](const skip_step_event &event) {
      if (damage && event.index == stepOf(kernel))
        spoil(event);
      if (observer)
        observer(event);
      remember();
    });
  }
  void spoilWorkspace() override {
    sound->spoilWorkspace();
    remember();
  }
  void clearWorkspace() override {
    sound->clearWorkspace();
    remember();
  }
  bool isWorkspaceIntact() const override { return sound->isWorkspaceIntact(); }

private:
  void remember() {
    tool::GuardedMemory &memory = sound->guardedWorkspace();
    before.assign(memory.floats(), memory.floats() + memory.bytes() / sizeof(float));
  }
  void spoil(const skip_step_event &event) {
    auto type = llvm::cast<mlir::RankedTensorType>(kernel.getOutputs().front().getType());
    damage({static_cast<float *>(const_cast<void *>(event.results[0])), plan::stridesOf(type, kernel.outputLayout(0)),
            event.images, sound->guardedWorkspace(), before});
  }

  std::unique_ptr<tool::Runner> sound;
  plan::KernelOp kernel;
  Damage damage;
  std::vector<float> before;
};

/// What the checker says.
struct Verdict {
  bool stepsByLargest = true, stepsByElement = true; ///< within their bounds
  std::vector<std::string> faults;                   ///< of runs
  bool isFine() const { return stepsByLargest && stepsByElement && faults.empty(); }
};

/// Compiles the network, with a fault in its plan or in the kernel of a step.
struct Experiment {
  std::function<void(mlir::ModuleOp)> breakPlan;
  std::string step = "relu";
  Damage damage;

  Verdict verdict() const;
};
} // namespace

static void write(const std::string &path, const std::string &bytes) { std::ofstream(path, std::ios::binary) << bytes; }

/// Random weights under which one channel of the first convolution is a thousandth of the others.
static std::string weightsOf(mlir::func::FuncOp model) {
  std::string bytes = tool::randomWeights(model, 1);
  runtime::Safetensors tensors;
  REQUIRE(tensors.parse(bytes.data(), bytes.size(), "test") == SKIP_OK);
  for (size_t i = 0; i < tensors.count(); ++i)
    if (std::string name = tensors[i].name; name == "bn1.weight" || name == "bn1.bias")
      reinterpret_cast<float *>(const_cast<uint8_t *>(tensors[i].data))[smallChannel] *= 1e-3f; // in `bytes`
  return bytes;
}

/// The one that computes the step, not a copy of it.
static plan::KernelOp kernelOf(mlir::ModuleOp module, llvm::StringRef step) {
  plan::KernelOp found;
  module.walk([&](plan::KernelOp kernel) {
    if (!found && graph::valueName(kernel.getLoc()) == step)
      found = kernel;
  });
  REQUIRE(found);
  return found;
}

Verdict Experiment::verdict() const {
  TemporaryFolder folder;
  std::string error;
  REQUIRE(folder.create(error));
  write(folder.path() + "/net.skip", spec);
  tool::CompileOptions options;
  options.spec = folder.path() + "/net.skip";
  options.exact = options.noTuning = true;
  tool::Compilation compilation(options);
  llvm::cantFail(compilation.readGraph());
  write(folder.path() + "/w.safetensors", weightsOf(tool::modelOf(compilation.module())));
  tool::WeightsSource weights =
      llvm::cantFail(tool::WeightsSource::open(folder.path() + "/w.safetensors", tool::modelOf(compilation.module())));
  mlir::OwningOpRef<mlir::ModuleOp> graph = compilation.module().clone();
  llvm::cantFail(compilation.optimizeGraph());
  llvm::cantFail(compilation.makePlan({"", {images}, {tool::Body::avx2}}));
  if (breakPlan)
    breakPlan(compilation.module());
  tool::Session session = llvm::cantFail(tool::Session::load(compilation, weights));
  tool::Checkpoint checkpoint = llvm::cantFail(tool::Checkpoint::open(weights, compilation.lowered().image));
  mlir::PassManager passes(graph->getContext());
  graph::buildReferencePipeline(passes);
  REQUIRE(mlir::succeeded(passes.run(*graph)));
  mlir::func::FuncOp model = tool::modelOf(*graph);
  tool::StepReference reference(model, checkpoint);

  plan::KernelOp kernel = kernelOf(compilation.module(), step);
  std::vector<std::unique_ptr<tool::RunningBody>> bodies;
  bodies.push_back(std::make_unique<Faulty>(llvm::cantFail(session.guardedRunner(1, "avx2", images)), kernel, damage));
  tool::Ports ports = tool::describePorts(model);
  tool::RandomInput first(ports, images, 1), other(ports, images, 2);
  data::Progress progress(1, "test");
  auto errors = llvm::cantFail(
      tool::checkSteps(kernel->getParentOfType<mlir::func::FuncOp>(), reference, first, images, bodies, progress));
  Verdict verdict;
  for (const tool::StepError &step : errors) {
    verdict.stepsByLargest &= step.error <= step.bound;
    verdict.stepsByElement &= step.elementError <= step.elementBound;
  }
  llvm::cantFail(bodies.front()->observe({})); // the damage stays
  verdict.faults = llvm::cantFail(tool::checkRuns(*bodies.front(), {ports, first, other, images})).faults;
  return verdict;
}

static Verdict damaged(Damage damage, std::string step = "relu") {
  return Experiment{{}, std::move(step), std::move(damage)}.verdict();
}

TEST_CASE("planted: nothing is reported where there is no fault") { CHECK(damaged({}).isFine()); }

TEST_CASE("planted: a halo that is not written") {
  Verdict verdict = damaged([](const Site &site) {
    for (int64_t x = -1; x < 13; ++x)
      site.forget(site.at(0, 3, -1, x));
  });
  CHECK_FALSE(verdict.stepsByElement);
  CHECK_FALSE(verdict.faults.empty());
}

TEST_CASE("planted: lanes of channels that do not exist are not written") {
  CHECK_FALSE(damaged([](const Site &site) { site.forget(site.at(1, channels, 4, 4)); }).stepsByElement);
}

TEST_CASE("planted: the last image is not computed") {
  CHECK_FALSE(damaged([](const Site &site) {
                for (int64_t y = 0; y < 12; ++y)
                  for (int64_t x = 0; x < 12; ++x)
                    site.forget(site.at(site.images - 1, 7, y, x));
              }).stepsByLargest);
}

TEST_CASE("planted: a value of an earlier run, which a single run does not show") {
  Verdict verdict = damaged([](const Site &site) {
    for (int64_t x = 0; x < 12; ++x)
      if (float &value = site.at(0, 2, 5, x); !std::isnan(site.old(value)))
        site.forget(value);
  });
  CHECK(verdict.stepsByLargest);
  CHECK(verdict.stepsByElement);
  CHECK_FALSE(verdict.faults.empty());
}

TEST_CASE("planted: rows at a tail are swapped") {
  CHECK_FALSE(damaged([](const Site &site) {
                for (int64_t x = 0; x < 12; ++x)
                  std::swap(site.at(0, 4, 10, x), site.at(0, 4, 11, x));
              }).stepsByLargest);
}

TEST_CASE("planted: a small channel is off by a hundredth, which is little of the largest value") {
  Verdict verdict = damaged([](const Site &site) {
    for (int64_t y = 0; y < 12; ++y)
      for (int64_t x = 0; x < 12; ++x)
        site.at(1, smallChannel, y, x) *= 1.01f;
  });
  CHECK(verdict.stepsByLargest);
  CHECK_FALSE(verdict.stepsByElement);
}

TEST_CASE("planted: a write behind the workspace") {
  Verdict verdict =
      damaged([](const Site &site) { site.workspace.floats()[(site.workspace.bytes() + 3) / sizeof(float)] = 0; });
  CHECK(verdict.stepsByElement);
  CHECK_FALSE(verdict.faults.empty());
}

TEST_CASE("planted: an element of the last layer is left out") {
  CHECK_FALSE(damaged([](const Site &site) { site.forget(site.at(1, 2, 0, 0)); }, "fc").stepsByLargest);
}

static Verdict broken(std::function<void(mlir::ModuleOp)> breakPlan) {
  return Experiment{std::move(breakPlan), "relu", {}}.verdict();
}

static void setSlot(plan::KernelOp kernel, unsigned index, int64_t offset) {
  llvm::SmallVector<mlir::Attribute> slots(kernel.getSlots()->begin(), kernel.getSlots()->end());
  auto slot = llvm::cast<plan::SlotAttr>(slots[index]);
  slots[index] = plan::SlotAttr::get(kernel.getContext(), slot.getSegment(), slot.getIndex(), slot.getOffset() + offset,
                                     slot.getBytes(), slot.getImageBytes());
  kernel.setSlotsAttr(mlir::ArrayAttr::get(kernel.getContext(), slots));
}

TEST_CASE("planted: a kernel reads beside its input's slot") {
  CHECK_FALSE(broken([](mlir::ModuleOp module) { setSlot(kernelOf(module, "relu_1"), 0, 64); }).stepsByLargest);
}

TEST_CASE("planted: a kernel writes beside its result's slot") {
  CHECK_FALSE(broken([](mlir::ModuleOp module) {
                plan::KernelOp kernel = kernelOf(module, "relu");
                setSlot(kernel, kernel.getInputs().size(), 64);
              }).isFine());
}

TEST_CASE("planted: an addend is missing") {
  CHECK_FALSE(broken([](mlir::ModuleOp module) {
                module.walk([](graph::AddOp add) {
                  bool isFirst = add.getA().getDefiningOp<graph::Conv2dOp>() != nullptr; // else the shortcut is
                  add.getResult().replaceAllUsesWith(isFirst ? add.getA() : add.getB());
                  add.erase();
                });
              }).stepsByLargest);
}

TEST_CASE("planted: biases are left out") {
  CHECK_FALSE(broken([](mlir::ModuleOp module) {
                module.walk([](plan::LoadOp load) {
                  if (load.getKind() == plan::LoadKind::bias && load.getBeta() == "bn2.bias")
                    load.removeBetaAttr();
                });
              }).stepsByElement);
}

TEST_CASE("planted: a relu is left out") {
  CHECK_FALSE(broken([](mlir::ModuleOp module) {
                kernelOf(module, "relu").walk([](graph::ReluOp relu) {
                  relu.getResult().replaceAllUsesWith(relu.getX());
                  relu.erase();
                });
              }).stepsByLargest);
}
