// Names change in the file's header alone, but offsets are relative to its end, so the file is written anew.
#include "tools/weights/Naming.h"

#include "runtime/Checkpoint.h"
#include "runtime/Error.h"
#include "support/Printable.h"
#include "tools/text/Failure.h"
#include "tools/text/ShellWord.h"
#include "tools/text/Wrap.h"
#include "tools/weights/Mismatch.h"
#include "tools/weights/Narrowing.h"
#include "tools/weights/SafetensorsWriter.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

#include <numeric>

using namespace skip;
using namespace skip::tool;

static constexpr llvm::StringRef wrappers[] = {"module.", "_orig_mod.", "model.", "backbone."};
static constexpr char readTypes[] = "F32, F16, BF16 and F64";
static constexpr size_t mostListed = 10;

namespace {
/// A tensor of the file on its way to the model.
struct Entry {
  const runtime::FileTensor *tensor; // null: it cannot be read
  std::string name, kind;            // `F32`, `quantized qint8`
  llvm::SmallVector<int64_t, 4> shape;
  bool hasShape = true;
  llvm::StringRef bytes = {};
  std::string inFile = name; // before anything was stripped
};

class Meeting {
public:
  Meeting(llvm::StringRef path, llvm::StringRef modelName, llvm::ArrayRef<NamedShape> model, const NamingOptions &options)
      : path(path), modelName(modelName), model(model), options(options) {
    for (const NamedShape &tensor : model)
      wanted[tensor.name] = &tensor;
  }
  llvm::Expected<Named> meet(llvm::StringRef file, llvm::ArrayRef<UnreadableTensor> unreadable);

private:
  llvm::Error fail(const llvm::Twine &what) const { return badInput("`" + path + "`" + what); }
  std::string wrapperOf() const;
  size_t countRead(llvm::StringRef wrapper) const;
  std::string wrapperOfSome();
  void strip(llvm::StringRef wrapper);
  llvm::Error rename();
  void reshape();
  void passOverExtra();
  Mismatch compare() const;
  llvm::Error refuse(const Mismatch &mismatch) const;
  void dropUnreadable();
  void narrow();
  std::string write() const;

  llvm::StringRef path, modelName;
  llvm::ArrayRef<NamedShape> model;
  const NamingOptions &options;
  llvm::StringMap<const NamedShape *> wanted;
  std::vector<Entry> entries; // in the file's order
  Narrowing narrowing;
  std::vector<std::string> notes;
  std::string kept; // why a wrapper's prefix was not stripped, as an error says it
  bool changed = false;
};
} // namespace

std::optional<std::string> tool::renamed(llvm::StringRef name, llvm::ArrayRef<Rename> renames) {
  for (const Rename &rename : renames) {
    llvm::StringRef rest = name;
    if (!rest.consume_front(rename.from))
      continue;
    bool isLabel = rename.from.empty() || rest.empty() || rest.front() == '.' || rename.from.back() == '.';
    if (!isLabel)
      continue;
    if (rename.to.empty() || rename.to.back() == '.')
      rest.consume_front(".");
    else if (!rest.empty() && rest.front() != '.')
      return rename.to + "." + rest.str();
    return rename.to + rest.str();
  }
  return std::nullopt;
}

static Entry entryOf(const runtime::FileTensor &tensor) {
  return {.tensor = &tensor,
          .name = tensor.name,
          .kind = tensor.typeName,
          .shape = {tensor.dims, tensor.dims + tensor.rank},
          .bytes = llvm::StringRef(reinterpret_cast<const char *>(tensor.data), static_cast<size_t>(tensor.bytes))};
}

llvm::ArrayRef<int64_t> tool::withoutOnes(llvm::ArrayRef<int64_t> shape) {
  while (!shape.empty() && shape.back() == 1)
    shape = shape.drop_back();
  return shape;
}

/// What wrappers put before all names of the file; empty if nothing.
std::string Meeting::wrapperOf() const {
  std::string wrapper;
  auto fits = [&](llvm::StringRef next) {
    bool allHave = llvm::all_of(entries, [&](const Entry &entry) {
      llvm::StringRef rest = entry.name;
      return rest.consume_front(wrapper) && rest.size() > next.size() && rest.starts_with(next);
    });
    return allHave &&
           llvm::none_of(model, [&](const NamedShape &tensor) { return llvm::StringRef(tensor.name).starts_with(next); });
  };
  while (!entries.empty()) {
    const auto *next = llvm::find_if(wrappers, fits);
    if (next == std::end(wrappers))
      break;
    wrapper += *next;
  }
  return wrapper;
}

/// How many of the model's names the file has without that prefix, where it has it.
size_t Meeting::countRead(llvm::StringRef wrapper) const {
  return static_cast<size_t>(llvm::count_if(entries, [&](const Entry &entry) {
    llvm::StringRef name = entry.name;
    name.consume_front(wrapper);
    return wanted.contains(name);
  }));
}

