// What tells GPUs apart, as far as the speed of kernels goes. Plain C++: what measures on a machine with a GPU writes this too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skip::tuning {

/// A GPU's fingerprint. Its text is `gpu 9.0 sms 132 l2 52428800 memory 80 NVIDIA H100 80GB HBM3`: compute capability,
/// multiprocessors, bytes of the second-level cache, GiB of memory (to the nearest, since drivers keep some of it), and the
/// name.
struct GpuDevice {
  int64_t major = 0, minor = 0;
  int64_t multiprocessors = 1, l2 = 0, memory = 0;
  std::string name;

  bool operator==(const GpuDevice &) const = default;
  std::string text() const;
  /// As people call it: `NVIDIA H100 80GB HBM3`, or `a GPU of compute capability 9.0`.
  std::string called() const;
  static std::optional<GpuDevice> parse(std::string_view text);
};

/// An A100, whose rates the cost model chooses tiles by, and whose code every later GPU runs: what builds are for that state
/// none.
GpuDevice commonGpu();

/// How unlike two GPUs are: 0 for equal ones; less than 1 for those of one compute capability, as many multiprocessors and as
/// large a cache, whose memory may differ. Another generation weighs more than all else.
double distance(const GpuDevice &a, const GpuDevice &b);

/// Printable characters only, runs of blanks made one, at most 128 of them: a name that a fingerprint may have.
std::string cleanName(std::string_view text);

} // namespace skip::tuning
