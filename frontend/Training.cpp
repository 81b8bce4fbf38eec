// The `train` statement of a model: its settings are evaluated into a recipe. Names of settings and kinds have been checked.
#include "frontend/Elaborator.h"
#include "frontend/RecipeSettings.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace skip::frontend;

namespace skip::frontend {

/// A recipe in the making.
struct TrainingScope {
  Frame &frame;
  Recipe recipe;
  llvm::StringMap<llvm::SMRange> values; ///< what was given, by full name
  llvm::StringSet<> bad;                 ///< of those, what could not be taken: reported
};

} // namespace skip::frontend

void Elaborator::declareTraining(const ast::TrainStatement &train, Frame &frame) {
  if (!frame.definition->isModel || train.isBroken)
    return;
  if (trainedAt.isValid())
    report(diag::trainedTwice, train.range, {}, frame).note(trainedAt, "it is trained here first");
  trainedAt = train.range;
  TrainingScope scope{frame, {}, {}, {}};
  bool fits = trainedOutput(train, scope.recipe, frame);
  fits = trainedInput(train, scope.recipe, frame) && fits;
  fits = fits && hasGradients(train, frame);
  readSettings(train.settings, "", "", train.range, scope);
  if (fits)
    checkRecipe(train, scope);
  recipe = std::move(scope.recipe);
}

/// Rule train-2: an output of the model, which is a vector of two classes or more.
bool Elaborator::trainedOutput(const ast::TrainStatement &train, Recipe &recipe, Frame &frame) {
  llvm::StringRef name = train.output.text;
  recipe.output = name.str();
  auto output = outputs.find(name);
  if (output == outputs.end()) {
    llvm::SmallVector<llvm::StringRef> known;
    for (const auto &[other, value] : outputs)
      known.push_back(other);
    if (!name.empty())
      report(diag::trainsNoOutput, train.output.range, {name.str(), quotedList(known)}, frame)
          .suggest(name, train.output.range, known);
    return false;
  }
  const Value &value = output->second;
  if (value.isPoison())
    return false;
  if (value.shape().size() == 1 && value.shape()[0] >= 2) {
    recipe.classes = value.shape()[0];
    return true;
  }
  report(diag::trainNeedsVector, train.output.range, {name.str(), shapeText(value.shape())}, frame)
      .note(value.origin, "the output is made here");
  return false;
}

/// Rule train-17: all operations that lead to the output have gradients.
bool Elaborator::hasGradients(const ast::TrainStatement &train, Frame &frame) {
  llvm::StringRef output = train.output.text;
  llvm::SetVector<mlir::Operation *> reached;
  auto reach = [&](mlir::Value value) {
    if (mlir::Operation *op = value.getDefiningOp())
      reached.insert(op);
  };
  reach(outputs.find(output)->second.tensor);
  for (size_t i = 0; i < reached.size(); ++i) {
    if (auto found = withoutGradient.find(reached[i]); found != withoutGradient.end()) {
      report(diag::noGradient, found->second.second, {found->second.first.str(), output.str()}, frame)
          .note(train.range, "it is trained here");
      return false;
    }
    for (mlir::Value operand : reached[i]->getOperands())
      reach(operand);
  }
  return true;
}

/// Rule train-2: one input, so that a picture is all that a step takes.
bool Elaborator::trainedInput(const ast::TrainStatement &train, Recipe &recipe, Frame &frame) {
  if (inputShapes.size() == 1) {
    recipe.channels = inputShapes[0][0];
    recipe.height = inputShapes[0][1];
    recipe.width = inputShapes[0][2];
    return true;
  }
  if (!inputShapes.empty())
    report(diag::trainNeedsOneInput, train.range, {std::to_string(inputShapes.size())}, frame);
  return false;
}