/// What wrappers put before some of the names, as where a head lies beside a backbone; empty if nothing. It is a wrapper if
/// more of the model's names are there without it, and each of the file's is another then.
std::string Meeting::wrapperOfSome() {
  std::string best;
  for (llvm::StringRef wrapper : wrappers) {
    if (countRead(wrapper) <= countRead(best))
      continue;
    llvm::StringMap<llvm::StringRef> before;
    bool isClear = true;
    for (const Entry &entry : entries) {
      llvm::StringRef name = entry.name;
      name.consume_front(wrapper);
      auto [known, isNew] = before.try_emplace(name, entry.name);
      if (isNew)
        continue;
      isClear = false;
      kept = "\nthe prefix `" + wrapper.str() + "` was kept: without it, `" + printable(known->second) + "` and `" +
             printable(entry.name) + "` would both be called `" + printable(name) + "`";
      break;
    }
    if (isClear)
      best = wrapper.str();
  }
  return best;
}

void Meeting::strip(llvm::StringRef wrapper) {
  size_t count = 0;
  for (Entry &entry : entries)
    if (llvm::StringRef rest = entry.name; rest.consume_front(wrapper)) {
      entry.name = rest.str();
      ++count;
    }
  changed |= count > 0;
  notes.push_back("stripped the prefix `" + wrapper.str() + "` from " +
                  (count == entries.size() ? "all names"
                                           : std::to_string(count) + " of " + counted(entries.size(), "name") +
                                                 ", since the model reads them without it"));
}

/// A rename may be of the name as the file has it, or of what is left without wrappers.
llvm::Error Meeting::rename() {
  if (std::string wrapper = wrapperOf(); !wrapper.empty())
    strip(wrapper);
  for (std::string wrapper = wrapperOfSome(); !wrapper.empty(); wrapper = wrapperOfSome())
    strip(wrapper);
  std::vector<size_t> uses(options.renames.size());
  llvm::StringMap<std::string> before;
  for (Entry &entry : entries) {
    std::string name = entry.name;
    for (size_t i = 0; i < options.renames.size(); ++i) {
      std::optional<std::string> now = renamed(entry.inFile, options.renames[i]);
      if (!now)
        now = renamed(name, options.renames[i]);
      if (!now)
        continue;
      name = *now;
      ++uses[i];
      break;
    }
    auto [known, isNew] = before.try_emplace(name, entry.inFile);
    if (!isNew)
      return fail(": `" + printable(known->second) + "` and `" + printable(entry.inFile) + "` would both be called `" +
                  printable(name) + "`");
    changed |= name != entry.name;
    entry.name = std::move(name);
  }
  for (auto [rename, count] : llvm::zip_equal(options.renames, uses))
    if (count == 0)
      return fail(": --rename " + rename.from + "=" + rename.to +
                  ": no tensor is called so, or lies below it; `skipc weights " + shellWord(path) + "` lists them");
  if (!uses.empty())
    notes.push_back("renamed " + counted(std::accumulate(uses.begin(), uses.end(), size_t(0)), "tensor"));
  return llvm::Error::success();
}

/// A linear layer's weight [o, i] and that of a 1x1 convolution of one pixel, [o, i, 1, 1], are the same numbers: frameworks
/// write squeeze and excitation either way.
void Meeting::reshape() {
  size_t count = 0;
  std::string first;
  for (Entry &entry : entries) {
    const NamedShape *tensor = wanted.lookup(entry.name);
    if (!tensor || !entry.hasShape || entry.shape == tensor->shape || withoutOnes(entry.shape) != withoutOnes(tensor->shape))
      continue;
    if (count++ == 0)
      first = "`" + printable(entry.name) + "` " + bracketed(entry.shape) + " as " + bracketed(tensor->shape);
    entry.shape = tensor->shape;
  }
  if (count == 0)
    return;
  changed = true;
  notes.push_back("took " + counted(count, "tensor") + " of the same numbers under the model's sizes: " + first +
                  (count > 1 ? ", and so on" : ""));
}

void Meeting::passOverExtra() {
  std::vector<std::string> names;
  llvm::erase_if(entries, [&](const Entry &entry) {
    bool isExtra = !wanted.contains(entry.name) && !runtime::isIgnored(entry.name.c_str());
    if (isExtra)
      names.push_back("`" + printable(entry.name) + "`");
    return isExtra;
  });
  if (names.empty())
    return;
  changed = true;
  size_t shown = options.verbose ? names.size() : std::min(names.size(), mostListed);
  notes.push_back("passed over " + counted(names.size(), "tensor") +
                  " that the model does not read: " + llvm::join(llvm::ArrayRef(names).take_front(shown), ", ") +
                  (shown < names.size() ? ", and " + std::to_string(names.size() - shown) + " more" : ""));
}

static bool isWide(const Entry &entry) { return entry.tensor && entry.kind == "F64"; }

