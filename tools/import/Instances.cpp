// `layer1.0.conv1` and `layer1.0.downsample.0` belong to `layer1.0`: to the longest beginning of their path that ends in a
// number, or a word that counts, and is not the path itself. Operations without parameters have no names, so they belong where
// they stand: to a block if they are between two of its operations, if the block alone reads them and they keep it from having
// one input (a pool on the way of a shortcut), or if they follow it and work element by element (its addition and relu).
//
// A part that has two values in or out is no block; then its operations belong to what the next shorter beginning names.
#include "tools/import/Instances.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

#include <map>
#include <set>

using namespace skip::onnx;

bool skip::onnx::isElementwise(llvm::StringRef operation) {
  static constexpr llvm::StringLiteral names[] = {"relu",       "add",          "concat",     "mul",    "sigmoid",
                                                  "shift",      "silu",         "leaky_relu", "prelu",  "gelu",
                                                  "hard_swish", "hard_sigmoid", "mish",       "dropout"};
  return llvm::is_contained(names, operation);
}

/// The beginning of `path` before its last dot; nothing if it has none.
static llvm::StringRef parentOf(llvm::StringRef path) { return path.contains('.') ? path.rsplit('.').first : ""; }

/// Whether a part of a path counts blocks: `0`, torchvision's `block1-0`, or timm's `b1`.
static bool isNumbered(llvm::StringRef part) {
  llvm::StringRef word = part.rtrim("0123456789");
  return word.size() < part.size() && (word.size() <= 1 || word.ends_with("-"));
}

/// The longest beginning of `path`, shorter than it is, whose last part is numbered; empty if there is none.
static llvm::StringRef numberedParent(llvm::StringRef path) {
  for (path = parentOf(path); !path.empty(); path = parentOf(path)) {
    if (isNumbered(path.contains('.') ? path.rsplit('.').second : path))
      return path;
  }
  return {};
}

namespace {
class Finder {
public:
  explicit Finder(const Net &net) : net(net), uses(net), owner(net.calls.size()) {}
  std::vector<Instance> run();

private:
  using Calls = std::set<size_t>;
  void mergeNested();
  std::optional<Instance> form(llvm::StringRef path, Calls calls);
  bool addBetween(Calls &calls) const;
  void addBefore(Calls &calls) const;
  void addBehind(Calls &calls, bool sharesNone) const;
  bool complete(Calls &calls, bool sharesNone) const;
  std::optional<Calls> joins(size_t call, const Calls &calls) const;
  std::set<ValueId> entries(const Calls &calls) const;
  std::set<ValueId> exits(const Calls &calls) const;
  bool isFree(size_t call) const { return net.calls[call].parameters.empty() && !taken.count(call); }
  bool isIn(ValueId value, const Calls &calls) const { return !net.isInput(value) && calls.count(net.callOf(value)); }

  const Net &net;
  Uses uses;
  std::vector<std::string> owner; // of each call with parameters, the path of its block; empty: none
  std::set<size_t> taken;         // calls without parameters that are in a block
};
} // namespace

/// What is named below a block is a part of it.
void Finder::mergeNested() {
  std::set<std::string> owners(owner.begin(), owner.end());
  for (std::string &path : owner) {
    llvm::StringRef outermost = path;
    for (llvm::StringRef outer = numberedParent(path); !outer.empty(); outer = numberedParent(outer))
      if (owners.count(outer.str()))
        outermost = outer;
    path = outermost.str();
  }
}

std::set<ValueId> Finder::entries(const Calls &calls) const {
  std::set<ValueId> values;
  for (size_t call : calls)
    for (ValueId operand : net.calls[call].operands)
      if (!isIn(operand, calls))
        values.insert(operand);
  return values;
}

std::set<ValueId> Finder::exits(const Calls &calls) const {
  std::set<ValueId> values;
  for (size_t call : calls) {
    ValueId value = net.resultOf(call);
    if (uses.isOutput[value] || llvm::any_of(uses.readers[value], [&](size_t reader) { return !calls.count(reader); }))
      values.insert(value);
  }
  return values;
}

/// False where another block's operation, or a named one of no block, stands between.
bool Finder::addBetween(Calls &calls) const {
  size_t first = *calls.begin(), last = *calls.rbegin();
  std::vector<bool> follows(last - first + 1), leads(last - first + 1);
  for (size_t call = first; call <= last; ++call)
    follows[call - first] =
        calls.count(call) || llvm::any_of(net.calls[call].operands, [&](ValueId operand) {
          return !net.isInput(operand) && net.callOf(operand) >= first && follows[net.callOf(operand) - first];
        });
  for (size_t call = last + 1; call-- > first;)
    leads[call - first] = calls.count(call) || llvm::any_of(uses.readers[net.resultOf(call)], [&](size_t reader) {
                            return reader <= last && leads[reader - first];
                          });
  for (size_t call = first; call <= last; ++call)
    if (follows[call - first] && leads[call - first] && !calls.count(call)) {
      if (!isFree(call))
        return false;
      calls.insert(call);
    }
  return true;
}

