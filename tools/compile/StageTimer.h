// How long a stage took.
#pragma once

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <chrono>
#include <string>

namespace skip::tool {

/// Where `enabled`, writes the seconds of its lifetime to stderr. The stage is known meanwhile to whoever reports an error.
class StageTimer {
public:
  StageTimer(std::string name, bool enabled) : stage(std::move(name)), enabled(enabled), outer(current.load()) {
    if (stage != wholeName)
      current = stage.c_str();
  }
  ~StageTimer() {
    current = outer;
    if (enabled)
      llvm::errs() << llvm::format("%8.3f s  ", seconds()) << stage << "\n";
  }
  StageTimer(const StageTimer &) = delete;
  StageTimer &operator=(const StageTimer &) = delete;

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

  /// For all of a command, which is no stage.
  static constexpr const char *wholeName = "all";

  /// The innermost stage that is being timed on whatever thread; empty outside of all.
  static const char *currentStage() { return current.load(); }

private:
  /// Process-wide, because a process that has no memory asks for it.
  static inline std::atomic<const char *> current{""};

  std::string stage;
  bool enabled;
  const char *outer;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

} // namespace skip::tool
