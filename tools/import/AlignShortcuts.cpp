// ResNet-D's projections average before they convolve, but not where the stride is 1: exporters leave the pool out there.
//
//   layer2.0:  x -> avg_pool(2) -> conv -> bn -> +        x -> avg_pool(2) -> conv -> bn -> +
//   layer1.0:  x ----------------> conv -> bn -> +        x -> avg_pool(1) -> conv -> bn -> +
//
// With `avg_pool(stride)` both are one block. The compiler drops a pool of one pixel.
#include "tools/import/AlignShortcuts.h"

#include "tools/import/Shape.h"

#include "llvm/ADT/STLExtras.h"

#include <map>

using namespace skip::onnx;

/// A pool that does nothing where it is put before a call: its arguments, and the call.
using Additions = std::map<size_t, llvm::SmallVector<Argument, 6>>;

/// Whether a way begins with a mean over windows that are as large as they are apart, without padding.
static bool beginsWithPool(const Net &net, const LocalBlock &block) {
  if (block.side.size() < 2 || net.calls[block.side[0].call].operation != "avg_pool")
    return false;
  const auto &arguments = net.calls[block.side[0].call].arguments; // kernel, stride, pad, ceil_mode, count_include_pad
  return std::holds_alternative<int64_t>(arguments[0].value) && arguments[0].value == arguments[1].value &&
         arguments[2].value == ArgumentValue(int64_t(0));
}

static std::string keyWithoutPool(const Net &net, LocalBlock block) {
  block.side.erase(block.side.begin());
  return block.sideKey(net);
}

static llvm::SmallVector<Argument, 6> onePixel(llvm::SmallVector<Argument, 6> arguments) {
  for (Argument *size : {&arguments[0], &arguments[1]})
    size->value = int64_t(1);
  arguments[1].fallback = int64_t(1);
  return arguments;
}

static Additions findAdditions(const Net &net) {
  Uses uses(net);
  std::vector<Instance> instances = findInstances(net);
  std::map<std::string, std::vector<LocalBlock>> groups;
  for (const Instance &instance : instances) {
    LocalBlock block = localBlock(net, uses, instance);
    groups[block.key(net)].push_back(std::move(block));
  }
  Additions additions;
  for (const auto &[key, blocks] : groups) {
    const auto *pooled = llvm::find_if(blocks, [&](const LocalBlock &block) { return beginsWithPool(net, block); }).base();
    if (pooled == blocks.data() + blocks.size())
      continue;
    std::string wanted = keyWithoutPool(net, *pooled);
    for (const LocalBlock &block : blocks)
      if (!block.side.empty() && block.sideKey(net) == wanted)
        additions[block.side[0].call] = onePixel(net.calls[pooled->side[0].call].arguments);
  }
  return additions;
}

void skip::onnx::alignShortcuts(Net &net) {
  Additions additions = findAdditions(net);
  if (additions.empty())
    return;
  Net aligned{net.inputs, {}, net.outputs};
  std::vector<ValueId> renumbered;
  for (ValueId input = 0; input < net.inputs.size(); ++input)
    renumbered.push_back(input);
  for (auto [index, call] : llvm::enumerate(net.calls)) {
    for (ValueId &operand : call.operands)
      operand = renumbered[operand];
    if (auto found = additions.find(index); found != additions.end()) {
      Dims dims = aligned.dimsOf(call.operands[0]);
      aligned.calls.push_back({"avg_pool", {call.operands[0]}, found->second, dims, {}});
      call.operands[0] = aligned.resultOf(aligned.calls.size() - 1);
    }
    aligned.calls.push_back(std::move(call));
    renumbered.push_back(aligned.resultOf(aligned.calls.size() - 1));
  }
  for (auto &[name, value] : aligned.outputs)
    value = renumbered[value];
  net = std::move(aligned);
}
