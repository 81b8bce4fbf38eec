// Names of settings and kinds, and the forms of values; what the values are is for elaboration.
#include "frontend/CheckTraining.h"

#include "frontend/RecipeSettings.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace skip::frontend;

namespace {

class SettingsChecker {
public:
  SettingsChecker(const TrainingNames &names, Diagnostics &diagnostics) : names(names), diagnostics(diagnostics) {}

  void checkAll(llvm::ArrayRef<ast::Setting> settings, llvm::StringRef group, llvm::StringRef kind);

private:
  void checkSetting(const SettingInfo &info, const ast::SettingValue *value);
  void checkKind(const SettingInfo &info, const ast::SettingValue &value);
  void checkForm(const SettingInfo &info, const ast::SettingValue &value);

  const TrainingNames &names;
  Diagnostics &diagnostics;
};

} // namespace

void SettingsChecker::checkAll(llvm::ArrayRef<ast::Setting> settings, llvm::StringRef group, llvm::StringRef kind) {
  llvm::StringMap<llvm::SMRange> seen;
  llvm::SmallVector<llvm::StringRef> known = settingNames(group, kind);
  for (const ast::Setting &setting : settings) {
    const ast::Identifier &name = setting.name;
    auto [entry, inserted] = seen.try_emplace(name.text, name.range);
    if (!inserted)
      diagnostics.report(diag::settingTwice, name.range, {name.text.str()}).note(entry->second, "it is given here first");
    if (const SettingInfo *info = findSetting(group, kind, name.text))
      checkSetting(*info, setting.value);
    else
      diagnostics
          .report(diag::unknownTrainSetting, name.range,
                  {kind.empty() ? "train" : kind.str(), name.text.str(), quotedList(known)})
          .suggest(name.text, name.range, known);
  }
}

void SettingsChecker::checkSetting(const SettingInfo &info, const ast::SettingValue *value) {
  if (!value)
    return;
  if (value->kind == ast::SettingValue::Kind::Choice) {
    names.check(value->condition);
    checkSetting(info, value->yes);
    return checkSetting(info, value->no);
  }
  if (info.type == SettingType::Kind)
    return checkKind(info, *value);
  checkForm(info, *value);
}

/// A name of a kind, with settings or without, or an expression that gives such a name.
void SettingsChecker::checkKind(const SettingInfo &info, const ast::SettingValue &value) {
  auto kinds = llvm::map_to_vector(info.kinds, [](llvm::StringRef kind) { return kind; });
  auto unknown = [&](llvm::SMRange range, llvm::StringRef found, bool suggest) {
    Report report = diagnostics.report(diag::unknownKind, range,
                                       {info.fullName(), quotedList(kinds, " or "), suggest ? quoted(found) : found.str()});
    if (suggest)
      report.suggest(found, range, kinds);
  };
  if (value.kind == ast::SettingValue::Kind::Settings) {
    if (!llvm::is_contained(kinds, value.name.text))
      return unknown(value.name.range, value.name.text, true);
    return checkAll(value.settings, info.name, value.name.text);
  }
  if (value.plain.isList || value.plain.values.empty())
    return unknown(value.range, value.plain.isList ? "a list" : "a text", false);
  const auto *name = llvm::dyn_cast<ast::NameExpr>(value.plain.values.front());
  if (!name)
    return names.check(value.plain.values.front());
  if (names.isValue(name->name) || llvm::is_contained(kinds, name->name))
    return;
  names.noteUnknown(*name);
  unknown(name->range, name->name, true);
}

static std::string formOf(const ast::SettingValue &value) {
  if (value.kind == ast::SettingValue::Kind::Settings)
    return "a kind with settings";
  bool hasTexts = !value.plain.texts.empty(), hasValues = !value.plain.values.empty();
  if (!value.plain.isList)
    return hasTexts ? "a text" : "one value";
  return hasTexts && hasValues ? "a list of both" : hasTexts ? "a list of texts" : "a list of values";
}

void SettingsChecker::checkForm(const SettingInfo &info, const ast::SettingValue &value) {
  for (const ast::Expr *expr : value.plain.values)
    names.check(expr);
  bool wantsTexts = info.type == SettingType::Texts, wantsList = wantsTexts || info.type == SettingType::Wholes;
  bool pure = wantsTexts ? value.plain.values.empty() : value.plain.texts.empty();
  if (value.kind != ast::SettingValue::Kind::Plain || wantsList != value.plain.isList || !pure)
    diagnostics.report(diag::settingForm, value.range, {info.fullName(), describe(info.type).str(), formOf(value)});
}

void skip::frontend::checkSettings(const ast::TrainStatement &train, const TrainingNames &names, Diagnostics &diagnostics) {
  SettingsChecker(names, diagnostics).checkAll(train.settings, "", "");
}
