// Numbers that a resumed run computes with are written in base 16, which loses no bit.
#include "tools/training/Memory.h"

#include "support/Printable.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

#include <algorithm>
#include <cinttypes>
#include <cstdlib>

using namespace skip;
using tool::findText;
using tool::Metadata;
using tool::TrainingIdentity;
using tool::TrainingMemory;
using tool::Window;

static std::string textOf(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%a", value);
  return text;
}
static std::string textOf(int64_t value) { return std::to_string(value); }

/// A field of the memory, and what it is called.
template <typename Memory, typename Visit> static void forEachField(Memory &memory, Visit visit) {
  visit("step", memory.step);
  visit("rate.warm", memory.rate.warm);
  visit("rate.error_sum", memory.rate.errorSum);
  visit("rate.error_count", memory.rate.errorCount);
  visit("rate.best_error", memory.rate.bestError);
  visit("rate.waited", memory.rate.waited);
  visit("rate.drops", memory.rate.drops);
  for (auto [name, window] : {std::pair("logged", &memory.logged), std::pair("looked", &memory.looked)}) {
    visit(std::string(name) + ".loss", window->loss);
    visit(std::string(name) + ".steps", window->steps);
    visit(std::string(name) + ".wrong", window->wrong);
    visit(std::string(name) + ".pictures", window->pictures);
  }
}

using Settings = std::vector<std::pair<std::string, std::string>>;

static std::string settingsText(const Settings &settings) {
  std::string text;
  for (const auto &[name, value] : settings)
    text += name + "=" + value + "\n";
  return text;
}

Metadata tool::metadataOf(const TrainingIdentity &identity, const TrainingMemory &memory) {
  Metadata texts = {{"format", "pt"}, // what readers of checkpoints of PyTorch look for
                    {"model", identity.model},
                    {"seed", std::to_string(identity.seed)},
                    {"pictures", std::to_string(identity.pictures)},
                    {"settings", settingsText(identity.settings)},
                    {"plan", identity.plan},
                    {"pixels", settingsText(identity.pixels)},
                    {"data", identity.data},
                    {"validation", identity.validation},
                    {"network", identity.network},
                    {"exact", identity.exact ? "1" : "0"}};
  if (!identity.classes.empty())
    texts.push_back({"classes", llvm::json::fixUTF8(llvm::join(identity.classes, "\n"))}); // names of folders are any bytes
  forEachField(memory, [&](const std::string &name, auto value) {
    if constexpr (std::is_same_v<decltype(value), bool>)
      texts.push_back({name, value ? "1" : "0"});
    else
      texts.push_back({name, textOf(value)});
  });
  return texts;
}

Metadata tool::metadataOf(const TrainingIdentity &identity, const TrainingMemory &memory, const BestScore &best) {
  Metadata texts = metadataOf(identity, memory);
  texts.push_back({"best_error", textOf(best.error)});
  texts.push_back({"best_step", textOf(best.step)});
  return texts;
}

static bool read(const std::string *text, double &value) {
  char *end = nullptr;
  value = text ? std::strtod(text->c_str(), &end) : 0;
  return text && !text->empty() && *end == '\0' && value == value;
}
static bool read(const std::string *text, int64_t &value) {
  return text && !llvm::StringRef(*text).getAsInteger(10, value) && value >= 0;
}
static bool read(const std::string *text, bool &value) {
  value = text && *text == "1";
  return text && (*text == "0" || *text == "1");
}

tool::BestScore tool::bestScoreIn(const Metadata &metadata) {
  BestScore best;
  bool isThere = read(findText(metadata, "best_error"), best.error) && read(findText(metadata, "best_step"), best.step);
  return isThere && best.error >= 0 && best.error <= 1 ? best : BestScore();
}

static Settings settingsOf(llvm::StringRef text) {
  Settings settings;
  llvm::SmallVector<llvm::StringRef> lines;
  text.split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef line : lines)
    settings.push_back({line.split('=').first.str(), line.split('=').second.str()});
  return settings;
}

static std::string valueIn(const Settings &settings, llvm::StringRef name) {
  auto found = llvm::find_if(settings, [&](const auto &setting) { return setting.first == name; });
  return found == settings.end() ? "not set" : "`" + printable(found->second) + "`";
}

