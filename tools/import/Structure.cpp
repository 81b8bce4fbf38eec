// From a net to blocks and a model. Uses of one block are those that do the same (Shape.h); where they differ in numbers, these
// become its parameters (Parameters.h). What only some uses have is the projection of a shortcut: it is written as `shortcut`
// where it is what that does, else as an `if` on what tells these uses from the others: their stride, or that the channels
// change.
#include "tools/import/Spec.h"

#include "tools/import/BlockBuilder.h"
#include "tools/import/Identifier.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace skip::onnx;
using Kind = SpecOperation::Kind;

namespace {
class Structurer {
public:
  Structurer(const Net &net, llvm::StringRef name) : net(net), uses(net), instances(findInstances(net)) {
    spec.name = name.str();
    for (const Instance &instance : instances)
      locals.push_back(localBlock(net, uses, instance));
  }
  Spec run();

private:
  struct Use {
    const Instance *instance;
    const Cluster *cluster;
    size_t index; // in the cluster
  };

  void addClusters(std::vector<const LocalBlock *> group);
  bool addCluster(std::vector<const LocalBlock *> group, bool varies);
  void addCall(size_t call);
  void addUses(const Use &first);
  bool repeats(const Use &previous, const Use &next) const;
  bool isReadBy(const Instance &reader, ValueId value) const;
  std::string useArguments(const Use &use) const;

  const Net &net;
  Uses uses;
  std::vector<Instance> instances;
  std::vector<LocalBlock> locals;
  std::vector<std::unique_ptr<Cluster>> clusters;
  std::map<size_t, Use> byExit; // uses of blocks, by the call that ends them
  std::vector<bool> inBlock;    // of each call
  llvm::DenseMap<ValueId, size_t> ids;
  Spec spec;
};
} // namespace

/// A block that is used once is written where it stands.
bool Structurer::addCluster(std::vector<const LocalBlock *> group, bool varies) {
  if (group.size() < 2)
    return true;
  auto cluster = std::make_unique<Cluster>();
  cluster->uses = std::move(group);
  cluster->varies = varies;
  Block block;
  if (!buildBlock(net, *cluster, spec, block))
    return false;
  spec.blocks.push_back(std::move(block));
  for (size_t i = 0; i < cluster->uses.size(); ++i) {
    const Instance *instance = cluster->uses[i]->instance;
    byExit[net.callOf(instance->exit)] = {instance, cluster.get(), i};
    for (size_t call : instance->calls)
      inBlock[call] = true;
  }
  clusters.push_back(std::move(cluster));
  return true;
}

void Structurer::addClusters(std::vector<const LocalBlock *> group) {
  std::vector<std::pair<std::string, std::vector<const LocalBlock *>>> variants;
  for (const LocalBlock *block : group) {
    std::string key = block->sideKey(net);
    auto found = llvm::find_if(variants, [&](const auto &variant) { return variant.first == key; });
    if (found == variants.end())
      found = variants.insert(variants.end(), {key, {}});
    found->second.push_back(block);
  }
  bool mayVary = variants.size() == 2 && variants[0].second[0]->side.empty() != variants[1].second[0]->side.empty();
  if (variants.size() == 1 || mayVary)
    if (addCluster(group, mayVary))
      return;
  for (auto &[key, blocks] : variants)
    addCluster(blocks, false);
}

void Structurer::addCall(size_t index) {
  const Call &call = net.calls[index];
  llvm::SmallVector<size_t, 2> operands;
  for (ValueId operand : call.operands)
    operands.push_back(ids.lookup(operand));
  SpecOperation added{Kind::Sum, operands, {}};
  if (call.operation != "add")
    added = {Kind::Call,
             operands,
             {{call.path.empty() ? "" : labelText(call.path), call.operation.str(), argumentsText(call),
               beginsLine(call.operation)}}};
  spec.model.operations.push_back(std::move(added));
  ids[net.resultOf(index)] = spec.model.inputs.size() + spec.model.operations.size() - 1;
}

