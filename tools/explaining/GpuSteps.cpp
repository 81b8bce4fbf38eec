// Predictions come from codegen/nvptx, names and texts from the plan.
#include "tools/explaining/GpuSteps.h"

#include "ir/graph/Graph.h"
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

llvm::Expected<GpuVariant> tool::gpuVariantOf(mlir::func::FuncOp function, const plan::Gpu &gpu) {
  GpuVariant variant{function->getAttrOfType<mlir::IntegerAttr>(plan::batchAttr).getInt(), {}};
  for (auto kernel : function.getOps<plan::KernelOp>()) {
    std::string name = graph::valueName(kernel.getLoc()).str();
    std::optional<Prediction> prediction = nvptx::predict(kernel, 0, variant.batch, gpu);
    if (!prediction)
      return badInput("step `" + name + "`: " + nvptx::refusalOf(kernel).text);
    variant.steps.push_back({name, operationsText(kernel), schedulesText(kernel),
                             static_cast<int64_t>(kernel.getImages().value_or(variant.batch)), *prediction});
  }
  return variant;
}
