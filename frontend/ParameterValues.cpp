// The values of file-level parameters and of a model's own: -D first, then an import's setting, then the default.
#include "frontend/Elaborator.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace skip::frontend;

static std::string choiceText(const ast::Parameter &parameter) {
  llvm::SmallVector<llvm::StringRef> names;
  for (const ast::Identifier &choice : parameter.choices)
    names.push_back(choice.text);
  return quotedList(names, " or ");
}

/// Rule define-1: each -D names a parameter of the model or of a file; of several for one name the last counts.
void Elaborator::collectDefines(const ast::Definition &model, llvm::ArrayRef<Define> defines) {
  llvm::SmallVector<llvm::StringRef> known;
  for (const ast::Parameter &parameter : model.parameters)
    known.push_back(parameter.name.text);
  for (const auto &[name, parameter] : program.parameters)
    known.push_back(name);
  for (const Define &define : defines) {
    llvm::SMRange range = sources.addSnippet("<command line>", "-D " + define.name + "=" + define.value);
    const char *name = range.Start.getPointer() + 3;
    llvm::SMLoc nameEnd = llvm::SMLoc::getFromPointer(name + define.name.size());
    given[define.name] = {&define, {llvm::SMLoc::getFromPointer(nameEnd.getPointer() + 1), range.End}};
    if (llvm::is_contained(known, llvm::StringRef(define.name)))
      continue;
    llvm::SMRange nameRange{llvm::SMLoc::getFromPointer(name), nameEnd};
    diagnostics.report(diag::unknownDefinition, nameRange, {define.name, quotedList(known)})
        .suggest(define.name, nameRange, known);
  }
}

/// Rule param-2: in the order of the declarations, those of imports first; a default may use what is declared before it.
void Elaborator::bindGlobals() {
  for (const auto &[name, global] : program.parameters)
    globals.values[name] = parameterValue(*global.parameter, global.setting, globals);
}

void Elaborator::bindModelParameters(const ast::Definition &model, Frame &frame) {
  for (const ast::Parameter &parameter : model.parameters) {
    Frame scope; // no definition: nothing can be called here
    scope.shown = frame.shown;
    for (const auto &value : frame.values)
      scope.values[value.first()] = value.second;
    frame.values[parameter.name.text] = parameterValue(parameter, nullptr, scope);
  }
}

Value Elaborator::parameterValue(const ast::Parameter &parameter, const ast::Option *setting, Frame &frame) {
  Value fallback;
  if (!parameter.choices.empty())
    fallback = Value::ofName(parameter.choices.front().text);
  else if (parameter.fallback)
    fallback = evaluate(parameter.fallback, frame);

  auto define = given.find(parameter.name.text);
  if (define != given.end())
    return definedValue(parameter, fallback, define->second);
  if (setting && !setting->values.empty()) {
    Value value = evaluate(setting->values.front(), frame);
    return checkChoice(parameter, value, setting->range) ? value : Value();
  }
  if (!parameter.fallback && parameter.choices.empty() && frame.shown.size())
    report(diag::modelParameterUnset, parameter.name.range, {parameter.name.text.str(), frame.shown}, frame);
  return fallback;
}

/// Rule define-2: a number, `true`, `false` or a name, of the kind of the default.
Value Elaborator::definedValue(const ast::Parameter &parameter, const Value &fallback, Given &given) {
  llvm::StringRef text = given.define->value;
  Value value;
  int64_t integer = 0;
  double real = 0;
  if (!text.getAsInteger(10, integer))
    value = Value::ofInteger(integer);
  else if (!text.empty() && text.size() <= longestNumber && !llvm::isAlpha(text.front()) && !text.getAsDouble(real) &&
           std::isfinite(real))
    value = Value::ofReal(real);
  else if (text == "true" || text == "false")
    value = Value::ofBoolean(text == "true");
  else if (program.choices.contains(text))
    value = Value::ofName(savedNames.emplace_back(text));

  bool promoted = fallback.kind == Value::Kind::Real && value.kind == Value::Kind::Integer;
  bool fits = !value.isPoison() && (fallback.isPoison() || value.kind == fallback.kind || promoted);
  if (fits)
    return checkChoice(parameter, value, given.range) ? value : Value();
  std::string wanted = !parameter.choices.empty() ? choiceText(parameter)
                       : fallback.isPoison()      ? "a number, a truth or a name that a parameter offers"
                                                  : describe(fallback.kind).str();
  diagnostics.report(diag::malformedDefinition, given.range, {parameter.name.text.str(), wanted, text.str()})
      .note(parameter.name.range, quoted(parameter.name.text) + " is declared here");
  return {};
}

bool Elaborator::checkChoice(const ast::Parameter &parameter, const Value &value, llvm::SMRange range) {
  if (parameter.choices.empty() || value.isPoison())
    return true;
  bool offered = value.kind == Value::Kind::Name &&
                 llvm::any_of(parameter.choices, [&](const ast::Identifier &choice) { return choice.text == value.name; });
  if (!offered)
    diagnostics.report(diag::notAChoice, range, {parameter.name.text.str(), choiceText(parameter), value.str()})
        .note(parameter.name.range, quoted(parameter.name.text) + " is declared here");
  return offered;
}

static void collectNames(const ast::Expr *expr, llvm::SetVector<llvm::StringRef> &names) {
  if (const auto *name = llvm::dyn_cast<ast::NameExpr>(expr)) {
    names.insert(name->name);
  } else if (const auto *unary = llvm::dyn_cast<ast::UnaryExpr>(expr)) {
    collectNames(unary->operand, names);
  } else if (const auto *chain = llvm::dyn_cast<ast::ChainExpr>(expr)) {
    collectNames(chain->first, names);
    for (const ast::Term &term : chain->terms)
      collectNames(term.operand, names);
  }
}

/// Adds a note for each name in `expr` that the command line set.
void Elaborator::noteDefines(Report &report, const ast::Expr *expr, const Frame &frame) {
  llvm::SetVector<llvm::StringRef> names;
  collectNames(expr, names);
  for (llvm::StringRef name : names) {
    auto define = given.find(name);
    bool isBlocksOwn = !frame.definition->isModel && frame.values.contains(name);
    if (define != given.end() && !isBlocksOwn)
      report.note(define->second.range, quoted(name) + " is set here");
  }
}
