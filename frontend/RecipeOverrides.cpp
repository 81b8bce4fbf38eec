// `--set NAME=VALUE`: a recipe's settings from the command line. A new kind keeps what the old one had under the same name;
// what it needs besides must be set too. `augment=none` leaves pictures as they are: it ends flips and colours too, unless they
// are set beside it.
#include "frontend/Diagnostics.h"
#include "frontend/RecipeSettings.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <set>

using namespace skip::frontend;
using llvm::StringRef;

namespace {

class Overrides {
public:
  Overrides(Recipe recipe, std::vector<std::string> &errors) : recipe(std::move(recipe)), errors(errors) {}

  void apply(StringRef setting);
  void finish();
  Recipe recipe;

private:
  const SettingInfo *find(StringRef name);
  void set(const SettingInfo &setting, StringRef value);
  void setKind(const SettingInfo &setting, StringRef value);
  bool setNumbers(const SettingInfo &setting, StringRef value);
  bool inRange(const SettingInfo &setting, double value, StringRef text);
  void wrongValue(const SettingInfo &setting, StringRef wanted, StringRef value) {
    errors.push_back(quoted(setting.fullName()) + " must be " + wanted.str() + ", not " + quoted(value));
  }

  std::vector<std::string> &errors;
  std::set<std::string> given;   // by full name
  std::set<std::string> missing; // of kinds that were chosen: what has no default
};

} // namespace

static const SettingInfo *byFullName(StringRef name) {
  const SettingInfo *found =
      llvm::find_if(allSettings(), [&](const SettingInfo &setting) { return setting.fullName() == name; });
  return found == allSettings().end() ? nullptr : found;
}

/// The setting of that name which the recipe as it stands has; null after an error.
const SettingInfo *Overrides::find(StringRef name) {
  const SettingInfo *setting = byFullName(name);
  if (setting && isInUse(*setting, recipe))
    return setting;
  if (setting) {
    const SettingInfo &group = *byFullName(setting->group);
    auto kinds = llvm::map_to_vector(setting->within, [](StringRef kind) { return kind; });
    errors.push_back(quoted(group.name) + " is " + quoted(valueText(group, recipe)) + ", and `" + name.str() +
                     "` is a setting of " + quotedList(kinds, " or ") + "; put `" + group.name.str() + "=" +
                     setting->within.front().str() + "` before it");
    return nullptr;
  }
  std::vector<std::string> names;
  for (const auto &[known, value] : listSettings(recipe))
    names.push_back(known);
  llvm::SmallVector<StringRef> known(names.begin(), names.end());
  StringRef near = nearest(name, known);
  errors.push_back("there is no setting " + quoted(name) +
                   (near.empty() ? " (known: " + quotedList(known) + ")" : "; did you mean " + quoted(near) + "?"));
  return nullptr;
}

bool Overrides::inRange(const SettingInfo &setting, double value, StringRef text) {
  std::optional<std::string> wanted = outsideOf(setting.range, value);
  if (wanted)
    wrongValue(setting, *wanted, text);
  return !wanted;
}

void Overrides::setKind(const SettingInfo &setting, StringRef value) {
  const auto *kind = llvm::find(setting.kinds, value);
  if (kind == setting.kinds.end()) {
    auto kinds = llvm::map_to_vector(setting.kinds, [](StringRef name) { return name; });
    wrongValue(setting, quotedList(kinds, " or "), value);
    if (value.contains('{'))
      errors.back() += "; settings of a kind are set by themselves: " + quoted(setting.name.str() + ".NAME=VALUE");
    return;
  }
  auto needed = [&](const SettingInfo &other) {
    return other.group == setting.name && other.required && isInUse(other, recipe);
  };
  std::set<std::string> had;
  for (const SettingInfo &other : allSettings())
    if (needed(other))
      had.insert(other.fullName());
  skip::frontend::setKind(setting, recipe, static_cast<size_t>(kind - setting.kinds.begin()));
  for (const SettingInfo &other : allSettings())
    if (needed(other) && !had.contains(other.fullName()))
      missing.insert(other.fullName());
}

