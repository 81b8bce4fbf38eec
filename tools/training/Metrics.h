// metrics.jsonl: a line for each logged step and each evaluation.
#pragma once

#include "tools/training/Evaluation.h"

#include <cstdio>
#include <memory>

namespace skip::tool {

/// One line. A score has a loss and an error; what is not there is negative.
struct Metric {
  int64_t step = 0;
  double loss = -1, error = -1, rate = -1, imagesPerSecond = -1;
  double validationLoss = -1, validationError = -1;

  bool isValidation() const { return validationError >= 0; }
};

class Metrics {
public:
  /// Goes on with the file at `path`, without what it says of steps behind `step`; of step 0 a new one.
  static llvm::Expected<Metrics> open(const std::string &path, int64_t step);

  llvm::Error add(const Metric &metric);
  llvm::ArrayRef<Metric> all() const { return list; }

private:
  struct Close {
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  llvm::Error writeFailed() const;

  std::string path;
  std::unique_ptr<std::FILE, Close> file;
  std::vector<Metric> list;
};

} // namespace skip::tool
