// What was measured, as text and as JSON.
#include "tools/skipc/Measurement.h"
#include "tools/text/Table.h"

#include "llvm/Support/JSON.h"

using namespace skip;
using tool::Measurement;
using tool::StepTime;
using tool::TrainingTimes;

static void printSteps(const Measurement &result, size_t width) {
  constexpr auto right = tool::Table::Align::right;
  tool::Table table({{"step"},
                     {"operations"},
                     {"us", right},
                     {"share", right},
                     {"GFLOP/s", right},
                     {"roofline us", right},
                     {"of it", right},
                     {"bound by"}});
  double all = 0, flops = 0, roofline = 0;
  for (const StepTime &step : result.steps)
    all += step.median;
  auto row = [&](std::string name, std::string operations, double seconds, double flops, double roofline, std::string bound) {
    table.add({std::move(name), std::move(operations), tool::fixed(seconds * 1e6, 1),
               tool::fixed(100 * seconds / all, 1) + " %", tool::fixed(flops / seconds * 1e-9, 1),
               tool::fixed(roofline * 1e6, 1), tool::fixed(100 * roofline / seconds, 0) + " %", std::move(bound)});
  };
  for (const StepTime &step : result.steps) {
    row(step.layer, step.operations, step.median, step.flops, step.roofline, step.boundByMemory ? "memory" : "arithmetic");
    flops += step.flops;
    roofline += step.roofline;
  }
  row("total", "", all, flops, roofline, "");
  table.print(llvm::outs(), width);
  llvm::outs() << "\nroofline: what a step would take at the measured peak of " << tool::fixed(result.peakFlops * 1e-9, 1)
               << " GFLOP/s and of memory, if it\nmultiplied directly and all its data came from memory; a step is at more than"
                  " 100 % of it where Winograd's\nor Strassen's algorithms multiply less, or data come from a cache\n\n";
}

static void printMemory(const TrainingTimes &training) {
  auto mib = [](size_t bytes) { return tool::fixed(static_cast<double>(bytes) / (1 << 20), 1); };
  llvm::outs() << "of it the update " << tool::fixed(tool::median(training.update) * 1e3, 3) << " ms; memory "
               << mib(training.peakBytes()) << " MiB: state " << mib(training.bytes.state) << ", workspace "
               << mib(training.bytes.workspace) << ", a group's input " << mib(training.bytes.input) << "\n";
}

static std::string textOfBatch(const Measurement &result) {
  std::string batch = "batch " + std::to_string(result.batch);
  if (!result.training)
    return batch;
  return "training, " + batch + " in " + std::to_string(result.training->groups) +
         (result.training->groups == 1 ? " group" : " groups");
}

static void printText(const Measurement &result, size_t width) {
  if (!result.steps.empty())
    printSteps(result, width);
  double perSecond = static_cast<double>(result.batch) / tool::median(result.seconds);
  std::string threads = result.threads ? std::to_string(result.threads) + " threads, " : "";
  llvm::outs() << textOfBatch(result) << ", " << threads << result.isa << ": median "
               << tool::fixed(tool::median(result.seconds) * 1e3, 3) << " ms, min "
               << tool::fixed(result.seconds.front() * 1e3, 3) << " ms, " << tool::fixed(perSecond, 1) << " images/s ("
               << result.seconds.size() << " runs)\n";
  if (result.training)
    printMemory(*result.training);
}

static void addTraining(llvm::json::OStream &json, const TrainingTimes &training) {
  json.attribute("groups", training.groups);
  json.attribute("update_ms", tool::median(training.update) * 1e3);
  json.attribute("peak_bytes", static_cast<int64_t>(training.peakBytes()));
  json.attribute("state_bytes", static_cast<int64_t>(training.bytes.state));
  json.attribute("workspace_bytes", static_cast<int64_t>(training.bytes.workspace));
}

static void addSteps(llvm::json::OStream &json, const Measurement &result) {
  json.attribute("peak_gflops", result.peakFlops * 1e-9);
  json.attributeArray("steps", [&] {
    for (const StepTime &step : result.steps)
      json.object([&] {
        json.attribute("name", step.name);
        json.attribute("layer", step.layer);
        json.attribute("operations", step.operations);
        json.attribute("kernel", step.kernel);
        json.attribute("ms", step.median * 1e3);
        json.attribute("roofline_ms", step.roofline * 1e3);
        json.attribute("flops", step.flops);
        json.attribute("bytes", step.bytes);
        json.attribute("bound_by", step.boundByMemory ? "memory" : "arithmetic");
      });
  });
}

static void printJson(const Measurement &result) {
  llvm::json::OStream json(llvm::outs(), 1);
  json.object([&] {
    json.attribute("median_ms", tool::median(result.seconds) * 1e3);
    json.attribute("min_ms", result.seconds.front() * 1e3);
    json.attribute("images_per_second", static_cast<double>(result.batch) / tool::median(result.seconds));
    json.attribute("batch", result.batch);
    if (result.threads)
      json.attribute("threads", result.threads);
    json.attribute("isa", result.isa);
    json.attribute("runs", static_cast<int64_t>(result.seconds.size()));
    if (result.training)
      addTraining(json, *result.training);
    if (!result.steps.empty())
      addSteps(json, result);
  });
  llvm::outs() << "\n";
}

void tool::printMeasurement(const Measurement &result, bool json, size_t width) {
  json ? printJson(result) : printText(result, width);
}
