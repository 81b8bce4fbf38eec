// A checkpoint is a state dict, or holds one at any depth, under a name that each script chooses for itself. Beside it may lie
// what training leaves: an optimizer's state, numbers such as `best_acc1`, and, where the network is called as scripts call it,
// a moving average of its weights. These are told by the words of their keys. Tensors anywhere else might be the network's, so
// the file is refused then: part of a network must never pass for the whole. These rules are those of
// scripts/pth_to_safetensors.py.
//
// Names are held against a model afterwards, which the script cannot. So where only one of several dicts is called as scripts
// call a network (`state_dict` beside `criterion`), it is taken, and the others are told; and vectors alone make a network too.
#include "tools/weights/pytorch/StateDict.h"

#include "tools/text/Failure.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace skip;
using namespace skip::pytorch;

using Keys = std::vector<llvm::StringRef>;
static constexpr size_t mostDepth = 24, mostKey = 256, mostPlaces = 256; // so that a search is short, whatever is searched

static constexpr llvm::StringRef holders[] = {"state_dict", "model_state_dict", "model_state", "model", "net", "module"};
static constexpr llvm::StringRef networks[] = {"model", "net", "network"};
static constexpr llvm::StringRef optimizers[] = {"optim", "optims", "optimizer", "optimizers", "optimiser", "optimisers"};
static constexpr llvm::StringRef twins[] = {"ema", "teacher"};
static constexpr llvm::StringRef progress[] = {"acc",     "accuracy", "amp",       "callback",  "callbacks",  "epoch",
                                               "history", "iter",     "iteration", "loop",      "loops",      "loss",
                                               "losses",  "lr",       "metric",    "metrics",   "prec",       "rng",
                                               "scaler",  "scalers",  "sched",     "scheduler", "schedulers", "step"};

namespace {
/// A dict, list or tuple that directly holds tensors.
struct Place {
  Keys keys; // that lead to it
  const Value *held;
  std::vector<std::pair<llvm::StringRef, const Value *>> tensors;
};

/// Texts, each once, in the order in which they came.
struct Listing {
  std::vector<std::string> texts;
  llvm::StringSet<> known;
  void add(std::string text) {
    if (known.insert(text).second)
      texts.push_back(std::move(text));
  }
};

class Search {
public:
  Search(TorchFile &file, llvm::StringRef path) : file(file), path(path) {}
  llvm::Expected<StateDict> find();

private:
  llvm::Error fail(const llvm::Twine &what) const;
  llvm::Error collect(const Value &value, Keys &keys);
  llvm::Expected<llvm::StringRef> keyText(const Value &key);
  bool mayBeNetwork(const Place &place) const;
  bool isSame(const Place &a, const Place &b);
  bool isOutside(const Place &place, const Place &network) const;
  const Place *theNetwork() const;
  const Place *theUsual();
  llvm::Error refuse() const;
  std::string describeObject() const;
  llvm::Expected<StateDict> describe(const Place &network);
  llvm::Error checkNames(const Place &network) const;

  TorchFile &file;
  llvm::StringRef path;
  std::vector<Place> places;         // that might be the network's, in the file's order
  Listing optimizing;                // where optimizers' states are
  std::vector<Keys> opaques;         // what else was passed over: objects of classes that are not known
  std::vector<const Place *> rivals; // of usual names too, and others than the first
  size_t leastRank = 2;              // of the tensor by which a network is known
  llvm::DenseSet<const Value *> seen;
};
} // namespace

/// The runs of letters of a key, in lower case.
static std::vector<std::string> words(llvm::StringRef key) {
  std::vector<std::string> found(1);
  for (char c : key)
    if (llvm::isAlpha(c))
      found.back() += llvm::toLower(c);
    else if (!found.back().empty())
      found.emplace_back();
  if (found.back().empty())
    found.pop_back();
  return found;
}

static bool called(llvm::StringRef key, llvm::ArrayRef<llvm::StringRef> names) {
  return llvm::any_of(words(key), [&](const std::string &word) { return llvm::is_contained(names, word); });
}

static bool anyCalled(llvm::ArrayRef<llvm::StringRef> keys, llvm::ArrayRef<llvm::StringRef> names) {
  return llvm::any_of(keys, [&](llvm::StringRef key) { return called(key, names); });
}

/// `optim_model` is a network.
static bool isOptimizer(llvm::StringRef key) {
  return called(key, optimizers) && !llvm::is_contained(networks, words(key).back());
}

