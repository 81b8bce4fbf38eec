// A checkpoint's names meet a model's, or the error says how they could.
#include "runtime/Safetensors.h"
#include "tools/weights/Naming.h"
#include "tools/weights/SafetensorsWriter.h"

#include "llvm/ADT/StringExtras.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <limits>
#include <numeric>

using namespace skip;
using tool::NamedShape;
using tool::Rename;

using Tensors = std::vector<NamedShape>;
static const Tensors model = {{"conv1.weight", {4, 3, 3, 3}}, {"bn1.weight", {4}},      {"bn1.bias", {4}},
                              {"bn1.running_mean", {4}},      {"bn1.running_var", {4}}, {"fc.weight", {2, 4}}};

/// Each tensor's values begin with its place in the list.
static std::string fileOf(const Tensors &tensors) {
  tool::SafetensorsWriter writer;
  std::vector<std::vector<float>> values;
  for (const NamedShape &tensor : tensors) {
    auto elements =
        static_cast<size_t>(std::accumulate(tensor.shape.begin(), tensor.shape.end(), int64_t(1), std::multiplies<>()));
    values.emplace_back(elements, static_cast<float>(values.size()));
  }
  for (size_t i = 0; i < tensors.size(); ++i)
    writer.add(tensors[i].name, tensors[i].shape, values[i]);
  return writer.finish();
}

/// `tensors`, each name by `change`.
template <typename Change> static Tensors named(Change change) {
  Tensors changed = model;
  for (NamedShape &tensor : changed)
    tensor.name = change(tensor.name);
  return changed;
}

namespace {
struct Meet {
  explicit Meet(const Tensors &tensors, const tool::NamingOptions &options = {}) {
    std::string file = fileOf(tensors);
    llvm::Expected<tool::Named> met = tool::meetNames(file, "net.safetensors", "net", model, options);
    if (!met) {
      error = llvm::toString(met.takeError());
      return;
    }
    note = llvm::join(met->notes, "; ");
    changed = !met->file.empty();
    runtime::Safetensors parsed;
    const std::string &result = changed ? met->file : file;
    REQUIRE(parsed.parse(result.data(), result.size(), "result") == SKIP_OK);
    for (size_t i = 0; i < parsed.count(); ++i) {
      float first = 0;
      std::memcpy(&first, parsed[i].data, sizeof(first));
      names += std::string(names.empty() ? "" : " ") + parsed[i].name + ":" + std::to_string(static_cast<int>(first));
    }
  }
  bool says(const std::string &part) const { return error.find(part) != std::string::npos; }
  std::string names, note, error;
  bool changed = false;
};
} // namespace

static const std::string whole = "bn1.bias:2 bn1.running_mean:3 bn1.running_var:4 bn1.weight:1 conv1.weight:0 fc.weight:5";

TEST_CASE("a file with the model's names stays as it is") {
  Meet met(model);
  CHECK(met.names == whole);
  CHECK_FALSE(met.changed);
  CHECK(met.note == "");
}

TEST_CASE("sizes that differ by ones at the end alone are the model's, whichever has them") {
  Tensors convolved = model, flat = model;
  convolved.back().shape = {2, 4, 1, 1};
  Meet met(convolved);
  CHECK(met.names == whole);
  CHECK(met.changed);
  CHECK(met.note == "took 1 tensor of the same numbers under the model's sizes: `fc.weight` [2, 4, 1, 1] as [2, 4]");
  flat[1].shape = {4, 1, 1};
  flat[2].shape = {4, 1};
  Meet two(flat);
  CHECK(two.names == whole);
  CHECK(two.note == "took 2 tensors of the same numbers under the model's sizes: `bn1.weight` [4, 1, 1] as [4], and so on");
  convolved.back().shape = {2, 1, 4, 1};
  CHECK(Meet(convolved).says("`fc.weight` is [2, 1, 4, 1], the model needs [2, 4]"));
  convolved.back() = {"head.weight", {2, 4, 1, 1}};
  CHECK(Meet(convolved).says("if they are: --rename head.weight=fc.weight"));
  CHECK(Meet(convolved, {.renames = {{"head", "fc"}}}).names == whole);
}

