// The table of settings, and values by it. A new setting is a line here and a field of Recipe.
#include "frontend/RecipeSettings.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"

#include <charconv>
#include <cmath>
#include <iterator>

using namespace skip::frontend;
using llvm::StringLiteral;
using llvm::StringRef;

static constexpr double mostSteps = 1e12, mostRate = 1e30; // the latter is finite in single precision

static constexpr StringLiteral losses[] = {"cross_entropy"}, inits[] = {"he"}, optimizers[] = {"sgd"},
                               decayed[] = {"all", "filters"}, rates[] = {"steps", "cosine", "plateau"},
                               warmUps[] = {"none", "linear", "until_error"}, augments[] = {"none", "crop", "resize"},
                               colours[] = {"none", "pca"};
static constexpr StringLiteral linear[] = {"linear"}, untilError[] = {"until_error"}, steps[] = {"steps"},
                               cosine[] = {"cosine"}, plateau[] = {"plateau"}, stepsOrPlateau[] = {"steps", "plateau"},
                               crop[] = {"crop"}, resize[] = {"resize"}, pca[] = {"pca"};

#define SLOT(field) [](Recipe &recipe) -> SettingSlot { return &recipe.field; }
static constexpr SettingRange positiveRate{0, mostRate, true}, anyRate{0, mostRate}, stepCount{1, mostSteps},
    fraction{0, 1, false, true}, sides{1, 16384};
static const SettingInfo settings[] = {
    {"", "loss", SettingType::Kind, SLOT(loss), {}, losses},
    {"loss", "smoothing", SettingType::Number, SLOT(smoothing), fraction, {}, losses},
    {"", "init", SettingType::Kind, SLOT(init), {}, inits},
    {"", "batch", SettingType::Whole, SLOT(batch), {1, 1 << 20}, {}, {}, true},
    {"", "groups", SettingType::Whole, SLOT(groups), {1, 1 << 20}},
    {"", "optimizer", SettingType::Kind, SLOT(optimizer), {}, optimizers},
    {"optimizer", "momentum", SettingType::Number, SLOT(momentum), fraction, {}, optimizers},
    {"optimizer", "nesterov", SettingType::Truth, SLOT(nesterov), {}, {}, optimizers},
    {"optimizer", "decay", SettingType::Number, SLOT(decay), {0, 1}, {}, optimizers},
    {"optimizer", "decay_on", SettingType::Kind, SLOT(decayOn), {}, decayed, optimizers},
    {"", "rate", SettingType::Kind, SLOT(rate.kind), {}, rates, {}, true},
    {"rate", "start", SettingType::Number, SLOT(rate.start), positiveRate, {}, rates, true},
    {"rate", "at", SettingType::Wholes, SLOT(rate.at), stepCount, {}, steps, true},
    {"rate", "factor", SettingType::Number, SLOT(rate.factor), {0, 1, true, true}, {}, stepsOrPlateau},
    {"rate", "end", SettingType::Number, SLOT(rate.end), anyRate, {}, cosine},
    {"rate", "every", SettingType::Whole, SLOT(rate.every), stepCount, {}, plateau},
    {"rate", "patience", SettingType::Whole, SLOT(rate.patience), {1, 1e6}, {}, plateau},
    {"rate", "better_by", SettingType::Number, SLOT(rate.betterBy), fraction, {}, plateau},
    {"", "warm_up", SettingType::Kind, SLOT(warmUp.kind), {}, warmUps},
    {"warm_up", "steps", SettingType::Whole, SLOT(warmUp.steps), stepCount, {}, linear, true},
    {"warm_up", "from", SettingType::Number, SLOT(warmUp.from), anyRate, {}, linear},
    {"warm_up", "rate", SettingType::Number, SLOT(warmUp.rate), positiveRate, {}, untilError, true},
    {"warm_up", "below", SettingType::Number, SLOT(warmUp.below), {0, 1, true}, {}, untilError, true},
    {"warm_up", "over", SettingType::Whole, SLOT(warmUp.over), {1, 1e6}, {}, untilError},
    {"", "length", SettingType::Whole, SLOT(length), stepCount, {}, {}, true},
    {"", "hold_out", SettingType::Whole, SLOT(holdOut), {0, 1e9}},
    {"", "shuffle", SettingType::Truth, SLOT(shuffle)},
    {"", "augment", SettingType::Kind, SLOT(augment.kind), {}, augments},
    {"augment", "pad", SettingType::Whole, SLOT(augment.pad), {1, 16384}, {}, crop},
    {"augment", "from", SettingType::Whole, SLOT(augment.from), sides, {}, resize, true},
    {"augment", "to", SettingType::Whole, SLOT(augment.to), sides, {}, resize, true},
    {"", "flip", SettingType::Truth, SLOT(flip)},
    {"", "colour", SettingType::Kind, SLOT(colour), {}, colours},
    {"colour", "deviation", SettingType::Number, SLOT(deviation), {0, 10}, {}, pca},
    {"", "freeze", SettingType::Texts, SLOT(freeze)},
};
#undef SLOT