/// Of a dict the item whose key is at `i`; the weight stands for a tuple of weight and bias, as quantized layers have it.
static const Value &itemOf(const Value &dict, size_t i) {
  const Value &key = *dict.items[i], &item = *dict.items[i + 1];
  bool isPacked = key.kind == Kind::Text && key.text.ends_with("_packed_params") && item.kind == Kind::Tuple;
  return isPacked && !item.items.empty() && item.items[0]->kind == Kind::Tensor ? *item.items[0] : item;
}

/// What the state dict of any optimizer of PyTorch is, whatever it is called.
static bool isOptimizerState(const Value &value) {
  auto has = [&](llvm::StringRef name) {
    for (size_t i = 0; i < value.items.size(); i += 2)
      if (value.items[i]->isText(name))
        return true;
    return false;
  };
  return value.kind == Kind::Dict && has("state") && has("param_groups");
}

/// A layer's parameter, wherever it lies.
static bool isParameter(llvm::StringRef name) {
  for (llvm::StringRef last : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
    if (llvm::StringRef rest = name; rest.consume_back(last) && (rest.empty() || rest.back() == '.' || rest.back() == '_'))
      return true;
  return false;
}

static bool leadsTo(const Keys &keys, const Keys &longer) {
  return keys.size() <= longer.size() && std::equal(keys.begin(), keys.end(), longer.begin());
}

static std::string dotted(const Keys &keys) {
  std::string text;
  for (llvm::StringRef key : keys)
    text += (text.empty() ? "" : ".") + shown(key);
  return text.empty() ? "the file itself" : text;
}

llvm::Error Search::fail(const llvm::Twine &what) const {
  return tool::badInput("`" + path + "`: " + what + "; load it in PyTorch, and save `model.state_dict()` with torch.save");
}

llvm::Expected<llvm::StringRef> Search::keyText(const Value &key) {
  if (key.kind == Kind::Text && key.text.size() <= mostKey)
    return key.text;
  if (key.kind == Kind::Text)
    return fail("a key of " + llvm::Twine(key.text.size()) + " characters, `" + shown(key.text) + "`");
  return key.isNumber() ? file.save(llvm::Twine(key.number)) : llvm::StringRef("?");
}

/// Goes down the dicts, lists and tuples, each once: they may refer to each other in circles, and to one of them from many
/// places.
llvm::Error Search::collect(const Value &value, Keys &keys) {
  bool dict = value.kind == Kind::Dict;
  if ((!dict && value.kind != Kind::List && value.kind != Kind::Tuple) || !seen.insert(&value).second)
    return llvm::Error::success();
  if (keys.size() == mostDepth)
    return fail("dicts and lists are nested more than 24 deep, `" + dotted(keys).substr(0, 200) + "`");
  auto optimizer = llvm::find_if(keys, isOptimizer);
  if (isOptimizerState(value)) {
    optimizing.add(dotted(optimizer == keys.end() ? keys : Keys(keys.begin(), optimizer + 1)));
    return llvm::Error::success();
  }
  Place place{.keys = keys, .held = &value, .tensors = {}};
  for (size_t i = 0; i < value.items.size(); i += dict ? 2 : 1)
    if (const Value &item = dict ? itemOf(value, i) : *value.items[i]; item.kind == Kind::Tensor) {
      llvm::Expected<llvm::StringRef> key = dict ? keyText(*value.items[i]) : file.save(llvm::Twine(i));
      if (!key)
        return key.takeError();
      place.tensors.emplace_back(*key, &item);
    }
  if (!place.tensors.empty() && optimizer != keys.end())
    optimizing.add(dotted(Keys(keys.begin(), optimizer + 1)));
  else if (!place.tensors.empty())
    places.push_back(std::move(place));
  if (places.size() > mostPlaces)
    return fail("more than 256 dicts and lists hold tensors");
  for (size_t i = 0; i < value.items.size(); i += dict ? 2 : 1) {
    const Value &item = dict ? itemOf(value, i) : *value.items[i];
    bool opaque = item.kind == Kind::Opaque && opaques.size() < mostPlaces;
    if (!opaque && item.kind != Kind::Dict && item.kind != Kind::List && item.kind != Kind::Tuple)
      continue;
    llvm::Expected<llvm::StringRef> key = dict ? keyText(*value.items[i]) : file.save(llvm::Twine(i));
    if (!key)
      return key.takeError();
    keys.push_back(*key);
    if (opaque)
      opaques.push_back(keys);
    if (llvm::Error error = collect(item, keys))
      return error;
    keys.pop_back();
  }
  return llvm::Error::success();
}

bool Search::mayBeNetwork(const Place &place) const {
  return place.held->kind == Kind::Dict &&
         llvm::any_of(place.tensors, [&](const auto &entry) { return file.tensor(*entry.second).rank >= leastRank; });
}

/// Whether a key is called as another but for a word that says it is a moving average: `params_ema` beside `params`.
static bool isTwinOf(llvm::StringRef key, llvm::StringRef original) {
  std::vector<std::string> left = words(key);
  llvm::erase_if(left, [](const std::string &word) { return llvm::is_contained(twins, word); });
  return called(key, twins) && !left.empty() && left == words(original);
}

/// Whether a place's tensors are none of the network's.
static bool isBeside(const TorchFile &file, const Place &place, const Place &network) {
  if (leadsTo(network.keys, place.keys))
    return false; // it lies in the network
  bool usual = !network.keys.empty() && llvm::is_contained(holders, network.keys.back());
  size_t depth = network.keys.size();
  if (depth > 0 && place.keys.size() >= depth && isTwinOf(place.keys[depth - 1], network.keys.back()) &&
      std::equal(network.keys.begin(), network.keys.end() - 1, place.keys.begin()))
    return true;
  if (usual && anyCalled(place.keys, twins) && !anyCalled(network.keys, twins))
    return true;
  // A network's scale or bias is a number or vector too: only the names tell, its own or that of the network beside it.
  bool around = leadsTo(place.keys, network.keys);
  return llvm::all_of(place.tensors, [&](const auto &entry) {
    bool named =
        around ? usual || called(entry.first, progress) : anyCalled(place.keys, progress) || called(entry.first, progress);
    return file.tensor(*entry.second).rank < 2 && !isParameter(entry.first) && named;
  });
}

const Place *Search::theNetwork() const {
  for (const Place &network : places)
    if (mayBeNetwork(network) &&
        llvm::all_of(places, [&](const Place &place) { return &place == &network || isBeside(file, place, network); }))
      return &network;
  return nullptr;
}

/// Whether both have the same tensors by the same names, as where a script saves `model.state_dict()` twice.
bool Search::isSame(const Place &a, const Place &b) {
  auto isSameTensor = [&](const auto &left, const auto &right) {
    const TensorRecord &x = file.tensor(*left.second), &y = file.tensor(*right.second);
    if (!x.kind.empty() || !y.kind.empty())
      return left.first == right.first && &x == &y;
    return left.first == right.first && x.type == y.type && file.shareStorage(x, y) && x.offset == y.offset &&
           x.rank == y.rank && std::equal(x.dims, x.dims + x.rank, y.dims) &&
           std::equal(x.strides, x.strides + x.rank, y.strides);
  };
  return a.tensors.size() == b.tensors.size() &&
         std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), isSameTensor);
}

