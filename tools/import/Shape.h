// One use of a block in terms of its own, so that uses can be compared.
#pragma once

#include "tools/import/Instances.h"

namespace skip::onnx {

/// A call inside of a block. Values: 0 is the block's input, i + 1 the result of its i-th call.
struct LocalCall {
  size_t call; ///< in the net
  std::string label;
  llvm::SmallVector<size_t, 2> operands;
};

/// A block's calls, apart from the way of its shortcut: what leads to its last addition from a value that others read too. That
/// way may be empty.
struct LocalBlock {
  const Instance *instance;
  std::vector<LocalCall> calls;
  std::optional<size_t> sum;   ///< of the calls, the addition
  size_t sideOperand = 0;      ///< of the addition, which comes by the shortcut
  std::vector<LocalCall> side; ///< in order, each reads the one before
  size_t sideSource = 0;       ///< the value that the first of them reads, or that is added as it is
  ValueId sideValue = 0;       ///< the same, of the net

  /// What uses of one block have in common: operations, labels, who reads whom; of the shortcut nothing.
  std::string key(const Net &net) const;
  std::string sideKey(const Net &net) const;
};

LocalBlock localBlock(const Net &net, const Uses &uses, const Instance &instance);

} // namespace skip::onnx
