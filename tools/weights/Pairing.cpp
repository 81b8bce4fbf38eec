// Frameworks name layers differently, but write them in the order in which networks compute them. Files that are written by
// name have another order; there names that end alike are what is left of it.
#include "tools/weights/Pairing.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

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

/// By the names that frameworks use, behind a dot, slash or underscore; TensorFlow's end in `:0`.
static llvm::StringRef kindOf(llvm::StringRef name) {
  static constexpr std::pair<llvm::StringLiteral, llvm::StringLiteral> kinds[] = {
      {"running_mean", "mean"}, {"moving_mean", "mean"},
      {"mean", "mean"},         {"running_var", "variance"},
      {"var", "variance"},      {"moving_variance", "variance"},
      {"variance", "variance"}, {"weight", "weight"},
      {"kernel", "weight"},     {"gamma", "weight"},
      {"scale", "weight"},      {"w", "weight"},
      {"bias", "bias"},         {"beta", "bias"},
      {"offset", "bias"},       {"b", "bias"}};
  if (size_t colon = name.rfind(':'); colon != name.npos)
    name = name.take_front(colon);
  for (auto [ending, kind] : kinds)
    if (llvm::StringRef rest = name;
        rest.consume_back(ending) && (rest.empty() || llvm::StringRef("._/").contains(rest.back())))
      return kind;
  return "";
}

/// The last `count` labels, or nothing where there are fewer.
static std::optional<std::string> tailOf(llvm::StringRef name, size_t count) {
  llvm::SmallVector<llvm::StringRef> labels;
  name.split(labels, '.');
  if (labels.size() < count)
    return std::nullopt;
  return llvm::join(llvm::ArrayRef(labels).take_back(count), ".");
}

/// Numbers in names count as numbers: `layer.10` stands behind `layer.9`.
static bool naturallyBefore(const NamedShape *a, const NamedShape *b) {
  return llvm::StringRef(a->name).compare_numeric(b->name) < 0;
}

using Tensors = std::vector<const NamedShape *>;

/// What a tensor is told by: its shape, and a text.
using Key = std::pair<std::vector<int64_t>, std::string>;

/// Takes pairs of equal keys out of both lists, in their order; what has no key stays.
static void takePairs(Tensors &ofFile, Tensors &ofModel, llvm::function_ref<std::optional<Key>(const NamedShape &)> keyOf,
                      std::vector<TensorPair> &pairs) {
  std::map<Key, std::deque<const NamedShape *>> waiting;
  for (const NamedShape *tensor : ofFile)
    if (std::optional<Key> key = keyOf(*tensor))
      waiting[*key].push_back(tensor);
  std::set<const NamedShape *> taken;
  for (const NamedShape *wanted : ofModel) {
    std::optional<Key> key = keyOf(*wanted);
    auto found = key ? waiting.find(*key) : waiting.end();
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

static std::vector<int64_t> shapeOf(const NamedShape &tensor) { return withoutOnes(tensor.shape).vec(); }

/// In their order; those first whose names end in the same labels, if `byTails`. What is of two kinds is no pair.
static std::vector<TensorPair> pairInOrder(Tensors ofFile, Tensors ofModel, bool byTails) {
  std::vector<TensorPair> pairs;
  constexpr size_t mostLabels = 6; // of a tail
  for (size_t labels = mostLabels; byTails && labels >= 2; --labels)
    takePairs(
        ofFile, ofModel,
        [&](const NamedShape &tensor) -> std::optional<Key> {
          std::optional<std::string> tail = tailOf(tensor.name, labels);
          return tail ? std::optional(Key(shapeOf(tensor), *tail)) : std::nullopt;
        },
        pairs);
  takePairs(ofFile, ofModel, [](const NamedShape &tensor) { return Key(shapeOf(tensor), kindOf(tensor.name)); }, pairs);
  llvm::erase_if(ofFile, [](const NamedShape *tensor) { return !kindOf(tensor->name).empty(); });
  takePairs(ofFile, ofModel, [](const NamedShape &tensor) { return Key(shapeOf(tensor), ""); }, pairs);
  return pairs;
}

/// Of the ways to pair them the one that takes the fewest renames.
std::vector<TensorPair> tool::pairTensors(llvm::ArrayRef<NamedShape> ofFile, llvm::ArrayRef<NamedShape> ofModel) {
  Tensors file, model;
  for (const NamedShape &tensor : ofFile)
    file.push_back(&tensor);
  for (const NamedShape &tensor : ofModel)
    model.push_back(&tensor);
  Tensors fileByName = file, modelByName = model;
  llvm::stable_sort(fileByName, naturallyBefore);
  llvm::stable_sort(modelByName, naturallyBefore);
  std::vector<TensorPair> best;
  std::optional<size_t> fewest;
  for (bool byTails : {true, false})
    for (bool asWritten : {true, false}) {
      std::vector<TensorPair> pairs =
          asWritten ? pairInOrder(file, model, byTails) : pairInOrder(fileByName, modelByName, byTails);
      size_t unmet = ofModel.size() - pairs.size(), renames = renamesFor(pairs).size() + unmet;
      if (!fewest || renames < *fewest) {
        fewest = renames;
        best = std::move(pairs);
      }
    }
  return best;
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
