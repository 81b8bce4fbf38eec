// Lines are appended; only a resumed training writes the file anew, without those of steps that are computed again.
#include "tools/training/Metrics.h"

#include "support/AtomicFile.h"
#include "support/SystemError.h"
#include "tools/text/Failure.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>

using namespace skip;
using tool::Metric;
using tool::Metrics;

static std::string lineOf(const Metric &metric) {
  nlohmann::ordered_json line = {{"step", metric.step}};
  if (metric.isValidation()) {
    line["validation_loss"] = metric.validationLoss;
    line["validation_error"] = metric.validationError;
  } else {
    line["loss"] = metric.loss;
    line["error"] = metric.error;
    line["rate"] = metric.rate;
    line["images_per_second"] = metric.imagesPerSecond;
  }
  return line.dump() + "\n";
}

/// What a line says; nothing if it was cut short, as a killed run's last line may be.
static std::optional<Metric> metricOf(const std::string &text) {
  nlohmann::json line = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!line.is_object() || !line.contains("step") || !line["step"].is_number_integer())
    return std::nullopt;
  auto number = [&](const char *name) {
    return line.contains(name) && line[name].is_number() ? line[name].get<double>() : -1.0;
  };
  return Metric{line["step"].get<int64_t>(),
                number("loss"),
                number("error"),
                number("rate"),
                number("images_per_second"),
                number("validation_loss"),
                number("validation_error")};
}

llvm::Expected<Metrics> Metrics::open(const std::string &path, int64_t step) {
  Metrics metrics;
  metrics.path = path;
  std::string kept, line, problem;
  std::ifstream before(path);
  while (step > 0 && std::getline(before, line))
    if (std::optional<Metric> metric = metricOf(line); metric && metric->step <= step) {
      kept += line + "\n";
      metrics.list.push_back(*metric);
    }
  before.close();
  if (!writeFileAtomically(path, kept, problem))
    return badInput(problem);
  metrics.file.reset(std::fopen(path.c_str(), "ae"));
  if (!metrics.file)
    return metrics.writeFailed();
  std::setvbuf(metrics.file.get(), nullptr, _IOLBF, BUFSIZ); // whoever follows the file sees whole lines, at once
  return metrics;
}

llvm::Error Metrics::writeFailed() const { return badInput(describeSystemError("write", path, errno)); }

llvm::Error Metrics::add(const Metric &metric) {
  list.push_back(metric);
  std::string line = lineOf(metric);
  return std::fwrite(line.data(), 1, line.size(), file.get()) == line.size() ? llvm::Error::success() : writeFailed();
}
