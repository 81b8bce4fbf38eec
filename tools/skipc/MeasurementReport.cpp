// What was measured, as text, as JSON and as a picture.
#include "tools/skipc/Measurement.h"

#include "support/AtomicFile.h"
#include "tools/text/Chart.h"
#include "tools/text/Json.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"
#include "tools/text/Wrap.h"

#include <cmath>

using namespace skip;
using tool::BenchReport;
using tool::Measurement;
using tool::StepTime;
using tool::TrainingTimes;

static constexpr size_t widthOfText = 100;

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
  std::string legend = "roofline: what a step would take at the measured peak of " + tool::fixed(result.peakFlops * 1e-9, 1) +
                       " GFLOP/s and of memory, if it multiplied directly and all its data came from memory; a step is at more "
                       "than 100 % of it where Winograd's or Strassen's algorithms multiply less, or data come from a cache";
  llvm::outs() << "\n" << tool::wrapped(legend, widthOfText) << "\n\n";
}

static void printMemory(const TrainingTimes &training) {
  auto mib = [](size_t bytes) { return tool::fixed(static_cast<double>(bytes) / (1 << 20), 1); };
  std::string text = "of it the update " + tool::fixed(tool::median(training.update) * 1e3, 3) + " ms; memory " +
                     mib(training.peakBytes()) + " MiB: state " + mib(training.bytes.state) + ", workspace " +
                     mib(training.bytes.workspace) + ", a group's input " + mib(training.bytes.input);
  llvm::outs() << tool::wrapped(text, widthOfText) << "\n";
}

static std::string textOfBatch(const Measurement &result) {
  std::string batch = "batch " + std::to_string(result.batch);
  if (!result.training)
    return batch;
  return "training, " + batch + " in " + tool::counted(result.training->groups, "group");
}

static std::string milliseconds(double seconds) { return tool::fixed(seconds * 1e3, 3); }

static double imagesPerSecond(const Measurement &result) {
  return static_cast<double>(result.batch) / tool::percentile(result.seconds, 0.5);
}

/// "2 threads, avx512".
static std::string machineText(const Measurement &result) {
  return (result.threads ? tool::counted(result.threads, "thread") + ", " : "") + result.isa;
}

static void printLine(const Measurement &result) {
  auto percentile = [&](double part) { return milliseconds(tool::percentile(result.seconds, part)); };
  std::string what = textOfBatch(result) + ", " + machineText(result) + ":";
  std::string times = "median " + percentile(0.5) + " ms, p90 " + percentile(0.9) + ", p99 " + percentile(0.99) + ", min " +
                      milliseconds(result.seconds.front()) + ", " + tool::fixed(imagesPerSecond(result), 1) + " images/s (" +
                      tool::counted(result.seconds.size(), "run") + ")";
  llvm::outs() << what << (what.size() + 1 + times.size() > widthOfText ? "\n  " : " ") << times << "\n";
  if (result.training)
    printMemory(*result.training);
}

/// A row for each number of images, with a bar as long as its median.
static void printTable(llvm::ArrayRef<Measurement> measurements, size_t width) {
  constexpr auto right = tool::Table::Align::right;
  constexpr double longest = 32;
  double most = 0;
  for (const Measurement &result : measurements)
    most = std::max(most, tool::percentile(result.seconds, 0.5));
  tool::Table table({{"images", right},
                     {"p50 ms", right},
                     {"p90 ms", right},
                     {"p99 ms", right},
                     {"min ms", right},
                     {"images/s", right},
                     {"runs", right},
                     {"p50"}});
  for (const Measurement &result : measurements) {
    double median = tool::percentile(result.seconds, 0.5);
    table.add({std::to_string(result.batch), milliseconds(median), milliseconds(tool::percentile(result.seconds, 0.9)),
               milliseconds(tool::percentile(result.seconds, 0.99)), milliseconds(result.seconds.front()),
               tool::fixed(imagesPerSecond(result), 1), std::to_string(result.seconds.size()),
               std::string(static_cast<size_t>(std::lround(std::max(1.0, longest * median / most))), '#')});
  }
  table.print(llvm::outs(), width);
  llvm::outs() << machineText(measurements.front()) << "\n";
}

