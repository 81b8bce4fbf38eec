// What bounds the work that a text can ask for. The defaults are far above every network in the literature.
#pragma once

#include <cstdint>

namespace skip::frontend {

struct Limits {
  uint64_t fileBytes = 1 << 20;
  unsigned files = 64;
  unsigned nesting = 200;                  ///< parentheses, unary operators, conditionals, `if` bodies
  unsigned parameters = 256;               ///< of a block, model or file; choices of one; options of a port or an import
  unsigned callDepth = 64;                 ///< blocks within blocks
  unsigned evaluations = 1000;             ///< expressions within expressions, through the blocks that they call
  int64_t repeatCount = 100'000;           ///< of one `repeat`
  int64_t elements = int64_t(1) << 40;     ///< of one tensor, exclusive
  int64_t multiplyAdds = int64_t(1) << 44; ///< of one convolution for one image, exclusive
  unsigned operations = 300'000;           ///< of a model, parameters included
  unsigned steps = 2'000'000;              ///< expressions evaluated
  unsigned nameLength = 512;               ///< of a full name such as `layer1.0.conv1`
};

} // namespace skip::frontend