/// The values of the block's parameters; those that have their default are left out.
std::string Structurer::useArguments(const Use &use) const {
  std::string all;
  for (bool withFallback : {false, true})
    for (const BlockParameters::Parameter &parameter : use.cluster->parameters.all()) {
      const ArgumentValue &value = parameter.values[use.index];
      if (parameter.fallback.has_value() != withFallback || parameter.fallback == value)
        continue;
      all += (all.empty() ? "" : ", ") + (withFallback ? parameter.name + " = " : "") + valueText(value);
    }
  return all;
}

/// `layer1.0` as `layer1` and 0, if it ends in a number.
static std::pair<llvm::StringRef, int64_t> splitNumber(llvm::StringRef path) {
  auto [list, last] = path.contains('.') ? path.rsplit('.') : std::pair(llvm::StringRef(), path);
  int64_t number = -1;
  return last.getAsInteger(10, number) || std::to_string(number) != last ? std::pair(list, int64_t(-1))
                                                                         : std::pair(list, number);
}

/// By that block, and by nothing else.
bool Structurer::isReadBy(const Instance &reader, ValueId value) const {
  return !uses.isOutput[value] &&
         llvm::all_of(uses.readers[value], [&](size_t call) { return llvm::is_contained(reader.calls, call); });
}

/// Rule repeat-3: all get the same, but for the stride, which only the first gets.
bool Structurer::repeats(const Use &previous, const Use &next) const {
  auto [list, number] = splitNumber(previous.instance->path);
  auto [nextList, nextNumber] = splitNumber(next.instance->path);
  bool follows = previous.cluster == next.cluster && number >= 0 && list == nextList && nextNumber == number + 1 &&
                 next.instance->entry == previous.instance->exit && isReadBy(*next.instance, previous.instance->exit);
  return follows && llvm::all_of(next.cluster->parameters.all(), [&](const BlockParameters::Parameter &parameter) {
           return parameter.name == "stride" ? parameter.values[next.index] == *parameter.fallback
                                             : parameter.values[previous.index] == parameter.values[next.index];
         });
}

/// Adds a use of a block, or all that `repeat` says.
void Structurer::addUses(const Use &first) {
  const Use *last = &first;
  int64_t count = 1;
  while (splitNumber(first.instance->path).second == 0) {
    auto next = byExit.upper_bound(net.callOf(last->instance->exit));
    if (next == byExit.end() || !repeats(*last, next->second))
      break;
    ids[last->instance->exit] = 0; // which nothing else reads
    last = &next->second;
    ++count;
  }
  std::string label = first.instance->path, operation = first.cluster->name, arguments = useArguments(first);
  if (count > 1) {
    label = splitNumber(first.instance->path).first.str();
    arguments = std::to_string(count) + ", " + operation + (arguments.empty() ? "" : ", " + arguments);
    operation = "repeat";
  }
  spec.model.operations.push_back({Kind::Call,
                                   {ids.lookup(first.instance->entry)},
                                   {{label.empty() ? "" : labelText(label), operation, arguments, true, true}}});
  ids[last->instance->exit] = spec.model.inputs.size() + spec.model.operations.size() - 1;
}

Spec Structurer::run() {
  inBlock.assign(net.calls.size(), false);
  std::vector<std::pair<std::string, std::vector<const LocalBlock *>>> groups;
  std::map<std::string, size_t> byKey;
  for (const LocalBlock &block : locals) {
    auto [found, isNew] = byKey.try_emplace(block.key(net), groups.size());
    if (isNew)
      groups.push_back({found->first, {}});
    groups[found->second].second.push_back(&block);
  }
  for (auto &[key, group] : groups)
    addClusters(std::move(group));
  spec.inputs = net.inputs;
  for (const NetPort &input : net.inputs) {
    ids[static_cast<ValueId>(spec.model.inputs.size())] = spec.model.inputs.size();
    spec.model.inputs.push_back(input.name);
  }
  for (size_t call = 0; call < net.calls.size(); ++call) {
    if (auto use = byExit.find(call); use != byExit.end() && !ids.count(use->second.instance->exit))
      addUses(use->second);
    else if (!inBlock[call])
      addCall(call);
  }
  for (const auto &[name, value] : net.outputs)
    spec.model.outputs.push_back({name, ids.lookup(value)});
  return std::move(spec);
}

Spec skip::onnx::structure(const Net &net, llvm::StringRef name) { return Structurer(net, name).run(); }