TEST_CASE("prefixes that wrappers put before all names are stripped") {
  for (std::string prefix : {"module.", "_orig_mod.", "model.", "backbone.", "module._orig_mod.model.backbone."}) {
    Meet met(named([&](const std::string &name) { return prefix + name; }));
    CHECK(met.names == whole);
    CHECK(met.note == "stripped the prefix `" + prefix + "` from all names");
  }
  Tensors others = named([](const std::string &name) { return "wrapped." + name; });
  CHECK(Meet(others).says("6 of its 6 tensors missing, 6 extra"));
  CHECK(Meet(others).says("if they are: --rename wrapped="));
}

TEST_CASE("a prefix that the model's own names have stays") {
  Tensors own = {{"model.w", {2}}};
  std::string file = fileOf(own);
  llvm::Expected<tool::Named> met = tool::meetNames(file, "net.safetensors", "net", own, {});
  REQUIRE(bool(met));
  CHECK(met->file.empty());
}

TEST_CASE("renames are of tensors, and of all below a label") {
  CHECK(tool::renamed("a.b.weight", {{"a.b", "c"}}) == "c.weight");
  CHECK(tool::renamed("a.b.weight", {{"a.b.", "c."}}) == "c.weight");
  CHECK(tool::renamed("a.b.weight", {{"a.b.", "c"}}) == "c.weight");
  CHECK(tool::renamed("a.b.weight", {{"a", ""}}) == "b.weight");
  CHECK(tool::renamed("a.b.weight", {{"", "net"}}) == "net.a.b.weight");
  CHECK(tool::renamed("a.b.gamma", {{"a.b.gamma", "a.b.weight"}}) == "a.b.weight");
  CHECK(tool::renamed("a.bc.weight", {{"a.b", "c"}}) == std::nullopt);
  CHECK(tool::renamed("a.weight", {{"b", "c"}, {"a", "d"}, {"a", "e"}}) == "d.weight");
}

TEST_CASE("two renames exchange names") {
  tool::NamingOptions options;
  options.renames = {{"bn1.running_mean", "bn1.running_var"}, {"bn1.running_var", "bn1.running_mean"}};
  Meet met(model, options);
  CHECK(met.names == "bn1.bias:2 bn1.running_mean:4 bn1.running_var:3 bn1.weight:1 conv1.weight:0 fc.weight:5");
  CHECK(met.note == "renamed 2 tensors");
}

TEST_CASE("a rename is of the name in the file, or of what is left without wrappers") {
  Tensors other = named([](const std::string &name) { return "module." + name; });
  other[5].name = "module.head.weight";
  for (std::string from : {"module.head", "head"}) {
    tool::NamingOptions options;
    options.renames = {{from, "fc"}};
    CHECK(Meet(other, options).names == whole);
  }
}

TEST_CASE("a rename of nothing, and two tensors of one name, are errors") {
  tool::NamingOptions options;
  options.renames = {{"layer9", "layer1"}};
  CHECK(Meet(model, options).says("--rename layer9=layer1: no tensor is called so, or lies below it"));
  options.renames = {{"bn1.bias", "bn1.weight"}};
  CHECK(Meet(model, options).says("`bn1.weight` and `bn1.bias` would both be called `bn1.weight`"));
}

TEST_CASE("what the model does not read is an error, or passed over") {
  Tensors more = model;
  more.push_back({"total_ops", {1}});
  more.push_back({"bn1.num_batches_tracked", {}});
  CHECK(Meet(more).says("0 of its 6 tensors missing, 1 extra, 0 of another shape\n  extra: `total_ops` [1]\n--allow-extra"));
  tool::NamingOptions options;
  options.allowExtra = true;
  Meet met(more, options);
  CHECK(met.note == "passed over 1 tensor that the model does not read: `total_ops`");
  CHECK(met.names.find("total_ops") == std::string::npos);
  CHECK(met.names.find("bn1.num_batches_tracked") != std::string::npos); // ignored by who reads it, not here
  CHECK(Meet(Tensors(more.begin() + 1, more.end()), options).says("missing: `conv1.weight` [4, 3, 3, 3]"));
}