static bool shareNames(const Place &a, const Place &b) {
  llvm::DenseSet<llvm::StringRef> names;
  for (const auto &entry : a.tensors)
    names.insert(entry.first);
  return llvm::any_of(b.tensors, [&](const auto &entry) { return names.contains(entry.first); });
}

/// Whether a place is neither in the network nor, with a layer's parameters, around it.
bool Search::isOutside(const Place &place, const Place &network) const {
  if (leadsTo(network.keys, place.keys))
    return false;
  return !leadsTo(place.keys, network.keys) ||
         llvm::none_of(place.tensors, [](const auto &entry) { return isParameter(entry.first); });
}

/// The only place of a usual name, where others may be networks too. A moving average by itself is one, unless another place
/// has its names.
const Place *Search::theUsual() {
  const Place *found = nullptr;
  for (const Place &place : places) {
    if (!mayBeNetwork(place) || place.keys.empty())
      continue;
    bool isTwin = anyCalled(place.keys, twins);
    bool isUsual = llvm::is_contained(holders, place.keys.back()) || llvm::is_contained(twins, place.keys.back());
    auto isOriginal = [&](const Place &other) { return &other != &place && mayBeNetwork(other) && shareNames(other, place); };
    if (!isUsual || (isTwin && llvm::any_of(places, isOriginal)))
      continue;
    if (!found)
      found = &place;
    else if (!isSame(*found, place))
      rivals.push_back(&place);
  }
  bool isAlone = found && rivals.empty() && llvm::all_of(places, [&](const Place &place) {
                   return &place == found || isBeside(file, place, *found) || isOutside(place, *found);
                 });
  return isAlone ? found : nullptr;
}

