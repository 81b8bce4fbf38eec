// Kernels that are right, broken in one place each.
#pragma once

#include "tests/unit/emulator/Samples.h"

namespace skip::emulator::test {

using Sample = Result (*)(const std::string &text, const Settings &settings);

struct Planted {
  const char *name;
  Sample sample;
  const char *find;
  int nth; // of the places where it stands; 0: all of them
  const char *replace;
  std::vector<FaultKind> kinds;
  bool sometimes = false; // some orders hide it
};

/// In all completions and some orders, what was broken is told, as one of its kinds.
void check(const Planted &planted);
/// What was not broken has the right result.
void checkRight(Sample sample, double most, std::initializer_list<uint64_t> seeds);

} // namespace skip::emulator::test
