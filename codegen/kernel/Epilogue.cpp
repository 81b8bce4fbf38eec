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
    {EpilogueOp::Sigmoid, "graph.sigmoid", 0, 0, false},
    {EpilogueOp::Silu, "graph.silu", 0, 0, false},
    {EpilogueOp::Gelu, "graph.gelu", 0, 0, false},
    {EpilogueOp::HardSigmoid, "graph.hard_sigmoid", 0, 0, false},
    {EpilogueOp::HardSwish, "graph.hard_swish", 0, 0, false},
    {EpilogueOp::Mish, "graph.mish", 0, 0, false},
    {.op = EpilogueOp::LeakyRelu,
     .graphOp = "graph.leaky_relu",
     .tensors = 0,
     .vectors = 0,
     .commutes = false,
     .hasNumber = true},
    {EpilogueOp::Prelu, "graph.prelu", 0, 1, false},
    {.op = EpilogueOp::Mul, .graphOp = "graph.mul", .tensors = 1, .vectors = 0, .commutes = false, .ofImages = true},
    {EpilogueOp::Multiply, "graph.multiply", 1, 0, true},
    {.op = EpilogueOp::Shift, .graphOp = "graph.shift", .tensors = 1, .vectors = 0, .commutes = false, .ofImages = true},
    {EpilogueOp::SigmoidGradInput, "graph.sigmoid_grad_input", 1, 0, false},
    {EpilogueOp::SiluGradInput, "graph.silu_grad_input", 1, 0, false},
    {EpilogueOp::GeluGradInput, "graph.gelu_grad_input", 1, 0, false},
    {EpilogueOp::HardSigmoidGradInput, "graph.hard_sigmoid_grad_input", 1, 0, false},
    {EpilogueOp::HardSwishGradInput, "graph.hard_swish_grad_input", 1, 0, false},
    {EpilogueOp::MishGradInput, "graph.mish_grad_input", 1, 0, false},
    {.op = EpilogueOp::LeakyReluGradInput,
     .graphOp = "graph.leaky_relu_grad_input",
     .tensors = 1,
     .vectors = 0,
     .commutes = false,
     .hasNumber = true},
    {EpilogueOp::PreluGradInput, "graph.prelu_grad_input", 1, 1, false},
    {EpilogueOp::PreluGradTerms, "graph.prelu_grad_terms", 1, 0, false},
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
