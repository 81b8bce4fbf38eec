// Numbers that a resumed run computes with are written in base 16, which loses no bit.
#include "tools/training/Memory.h"

#include "support/Printable.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdlib>
#include <cstring>

using namespace skip;
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

static std::string settingsText(const TrainingIdentity &identity) {
  std::string text;
  for (const auto &[name, value] : identity.settings)
    text += name + "=" + value + "\n";
  return text;
}

Metadata tool::metadataOf(const TrainingIdentity &identity, const TrainingMemory &memory) {
  Metadata texts = {{"format", "pt"}, // what readers of checkpoints of PyTorch look for
                    {"model", identity.model},
                    {"seed", std::to_string(identity.seed)},
                    {"pictures", std::to_string(identity.pictures)},
                    {"settings", settingsText(identity)},
                    {"plan", identity.plan}};
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

llvm::Expected<Metadata> tool::readMetadata(llvm::ArrayRef<char> file, const std::string &path) {
  uint64_t length = 0;
  if (file.size() >= sizeof length)
    std::memcpy(&length, file.data(), sizeof length);
  if (file.size() < sizeof length || length > file.size() - sizeof length)
    return badInput("`" + path + "` is not a safetensors file, or is cut short");
  const char *begin = file.data() + sizeof length;
  nlohmann::json header = nlohmann::json::parse(begin, begin + length, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object())
    return badInput("the header of `" + path + "` is broken");
  Metadata texts;
  if (auto metadata = header.find("__metadata__"); metadata != header.end() && metadata->is_object())
    for (const auto &[name, value] : metadata->items())
      if (value.is_string())
        texts.push_back({name, value.get<std::string>()});
  return texts;
}

static const std::string *find(const Metadata &texts, llvm::StringRef name) {
  auto found = llvm::find_if(texts, [&](const auto &text) { return text.first == name; });
  return found == texts.end() ? nullptr : &found->second;
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
  bool isThere = read(find(metadata, "best_error"), best.error) && read(find(metadata, "best_step"), best.step);
  return isThere ? best : BestScore();
}

using Settings = std::vector<std::pair<std::string, std::string>>;

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

/// A line for each difference.
static std::string differences(const Metadata &saved, const TrainingIdentity &wanted) {
  std::string text;
  auto compare = [&](const std::string &name, const std::string &before, const std::string &now) {
    if (before != now)
      text += "\n  " + printable(name) + ": " + before + " in the checkpoint, " + now + " now";
  };
  for (auto [name, now] : {std::pair("model", wanted.model), std::pair("seed", std::to_string(wanted.seed)),
                           std::pair("pictures", std::to_string(wanted.pictures))}) {
    const std::string *before = find(saved, name);
    compare(name, before ? "`" + printable(*before) + "`" : "not there", "`" + now + "`");
  }
  const std::string *settings = find(saved, "settings");
  Settings before = settingsOf(settings ? *settings : "");
  Settings all = wanted.settings;
  for (const auto &setting : before)
    if (llvm::none_of(wanted.settings, [&](const auto &now) { return now.first == setting.first; }))
      all.push_back(setting);
  for (const auto &setting : all)
    compare(setting.first, valueIn(before, setting.first), valueIn(wanted.settings, setting.first));
  return text;
}

llvm::Expected<TrainingMemory> tool::resumeFrom(const Metadata &saved, const TrainingIdentity &wanted, const std::string &path,
                                                bool &samePlan) {
  TrainingMemory memory;
  std::string broken;
  forEachField(memory, [&](const std::string &name, auto &value) {
    if (!read(find(saved, name), value) && broken.empty())
      broken = name;
  });
  if (!broken.empty())
    return badInput("`" + path + "` is not a training's checkpoint: its metadata have no " + broken +
                    "; start from it with --weights, in another folder");
  if (std::string text = differences(saved, wanted); !text.empty())
    return badInput("`" + path + "` is of another training, which --resume cannot go on with:" + text);
  const std::string *plan = find(saved, "plan");
  samePlan = plan && *plan == wanted.plan;
  return memory;
}