TEST_CASE("a wrapper of some names is stripped where the model reads them without it") {
  Tensors backbone = named([](const std::string &name) { return (name[0] == 'f' ? "" : "backbone.") + name; });
  Meet met(backbone);
  CHECK(met.names == whole);
  CHECK(met.note == "stripped the prefix `backbone.` from 5 of 6 names, since the model reads them without it");
  Tensors both = named([](const std::string &name) { return (name[0] == 'f' ? "module." : "module.backbone.") + name; });
  CHECK(Meet(both).names == whole);
  both.push_back({"total_ops", {1}}); // then `module.` is not before all either
  tool::NamingOptions options;
  options.allowExtra = true;
  CHECK(Meet(both, options).names == whole);
}

TEST_CASE("a wrapper stays where two tensors would have one name") {
  Tensors twice = named([](const std::string &name) { return "backbone." + name; });
  twice.push_back({"fc.weight", {2, 4}});
  Meet met(twice);
  CHECK(met.says("5 of its 6 tensors missing"));
  CHECK(met.says("the prefix `backbone.` was kept: without it, `backbone.fc.weight` and `fc.weight` would both be called "
                 "`fc.weight`"));
}

TEST_CASE("where tensors are missing, those left over are paired with them whether they may be passed over or not") {
  Tensors other = named([](const std::string &name) { return name[0] == 'f' ? "head.weight" : name; });
  other.push_back({"total_ops", {1}});
  tool::NamingOptions options;
  options.allowExtra = true;
  Meet met(other, options);
  CHECK(met.says("pair: `head.weight` as `fc.weight` [2, 4]"));
  CHECK(llvm::StringRef(met.error).ends_with("if they are: --rename head.weight=fc.weight"));
}

TEST_CASE("names of another hand are paired by shape, kind and order, and renames said by which the file fits") {
  Tensors other = named([](const std::string &name) {
    for (auto [from, to] : {std::pair("conv1", "stem.0"), std::pair("bn1", "stem.1"), std::pair("fc", "head")})
      if (llvm::StringRef rest = name; rest.consume_front(from))
        return to + rest.str();
    return name;
  });
  other[3].name = "stem.1.moving_mean";
  std::swap(other[1], other[2]); // by kind, not only by order
  Meet met(other);
  CHECK(met.says("pair: `stem.1.weight` as `bn1.weight` [4]"));
  CHECK(met.says("pair: `stem.1.moving_mean` as `bn1.running_mean` [4]"));
  std::string flags = llvm::StringRef(met.error).split("if they are: ").second.str();
  tool::NamingOptions options;
  llvm::SmallVector<llvm::StringRef> parts;
  llvm::StringRef(flags).split(parts, "--rename ", -1, false);
  for (llvm::StringRef part : parts)
    options.renames.push_back({part.trim().split('=').first.str(), part.trim().split('=').second.str()});
  Meet again(other, options);
  CHECK(again.error == "");
  CHECK(again.note == "renamed 6 tensors");
}

TEST_CASE("names that end alike are paired before the order counts, and kinds are not mixed") {
  Tensors other = named([](const std::string &name) { return name.starts_with("fc") ? "head." + name : "stem." + name; });
  std::reverse(other.begin(), other.end());
  Meet met(other);
  CHECK(met.says("pair: `stem.bn1.weight` as `bn1.weight` [4]"));
  CHECK(met.says("pair: `stem.bn1.running_var` as `bn1.running_var` [4]"));
  Meet slashes(named([](std::string name) {
    std::replace(name.begin(), name.end(), '.', '/');
    return name + ":0";
  }));
  CHECK(slashes.says("pair: `bn1/bias:0` as `bn1.bias` [4]"));
  CHECK(slashes.says("pair: `bn1/running_var:0` as `bn1.running_var` [4]"));
}

TEST_CASE("parts that a weight is computed from are not offered as the weight") {
  for (auto [label, maker] : {std::pair("weight_v", "remove_weight_norm"), std::pair("weight_orig", "prune.remove"),
                              std::pair("base_layer.weight", "merge_and_unload")}) {
    Meet met(named([&](const std::string &name) { return name == "fc.weight" ? std::string("fc.") + label : name; }));
    CHECK(met.says(std::string("`fc.") + label + "` is a part that a weight is computed from, and not the weight"));
    CHECK(met.says(maker));
    CHECK_FALSE(met.says("--rename"));
  }
}