/// What an object is that holds no dict of weights.
std::string Search::describeObject() const {
  const Value &object = file.object();
  std::vector<std::string> listed;
  if (isOptimizerState(object))
    return "it holds an optimizer's state, and no network";
  if (object.kind == Kind::Opaque || object.kind == Kind::Global)
    return "it holds an object of the class `" + shown(object.text) + "`, which only its own code can open";
  for (size_t i = 0; object.kind == Kind::Dict && i < object.items.size() && listed.size() < 8; i += 2)
    listed.push_back("`" + shown(object.items[i]->text) + "`" +
                     (object.items[i + 1]->kind == Kind::Opaque ? " (a `" + shown(object.items[i + 1]->text) + "`)" : ""));
  std::string text = "no dict of weights was found in it";
  return listed.empty() ? text : text + ", which holds " + llvm::join(listed, ", ") + (object.items.size() > 16 ? ", ..." : "");
}

llvm::Error Search::refuse() const {
  if (llvm::none_of(places, [&](const Place &place) { return mayBeNetwork(place); }))
    return fail(describeObject());
  std::vector<std::string> listed;
  for (const Place &place : llvm::ArrayRef(places).take_front(8))
    listed.push_back("`" + dotted(place.keys) + "`");
  std::string more = places.size() > 8 ? ", and " + std::to_string(places.size() - 8) + " more" : "";
  if (!rivals.empty())
    return fail("tensors that may be the network's lie in several places (" + llvm::join(listed, ", ") + more +
                "), and more than one is called as scripts call a network");
  return fail("tensors that may be the network's lie in several places (" + llvm::join(listed, ", ") + more +
              "), and one dict should hold them all");
}

llvm::Error Search::checkNames(const Place &network) const {
  llvm::DenseSet<llvm::StringRef> names;
  for (size_t i = 0; i < network.held->items.size(); i += 2) {
    const Value &key = *network.held->items[i];
    if (itemOf(*network.held, i).kind != Kind::Tensor)
      continue;
    if (key.kind != Kind::Text)
      return fail("a tensor in `" + dotted(network.keys) + "` has a name that is no text");
    if (!names.insert(key.text).second)
      return fail("two tensors in `" + dotted(network.keys) + "` are called `" + shown(key.text) + "`");
  }
  return llvm::Error::success();
}

/// The entry, beside what `keys` lead to, or in it, that `path` leads through.
static std::string beside(const Keys &path, const Keys &keys) {
  size_t shared = 0;
  while (shared < std::min(path.size(), keys.size()) && path[shared] == keys[shared])
    ++shared;
  return dotted(Keys(path.begin(), path.begin() + static_cast<ptrdiff_t>(std::min(shared + 1, path.size()))));
}

llvm::Expected<StateDict> Search::describe(const Place &network) {
  StateDict result;
  result.place = network.keys.empty() ? "" : dotted(network.keys);
  result.tensors = network.tensors;
  Listing left = optimizing;
  for (const Place &place : places)
    for (const auto &entry : place.tensors)
      if (&place != &network) {
        Keys keys = place.keys;
        keys.push_back(entry.first);
        left.add(beside(keys, network.keys));
      }
  for (const Keys &keys : opaques)
    if (llvm::none_of(keys, isOptimizer))
      left.add(beside(keys, network.keys));
  for (size_t i = 0; i < network.held->items.size(); i += 2)
    if (itemOf(*network.held, i).kind != Kind::Tensor) {
      Keys keys = network.keys;
      keys.push_back(network.held->items[i]->text);
      left.add(dotted(keys));
    }
  result.leftOut = std::move(left.texts);
  return result;
}

llvm::Expected<StateDict> Search::find() {
  Keys keys;
  if (llvm::Error error = collect(file.object(), keys))
    return error;
  if (llvm::none_of(places, [&](const Place &place) { return mayBeNetwork(place); }))
    leastRank = 1; // of vectors alone
  const Place *network = theNetwork();
  bool byName = !network && (network = theUsual());
  if (!network)
    return refuse();
  if (llvm::Error error = checkNames(*network))
    return error;
  llvm::Expected<StateDict> found = describe(*network);
  if (found)
    found->byName = byName;
  return found;
}

llvm::Expected<StateDict> pytorch::findStateDict(TorchFile &file, llvm::StringRef path) { return Search(file, path).find(); }
