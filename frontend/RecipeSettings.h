// The settings of a `train` statement: one table that the language, `--set` and listings share.
#pragma once

#include "frontend/Recipe.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <variant>

namespace skip::frontend {

enum class SettingType { Whole, Number, Truth, Wholes, Texts, Kind };

/// What `type` is called in a message: "a whole number".
llvm::StringRef describe(SettingType type);

/// Where a setting's value lives in a recipe.
using SettingSlot = std::variant<int64_t *, double *, bool *, std::vector<int64_t> *, std::vector<std::string> *,
                                 Recipe::Loss *, Recipe::Init *, Recipe::Optimizer *, Recipe::DecayOn *, Recipe::Rate *,
                                 Recipe::WarmUp *, Recipe::Augment *, Recipe::Colour *>;

/// The numbers that a setting may have.
struct SettingRange {
  double least = 0, most = 0;
  bool aboveLeast = false, belowMost = false; ///< the bound itself is not allowed
};

struct SettingInfo {
  llvm::StringLiteral group; ///< the setting with kinds that it belongs to; empty at the top
  llvm::StringLiteral name;
  SettingType type;
  SettingSlot (*slot)(Recipe &);
  SettingRange range = {};
  llvm::ArrayRef<llvm::StringLiteral> kinds = {};  ///< of a Kind: what it may be, in the order of the enumeration
  llvm::ArrayRef<llvm::StringLiteral> within = {}; ///< the kinds of the group that have it
  bool required = false;

  /// As `--set` names it: `rate.start`.
  std::string fullName() const;
};

/// All settings in the order of listings: each group's after the group.
llvm::ArrayRef<SettingInfo> allSettings();

/// The setting `name` of `group` being `kind`, both empty at the top. Null when there is none.
const SettingInfo *findSetting(llvm::StringRef group, llvm::StringRef kind, llvm::StringRef name);

/// The names of the settings that `group` being `kind` has.
llvm::SmallVector<llvm::StringRef> settingNames(llvm::StringRef group, llvm::StringRef kind);

/// Whether a value of `recipe`'s means something: its group is of a kind that has it.
bool isInUse(const SettingInfo &setting, const Recipe &recipe);

/// The place in `setting.kinds` of what it is in `recipe`.
size_t kindOf(const SettingInfo &setting, const Recipe &recipe);
void setKind(const SettingInfo &setting, Recipe &recipe, size_t kind);

/// What `value` must be, as "above 0 and at most 1", when it is outside of the range; else nothing.
std::optional<std::string> outsideOf(const SettingRange &range, double value);

/// A setting's value as the language and `--set` write it: `0.1`, `[32000, 48000]`, `steps`.
std::string valueText(const SettingInfo &setting, const Recipe &recipe);

/// A value that does not go with another.
struct RecipeProblem {
  enum class Rule { Groups, Ascending, Nesterov, CosineEnd, ResizeOrder, ResizeSmall, PadLarge, PcaChannels };
  Rule rule;
  std::string setting, other; ///< full names of the two, the second maybe empty
  std::string text;
};

/// The rules train-6 to train-11, which are about more than one value.
std::vector<RecipeProblem> check(const Recipe &recipe);

/// Takes `NAME=VALUE` settings of the command line over those of the recipe, in their order. All or none: on errors, which
/// are added to `errors` (each a sentence without `--set`), the recipe stays as it is.
bool applySettings(Recipe &recipe, llvm::ArrayRef<std::string> settings, std::vector<std::string> &errors);

/// Every setting in use by its full name, with its value as text: what two recipes are compared by.
std::vector<std::pair<std::string, std::string>> listSettings(const Recipe &recipe);

/// The recipe as a `train` statement that reads back as this recipe.
std::string recipeText(const Recipe &recipe);

/// A JSON object with the output, its classes, and the settings by their full names.
std::string recipeJson(const Recipe &recipe);

} // namespace skip::frontend