/// Rules train-3 to train-5: every setting is taken, and those without a default are there.
void Elaborator::readSettings(llvm::ArrayRef<ast::Setting> settings, llvm::StringRef group, llvm::StringRef kind,
                              llvm::SMRange where, TrainingScope &scope) {
  for (const ast::Setting &setting : settings) {
    const SettingInfo *info = findSetting(group, kind, setting.name.text);
    std::string name = info ? info->fullName() : "";
    // Of one that is given twice, which has been reported, the first counts.
    if (!info || !scope.values.try_emplace(name, setting.name.range).second)
      continue;
    const ast::SettingValue *value = chosen(setting.value, scope.frame);
    if (!value || !readSetting(*info, *value, scope))
      scope.bad.insert(name);
  }
  llvm::SmallVector<llvm::StringRef> missing;
  for (llvm::StringRef name : settingNames(group, kind)) {
    const SettingInfo &info = *findSetting(group, kind, name);
    if (!info.required || scope.values.contains(info.fullName()))
      continue;
    scope.bad.insert(info.fullName());
    missing.push_back(name);
  }
  if (!missing.empty())
    report(diag::settingMissing, where, {group.empty() ? "train" : kind.str(), quotedList(missing, " and ")}, scope.frame);
}

/// Rule train-15: sizes of tensors are values, but nothing that would make a tensor stands in the statement.
Value Elaborator::evaluateSetting(const ast::Expr *expr, Frame &frame) {
  unsigned before = builder.operations();
  Value value = evaluate(expr, frame);
  if (builder.operations() == before)
    return value;
  report(diag::settingBuilds, expr->range, {}, frame);
  return {};
}

/// The value that the conditions lead to; null when that could not be read or decided.
const ast::SettingValue *Elaborator::chosen(const ast::SettingValue *value, Frame &frame) {
  while (value && value->kind == ast::SettingValue::Kind::Choice) {
    Value truth = evaluateSetting(value->condition, frame);
    if (!truth.isPoison() && truth.kind != Value::Kind::Boolean)
      report(diag::conditionKind, value->condition->range, {truth.str()}, frame);
    value = truth.kind != Value::Kind::Boolean ? nullptr : truth.boolean ? value->yes : value->no;
  }
  return value;
}

bool Elaborator::readSetting(const SettingInfo &info, const ast::SettingValue &value, TrainingScope &scope) {
  if (info.type == SettingType::Kind)
    return readKind(info, value, scope);
  // Its form has been checked.
  if (value.kind != ast::SettingValue::Kind::Plain)
    return false;
  SettingSlot slot = info.slot(scope.recipe);
  const ast::Option &plain = value.plain;
  bool takesList = info.type == SettingType::Wholes || info.type == SettingType::Texts;
  if (takesList != plain.isList || !(info.type == SettingType::Texts ? plain.values.empty() : plain.texts.empty()))
    return false;
  if (info.type == SettingType::Texts)
    return readFrozen(plain.texts, *std::get<std::vector<std::string> *>(slot), scope);
  if (info.type == SettingType::Truth) {
    std::optional<bool> truth = readTruth(info, plain.values.front(), scope.frame);
    if (truth)
      *std::get<bool *>(slot) = *truth;
    return truth.has_value();
  }
  for (const ast::Expr *expr : plain.values) {
    std::optional<double> number = readNumber(info, expr, scope.frame);
    if (!number)
      return false;
    if (info.type == SettingType::Number)
      *std::get<double *>(slot) = *number;
    else if (info.type == SettingType::Whole)
      *std::get<int64_t *>(slot) = static_cast<int64_t>(*number);
    else
      std::get<std::vector<int64_t> *>(slot)->push_back(static_cast<int64_t>(*number));
  }
  return true;
}

std::optional<bool> Elaborator::readTruth(const SettingInfo &info, const ast::Expr *expr, Frame &frame) {
  Value value = evaluateSetting(expr, frame);
  if (value.kind == Value::Kind::Boolean)
    return value.boolean;
  if (!value.isPoison())
    report(diag::settingForm, expr->range, {info.fullName(), describe(info.type).str(), value.str()}, frame);
  return std::nullopt;
}

