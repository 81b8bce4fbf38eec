// Measurements as text that versions and diffs well.
//
//   skip-tuning 1
//   device AuthenticAMD 26/2 avx512 l1 49152 l2 1048576 l3 33554432 AMD EPYC
//   compiler skip 0.1.0 llvm 22
//   conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512; t2; winograd4/28 2x1x14; 123456 ns; 20 runs
//
// Behind the runs may stand by how much the time may be off, `; 789 ns noise`: then the text is a `skip-tuning 2`. A line
// `device` or `compiler` holds for all that follow. Blank lines and lines that begin with `#` mean nothing.
#pragma once

#include "tools/tuning/Measurement.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace skip::tuning {

/// Sorted by device, compiler, problem, threads and choice, so equal measurements give equal bytes.
std::string exportText(const std::vector<Measurement> &measurements);

bool isExport(llvm::StringRef text);

/// Reads a text back; an error names `path` and the line. Lines whose choice is not legal for their problem are left out, and
/// counted in `ignored`.
llvm::Expected<std::vector<Measurement>> importText(llvm::StringRef text, llvm::StringRef path, unsigned &ignored);

} // namespace skip::tuning
