#include "tests/unit/nvptx/Model.h"

#include "codegen/NameKernels.h"
#include "codegen/nvptx/KernelSpec.h"
#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"
#include "ir/plan/Rounding.h"
#include "ir/plan/Sections.h"
#include "passes/graph/Passes.h"
#include "tests/unit/SpecText.h"

#include "mlir/IR/Builders.h"
#include "mlir/Pass/PassManager.h"

#include <cmath>

using namespace skip;
using namespace skip::testing;
using plan::KernelOp;

static void runPasses(mlir::ModuleOp module, const std::function<void(mlir::PassManager &)> &build) {
  mlir::PassManager passes(module.getContext());
  build(passes);
  REQUIRE(mlir::succeeded(passes.run(module)));
}

static Tensor randomTensor(llvm::ArrayRef<int64_t> shape, double low, double high, std::mt19937 &random) {
  std::uniform_real_distribution<float> values(static_cast<float>(low), static_cast<float>(high));
  Tensor tensor(shape.vec());
  for (double &value : tensor.data)
    value = values(random);
  return tensor;
}

Model::Model(const char *spec, int64_t batch, plan::Precision precision, int64_t near, SkipCudaColumn column)
    : batch(batch), precision(precision), column(column) {
  context.loadDialect<graph::GraphDialect, plan::PlanDialect, mlir::func::FuncDialect>();
  module = test::graphOf(context, spec);
  std::mt19937 random(7);
  for (auto parameter : module->getOps<graph::ParameterOp>()) {
    bool isVariance = parameter.getSymName().ends_with("running_var");
    parameters[parameter.getSymName().str()] =
        randomTensor(parameter.getTensorType().getShape(), isVariance ? 0.5 : -1, isVariance ? 2 : 1, random);
  }
  llvm::SmallVector<plan::Architecture> architectures{plan::Architecture::sm_80};
  if (column == SKIP_CUDA_SM_90A)
    architectures.push_back(plan::Architecture::sm_90a);
  (*module)->setAttr(plan::targetAttr, plan::CudaTargetAttr::get(&context, architectures, precision, near));
  runPasses(*module, [](mlir::PassManager &passes) { graph::buildInferencePipeline(passes); });
  runPasses(*module, [&](mlir::PassManager &passes) { codegen::buildPipeline(passes, {{batch}, false}); });
  packWeights();
  compile();
}

/// `choose` gives null where a schedule is to stay.
void Model::useSchedule(llvm::function_ref<mlir::Attribute(mlir::Attribute)> choose) {
  module->walk([&](KernelOp kernel) {
    llvm::SmallVector<mlir::Attribute> schedules(kernel.getSchedulesAttr().getValue());
    if (mlir::Attribute schedule = choose(schedules[column])) {
      schedules[column] = schedule;
      kernel.setSchedulesAttr(mlir::ArrayAttr::get(&context, schedules));
    }
  });
  runPasses(*module, [](mlir::PassManager &passes) { passes.addPass(codegen::createNameKernels()); });
  compile();
}

void Model::useTile(const plan::GemmTile &tile) {
  useSchedule([&](mlir::Attribute schedule) -> mlir::Attribute {
    return llvm::isa<plan::CudaGemmAttr>(schedule)
               ? plan::CudaGemmAttr::get(&context, tile.m, tile.n, tile.k, tile.threadM, tile.threadN)
               : nullptr;
  });
}

static bool isOfTensorCores(mlir::Attribute schedule) { return llvm::isa<plan::CudaMmaAttr, plan::CudaWgmmaAttr>(schedule); }

void Model::useTile(const plan::MmaTile &tile) {
  useSchedule([&](mlir::Attribute schedule) -> mlir::Attribute {
    return isOfTensorCores(schedule)
               ? plan::CudaMmaAttr::get(&context, tile.m, tile.n, tile.k, tile.warpsM, tile.warpsN, tile.stages)
               : nullptr;
  });
}

