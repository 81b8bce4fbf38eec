// Measurements as text that versions and diffs well. Plain C++: what measures on a machine with a GPU writes this too.
//
//   skip-tuning 1
//   device AuthenticAMD 26/2 avx512 l1 49152 l2 1048576 l3 33554432 AMD EPYC
//   compiler skip 0.1.0 llvm 22
//   conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512; t2; winograd4/28 2x1x14; 123456 ns; 20 runs
//
// Behind the runs may stand by how much the time may be off, `; 789 ns noise`: then the text is a `skip-tuning 2`. A line
// `device` or `compiler` holds for all that follow. Blank lines and lines that begin with `#` mean nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skip::tuning {

/// A measurement as databases and exports hold it.
struct MeasurementText {
  std::string device, compiler, problem, choice;
  int64_t threads = 0, nanoseconds = 0, runs = 0, noise = 0;
};

/// The first line of a text, and of one that has noise.
inline constexpr std::string_view firstLineOfExport = "skip-tuning 1", firstLineWithNoise = "skip-tuning 2";

/// Whether a compiler's version may be called so: printable, of 64 characters at most, without blanks around it.
bool isCompilerText(std::string_view text);

/// Sorted by device, compiler, problem, threads and choice, so equal measurements give equal bytes.
std::string exportText(std::vector<MeasurementText> measurements);

} // namespace skip::tuning
