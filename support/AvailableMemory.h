// How much memory is to be had before the system ends processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace skip {

struct AvailableMemory {
  uint64_t bytes = 0;
  bool isOfCgroup = false; ///< a limit of this process's control group, else what the machine has
};

/// What may still be taken: what the machine has free or can free, swap included, or what the limits of this process's control
/// groups leave, if that is less. Nothing where the system does not say. `root` stands before the paths of /proc and /sys.
std::optional<AvailableMemory> availableMemory(const std::string &root = "");

} // namespace skip
