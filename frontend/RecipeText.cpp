// A recipe as a list, as a `train` statement and as JSON.
#include "frontend/RecipeSettings.h"

#include "llvm/Support/JSON.h"

using namespace skip::frontend;

std::vector<std::pair<std::string, std::string>> skip::frontend::listSettings(const Recipe &recipe) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const SettingInfo &setting : allSettings())
    if (isInUse(setting, recipe))
      list.emplace_back(setting.fullName(), valueText(setting, recipe));
  return list;
}

/// ` {momentum = 0.9, ...}`, or nothing where the kind has no settings.
static std::string groupText(const SettingInfo &group, const Recipe &recipe) {
  std::string text;
  for (const SettingInfo &setting : allSettings())
    if (setting.group == group.name && isInUse(setting, recipe))
      text.append(text.empty() ? " {" : ", ").append(setting.name).append(" = ").append(valueText(setting, recipe));
  return text.empty() ? text : text + "}";
}

std::string skip::frontend::recipeText(const Recipe &recipe) {
  std::string text = "train " + recipe.output + " {\n";
  for (const SettingInfo &setting : allSettings()) {
    if (!setting.group.empty())
      continue;
    text += "  " + setting.name.str() + " = " + valueText(setting, recipe);
    text += (setting.type == SettingType::Kind ? groupText(setting, recipe) : "") + "\n";
  }
  return text + "}\n";
}

/// Texts and kinds in quotes; all else as the language writes it, which is JSON too.
static void writeJson(const SettingInfo &setting, const Recipe &recipe, llvm::json::OStream &json) {
  if (setting.type == SettingType::Kind)
    json.value(valueText(setting, recipe));
  else if (setting.type == SettingType::Texts)
    json.value(llvm::json::Array(*std::get<std::vector<std::string> *>(setting.slot(const_cast<Recipe &>(recipe)))));
  else
    json.rawValue(valueText(setting, recipe));
}

std::string skip::frontend::recipeJson(const Recipe &recipe) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream);
  json.object([&] {
    json.attribute("output", recipe.output);
    json.attribute("classes", recipe.classes);
    for (const SettingInfo &setting : allSettings()) {
      if (!isInUse(setting, recipe))
        continue;
      json.attributeBegin(setting.fullName());
      writeJson(setting, recipe, json);
      json.attributeEnd();
    }
  });
  return text;
}
