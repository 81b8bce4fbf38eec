// Who reads a net's values.
#pragma once

#include "tools/import/Net.h"

namespace skip::onnx {

/// For each value the calls that read it, once for each operand, and whether it is an output.
struct Uses {
  explicit Uses(const Net &net) : readers(net.inputs.size() + net.calls.size()), isOutput(readers.size(), false) {
    for (size_t call = 0; call < net.calls.size(); ++call)
      for (ValueId operand : net.calls[call].operands)
        readers[operand].push_back(call);
    for (const auto &[name, value] : net.outputs)
      isOutput[value] = true;
  }
  size_t count(ValueId value) const { return readers[value].size() + isOutput[value]; }

  std::vector<llvm::SmallVector<size_t, 2>> readers;
  std::vector<bool> isOutput;
};

} // namespace skip::onnx
