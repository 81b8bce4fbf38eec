// How the steps of a plan for GPUs are launched, and what the cost model says that they take beside what they must take.
//
// Nothing here was measured: rates are those of ir/plan/cuda/Gpu.cpp, and each operand comes from the GPU's memory once, also
// where it would still be in the cache. So the first run on a GPU tests predictions.
#include "tools/skipc/ExplainCuda.h"

#include "codegen/nvptx/Predict.h"
#include "ir/graph/Graph.h"
#include "tools/text/Failure.h"
#include "tools/text/Json.h"
#include "tools/text/PlanText.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"
#include "tools/text/Wrap.h"

using namespace skip;
using nvptx::Prediction;

namespace {
struct Step {
  std::string name, operations, schedule;
  int64_t images;
  Prediction prediction;
};

/// The model for batches up to `batch`.
struct Variant {
  int64_t batch;
  std::vector<Step> steps;

  double sum(double Prediction::*what) const {
    double all = 0;
    for (const Step &step : steps)
      all += step.prediction.*what;
    return all;
  }
};
} // namespace

static llvm::Expected<Variant> variantOf(mlir::func::FuncOp function, const plan::Gpu &gpu) {
  Variant variant{function->getAttrOfType<mlir::IntegerAttr>(plan::batchAttr).getInt(), {}};
  for (auto kernel : function.getOps<plan::KernelOp>()) {
    std::string name = graph::valueName(kernel.getLoc()).str();
    std::optional<Prediction> prediction = nvptx::predict(kernel, 0, variant.batch, gpu);
    if (!prediction)
      return tool::badInput("step `" + name + "`: " + nvptx::refusalOf(kernel));
    variant.steps.push_back({name, tool::operationsText(kernel), tool::schedulesText(kernel),
                             static_cast<int64_t>(kernel.getImages().value_or(variant.batch)), *prediction});
  }
  return variant;
}

static std::string microseconds(double seconds) { return tool::fixed(seconds * 1e6, 2); }

static std::string share(double part, double whole) { return tool::fixed(100 * part / whole, 0) + " %"; }

static void printText(const Variant &variant, const plan::Gpu &gpu, size_t width) {
  constexpr bool onlyWide = true;
  constexpr auto left = tool::Table::Align::left;
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"step"},
                     {"operations"},
                     {"images", right, onlyWide},
                     {"schedule"},
                     {"grid", left, onlyWide},
                     {"threads", right, onlyWide},
                     {"shared KB", right, onlyWide},
                     {"stages", right, onlyWide},
                     {"GFLOP", right, onlyWide},
                     {"MB", right, onlyWide},
                     {"roofline us", right},
                     {"predicted us", right},
                     {"of roofline", right}});
  for (const Step &step : variant.steps) {
    const Prediction &p = step.prediction;
    table.add({step.name, step.operations, std::to_string(step.images), step.schedule, plan::joinSizes(p.launch.grid),
               std::to_string(p.launch.threads), tool::fixed(double(p.launch.sharedBytes) / 1024, 1),
               p.stages ? std::to_string(p.stages) : "", tool::fixed(p.work.operations * 1e-9, 3),
               tool::fixed(p.work.bytes * 1e-6, 2), microseconds(p.roofline), microseconds(p.seconds),
               share(p.roofline, p.seconds)});
  }
  double seconds = variant.sum(&Prediction::seconds), roofline = variant.sum(&Prediction::roofline);
  llvm::outs() << "batch " << variant.batch << " on " << gpu.name << ", as predicted; nothing was measured\n\n";
  table.print(llvm::outs(), width);
  llvm::outs() << "\n"
               << tool::counted(variant.steps.size(), "step") << ": roofline " << microseconds(roofline) << " us, predicted "
               << microseconds(seconds) << " us, " << share(roofline, seconds) << " of it; "
               << tool::fixed(double(variant.batch) / seconds, 0) << " images a second\n";
}

static void writeStep(llvm::json::OStream &json, const Step &step) {
  const Prediction &p = step.prediction;
  json.object([&] {
    json.attribute("name", step.name);
    json.attribute("operations", step.operations);
    json.attribute("images", step.images);
    json.attributeArray("schedules", [&] { json.value(step.schedule); });
    json.attributeArray("grid", [&] { llvm::for_each(p.launch.grid, [&](int64_t size) { json.value(size); }); });
    json.attribute("threads", p.launch.threads);
    json.attribute("shared_bytes", p.launch.sharedBytes);
    json.attribute("stages", p.stages);
    json.attribute("flops", p.work.operations);
    json.attribute("bytes", p.work.bytes);
    json.attribute("roofline_us", p.roofline * 1e6);
    json.attribute("predicted_us", p.seconds * 1e6);
  });
}

static void printJson(llvm::StringRef model, const std::vector<Variant> &variants, const plan::Gpu &gpu,
                      tool::JsonReply &reply) {
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("model", model);
    json.attribute("gpu", llvm::StringRef(gpu.name));
    json.attributeArray("variants", [&] {
      for (const Variant &variant : variants)
        json.object([&] {
          json.attribute("batch", variant.batch);
          json.attribute("roofline_us", variant.sum(&Prediction::roofline) * 1e6);
          json.attribute("predicted_us", variant.sum(&Prediction::seconds) * 1e6);
          json.attributeArray("steps", [&] {
            for (const Step &step : variant.steps)
              writeStep(json, step);
          });
        });
    });
  });
}

llvm::Error tool::explainCuda(const Options &options) {
  Compilation compilation(options);
  if (llvm::Error error = compilation.readGraph())
    return error;
  if (llvm::Error error = compilation.optimizeGraph())
    return error;
  if (llvm::Error error = compilation.makePlan({options.name, batchBounds(options, {1}), {}}))
    return error;
  plan::Gpu gpu = *plan::gpuNamed(options.gpu);
  std::vector<Variant> variants;
  for (auto function : compilation.module().getOps<mlir::func::FuncOp>()) {
    llvm::Expected<Variant> variant = variantOf(function, gpu);
    if (!variant)
      return variant.takeError();
    variants.push_back(std::move(*variant));
  }
  if (options.json)
    printJson(compilation.libraryName(), variants, gpu, *options.reply);
  else
    llvm::for_each(variants, [&](const Variant &variant) { printText(variant, gpu, widthOfTables(options)); });
  return llvm::Error::success();
}