/// As the plan's text begins.
static llvm::StringRef compilerOf(llvm::StringRef plan) { return plan.split(", ").first; }

/// Another compiler may write the same network in other words.
static bool networkIsComparable(const Metadata &saved, const TrainingIdentity &wanted) {
  const std::string *plan = findText(saved, "plan");
  return findText(saved, "network") && plan && compilerOf(*plan) == compilerOf(wanted.plan);
}

static std::string difference(llvm::StringRef name, const std::string &before, const std::string &now) {
  return before == now ? "" : "\n  " + printable(name) + ": " + before + " in the checkpoint, " + now + " now";
}

/// Of settings that either has.
static std::string differences(const Settings &before, const Settings &now) {
  std::string text;
  Settings all = now;
  for (const auto &setting : before)
    if (llvm::none_of(now, [&](const auto &other) { return other.first == setting.first; }))
      all.push_back(setting);
  for (const auto &setting : all)
    text += difference(setting.first, valueIn(before, setting.first), valueIn(now, setting.first));
  return text;
}

/// A line for each difference.
static std::string differences(const Metadata &saved, const TrainingIdentity &wanted) {
  std::string text;
  for (auto [name, now] : {std::pair("model", wanted.model), std::pair("seed", std::to_string(wanted.seed)),
                           std::pair("pictures", std::to_string(wanted.pictures))}) {
    const std::string *before = findText(saved, name);
    text += difference(name, before ? "`" + printable(*before) + "`" : "not there", "`" + now + "`");
  }
  if (networkIsComparable(saved, wanted) && *findText(saved, "network") != wanted.network)
    text += "\n  network: another in the checkpoint than now (the spec, or -D)";
  if (const std::string *data = findText(saved, "data"); data && *data != wanted.data)
    text += "\n  data: other pictures or labels in the checkpoint than now (--data)";
  if (const std::string *validation = findText(saved, "validation"); validation && *validation != wanted.validation)
    text += "\n  validation: other pictures or labels to validate on in the checkpoint than now (--data)";
  const std::string *settings = findText(saved, "settings");
  text += differences(settingsOf(settings ? *settings : ""), wanted.settings);
  if (const std::string *pixels = findText(saved, "pixels"))
    text += differences(settingsOf(*pixels), wanted.pixels);
  return text;
}

llvm::Expected<TrainingMemory> tool::resumeFrom(const Metadata &saved, const TrainingIdentity &wanted,
                                                const std::string &path) {
  TrainingMemory memory;
  std::string broken;
  forEachField(memory, [&](const std::string &name, auto &value) {
    if (!read(findText(saved, name), value) && broken.empty())
      broken = name;
  });
  if (!broken.empty())
    return badInput(quotedName(path) + " is not a training's checkpoint: its metadata have no " + broken,
                    "start from it with --weights, in another folder");
  if (std::string text = differences(saved, wanted); !text.empty())
    return badInput(quotedName(path) + " is of another training, which --resume cannot go on with:" + text);
  return memory;
}

std::vector<std::string> tool::resumeNotes(const Metadata &saved, const TrainingIdentity &wanted, const std::string &path) {
  std::vector<std::string> notes;
  const std::string *plan = findText(saved, "plan"), *exact = findText(saved, "exact");
  if (bool was = exact && *exact == "1"; exact && was != wanted.exact)
    notes.push_back(quotedName(path) + " was trained " + (was ? "with" : "without") + " --exact, which is " +
                    (wanted.exact ? "given" : "not given") + " now: it goes on, with other bits than an unbroken run");
  else if (!plan || *plan != wanted.plan)
    notes.push_back(quotedName(path) +
                    " is of other code (another CPU, compiler or tuning): it goes on, with other bits than an unbroken run");
  if (llvm::any_of(llvm::ArrayRef{"pixels", "data", "validation", "network"},
                   [&](llvm::StringRef name) { return !findText(saved, name); }))
    notes.push_back(quotedName(path) +
                    " is of an earlier skipc and does not say of which network, of which pictures and with which "
                    "--mean and --std it is: that these are the same is not checked");
  return notes;
}
