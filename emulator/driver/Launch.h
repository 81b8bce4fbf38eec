// What a launch may be.
#pragma once

#include "emulator/driver/State.h"

namespace skip::driver {

struct LaunchShape {
  emulator::Dim3 grid, block, cluster; // cluster of 0: not given
  uint32_t dynamicSharedBytes = 0;
  bool programmatic = false, cooperative = false;
};

/// Why it is refused and with what, or success. The limits are those of the architecture and of the kernel.
struct Refusal {
  Result result = Result::success;
  std::string why;
};
Refusal refusalOf(const LaunchShape &shape, const KernelState &kernel, const emulator::Architecture &architecture);

/// What the attributes of a launch say. Unknown ones are refused, so that nothing is ignored that was meant.
Refusal readAttributes(const LaunchConfig &config, LaunchShape &shape);

/// Copies the arguments to where the kernel's parameters lie.
Refusal readParams(const emulator::KernelInfo &kernel, void **params, void **extra, std::vector<std::byte> &bytes);

} // namespace skip::driver
