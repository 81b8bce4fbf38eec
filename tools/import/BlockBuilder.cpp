// What uses of a block differ in becomes parameters; what only some of them have is the projection of a shortcut.
#include "tools/import/BlockBuilder.h"

#include "tools/import/Identifier.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace skip::onnx;
using Kind = SpecOperation::Kind;

namespace {
/// Writes one block.
class BlockBuilder {
public:
  BlockBuilder(const Net &net, Cluster &cluster) : net(net), cluster(cluster), longest(*cluster.uses[0]) {
    for (const LocalBlock *use : cluster.uses)
      if (use->side.size() > longest.side.size())
        longest = *use;
    cluster.parameters = BlockParameters(cluster.uses.size());
  }
  /// False where no condition tells the uses with a projection from those without.
  bool build(Block &block);

private:
  using Values = std::vector<std::optional<ArgumentValue>>;
  const Call &callOf(const LocalCall &call) const { return net.calls[call.call]; }
  Stage stageOf(llvm::function_ref<const LocalCall *(const LocalBlock &)> callIn);
  Stage sideStage(size_t i);
  bool isShortcut() const;
  bool conditionHolds(llvm::StringRef channels, std::string &condition);

  const Net &net;
  Cluster &cluster;
  LocalBlock longest; // a use with the projection, if any has it
};
} // namespace

bool skip::onnx::beginsLine(llvm::StringRef operation) { return operation == "conv" || operation == "linear"; }

/// The call that `callIn` finds in each use, or null.
Stage BlockBuilder::stageOf(llvm::function_ref<const LocalCall *(const LocalBlock &)> callIn) {
  const LocalCall &model = *callIn(longest);
  const Call &call = callOf(model);
  std::vector<std::string> texts;
  llvm::SmallVector<bool> omitted;
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    Values values;
    bool isFallback = true;
    for (const LocalBlock *use : cluster.uses) {
      const LocalCall *local = callIn(*use);
      const Argument *argument = local ? &callOf(*local).arguments[i] : nullptr;
      values.push_back(argument ? std::optional(argument->value) : std::nullopt);
      isFallback &= !argument || argument->fallback == argument->value;
    }
    omitted.push_back(isFallback);
    // A pool's windows are as large as they are apart.
    llvm::StringRef name =
        call.operation == "avg_pool" && call.arguments[i].name == "kernel" ? "stride" : call.arguments[i].name;
    texts.push_back(isFallback ? "" : cluster.parameters.express(name, values));
  }
  return {model.label.empty() ? "" : labelText(model.label), call.operation.str(),
          argumentsText(call.arguments, texts, omitted), beginsLine(call.operation)};
}

Stage BlockBuilder::sideStage(size_t i) {
  return stageOf([&](const LocalBlock &use) { return use.side.empty() ? nullptr : &use.side[i]; });
}

static ArgumentValue argumentOf(const Call &call, llvm::StringRef name) {
  return llvm::find_if(call.arguments, [&](const Argument &argument) { return argument.name == name; })->value;
}

/// Rule shortcut-1: the smallest stride that leads from one size to the other.
static int64_t smallestStride(const Dims &from, const Dims &to) {
  int64_t stride = std::max(llvm::divideCeil(from[1], to[1]), llvm::divideCeil(from[2], to[2]));
  return llvm::divideCeil(from[1], stride) == static_cast<uint64_t>(to[1]) &&
                 llvm::divideCeil(from[2], stride) == static_cast<uint64_t>(to[2])
             ? stride
             : 0;
}

/// Whether all projections are those of the language's option B: a plain 1x1 convolution, labelled `.0`, and a batch norm,
/// `.1`.
bool BlockBuilder::isShortcut() const {
  if (longest.side.size() != 2)
    return false;
  llvm::StringRef first = longest.side[0].label, second = longest.side[1].label;
  if (!first.consume_back(".0") || !second.consume_back(".1") || first != second)
    return false;
  for (const LocalBlock *use : cluster.uses) {
    if (use->sideSource != longest.sideSource || net.dimsOf(use->sideValue).size() != 3)
      return false;
    if (use->side.empty())
      continue;
    const Call &conv = callOf(use->side[0]), &norm = callOf(use->side[1]);
    if (conv.operation != "conv" || norm.operation != "bn" || argumentOf(norm, "eps") != ArgumentValue(1e-5))
      return false;
    ArgumentValue stride = argumentOf(conv, "stride");
    for (const Argument &argument : conv.arguments)
      if (argument.name == "kernel" ? argument.value != ArgumentValue(int64_t(1))
          : argument.name == "pad"
              ? argument.value != ArgumentValue(int64_t(0))
              : argument.name != "channels" && argument.name != "stride" && argument.fallback != argument.value)
        return false;
    const Dims &from = net.dimsOf(use->sideValue), &to = norm.dims;
    if (stride != ArgumentValue(smallestStride(from, to)) || (stride == ArgumentValue(int64_t(1)) && from == to))
      return false;
  }
  return true;
}

