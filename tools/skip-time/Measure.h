// All candidates of one problem, one beside the other.
#pragma once

#include "tools/skip-time/Gpu.h"
#include "tools/skip-time/Manifest.h"
#include "tools/tuning/ExportText.h"

#include <functional>
#include <span>

namespace skip::timing {

struct Settings {
  std::string folder, compiler;
  int64_t placements = 1;
  /// Hears of each candidate that is left out, and why.
  std::function<void(const Entry &, const std::string &)> onLeftOut;
};

/// What a candidate takes, as exports have it; and what it takes where the second-level cache is as the run before left it.
struct Measured {
  tuning::MeasurementText cold;
  int64_t warmNanoseconds = 1;
};

/// `entries` are of one problem. A candidate whose file is not as it was compiled, whose result is wrong, or that does not run,
/// is left out; after one that makes the GPU fail, DeviceFailed is thrown.
std::vector<Measured> measure(std::span<const Entry> entries, const Settings &settings, Gpu &gpu);

} // namespace skip::timing
