// Frameworks name layers differently, but write them in the order in which networks compute them.
#include "tools/weights/Pairing.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <deque>
#include <map>
#include <optional>
#include <set>

using namespace skip;
using namespace skip::tool;

using Label = std::pair<llvm::StringRef, llvm::StringRef>; // what stands before the last dot, and behind it

static Label splitLast(llvm::StringRef name) {
  size_t dot = name.rfind('.');
  return dot == llvm::StringRef::npos ? Label("", name) : Label(name.take_front(dot), name.drop_front(dot + 1));
}

/// By the names that frameworks use.
static llvm::StringRef kindOf(llvm::StringRef name) {
  return llvm::StringSwitch<llvm::StringRef>(splitLast(name).second)
      .Cases({"weight", "kernel", "gamma", "scale", "w"}, "weight")
      .Cases({"bias", "beta", "offset", "b"}, "bias")
      .Cases({"running_mean", "moving_mean", "mean"}, "mean")
      .Cases({"running_var", "moving_variance", "variance", "var"}, "variance")
      .Default("");
}

/// Numbers in names count as numbers: `layer.10` stands behind `layer.9`.
static bool naturallyBefore(const NamedShape *a, const NamedShape *b) {
  return llvm::StringRef(a->name).compare_numeric(b->name) < 0;
}

using Tensors = std::vector<const NamedShape *>;

/// Takes pairs of equal keys out of both lists, in their order.
template <typename Key> static void takePairs(Tensors &ofFile, Tensors &ofModel, Key key, std::vector<TensorPair> &pairs) {
  std::map<decltype(key(*ofFile.front())), std::deque<const NamedShape *>> waiting;
  for (const NamedShape *tensor : ofFile)
    waiting[key(*tensor)].push_back(tensor);
  std::set<const NamedShape *> taken;
  for (const NamedShape *wanted : ofModel) {
    auto found = waiting.find(key(*wanted));
    if (found == waiting.end() || found->second.empty())
      continue;
    pairs.push_back({found->second.front(), wanted});
    taken.insert({found->second.front(), wanted});
    found->second.pop_front();
  }
  auto isTaken = [&](const NamedShape *tensor) { return taken.count(tensor) > 0; };
  llvm::erase_if(ofFile, isTaken);
  llvm::erase_if(ofModel, isTaken);
}

static std::vector<TensorPair> pairInOrder(Tensors ofFile, Tensors ofModel) {
  auto shapeOf = [](const NamedShape &tensor) { return withoutOnes(tensor.shape).vec(); };
  std::vector<TensorPair> pairs;
  takePairs(ofFile, ofModel, [&](const NamedShape &tensor) { return std::pair(shapeOf(tensor), kindOf(tensor.name)); }, pairs);
  takePairs(ofFile, ofModel, shapeOf, pairs);
  return pairs;
}

std::vector<TensorPair> tool::pairTensors(llvm::ArrayRef<NamedShape> ofFile, llvm::ArrayRef<NamedShape> ofModel) {
  Tensors file, model;
  for (const NamedShape &tensor : ofFile)
    file.push_back(&tensor);
  for (const NamedShape &tensor : ofModel)
    model.push_back(&tensor);
  std::vector<TensorPair> written = pairInOrder(file, model);
  llvm::stable_sort(file, naturallyBefore);
  llvm::stable_sort(model, naturallyBefore);
  std::vector<TensorPair> named = pairInOrder(std::move(file), std::move(model));
  return renamesFor(named).size() < renamesFor(written).size() ? named : written;
}

static std::vector<Rename> sorted(const std::set<std::pair<std::string, std::string>> &renames) {
  std::vector<Rename> list;
  for (const auto &[from, to] : renames)
    list.push_back({from, to});
  llvm::stable_sort(list, [](const Rename &a, const Rename &b) { return a.from.size() > b.from.size(); });
  return list;
}

static bool makesAll(llvm::ArrayRef<TensorPair> pairs, llvm::ArrayRef<Rename> renames) {
  return llvm::all_of(pairs, [&](const TensorPair &pair) { return renamed(pair.ofFile->name, renames) == pair.ofModel->name; });
}

/// Without the labels in which the names end alike, at most `most` of them.
static std::pair<std::string, std::string> shortened(llvm::StringRef from, llvm::StringRef to, size_t most) {
  for (size_t i = 0; i < most && !from.empty() && !to.empty(); ++i) {
    auto [fromRest, fromLast] = splitLast(from);
    auto [toRest, toLast] = splitLast(to);
    if (fromLast != toLast)
      break;
    from = fromRest;
    to = toRest;
  }
  return {from.str(), to.str()};
}

std::vector<Rename> tool::renamesFor(llvm::ArrayRef<TensorPair> pairs) {
  std::vector<Rename> best;
  for (size_t most = 0; most < 8; ++most) { // 0 renames each tensor, 1 each layer, 2 each block
    std::set<std::pair<std::string, std::string>> renames;
    for (const TensorPair &pair : pairs)
      if (pair.ofFile->name != pair.ofModel->name)
        renames.insert(shortened(pair.ofFile->name, pair.ofModel->name, most));
    std::vector<Rename> list = sorted(renames);
    if (most == 0 || (list.size() < best.size() && makesAll(pairs, list)))
      best = std::move(list);
  }
  return best;
}