/// `channels` says how many the addition has.
bool BlockBuilder::conditionHolds(llvm::StringRef channels, std::string &condition) {
  const BlockParameters::Parameter *stride = cluster.parameters.find("stride");
  if (stride &&
      llvm::any_of(stride->values, [](const ArgumentValue &value) { return !std::holds_alternative<int64_t>(value); }))
    return false; // a list compares with nothing
  for (size_t i = 0; i < cluster.uses.size(); ++i) {
    const LocalBlock &use = *cluster.uses[i];
    bool changes = net.dimsOf(use.instance->entry)[0] != callOf(use.calls[*use.sum]).dims[0];
    if ((changes || (stride && stride->values[i] != ArgumentValue(int64_t(1)))) == use.side.empty())
      return false;
  }
  condition = (stride ? "stride != 1 or " : "") + ("channels(x) != " + channels).str();
  return true;
}

bool BlockBuilder::build(Block &block) {
  Body &body = block.body;
  body.inputs = {"x"};
  std::vector<size_t> ids = {0}; // of the block's values, in the body
  auto add = [&](SpecOperation operation) {
    body.operations.push_back(std::move(operation));
    return body.inputs.size() + body.operations.size() - 1;
  };
  std::optional<size_t> sideOperation; // a choice goes before the sum, when all sizes are known
  for (size_t i = 0; i < longest.calls.size(); ++i) {
    const LocalCall &local = longest.calls[i];
    llvm::SmallVector<size_t, 2> operands;
    for (size_t operand : local.operands)
      operands.push_back(ids[operand]);
    bool isSum = callOf(local).operation == "add";
    if (longest.sum == i) {
      size_t &side = operands[longest.sideOperand], main = operands[1 - longest.sideOperand];
      if (isShortcut()) {
        std::string label = llvm::StringRef(longest.side[0].label).drop_back(2).str();
        side = add({Kind::Shortcut, {side, main}, {{label == "downsample" ? "" : labelText(label), "shortcut", "", false}}});
      } else if (cluster.varies) {
        std::optional<size_t> empty; // the source of uses without a projection
        for (const LocalBlock *use : cluster.uses)
          if (use->side.empty())
            empty = ids[use->sideSource];
        SpecOperation choice{Kind::Choice, {side, *empty}, {}};
        sideOperation = body.operations.size();
        side = add(std::move(choice));
      } else {
        for (size_t k = 0; k < longest.side.size(); ++k)
          side = add({Kind::Call, {side}, {sideStage(k)}});
      }
    }
    ids.push_back(isSum ? add({Kind::Sum, operands, {}})
                        : add({Kind::Call, operands, {stageOf([&](const LocalBlock &use) { return &use.calls[i]; })}}));
  }
  if (sideOperation) {
    SpecOperation &choice = body.operations[*sideOperation];
    for (size_t k = 0; k < longest.side.size(); ++k)
      choice.stages.push_back(sideStage(k));
    Values sums;
    for (const LocalBlock *use : cluster.uses)
      sums.push_back(callOf(use->calls[*use->sum]).dims[0]);
    if (!conditionHolds(cluster.parameters.express("channels", sums), choice.condition))
      return false;
  }
  body.outputs = {{"", ids.back()}};
  return true;
}

/// By the convolutions on the way that is no shortcut, as the paper calls them.
static std::string nameOf(const Net &net, const LocalBlock &block, const Spec &spec) {
  size_t convolutions = llvm::count_if(block.calls, [&](const LocalCall &call) {
    const Call &made = net.calls[call.call];
    return made.operation == "conv" && made.dims.size() == 3 && made.dims[1] * made.dims[2] > 1;
  });
  std::string base = block.sum && convolutions == 2   ? "basic"
                     : block.sum && convolutions == 3 ? "bottleneck"
                                                      : "part",
              name = base;
  auto isTaken = [&] {
    return name == spec.name || llvm::any_of(spec.blocks, [&](const Block &other) { return other.name == name; });
  };
  for (unsigned i = 2; isTaken(); ++i)
    name = base + "_" + std::to_string(i);
  return name;
}

bool skip::onnx::buildBlock(const Net &net, Cluster &cluster, const Spec &spec, Block &block) {
  if (!BlockBuilder(net, cluster).build(block))
    return false;
  block.name = cluster.name = nameOf(net, *cluster.uses[0], spec);
  for (bool withFallback : {false, true})
    for (const BlockParameters::Parameter &parameter : cluster.parameters.all())
      if (parameter.fallback.has_value() == withFallback)
        block.parameters.push_back({parameter.name, withFallback ? valueText(*parameter.fallback) : ""});
  return true;
}