void Model::useTile(const plan::WgmmaTile &tile) {
  useSchedule([&](mlir::Attribute schedule) -> mlir::Attribute {
    return isOfTensorCores(schedule)
               ? plan::CudaWgmmaAttr::get(&context, tile.m, tile.n, tile.consumers, tile.stages, tile.cluster)
               : nullptr;
  });
}

void Model::compile() {
  mlir::FailureOr<codegen::LoweredModel> result = codegen::lowerPlan(*module, "test");
  REQUIRE(mlir::succeeded(result));
  lowered = std::move(*result);
  std::vector<nvptx::Job> jobs; // of what runs
  llvm::copy_if(lowered.cudaJobs, std::back_inserter(jobs), [&](const nvptx::Job &job) { return job.spec.column == column; });
  codegen::KernelCache none;
  llvm::Expected<std::vector<std::string>> kernels = nvptx::compileKernels(jobs, 1, none);
  if (!kernels)
    FAIL(llvm::toString(kernels.takeError()));
  text = std::move(nvptx::joinKernels(jobs, *kernels).front().bytes);
}

std::vector<std::string> Model::kernels() const {
  std::vector<std::string> names;
  for (const nvptx::Job &job : lowered.cudaJobs)
    names.push_back(job.symbol);
  return names;
}

/// By the formulas of SkipLoadKind in runtime/Abi.h.
Tensor Model::loadedValue(plan::LoadOp load) {
  auto read = [&](mlir::FlatSymbolRefAttr symbol) { return symbol ? &parameters.at(symbol.getValue().str()) : nullptr; };
  const Tensor *gamma = read(load.getGammaAttr()), *variance = read(load.getVarianceAttr()), *beta = read(load.getBetaAttr()),
               *mean = read(load.getMeanAttr()), *bias = read(load.getBiasAttr());
  auto scale = [&](int64_t c) {
    return gamma ? gamma->data[c] / std::sqrt(variance->data[c] + load.getEpsilon().convertToDouble()) : 1.0;
  };
  auto type = llvm::cast<mlir::RankedTensorType>(load.getValue().getType());
  Tensor value(type.getShape().vec());
  int64_t each = value.size() / value.dim(0);
  for (int64_t i = 0; i < value.size(); ++i) {
    int64_t c = i / each;
    auto at = [&](const Tensor *vector) { return vector ? vector->data[c] : 0.0; };
    if (load.getKind() == plan::LoadKind::conv_weight)
      value.data[i] = read(load.getSourceAttr())->data[i] * scale(c);
    else if (load.getKind() == plan::LoadKind::scale)
      value.data[i] = scale(c);
    else
      value.data[i] = at(beta) + (at(bias) - at(mean)) * scale(c) + (load.getOnto() ? loaded[load.getOnto()].data[i] : 0.0);
    value.data[i] = plan::rounded(value.data[i], load.getLayout().getElement());
  }
  return value;
}

void Model::packWeights() {
  auto bytes = (*module)->getAttrOfType<mlir::IntegerAttr>(plan::weightsBytesAttr);
  weights.assign(bytes.getInt(), std::byte(0));
  module->walk([&](plan::LoadOp load) {
    const Tensor &value = loaded[load.getValue()] = loadedValue(load);
    std::byte *to = weights.data() + load.getSlotAttr().getOffset();
    llvm::ArrayRef<int64_t> dims = load.getDims();
    plan::Element element = load.getLayout().getElement();
    int64_t bytes = plan::elementBytes(element), lanes = 16 / bytes;
    int64_t channels = load.getKind() == plan::LoadKind::conv_weight ? (dims[1] + lanes - 1) / lanes * lanes : 1;
    for (int64_t i = 0; i < value.size(); ++i) {
      int64_t x = i % dims[3], y = i / dims[3] % dims[2], c = i / (dims[3] * dims[2]) % dims[1],
              o = i / (dims[3] * dims[2] * dims[1]);
      plan::writeElement(element, to + (((o * dims[2] + y) * dims[3] + x) * channels + c) * bytes, value.data[i]);
    }
  });
}
