// The training error of single batches is noise of several percent, so its line has at most 300 points, each the mean of the
// lines of metrics between it and the one before.
//
// The axis of errors ends at 20 %, as the paper's does, where validation came below 15; else at the first round number above
// what the second half of the training shows.
#include "tools/training/Curve.h"

#include "tools/text/Chart.h"

#include <algorithm>

using namespace skip;
using tool::Metric;

using Line = std::vector<std::pair<double, double>>; // steps, and errors in percent

static Line validationLine(llvm::ArrayRef<Metric> metrics) {
  Line line;
  for (const Metric &metric : metrics)
    if (metric.isValidation())
      line.push_back({static_cast<double>(metric.step), 100 * metric.validationError});
  return line;
}

static Line trainingLine(llvm::ArrayRef<Metric> metrics) {
  std::vector<const Metric *> logged;
  for (const Metric &metric : metrics)
    if (!metric.isValidation())
      logged.push_back(&metric);
  constexpr size_t points = 300;
  size_t each = (logged.size() + points - 1) / points;
  Line line;
  for (size_t begin = 0; begin < logged.size(); begin += each) {
    size_t end = std::min(begin + each, logged.size());
    double sum = 0;
    for (size_t i = begin; i < end; ++i)
      sum += 100 * logged[i]->error;
    line.push_back({static_cast<double>(logged[end - 1]->step), sum / static_cast<double>(end - begin)});
  }
  return line;
}

/// The end of the axis of errors.
static double mostError(const Line &training, const Line &validation) {
  double most = 1;
  for (const Line *line : {&training, &validation})
    for (size_t i = line->size() / 2; i < line->size(); ++i)
      most = std::max(most, (*line)[i].second);
  for (double end : {5.0, 10.0, 20.0, 40.0, 60.0})
    if (most <= 0.75 * end)
      return end;
  return 100;
}

std::string tool::curveSvg(llvm::ArrayRef<Metric> metrics, int64_t length, const std::string &title) {
  Line training = trainingLine(metrics), validation = validationLine(metrics);
  double most = mostError(training, validation);
  Chart chart{title, "iterations", "error (%)", static_cast<double>(std::max<int64_t>(length, 1)), most, most / 4, {}};
  chart.lines.push_back({"training", "stroke=\"#c00\" stroke-width=\"1\" stroke-dasharray=\"4 3\"", std::move(training)});
  chart.lines.push_back({"validation", "stroke=\"#c00\" stroke-width=\"2.5\"", std::move(validation)});
  return chartSvg(chart);
}
