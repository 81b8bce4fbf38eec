// How long a stage took.
#pragma once

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <string>

namespace skip::tool {

/// Where `enabled`, writes the seconds of its lifetime to stderr.
class StageTimer {
public:
  StageTimer(std::string stage, bool enabled) : stage(std::move(stage)), enabled(enabled) {}
  ~StageTimer() {
    if (enabled)
      llvm::errs() << llvm::format("%8.3f s  ", seconds()) << stage << "\n";
  }
  StageTimer(const StageTimer &) = delete;
  StageTimer &operator=(const StageTimer &) = delete;

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

private:
  std::string stage;
  bool enabled;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

} // namespace skip::tool
