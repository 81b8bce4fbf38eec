// An error lists the first of each kind. Names that are missing and tensors that are left over may belong together, which is
// told by shapes, kinds and order (Pairing.h).
#include "tools/weights/Mismatch.h"

#include "support/Printable.h"
#include "tools/text/ShellWord.h"
#include "tools/text/Wrap.h"
#include "tools/weights/Pairing.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace skip;
using namespace skip::tool;

static constexpr size_t mostListed = 10, mostFlags = 12;
static constexpr char convertHint[] = "\nPyTorch makes numbers of such tensors by `.dequantize()`, `.to_dense()` or "
                                      "`.float()`; save the state dict again with them";

std::string tool::bracketed(llvm::ArrayRef<int64_t> shape) {
  return "[" + llvm::join(llvm::map_range(shape, [](int64_t dim) { return std::to_string(dim); }), ", ") + "]";
}

static std::vector<std::string> linesOf(llvm::ArrayRef<NamedShape> tensors) {
  std::vector<std::string> lines;
  for (const NamedShape &tensor : tensors)
    lines.push_back("`" + printable(tensor.name) + "` " + bracketed(tensor.shape));
  return lines;
}

/// The first of a kind, each on a line.
static std::string listed(llvm::StringRef kind, llvm::ArrayRef<std::string> lines, bool verbose) {
  std::string text;
  size_t shown = verbose ? lines.size() : std::min(lines.size(), mostListed);
  for (const std::string &line : lines.take_front(shown))
    text += "\n  " + kind.str() + ": " + line;
  if (shown < lines.size())
    text += "\n  " + kind.str() + ": and " + std::to_string(lines.size() - shown) + " more (--verbose lists all)";
  return text;
}

static std::string flagText(llvm::ArrayRef<Rename> renames) {
  return llvm::join(
      llvm::map_range(renames, [](const Rename &rename) { return "--rename " + shellWord(rename.from + "=" + rename.to); }),
      " ");
}

/// Pairs of what is missing and extra, and how they come about; empty where less than half of what is missing has one.
static std::string pairText(const Mismatch &mismatch, llvm::ArrayRef<TensorPair> pairs, const NamingOptions &options) {
  if (pairs.empty() || 2 * pairs.size() < mismatch.missing.size())
    return "";
  std::vector<std::string> lines;
  for (const TensorPair &pair : pairs)
    lines.push_back("`" + printable(pair.ofFile->name) + "` as `" + pair.ofModel->name + "` " + bracketed(pair.ofModel->shape));
  std::string text = "\nby shapes and order these may be the same:" + listed("pair", lines, options.verbose);
  std::vector<Rename> renames = renamesFor(pairs);
  if (renames.size() > mostFlags && !options.verbose)
    return text + "\n--rename OLD=NEW gives a tensor, or all below a label, another name (--verbose lists " +
           std::to_string(renames.size()) + " by which all pairs meet)";
  bool hasMore = pairs.size() < mismatch.extra.size() && !options.allowExtra;
  return text + "\nif they are: " + flagText(renames) + (hasMore ? " --allow-extra" : "");
}

namespace {
/// How PyTorch calls a part of a weight, and what makes the weight of the parts.
struct Part {
  llvm::StringLiteral label, maker;
};
} // namespace

static constexpr Part parts[] = {
    {"weight_g", "`torch.nn.utils.remove_weight_norm`"},
    {"weight_v", "`torch.nn.utils.remove_weight_norm`"},
    {"weight_mask", "`torch.nn.utils.prune.remove`"},
    {"weight_u", "`torch.nn.utils.remove_spectral_norm`"},
    {"weight_orig", "`torch.nn.utils.prune.remove` or `remove_spectral_norm`"},
    {"parametrizations", "`torch.nn.utils.parametrize.remove_parametrizations`"},
    {"lora_A", "peft's `merge_and_unload`"},
    {"lora_B", "peft's `merge_and_unload`"},
    {"lora_down", "merging the LoRA"},
    {"lora_up", "merging the LoRA"},
    {"base_layer", "peft's `merge_and_unload`"},
};

/// Where what is left over are parts that weights are computed from, none of them is the weight: what is to be done.
static std::string partsText(llvm::ArrayRef<NamedShape> extra) {
  for (const NamedShape &tensor : extra) {
    llvm::SmallVector<llvm::StringRef> labels;
    llvm::StringRef(tensor.name).split(labels, '.');
    for (const Part &part : parts)
      if (llvm::is_contained(labels, part.label))
        return "\n`" + printable(tensor.name) +
               "` is a part that a weight is computed from, and not the weight: " + part.maker.str() +
               " makes it; save the state dict again then";
  }
  return "";
}

/// What may help: names of another hand, the file of another model, or more than the model.
static std::string suggest(const Mismatch &mismatch, const MismatchPlace &place) {
  std::vector<TensorPair> pairs = pairTensors(mismatch.extra, mismatch.missing);
  bool isRenamed = !pairs.empty() && pairs.size() == mismatch.missing.size() && mismatch.shapes.empty();
  const NamingOptions &options = place.options;
  if (place.ofFile.empty())
    return "\nit has no tensors that a model might read";
  bool isOther = !mismatch.missing.empty() || !mismatch.shapes.empty() || mismatch.types.empty();
  std::string other = options.lookalike && isOther && !isRenamed ? options.lookalike(place.ofFile) : "";
  if (!other.empty())
    return "\n" + other;
  if (std::string merge = mismatch.missing.empty() ? "" : partsText(mismatch.extra); !merge.empty())
    return merge;
  if (mismatch.isWhole())
    return "\n--allow-extra passes over what the model does not read";
  return pairText(mismatch, pairs, options) + (mismatch.types.empty() ? "" : convertHint);
}

std::string tool::describe(const Mismatch &mismatch, const MismatchPlace &place) {
  bool verbose = place.options.verbose;
  std::vector<std::string> extra = linesOf(mismatch.extra);
  extra.insert(extra.end(), mismatch.unreadable.begin(), mismatch.unreadable.end());
  std::string text = " is not a checkpoint of model `" + place.modelName.str() +
                     "`: " + std::to_string(mismatch.missing.size()) + " of its " + counted(place.modelTensors, "tensor") +
                     " missing, " + std::to_string(extra.size()) + " extra, " + std::to_string(mismatch.shapes.size()) +
                     " of another shape";
  if (!mismatch.types.empty())
    text += ", " + std::to_string(mismatch.types.size()) + " of a type that models do not read";
  return text + listed("missing", linesOf(mismatch.missing), verbose) + listed("shape", mismatch.shapes, verbose) +
         listed("type", mismatch.types, verbose) + listed("extra", extra, verbose) + place.kept.str() +
         suggest(mismatch, place);
}
