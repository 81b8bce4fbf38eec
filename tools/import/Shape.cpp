// The shortcut is the shorter of the two ways that lead to the addition by operations of one input each.
#include "tools/import/Shape.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

#include <set>

using namespace skip::onnx;

namespace {
/// A way to an addition, from its end.
struct Way {
  std::vector<size_t> calls;
  ValueId source = 0;
};
} // namespace

/// Nothing where it begins at a value that nobody else reads.
static std::optional<Way> wayTo(const Net &net, const Uses &uses, const Instance &instance, ValueId value) {
  Way way;
  while (value != instance.entry && uses.count(value) == 1 && net.calls[net.callOf(value)].operands.size() == 1) {
    way.calls.push_back(net.callOf(value));
    value = net.calls[net.callOf(value)].operands[0];
  }
  way.source = value;
  return value == instance.entry || uses.count(value) > 1 ? std::optional(way) : std::nullopt;
}

static std::string labelIn(const Instance &instance, const Call &call) {
  return call.path.empty() ? std::string() : call.path.substr(instance.path.size() + 1);
}

LocalBlock skip::onnx::localBlock(const Net &net, const Uses &uses, const Instance &instance) {
  LocalBlock block;
  block.instance = &instance;
  std::optional<size_t> sum;
  for (size_t call : instance.calls)
    if (net.calls[call].operation == "add")
      sum = call;
  std::optional<Way> side;
  for (size_t operand = 0; sum && operand < 2; ++operand) {
    std::optional<Way> way = wayTo(net, uses, instance, net.calls[*sum].operands[operand]);
    if (way && (!side || way->calls.size() <= side->calls.size())) {
      side = way;
      block.sideOperand = operand;
    }
  }
  std::set<size_t> onTheSide;
  if (side)
    onTheSide.insert(side->calls.begin(), side->calls.end());
  llvm::DenseMap<ValueId, size_t> local = {{instance.entry, 0}};
  for (size_t call : instance.calls) {
    if (onTheSide.count(call))
      continue;
    LocalCall added{call, labelIn(instance, net.calls[call]), {}};
    for (size_t i = 0; i < net.calls[call].operands.size(); ++i) {
      bool bySide = side && call == *sum && i == block.sideOperand;
      added.operands.push_back(local.lookup(bySide ? side->source : net.calls[call].operands[i]));
    }
    block.calls.push_back(std::move(added));
    local[net.resultOf(call)] = block.calls.size();
    if (side && call == *sum)
      block.sum = block.calls.size() - 1;
  }
  if (!side)
    return block;
  block.sideSource = local.lookup(side->source);
  block.sideValue = side->source;
  for (size_t call : llvm::reverse(side->calls))
    block.side.push_back({call, labelIn(instance, net.calls[call]), {}});
  return block;
}

static void append(std::string &key, const Net &net, const LocalCall &call) {
  key += net.calls[call.call].operation.str() + ":" + call.label;
  for (const Argument &argument : net.calls[call.call].arguments)
    key += "," + argument.name.str();
  key += ';';
}

std::string LocalBlock::key(const Net &net) const {
  std::string key;
  for (size_t i = 0; i < calls.size(); ++i) {
    for (size_t operand = 0; operand < calls[i].operands.size(); ++operand)
      key += sum == i && operand == sideOperand ? "s " : std::to_string(calls[i].operands[operand]) + " ";
    append(key, net, calls[i]);
  }
  return key;
}

std::string LocalBlock::sideKey(const Net &net) const {
  std::string key = std::to_string(sideSource) + ";";
  for (const LocalCall &call : side)
    append(key, net, call);
  return key;
}