TEST_CASE("a mismatch lists the first ten of a kind, or all") {
  Tensors many = model;
  for (int i = 0; i < 13; ++i)
    many.push_back({"extra" + std::to_string(i), {1}});
  CHECK(Meet(many).says("extra: `extra9` [1]\n  extra: and 3 more (--verbose lists all)"));
  tool::NamingOptions options;
  options.verbose = true;
  CHECK(Meet(many, options).says("extra: `extra12` [1]"));
}

TEST_CASE("where tensors have other shapes, the error asks whose they are") {
  Tensors wide = model;
  wide[5].shape = {7, 4};
  tool::NamingOptions options;
  options.lookalike = [](llvm::ArrayRef<NamedShape> tensors) { return std::to_string(tensors.size()) + " tensors of nobody"; };
  CHECK(Meet(wide, options).says("shape: `fc.weight` is [7, 4], the model needs [2, 4]\n6 tensors of nobody"));
  options.judged = false;
  CHECK(Meet(wide, options).error == "");
}

/// The model's file, whose tensor `name` is of another type, with these bytes.
static std::string typed(const std::string &name, const std::string &type, const std::string &bytes) {
  tool::SafetensorsWriter writer;
  std::vector<float> zeros(108);
  for (const NamedShape &tensor : model)
    if (tensor.name == name)
      writer.add(name, tensor.shape, type, bytes);
    else
      writer.add(tensor.name, tensor.shape,
                 llvm::ArrayRef(zeros).take_front(tensor.name == "conv1.weight" ? 108
                                                  : tensor.name == "fc.weight"  ? 8
                                                                                : 4));
  return writer.finish();
}

TEST_CASE("doubles that the model reads become floats, and a note says which do not fit") {
  const double doubles[] = {0.1, -1e-50, 3, 1e300};
  std::string bytes(reinterpret_cast<const char *>(doubles), sizeof(doubles));
  std::string file = typed("bn1.bias", "F64", bytes);
  llvm::Expected<tool::Named> met = tool::meetNames(file, "net.safetensors", "net", model, {});
  REQUIRE(bool(met));
  CHECK(llvm::join(met->notes, "; ") == "narrowed 1 tensor from F64 to F32, where 1 number does not fit, being larger than "
                                        "3.4e38, and became infinite: the first "
                                        "is 1e+300 of `bn1.bias`");
  runtime::Safetensors parsed;
  REQUIRE(parsed.parse(met->file.data(), met->file.size(), "result") == SKIP_OK);
  const runtime::FileTensor &tensor = parsed[static_cast<size_t>(parsed.find("bn1.bias"))];
  CHECK(std::string(tensor.typeName) == "F32");
  const float floats[] = {0.1f, -0.0f, 3, std::numeric_limits<float>::infinity()};
  CHECK(std::memcmp(tensor.data, floats, sizeof(floats)) == 0);
}

TEST_CASE("a type that models do not read is an error where the model reads it") {
  std::string file = typed("bn1.bias", "F8_E4M3", "abcd");
  llvm::Expected<tool::Named> met = tool::meetNames(file, "net.safetensors", "net", model, {.allowExtra = true});
  std::string error = llvm::toString(met.takeError());
  CHECK_THAT(error, Catch::Contains("0 extra, 0 of another shape, 1 of a type that models do not read\n"
                                    "  type: `bn1.bias` is F8_E4M3, and models read F32, F16, BF16 and F64\n"
                                    "PyTorch makes numbers of such tensors by `.dequantize()`"));
}

static std::string meet(const Tensors &tensors, const std::vector<tool::UnreadableTensor> &unreadable,
                        const tool::NamingOptions &options, std::string &notes) {
  std::string file = fileOf(tensors);
  llvm::Expected<tool::Named> met = tool::meetNames(file, "net.pth", "net", model, options, unreadable);
  if (!met)
    return llvm::toString(met.takeError());
  notes = llvm::join(met->notes, "; ");
  runtime::Safetensors parsed;
  const std::string &result = met->file.empty() ? file : met->file;
  REQUIRE(parsed.parse(result.data(), result.size(), "result") == SKIP_OK);
  return std::to_string(parsed.count()) + " tensors";
}