llvm::ArrayRef<SettingInfo> skip::frontend::allSettings() { return settings; }

std::string SettingInfo::fullName() const { return group.empty() ? name.str() : (group + "." + name).str(); }

StringRef skip::frontend::describe(SettingType type) {
  switch (type) {
  case SettingType::Whole:
    return "a whole number";
  case SettingType::Number:
    return "a number";
  case SettingType::Truth:
    return "`true` or `false`";
  case SettingType::Wholes:
    return "a list of whole numbers";
  case SettingType::Texts:
    return "a list of texts";
  case SettingType::Kind:
    return "a kind";
  }
  return "";
}

static bool belongsTo(const SettingInfo &setting, StringRef group, StringRef kind) {
  return setting.group == group && (group.empty() || llvm::is_contained(setting.within, kind));
}

const SettingInfo *skip::frontend::findSetting(StringRef group, StringRef kind, StringRef name) {
  const SettingInfo *found = llvm::find_if(
      settings, [&](const SettingInfo &setting) { return setting.name == name && belongsTo(setting, group, kind); });
  return found == std::end(settings) ? nullptr : found;
}

llvm::SmallVector<StringRef> skip::frontend::settingNames(StringRef group, StringRef kind) {
  llvm::SmallVector<StringRef> names;
  for (const SettingInfo &setting : settings)
    if (belongsTo(setting, group, kind))
      names.push_back(setting.name);
  return names;
}

bool skip::frontend::isInUse(const SettingInfo &setting, const Recipe &recipe) {
  if (setting.group.empty())
    return true;
  const SettingInfo &group = *findSetting("", "", setting.group);
  return llvm::is_contained(setting.within, group.kinds[kindOf(group, recipe)]);
}

size_t skip::frontend::kindOf(const SettingInfo &setting, const Recipe &recipe) {
  // Slots are for writing too; reading through one changes nothing.
  SettingSlot slot = setting.slot(const_cast<Recipe &>(recipe));
  return std::visit(
      [](auto *value) -> size_t {
        if constexpr (std::is_enum_v<std::remove_pointer_t<decltype(value)>>)
          return static_cast<size_t>(*value);
        return 0;
      },
      slot);
}

void skip::frontend::setKind(const SettingInfo &setting, Recipe &recipe, size_t kind) {
  std::visit(
      [&](auto *value) {
        using Field = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_enum_v<Field>)
          *value = static_cast<Field>(kind);
      },
      setting.slot(recipe));
}

/// The shortest digits that read back as the same number; whole ones as such, up to where doubles hold all of them.
static std::string numberText(double value) {
  char buffer[32];
  return std::string(buffer, std::to_chars(buffer, std::end(buffer), value).ptr);
}

std::optional<std::string> skip::frontend::outsideOf(const SettingRange &range, double value) {
  bool tooLow = range.aboveLeast ? !(value > range.least) : !(value >= range.least);
  bool tooHigh = range.belowMost ? !(value < range.most) : !(value <= range.most);
  if (!tooLow && !tooHigh)
    return std::nullopt;
  auto text = [](double bound) {
    bool isWhole = std::abs(bound) < 1e15 && bound == std::floor(bound);
    return isWhole ? std::to_string(static_cast<int64_t>(bound)) : numberText(bound);
  };
  return (range.aboveLeast ? "above " : "at least ") + text(range.least) + (range.belowMost ? " and below " : " and at most ") +
         text(range.most);
}

static std::string quotedText(const std::string &text) {
  std::string result = "\"";
  for (char c : text)
    result.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
  return result + "\"";
}

template <typename T, typename Write> static std::string listText(const std::vector<T> &list, Write write) {
  std::string text = "[";
  for (const T &element : list)
    text.append(text.size() > 1 ? ", " : "").append(write(element));
  return text + "]";
}

std::string skip::frontend::valueText(const SettingInfo &setting, const Recipe &recipe) {
  return std::visit(
      [&](auto *value) -> std::string {
        using Field = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_enum_v<Field>)
          return setting.kinds[static_cast<size_t>(*value)].str();
        else if constexpr (std::is_same_v<Field, bool>)
          return *value ? "true" : "false";
        else if constexpr (std::is_same_v<Field, int64_t>)
          return std::to_string(*value);
        else if constexpr (std::is_same_v<Field, double>)
          return numberText(*value);
        else if constexpr (std::is_same_v<Field, std::vector<int64_t>>)
          return listText(*value, [](int64_t number) { return std::to_string(number); });
        else
          return listText(*value, quotedText);
      },
      setting.slot(const_cast<Recipe &>(recipe)));
}
