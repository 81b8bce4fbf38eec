// What tells machines apart, as far as the speed of kernels goes.
#pragma once

#include "tools/tuning/Body.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skip::tuning {

/// A device's fingerprint. Its text is `AuthenticAMD 26/2 avx512 l1 49152 l2 1048576 l3 33554432 AMD EPYC`: vendor, family and
/// model, the widest body, bytes of the data caches of a core and of the one that cores share (0: unknown), and the name.
struct Device {
  std::string vendor = "unknown";
  int64_t family = 0, model = 0;
  tool::Body body = tool::Body::avx2;
  int64_t l1 = 0, l2 = 0, l3 = 0;
  std::string name;

  bool operator==(const Device &) const = default;
  std::string text() const;
  /// As people call it, and what tells two of that name apart: `AMD EPYC (AuthenticAMD 26/2)`.
  std::string called() const;
  static std::optional<Device> parse(std::string_view text);

  /// This machine, from /proc and /sys below `root` (for tests).
  static Device read(tool::Body widest, const std::string &root = "");
};

/// How unlike two devices are: 0 for equal ones; the body weighs more than all caches, and vendor and model decide among alike.
double distance(const Device &a, const Device &b);

} // namespace skip::tuning