void Finder::addBefore(Calls &calls) const {
  for (bool changed = true; changed;) {
    changed = false;
    std::set<ValueId> values = entries(calls);
    for (ValueId value : values) {
      bool ownAlone = values.size() > 1 && !net.isInput(value) && isFree(net.callOf(value)) && !uses.isOutput[value] &&
                      llvm::all_of(uses.readers[value], [&](size_t reader) { return calls.count(reader) > 0; });
      if (ownAlone) {
        calls.insert(net.callOf(value));
        changed = true;
        break;
      }
    }
  }
}

/// What joins with an operation behind the block: itself, and free operations between the block's entry and it. Nothing where
/// it reads more than the block and its entry.
std::optional<Finder::Calls> Finder::joins(size_t call, const Calls &calls) const {
  Calls joined = {call};
  std::set<ValueId> entry = entries(calls);
  llvm::SmallVector<ValueId> open(net.calls[call].operands.begin(), net.calls[call].operands.end());
  while (!open.empty()) {
    ValueId value = open.pop_back_val();
    if (isIn(value, calls) || isIn(value, joined) || entry.count(value))
      continue;
    bool reachesBack = !net.isInput(value) && isFree(net.callOf(value)) && !uses.isOutput[value] &&
                       llvm::all_of(uses.readers[value], [&](size_t reader) { return joined.count(reader) > 0; });
    if (!reachesBack)
      return std::nullopt;
    joined.insert(net.callOf(value));
    open.append(net.calls[net.callOf(value)].operands);
  }
  return joined;
}

/// With `sharesNone`, only what alone reads the block's result: an activation that the next block begins with is that block's,
/// where its shortcut reads the sum as it is.
void Finder::addBehind(Calls &calls, bool sharesNone) const {
  for (bool changed = true; changed;) {
    changed = false;
    for (ValueId value : exits(calls))
      for (size_t reader : uses.readers[value]) {
        if (sharesNone && uses.count(value) > 1)
          continue;
        if (calls.count(reader) || !isFree(reader) || !isElementwise(net.calls[reader].operation))
          continue;
        if (std::optional<Calls> joined = joins(reader, calls)) {
          calls.insert(joined->begin(), joined->end());
          changed = true;
        }
      }
  }
}

/// False where what comes out has more than one value in or out.
bool Finder::complete(Calls &calls, bool sharesNone) const {
  if (!addBetween(calls))
    return false;
  addBefore(calls);
  addBehind(calls, sharesNone);
  return entries(calls).size() == 1 && exits(calls).size() == 1 && addBetween(calls);
}

std::optional<Instance> Finder::form(llvm::StringRef path, Calls calls) {
  Calls named = calls;
  if (!complete(calls, false)) {
    calls = std::move(named);
    if (!complete(calls, true))
      return std::nullopt;
  }
  std::set<ValueId> in = entries(calls), out = exits(calls);
  for (size_t call : calls)
    if (net.calls[call].parameters.empty())
      taken.insert(call);
  return Instance{path.str(), {calls.begin(), calls.end()}, *in.begin(), *out.begin()};
}

std::vector<Instance> Finder::run() {
  for (size_t call = 0; call < net.calls.size(); ++call)
    owner[call] = numberedParent(net.calls[call].path).str();
  while (true) {
    mergeNested();
    taken.clear();
    std::map<std::string, Calls> groups;
    for (size_t call = 0; call < net.calls.size(); ++call)
      if (!owner[call].empty())
        groups[owner[call]].insert(call);
    std::vector<std::pair<std::string, Calls>> ordered(groups.begin(), groups.end());
    llvm::sort(ordered, [](const auto &a, const auto &b) { return *a.second.begin() < *b.second.begin(); });
    std::vector<Instance> instances;
    bool whole = true;
    for (const auto &[path, calls] : ordered) {
      if (std::optional<Instance> instance = form(path, calls)) {
        instances.push_back(std::move(*instance));
        continue;
      }
      whole = false;
      for (size_t call : calls)
        owner[call] = numberedParent(path).str();
    }
    if (whole)
      return instances;
  }
}

std::vector<Instance> skip::onnx::findInstances(const Net &net) { return Finder(net).run(); }