TEST_CASE("a tensor of a kind that is not read is extra, unless the model reads it") {
  std::string notes;
  std::vector<tool::UnreadableTensor> beside = {{"observer", "quantized qint8", {{4, 3}}}, {"graph", "nested float32", {}}};
  CHECK_THAT(meet(model, beside, {}, notes),
             Catch::Contains("0 of its 6 tensors missing, 2 extra, 0 of another shape\n  extra: `observer` [4, 3], quantized "
                             "qint8\n  extra: `graph`, nested float32\n--allow-extra passes over"));
  CHECK(meet(model, beside, {.allowExtra = true}, notes) == "6 tensors");
  CHECK(notes == "passed over 2 tensors that the model does not read: `observer`, `graph`");
  CHECK(meet(model, {{"optimizer.w", "sparse float32", {}}}, {}, notes) == "6 tensors"); // as of any type
  Tensors less(model.begin(), model.end() - 1);
  for (bool allowExtra : {false, true})
    CHECK_THAT(
        meet(less, {{"fc.weight", "quantized qint8", {{2, 4}}}}, {.allowExtra = allowExtra}, notes),
        Catch::Contains("0 of its 6 tensors missing, 0 extra, 0 of another shape, 1 of a type that models do not read\n  type: "
                        "`fc.weight` is quantized qint8, and models read"));
  CHECK_THAT(meet(less, {{"fc.weight", "quantized qint8", {{3, 4}}}}, {}, notes),
             Catch::Contains("shape: `fc.weight` is [3, 4], the model needs [2, 4]"));
}

TEST_CASE("tensors that are not read take part in prefixes, renames and clashes of names") {
  std::string notes;
  Tensors wrapped = named([](const std::string &name) { return "module." + name; });
  CHECK_THAT(meet(Tensors(wrapped.begin(), wrapped.end() - 1), {{"module.fc.weight", "quantized qint8", {{2, 4}}}}, {}, notes),
             Catch::Contains("type: `fc.weight` is quantized qint8"));
  CHECK_THAT(meet(Tensors(model.begin(), model.end() - 1), {{"head.weight", "quantized qint8", {{2, 4}}}},
                  {.renames = {{"head", "fc"}}}, notes),
             Catch::Contains("type: `fc.weight` is quantized qint8"));
  CHECK_THAT(meet(model, {{"head.weight", "quantized qint8", {}}}, {.renames = {{"head", "fc"}}}, notes),
             Catch::Contains("would both be called `fc.weight`"));
}

TEST_CASE("where the caller judges, a tensor that is not read is left out with a note, and an extra one refused") {
  std::string notes;
  Tensors less(model.begin(), model.end() - 1);
  CHECK(meet(less, {{"fc.weight", "quantized qint8", {{2, 4}}}}, {.judged = false}, notes) == "5 tensors");
  CHECK(notes == "left out `fc.weight`: it is quantized qint8, and models read F32, F16, BF16 and F64");
  CHECK_THAT(meet(model, {{"w", "quantized qint8", {}}}, {.judged = false}, notes),
             Catch::Contains("extra: `w`, quantized qint8"));
}

TEST_CASE("a file without tensors looks like no model") {
  tool::NamingOptions options;
  options.lookalike = [](llvm::ArrayRef<NamedShape>) { return "it looks like anything"; };
  Meet met({}, options);
  CHECK(met.says("6 of its 6 tensors missing, 0 extra"));
  CHECK(llvm::StringRef(met.error).ends_with("\nit has no tensors that a model might read"));
}

TEST_CASE("renames that an error proposes are words of a shell") {
  Tensors other = named([](const std::string &name) { return "my net." + name; });
  CHECK(Meet(other).says("if they are: --rename 'my net='"));
}

TEST_CASE("names from a file are escaped") {
  Tensors odd = model;
  odd.push_back({"a\x1b[31m\nb", {1}});
  CHECK(Meet(odd).says("extra: `a\\x1b[31m\\x0ab` [1]"));
}
