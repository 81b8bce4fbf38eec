// The table of elementwise operations.
#include "codegen/kernel/Epilogue.h"

#include <array>

using namespace skip::kernel;

static constexpr std::array<EpilogueOperands, kEpilogueOps> table = {{
    {EpilogueOp::Add, "graph.add", 1, 0, true},
    {EpilogueOp::Relu, "graph.relu", 0, 0, false},
    {EpilogueOp::ScaleShift, "graph.scale_shift", 0, 2, false},
    {EpilogueOp::ReluGradInput, "graph.relu_grad_input", 1, 0, false},
    {EpilogueOp::ScaleAdd, "graph.scale_add", 1, 3, false},
    {EpilogueOp::ScaleChannels, "graph.scale_channels", 0, 1, false},
}};

static constexpr bool standAtTheirPlaces() {
  for (size_t i = 0; i < table.size(); ++i)
    if (table[i].op != static_cast<EpilogueOp>(i))
      return false;
  return true;
}
static_assert(standAtTheirPlaces());

const EpilogueOperands &skip::kernel::operandsOf(EpilogueOp op) { return table[static_cast<size_t>(op)]; }

std::optional<EpilogueOp> skip::kernel::epilogueOpFor(llvm::StringRef name) {
  for (size_t op = 0; op < table.size(); ++op)
    if (table[op].graphOp == name)
      return static_cast<EpilogueOp>(op);
  return std::nullopt;
}

unsigned skip::kernel::operandCount(const Epilogue &chain) {
  unsigned count = 0;
  for (EpilogueOp op : chain)
    count += operandsOf(op).tensors + operandsOf(op).vectors;
  return count;
}