static void printText(const BenchReport &report, size_t width) {
  for (const Measurement &result : report.measurements)
    if (!result.steps.empty()) {
      if (report.measurements.size() > 1)
        llvm::outs() << textOfBatch(result) << "\n\n";
      printSteps(result, width);
    }
  if (report.measurements.size() == 1)
    printLine(report.measurements.front());
  else
    printTable(report.measurements, width);
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
        json.attribute("us", step.median * 1e6);
        json.attribute("roofline_us", step.roofline * 1e6);
        json.attribute("flops", step.flops);
        json.attribute("bytes", step.bytes);
        json.attribute("bound_by", step.boundByMemory ? "memory" : "arithmetic");
      });
  });
}

static void addMeasurement(llvm::json::OStream &json, const Measurement &result) {
  json.attribute("batch", result.batch);
  json.attribute("p50_ms", tool::percentile(result.seconds, 0.5) * 1e3);
  json.attribute("p90_ms", tool::percentile(result.seconds, 0.9) * 1e3);
  json.attribute("p99_ms", tool::percentile(result.seconds, 0.99) * 1e3);
  json.attribute("min_ms", result.seconds.front() * 1e3);
  json.attribute("images_per_second", imagesPerSecond(result));
  json.attribute("runs", static_cast<int64_t>(result.seconds.size()));
  if (result.training)
    addTraining(json, *result.training);
  if (!result.steps.empty())
    addSteps(json, result);
}

static void printJson(const BenchReport &report, tool::JsonReply &reply) {
  const Measurement &first = report.measurements.front();
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("model", report.model);
    json.attribute("isa", first.isa);
    if (first.threads)
      json.attribute("threads", first.threads);
    json.attributeArray("measurements", [&] {
      for (const Measurement &result : report.measurements)
        json.object([&] { addMeasurement(json, result); });
    });
  });
}

/// The time of a run over its images, and that of an image.
static std::string svgOf(const BenchReport &report) {
  tool::ChartLine median{"p50", "stroke=\"#06c\" stroke-width=\"1.5\"", {}};
  tool::ChartLine slow{"p90", "stroke=\"#e80\" stroke-width=\"1.5\" stroke-dasharray=\"5 3\"", {}};
  tool::ChartLine each = median;
  double most = 0, mostOfImage = 0;
  for (const Measurement &result : report.measurements) {
    auto images = static_cast<double>(result.batch);
    double p50 = tool::percentile(result.seconds, 0.5) * 1e3, p90 = tool::percentile(result.seconds, 0.9) * 1e3;
    median.points.push_back({images, p50});
    slow.points.push_back({images, p90});
    each.points.push_back({images, p50 / images});
    most = std::max(most, p90);
    mostOfImage = std::max(mostOfImage, p50 / images);
  }
  auto chart = [&](const char *title, const char *up, double end, std::vector<tool::ChartLine> lines) {
    double distance = tool::markDistance(end), length = static_cast<double>(report.measurements.back().batch);
    return tool::Chart{title, "images", up, length, distance * std::ceil(end / distance), distance, std::move(lines)};
  };
  return tool::chartSvg(
      {chart("time of a run", "ms", most, {median, slow}), chart("time of an image", "ms an image", mostOfImage, {each})});
}

llvm::Error tool::printReport(const BenchReport &report, const Options &options) {
  std::string error;
  if (!options.svg.empty() && !writeFileAtomically(options.svg, svgOf(report), error))
    return badInput(error);
  if (options.json)
    printJson(report, *options.reply);
  else
    printText(report, widthOfTables(options));
  return llvm::Error::success();
}
