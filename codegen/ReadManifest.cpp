// The manifest comes from outside, so each value is looked at before it is used. That the load table is the library's own, its
// fingerprint says, which is computed anew: it covers tensors, table and size.
#include "codegen/ReadManifest.h"

#include "codegen/LoadTableText.h"
#include "codegen/TargetTable.h"
#include "runtime/LoadTable.h"
#include "support/Printable.h"

#include "llvm/ADT/StringExtras.h"

#include <nlohmann/json.hpp>

using namespace llvm;
using Json = nlohmann::json;

namespace skip::codegen {

static Json parse(StringRef text) { return Json::parse(text.begin(), text.end(), /*cb=*/nullptr, /*allow_exceptions=*/false); }

namespace {
/// Reads members, and remembers the first that is not there or not what it should be; all reads after that give nothing.
class Reader {
public:
  const std::string &problem() const { return first; }
  bool failed() const { return !first.empty(); }
  void fail(const Twine &text) {
    if (first.empty())
      first = text.str();
  }

  const Json &object(const Json &in, const char *key) { return member(in, key, &Json::is_object, "an object"); }
  const Json &array(const Json &in, const char *key) { return member(in, key, &Json::is_array, "a list"); }
  std::string text(const Json &in, const char *key) {
    const Json &value = member(in, key, &Json::is_string, "a text");
    return value.is_string() ? value.get<std::string>() : "";
  }
  uint64_t size(const Json &in, const char *key) {
    const Json &value = member(in, key, &Json::is_number_unsigned, "a whole number");
    return value.is_number_unsigned() ? value.get<uint64_t>() : 0;
  }

private:
  using Is = bool (Json::*)() const noexcept;
  const Json &member(const Json &in, const char *key, Is is, const char *what) {
    static const Json none;
    auto found = in.is_object() ? in.find(key) : in.end();
    if (failed() || !in.is_object() || found == in.end() || !((*found).*is)()) {
      fail("`" + Twine(key) + "` is not there as " + what);
      return none;
    }
    return *found;
  }

  std::string first;
};
} // namespace

static Tensor tensorOf(Reader &reader, const Json &entry) {
  Tensor tensor{.name = reader.text(entry, "name"), .dims = {}};
  const Json &dims = reader.array(entry, "dims");
  if (dims.size() > SKIP_MAX_RANK)
    reader.fail("tensor `" + printable(tensor.name) + "` has " + Twine(dims.size()) + " dimensions, at most " +
                Twine(SKIP_MAX_RANK) + " are possible");
  for (const Json &dim : dims) {
    if (!dim.is_number_unsigned() || dim.get<uint64_t>() > INT64_MAX)
      reader.fail("tensor `" + printable(tensor.name) + "` has a dimension that is no size");
    else
      tensor.dims.push_back(static_cast<int64_t>(dim.get<uint64_t>()));
  }
  return tensor;
}

/// Entries of the load table or norms: a line each.
template <typename Entry>
static std::vector<Entry> entriesOf(Reader &reader, const Json &list, const char *what,
                                    std::optional<Entry> (*read)(StringRef)) {
  std::vector<Entry> entries;
  for (const Json &line : list) {
    std::optional<Entry> entry = line.is_string() ? read(line.get_ref<const std::string &>()) : std::nullopt;
    if (!entry) {
      reader.fail("line " + Twine(entries.size() + 1) + " of `" + what + "` is not a line of its columns");
      return entries;
    }
    entries.push_back(*entry);
  }
  return entries;
}

/// As the manifest calls it.
static SkipTarget targetOf(Reader &reader, const std::string &name) {
  const TargetEntry *found = find_if(targetTable(), [&](const TargetEntry &entry) { return entry.platform == name; });
  if (found != targetTable().end())
    return found->target;
  reader.fail("there is no target `" + printable(name) + "`");
  return targetTable().front().target; // which nobody looks at
}

namespace {
struct ReadTarget {
  TargetImage image;
  uint64_t fingerprint = 0;
};
} // namespace

static ReadTarget readTarget(Reader &reader, const Json &entry) {
  ReadTarget target;
  target.image.target = targetOf(reader, reader.text(entry, "target"));
  const Json &weights = reader.object(entry, "weights");
  target.image.weightsBytes = reader.size(weights, "bytes");
  if (StringRef(reader.text(weights, "fingerprint")).getAsInteger(16, target.fingerprint))
    reader.fail("`fingerprint` is no hexadecimal number");
  target.image.loads = entriesOf<SkipLoad>(reader, reader.array(weights, "loads"), "loads", loadOf);
  target.image.norms = entriesOf<SkipNorm>(reader, reader.array(weights, "norms"), "norms", normOf);
  return target;
}

static FileSums::Sum sumOf(Reader &reader, const Json &entry) {
  FileSums::Sum sum{reader.text(entry, "name"), reader.size(entry, "bytes"), reader.text(entry, "sha256")};
  if (sum.name.empty() || sum.name.find('/') != std::string::npos || sum.name.find('\0') != std::string::npos)
    reader.fail("`" + printable(sum.name) + "` is no name of a file in the library's folder");
  return sum;
}

static void checkTables(Reader &reader, const Image &image, ArrayRef<uint64_t> fingerprints) {
  ImageView view(image);
  for (auto [target, fingerprint] : zip_equal(ArrayRef(view.get().targets, view.get().targetCount), fingerprints)) {
    if (runtime::checkLoadTable(view.get(), target) != SKIP_OK)
      reader.fail("its load table contradicts its tensors or the size of the weights");
    else if (target.loadFingerprint != fingerprint)
      reader.fail("its load table is not the one that its fingerprint is of");
  }
}

bool isManifest(StringRef text) {
  Json root = parse(text);
  return root.is_object() && root.contains("abiVersion") && root.contains("compiler") && root.contains("targets");
}

Expected<ManifestWeights> readManifest(StringRef text, const std::string &path) {
  auto refuse = [&](const Twine &problem) {
    return createStringError(inconvertibleErrorCode(), "`" + printable(path) + "` " + problem);
  };
  Json root = parse(text);
  Reader reader;
  ManifestWeights result;
  uint64_t version = reader.size(root, "abiVersion");
  result.image.name = reader.text(root, "name");
  result.image.compiler = reader.text(root, "compiler");
  if (reader.failed())
    return refuse("is not the manifest of a library: " + reader.problem());
  std::string by =
      ", written by `" + printable(result.image.compiler) + "`; this skipc packs for libraries of its own version: ";
  const char *remedy = "build the library again";
  if (version != SKIP_ABI_VERSION)
    return refuse("is of version " + Twine(version) + by + remedy);

  for (const Json &entry : reader.array(reader.object(root, "weights"), "tensors"))
    result.image.tensors.push_back(tensorOf(reader, entry));
  std::vector<uint64_t> fingerprints;
  for (const Json &entry : reader.array(root, "targets")) {
    ReadTarget target = readTarget(reader, entry);
    result.image.targets.push_back(std::move(target.image));
    fingerprints.push_back(target.fingerprint);
  }
  for (const Json &entry : reader.array(root, "files"))
    result.files.push_back(sumOf(reader, entry));
  if (result.image.targets.empty())
    reader.fail("it has no target");
  if (!reader.failed())
    checkTables(reader, result.image, fingerprints);
  if (reader.failed())
    return refuse("cannot be packed for: " + reader.problem() + by + remedy);
  return result;
}

} // namespace skip::codegen