/// Every whole number that a range allows is one of a double too.
std::optional<double> Elaborator::readNumber(const SettingInfo &info, const ast::Expr *expr, Frame &frame) {
  Value value = evaluateSetting(expr, frame);
  bool whole = info.type != SettingType::Number;
  if (value.isPoison())
    return std::nullopt;
  if (whole ? value.kind != Value::Kind::Integer : !value.isNumber()) {
    llvm::StringRef wanted = whole ? describe(SettingType::Whole) : describe(SettingType::Number);
    report(diag::settingForm, expr->range, {info.fullName(), wanted.str(), value.str()}, frame);
    return std::nullopt;
  }
  std::optional<std::string> wanted = outsideOf(info.range, value.asReal());
  if (!wanted)
    return value.asReal();
  report(diag::settingRange, expr->range, {info.fullName(), *wanted, value.str()}, frame);
  return std::nullopt;
}

/// A kind by its name, or by a value that is such a name.
bool Elaborator::readKind(const SettingInfo &info, const ast::SettingValue &value, TrainingScope &scope) {
  bool hasSettings = value.kind == ast::SettingValue::Kind::Settings;
  llvm::StringRef name = value.name.text;
  if (!hasSettings) {
    if (value.plain.isList || value.plain.values.empty())
      return false;
    const auto *written = llvm::dyn_cast<ast::NameExpr>(value.plain.values.front());
    Value evaluated = written && llvm::is_contained(info.kinds, written->name)
                          ? Value::ofName(written->name)
                          : evaluateSetting(value.plain.values.front(), scope.frame);
    if (evaluated.isPoison())
      return false;
    name = evaluated.kind == Value::Kind::Name ? evaluated.name : "";
    if (!llvm::is_contained(info.kinds, name)) {
      std::string found = evaluated.kind == Value::Kind::Name ? quoted(name) : evaluated.str();
      auto kinds = llvm::map_to_vector(info.kinds, [](llvm::StringRef kind) { return kind; });
      report(diag::unknownKind, value.range, {info.fullName(), quotedList(kinds, " or "), found}, scope.frame);
      return false;
    }
  }
  const auto *kind = llvm::find(info.kinds, name);
  if (kind == info.kinds.end())
    return false;
  setKind(info, scope.recipe, static_cast<size_t>(kind - info.kinds.begin()));
  if (info.group.empty())
    readSettings(value.settings, info.name, *kind, hasSettings ? value.name.range : value.range, scope);
  return true;
}

/// Rule train-12: what is frozen is there.
bool Elaborator::readFrozen(llvm::ArrayRef<ast::Identifier> prefixes, std::vector<std::string> &frozen, TrainingScope &scope) {
  for (const ast::Identifier &prefix : prefixes) {
    if (!builder.hasParameterIn(prefix.text))
      report(diag::frozenUnknown, prefix.range, {prefix.text.str()}, scope.frame);
    frozen.push_back(prefix.text.str());
  }
  return true;
}

static diag codeOf(RecipeProblem::Rule rule) {
  switch (rule) {
  case RecipeProblem::Rule::Groups:
    return diag::groupsUneven;
  case RecipeProblem::Rule::Ascending:
    return diag::stepsAscend;
  case RecipeProblem::Rule::Nesterov:
    return diag::nesterovMomentum;
  case RecipeProblem::Rule::CosineEnd:
    return diag::cosineEnd;
  case RecipeProblem::Rule::ResizeOrder:
    return diag::resizeOrder;
  case RecipeProblem::Rule::ResizeSmall:
    return diag::resizeSmall;
  case RecipeProblem::Rule::PadLarge:
    return diag::padLarge;
  case RecipeProblem::Rule::PcaChannels:
    return diag::pcaChannels;
  }
  return diag::settingRange;
}

/// Rules train-6 to train-11, where all values that they are about could be taken.
void Elaborator::checkRecipe(const ast::TrainStatement &train, TrainingScope &scope) {
  for (const RecipeProblem &problem : check(scope.recipe)) {
    if (scope.bad.contains(problem.setting) || scope.bad.contains(problem.other))
      continue;
    auto given = scope.values.find(problem.setting), other = scope.values.find(problem.other);
    llvm::SMRange where = given == scope.values.end() ? train.range : given->second;
    Report error = report(codeOf(problem.rule), where, {problem.text}, scope.frame);
    if (other != scope.values.end())
      error.note(other->second, quoted(problem.other) + " is given here");
  }
}