static bool isRead(const Entry &entry) {
  return entry.tensor && (entry.tensor->type != runtime::ElementType::Other || isWide(entry));
}

static std::string unreadableLine(const Entry &entry) {
  return "`" + printable(entry.name) + "`" + (entry.hasShape ? " " + bracketed(entry.shape) : "") + ", " + entry.kind;
}

Mismatch Meeting::compare() const {
  Mismatch mismatch;
  llvm::StringMap<const Entry *> found;
  for (const Entry &entry : entries) {
    found[entry.name] = &entry;
    if (wanted.contains(entry.name) || runtime::isIgnored(entry.name.c_str()))
      continue;
    if (entry.tensor)
      mismatch.extra.push_back({entry.name, entry.shape});
    else
      mismatch.unreadable.push_back(unreadableLine(entry));
  }
  for (const NamedShape &tensor : model) {
    const Entry *file = found.lookup(tensor.name);
    if (!file)
      mismatch.missing.push_back(tensor);
    else if (file->hasShape && file->shape != tensor.shape)
      mismatch.shapes.push_back("`" + tensor.name + "` is " + bracketed(file->shape) + ", the model needs " +
                                bracketed(tensor.shape));
    else if (!isRead(*file))
      mismatch.types.push_back("`" + tensor.name + "` is " + file->kind + ", and models read " + readTypes);
  }
  return mismatch;
}

llvm::Error Meeting::refuse(const Mismatch &mismatch) const {
  std::vector<NamedShape> all;
  for (const Entry &entry : entries)
    if (entry.hasShape && !runtime::isIgnored(entry.name.c_str()))
      all.push_back({entry.name, entry.shape});
  return fail(describe(
      mismatch, {.modelName = modelName, .modelTensors = model.size(), .ofFile = all, .kept = kept, .options = options}));
}

/// Those that are left are what nobody reads, or, where the caller judges, what it then misses.
void Meeting::dropUnreadable() {
  for (const Entry &entry : entries)
    if (!entry.tensor && wanted.contains(entry.name))
      notes.push_back("left out `" + printable(entry.name) + "`: it is " + entry.kind + ", and models read " + readTypes);
  llvm::erase_if(entries, [](const Entry &entry) { return !entry.tensor; });
}

void Meeting::narrow() {
  for (Entry &entry : entries) {
    if (!isWide(entry) || !wanted.contains(entry.name))
      continue;
    entry.bytes = narrowing.narrow(entry.name, entry.bytes);
    entry.kind = "F32";
    changed = true;
  }
  if (std::string done = narrowing.note(); !done.empty())
    notes.push_back(std::move(done));
}

std::string Meeting::write() const {
  SafetensorsWriter writer;
  for (const Entry &entry : entries)
    writer.add(entry.name, entry.shape, entry.kind, entry.bytes);
  return writer.finish();
}

llvm::Expected<Named> Meeting::meet(llvm::StringRef file, llvm::ArrayRef<UnreadableTensor> unreadable) {
  runtime::LoadSummary ignored;
  std::string text = path.str();
  runtime::Safetensors tensors;
  if (runtime::readSummary(file.data(), file.size(), text.c_str(), ignored) != SKIP_OK ||
      tensors.parse(file.data(), file.size(), text.c_str()) != SKIP_OK)
    return badInput(runtime::lastErrorText());
  for (size_t i = 0; i < tensors.count(); ++i)
    entries.push_back(entryOf(tensors[i]));
  llvm::stable_sort(entries, [](const Entry &a, const Entry &b) { return a.tensor->data < b.tensor->data; });
  for (const UnreadableTensor &tensor : unreadable)
    entries.push_back({.tensor = nullptr,
                       .name = tensor.name,
                       .kind = tensor.kind,
                       .shape = tensor.shape.value_or(llvm::SmallVector<int64_t, 4>()),
                       .hasShape = tensor.shape.has_value()});
  if (llvm::Error error = rename())
    return error;
  reshape();
  // Where tensors are missing, those that are left over tell what they may be called.
  Mismatch mismatch = compare();
  bool isRefused = options.judged ? !mismatch.isWhole() || (mismatch.hasExtra() && !options.allowExtra)
                                  : !mismatch.unreadable.empty() && !options.allowExtra; // which no caller sees
  if (isRefused)
    return refuse(mismatch);
  if (options.allowExtra)
    passOverExtra();
  dropUnreadable();
  narrow();
  return Named{changed ? write() : "", std::move(notes)};
}

llvm::Expected<Named> tool::meetNames(llvm::StringRef file, llvm::StringRef path, llvm::StringRef modelName,
                                      llvm::ArrayRef<NamedShape> model, const NamingOptions &options,
                                      llvm::ArrayRef<UnreadableTensor> unreadable) {
  return Meeting(path, modelName, model, options).meet(file, unreadable);
}
