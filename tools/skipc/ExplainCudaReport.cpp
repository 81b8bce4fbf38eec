// Times in microseconds, beside what a kernel must take by its multiply-adds and its bytes.
#include "tools/skipc/ExplainCudaReport.h"

#include "support/Printable.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"
#include "tools/text/Wrap.h"

#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace skip;
using nvptx::Prediction;
using tool::GpuStep;
using tool::GpuVariant;

static std::string microseconds(double seconds) { return tool::fixed(seconds * 1e6, 2); }

static std::string share(double part, double whole) { return tool::fixed(100 * part / whole, 0) + " %"; }

/// Which steps have the schedules that were measured, by where.
static void printMeasured(const GpuVariant &variant) {
  std::map<std::string, std::vector<std::string>> steps;
  for (const GpuStep &step : variant.steps)
    if (!step.measuredOn.empty())
      steps[step.measuredOn].push_back(step.name);
  for (const auto &[device, names] : steps)
    llvm::outs() << "\nmeasured on " << printable(device) << ": " << printable(llvm::join(names, ", ")) << "\n";
}

void tool::printExplainedCuda(const GpuVariant &variant, const plan::Gpu &gpu, size_t width) {
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
  for (const GpuStep &step : variant.steps) {
    const Prediction &p = step.prediction;
    table.add({step.name, step.operations, std::to_string(step.images), step.schedule, plan::joinSizes(p.launch.grid),
               std::to_string(p.launch.threads), tool::fixed(double(p.launch.sharedBytes) / 1024, 1),
               p.stages ? std::to_string(p.stages) : "", tool::fixed(p.work.operations * 1e-9, 3),
               tool::fixed(p.work.bytes * 1e-6, 2), microseconds(p.roofline), microseconds(p.seconds),
               share(p.roofline, p.seconds)});
  }
  double seconds = variant.sum(&Prediction::seconds), roofline = variant.sum(&Prediction::roofline);
  bool isTuned = llvm::any_of(variant.steps, [](const GpuStep &step) { return !step.measuredOn.empty(); });
  llvm::outs() << "batch " << variant.batch << " on " << gpu.name << ", as predicted; "
               << (isTuned ? "of what was measured only the order counts" : "nothing was measured") << "\n\n";
  table.print(llvm::outs(), width);
  printMeasured(variant);
  llvm::outs() << "\n"
               << tool::counted(variant.steps.size(), "step") << ": roofline " << microseconds(roofline) << " us, predicted "
               << microseconds(seconds) << " us, " << share(roofline, seconds) << " of it; "
               << tool::fixed(double(variant.batch) / seconds, 0) << " images a second\n";
}

static void writeStep(llvm::json::OStream &json, const GpuStep &step) {
  const Prediction &p = step.prediction;
  json.object([&] {
    json.attribute("name", step.name);
    json.attribute("operations", step.operations);
    json.attribute("images", step.images);
    json.attributeArray("schedules", [&] { json.value(step.schedule); });
    if (!step.problem.empty())
      json.attribute("problem", step.problem);
    if (!step.measuredOn.empty())
      json.attribute("measured_on", step.measuredOn);
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

void tool::printExplainedCudaJson(llvm::StringRef model, const std::vector<GpuVariant> &variants, const plan::Gpu &gpu,
                                  JsonReply &reply) {
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("model", model);
    json.attribute("gpu", llvm::StringRef(gpu.name));
    json.attributeArray("variants", [&] {
      for (const GpuVariant &variant : variants)
        json.object([&] {
          json.attribute("batch", variant.batch);
          json.attribute("roofline_us", variant.sum(&Prediction::roofline) * 1e6);
          json.attribute("predicted_us", variant.sum(&Prediction::seconds) * 1e6);
          json.attributeArray("steps", [&] {
            for (const GpuStep &step : variant.steps)
              writeStep(json, step);
          });
        });
    });
  });
}
