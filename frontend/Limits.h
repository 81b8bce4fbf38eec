// What bounds the work that a text can ask for. The defaults are far above every network in the literature.
#pragma once

#include <cstdint>

namespace skip::frontend {

struct Limits {
  uint64_t fileBytes = 1 << 20;
  unsigned files = 64;
  unsigned nesting = 200;              ///< parentheses, unary operators, conditionals, `if` bodies
  unsigned callDepth = 64;             ///< blocks within blocks
  int64_t repeatCount = 100'000;       ///< of one `repeat`
  int64_t elements = int64_t(1) << 40; ///< of one tensor, exclusive
  unsigned operations = 1'000'000;     ///< of a model, parameters included
  unsigned steps = 20'000'000;         ///< expressions evaluated
  unsigned nameLength = 512;           ///< of a full name such as `layer1.0.conv1`
};

} // namespace skip::frontend
