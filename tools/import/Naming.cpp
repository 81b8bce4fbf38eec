// Names from the file come first. Without them a residual block is known by its shape: between two places where the network has
// one value alive, and more than one in between. Such blocks are numbered in stages, of one size of their results each:
//
//   a -> conv -> relu -> conv -> + -> relu -> ...       the values alive behind each: 2 2 2 1 1
//     \--------------------------/
#include "tools/import/Naming.h"

#include "tools/import/Identifier.h"
#include "tools/import/Shape.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <set>

using namespace skip::onnx;

/// What a made-up name begins with.
static llvm::StringRef stemOf(llvm::StringRef operation) { return operation == "linear" ? "fc" : operation; }

/// Parts of the net with one value in, one out, and more than one way between.
static std::vector<Instance> findRegions(const Net &net, const Uses &uses) {
  std::vector<Instance> regions;
  std::set<ValueId> alive;
  Instance region;
  for (ValueId value = 0; value < uses.readers.size(); ++value) {
    if (!net.isInput(value)) {
      size_t call = net.callOf(value);
      region.calls.push_back(call);
      for (ValueId operand : net.calls[call].operands)
        if (!uses.isOutput[operand] && uses.readers[operand].back() == call)
          alive.erase(operand);
    }
    alive.insert(value);
    if (alive.size() != 1)
      continue;
    region.exit = value;
    if (region.calls.size() > 1)
      regions.push_back(region);
    region = {"", {}, value, value};
  }
  return regions;
}

static bool isUnnamed(const Net &net, const Instance &region) {
  bool hasParameters = false;
  for (size_t call : region.calls) {
    hasParameters |= !net.calls[call].parameters.empty();
    if (!net.calls[call].path.empty())
      return false;
  }
  return hasParameters;
}

/// `layer2.0.conv1`, and on the way of the shortcut `layer2.0.downsample.0`.
static void nameRegion(Net &net, const Uses &uses, const Instance &region) {
  LocalBlock block = localBlock(net, uses, region);
  llvm::StringMap<size_t> counts;
  size_t onTheSide = 0;
  for (const LocalCall &local : block.side)
    if (Call &call = net.calls[local.call]; !call.parameters.empty())
      call.path = region.path + ".downsample." + std::to_string(onTheSide++);
  for (const LocalCall &local : block.calls)
    if (Call &call = net.calls[local.call]; !call.parameters.empty())
      call.path = region.path + "." + stemOf(call.operation).str() + std::to_string(++counts[call.operation]);
}

/// Stages are numbered behind those that the file has.
static void nameRegions(Net &net, const llvm::StringSet<> &taken) {
  Uses uses(net);
  size_t stage = 0, number = 0;
  auto isTaken = [&](const std::string &path) {
    return llvm::any_of(taken.keys(), [&](llvm::StringRef name) { return name.starts_with(path + "."); });
  };
  const Dims *dims = nullptr;
  for (Instance &region : findRegions(net, uses)) {
    if (!isUnnamed(net, region))
      continue;
    if (!dims || *dims != net.dimsOf(region.exit)) {
      number = 0;
      while (isTaken("layer" + std::to_string(++stage)))
        ;
    }
    dims = &net.dimsOf(region.exit);
    region.path = "layer" + std::to_string(stage) + "." + std::to_string(number++);
    nameRegion(net, uses, region);
  }
}

void skip::onnx::namePaths(Net &net) {
  llvm::StringSet<> taken;
  auto isFirst = [&](const std::string &path) { return isPath(path) && taken.insert(path).second; };
  for (Call &call : net.calls)
    if (call.parameters.empty() || !isFirst(call.path))
      call.path.clear();
  nameRegions(net, taken);
  for (const Call &call : net.calls)
    taken.insert(call.path);
  llvm::StringMap<size_t> counts;
  for (Call &call : net.calls)
    while (!call.parameters.empty() && call.path.empty())
      if (std::string path = stemOf(call.operation).str() + std::to_string(++counts[call.operation]); isFirst(path))
        call.path = path;
}