/// `[1, 2]`, `1,2`, or one number.
bool Overrides::setNumbers(const SettingInfo &setting, StringRef value) {
  StringRef rest = value;
  if (rest.consume_front("["))
    if (!rest.consume_back("]"))
      return false;
  std::vector<int64_t> numbers;
  llvm::SmallVector<StringRef> parts;
  rest.split(parts, ',');
  for (StringRef part : parts) {
    int64_t number = 0;
    if (part.trim().empty() && parts.size() == 1)
      break;
    if (part.trim().getAsInteger(10, number))
      return false;
    if (!inRange(setting, static_cast<double>(number), part.trim()))
      return true;
    numbers.push_back(number);
  }
  *std::get<std::vector<int64_t> *>(setting.slot(recipe)) = std::move(numbers);
  return true;
}

static bool isNumber(StringRef text, double &number) {
  bool looksLikeOne = !text.empty() && text.size() <= 64 && text.find_first_not_of("0123456789.eE+-") == StringRef::npos;
  return looksLikeOne && !text.getAsDouble(number) && std::isfinite(number);
}

static std::vector<std::string> splitTexts(StringRef value) {
  if (value.consume_front("["))
    value.consume_back("]");
  std::vector<std::string> texts;
  for (StringRef part : llvm::split(value, ','))
    if (StringRef text = part.trim().trim('"'); !text.empty())
      texts.push_back(text.str());
  return texts;
}

void Overrides::set(const SettingInfo &setting, StringRef value) {
  SettingSlot slot = setting.slot(recipe);
  int64_t whole = 0;
  double number = 0;
  switch (setting.type) {
  case SettingType::Kind:
    return setKind(setting, value);
  case SettingType::Texts:
    *std::get<std::vector<std::string> *>(slot) = splitTexts(value);
    return;
  case SettingType::Truth:
    if (value == "true" || value == "false")
      *std::get<bool *>(slot) = value == "true";
    else
      break;
    return;
  case SettingType::Whole:
    if (value.getAsInteger(10, whole))
      break;
    if (inRange(setting, static_cast<double>(whole), value))
      *std::get<int64_t *>(slot) = whole;
    return;
  case SettingType::Number:
    if (!isNumber(value, number))
      break;
    if (inRange(setting, number, value))
      *std::get<double *>(slot) = number;
    return;
  case SettingType::Wholes:
    if (setNumbers(setting, value))
      return;
    break;
  }
  wrongValue(setting, describe(setting.type), value);
}

void Overrides::apply(StringRef text) {
  auto [name, value] = text.split('=');
  name = name.trim();
  if (name.empty() || !text.contains('=')) {
    errors.push_back(quoted(text) + " is not of the form NAME=VALUE, as `rate.start=0.05`");
    return;
  }
  const SettingInfo *setting = find(name);
  if (!setting)
    return;
  given.insert(setting->fullName());
  missing.erase(setting->fullName());
  set(*setting, value.trim());
}

void Overrides::finish() {
  if (given.contains("augment") && recipe.augment.kind == Recipe::Augment::None)
    for (const char *name : {"flip", "colour"})
      if (!given.contains(name))
        set(*byFullName(name), llvm::StringRef(name) == "flip" ? "false" : "none");
  for (const std::string &name : missing) {
    const SettingInfo &setting = *byFullName(name);
    if (isInUse(setting, recipe))
      errors.push_back(quoted(byFullName(setting.group)->name) + " is " +
                       quoted(valueText(*byFullName(setting.group), recipe)) + " now, which needs " + quoted(name) +
                       "; set that too");
  }
  if (errors.empty())
    for (RecipeProblem &problem : check(recipe))
      errors.push_back(std::move(problem.text));
}

bool skip::frontend::applySettings(Recipe &recipe, llvm::ArrayRef<std::string> settings, std::vector<std::string> &errors) {
  std::vector<std::string> found;
  Overrides overrides(recipe, found);
  for (const std::string &setting : settings)
    overrides.apply(setting);
  overrides.finish();
  if (found.empty())
    recipe = std::move(overrides.recipe);
  llvm::append_range(errors, found);
  return found.empty();
}
