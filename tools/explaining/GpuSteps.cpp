// Predictions come from codegen/nvptx, names and texts from the plan.
#include "tools/explaining/GpuSteps.h"

#include "ir/graph/Graph.h"
#include "ir/plan/Contractions.h"
#include "ir/plan/cuda/Shapes.h"
#include "tools/text/Failure.h"
#include "tools/text/PlanText.h"

using namespace skip;
using nvptx::Prediction;
using tool::GpuVariant;

double GpuVariant::sum(double Prediction::*what) const {
  double all = 0;
  for (const GpuStep &step : steps)
    all += step.prediction.*what;
  return all;
}

static std::optional<plan::CudaProblem> problemOf(plan::KernelOp kernel, int64_t batch, plan::CudaTargetAttr target) {
  std::optional<plan::ContractionView> main = plan::mainContractionOf(kernel);
  return main ? plan::problemOf(main->op, batch, target) : std::nullopt;
}

/// Where what decided on the step's schedule of the column was measured; empty where nothing was.
static std::string measuredOn(plan::KernelOp kernel, size_t column, const std::optional<plan::CudaProblem> &problem,
                              const plan::CudaTuning &tuned) {
  auto measured = kernel->getAttrOfType<mlir::DenseBoolArrayAttr>(plan::measuredAttr);
  if (!measured || !measured.asArrayRef()[column])
    return "";
  auto found = problem ? tuned.entries.find(*problem) : tuned.entries.end();
  return found == tuned.entries.end() ? "a GPU without a name" : found->second.device;
}

llvm::Expected<GpuVariant> tool::gpuVariantOf(mlir::func::FuncOp function, const plan::Gpu &gpu,
                                              const plan::CudaTuning &tuned) {
  auto target = llvm::cast<plan::CudaTargetAttr>(function->getParentOfType<mlir::ModuleOp>()->getAttr(plan::targetAttr));
  size_t column = plan::columnFor(target, gpu);
  GpuVariant variant{function->getAttrOfType<mlir::IntegerAttr>(plan::batchAttr).getInt(), {}};
  for (auto kernel : function.getOps<plan::KernelOp>()) {
    std::string name = graph::valueName(kernel.getLoc()).str();
    std::optional<Prediction> prediction = nvptx::predict(kernel, column, variant.batch, gpu);
    if (!prediction)
      return badInput("step `" + name + "`: " + nvptx::refusalOf(kernel).text);
    std::optional<plan::CudaProblem> problem = problemOf(kernel, variant.batch, target);
    auto schedule = llvm::cast<plan::ScheduleInterface>(kernel.getSchedulesAttr()[column]);
    variant.steps.push_back({name, operationsText(kernel), schedule.text(), problem ? plan::problemText(*problem) : "",
                             measuredOn(kernel, column, problem, tuned),
                             static_cast<int64_t>(kernel.getImages().value_or(variant.batch)), *prediction});
  }
  return variant;
}
