// Checks what holds whatever the arguments are, in one walk over each definition. A name is known from its first assignment
// on, in whatever branch that stands; whether the branch was taken is for elaboration to say.
#include "frontend/Sema.h"

#include "frontend/CheckTraining.h"
#include "frontend/Habits.h"
#include "frontend/Placeholders.h"
#include "frontend/Signatures.h"

using namespace skip::frontend;
using ast::Expr;
using ast::Statement;

namespace {

class Checker {
public:
  Checker(const Program &program, Diagnostics &diagnostics, UnknownNames &unknown)
      : program(program), diagnostics(diagnostics), unknown(unknown) {}

  /// All files, and then what the spec itself has and nothing uses.
  void check();

private:
  void checkFile(const ast::File &file);
  void reportUnusedParameters();
  void checkDefinition(const ast::Definition &definition);
  void checkParameters(const ast::Definition &definition);
  void checkConstant(const Expr *expr);
  void checkBody(ast::Body body);
  void checkStatement(const Statement &statement);
  void checkOptions(llvm::ArrayRef<ast::Option> options);
  void checkTraining(const ast::TrainStatement &train);
  void checkExpr(const Expr *expr);
  void checkName(const ast::NameExpr &name);
  bool isKnown(llvm::StringRef name) const {
    return locals.contains(name) || program.parameters.contains(name) || program.choices.contains(name);
  }
  void declare(const ast::Identifier &name);
  void noteUse(llvm::StringRef name);
  void reportUnused();
  void checkLabel(const ast::Identifier &label);
  void checkText(llvm::StringRef text, llvm::SMRange statement);
  void checkCall(const ast::CallExpr &call);
  void checkRepeat(const ast::CallExpr &call);
  void checkArguments(llvm::ArrayRef<ast::Argument> arguments);
  void forbid(diag id, const Statement &statement, llvm::StringRef keyword) {
    llvm::SMLoc start = statement.range.Start;
    diagnostics.report(id, {start, llvm::SMLoc::getFromPointer(start.getPointer() + keyword.size())}, {keyword.str()});
  }

  const Program &program;
  Diagnostics &diagnostics;
  UnknownNames &unknown;
  llvm::StringSet<> locals;
  llvm::SmallVector<ast::Identifier> declared; // in this definition, each name once
  llvm::StringSet<> used, usedGlobals;
  bool inModel = false, constant = false, sawReturn = false, sawInput = false, sawOutput = false;
};

} // namespace

void Checker::check() {
  for (const ast::File &file : program.files)
    checkFile(file);
  if (!program.files.empty()) // the spec may not have been readable
    reportUnusedParameters();
}

void Checker::checkFile(const ast::File &file) {
  locals.clear();
  for (const ast::Parameter &parameter : file.parameters)
    checkConstant(parameter.fallback);
  for (const ast::Import &import : file.imports)
    for (const ast::Option &setting : import.settings)
      for (const Expr *value : setting.values)
        checkConstant(value);
  for (const ast::Definition *definition : file.definitions) {
    checkDefinition(*definition);
    if (&file == &program.files.front())
      reportUnused();
  }
}

void Checker::declare(const ast::Identifier &name) {
  if (locals.insert(name.text).second)
    declared.push_back(name);
}

void Checker::noteUse(llvm::StringRef name) { (locals.contains(name) ? used : usedGlobals).insert(name); }

static void reportUnusedName(const ast::Identifier &name, Diagnostics &diagnostics) {
  if (!name.text.starts_with("_"))
    diagnostics.report(diag::unusedValue, name.range, {name.text.str()});
}

void Checker::reportUnused() {
  for (const ast::Identifier &name : declared)
    if (!used.contains(name.text))
      reportUnusedName(name, diagnostics);
}

/// Whoever imports the spec may use its parameters, but then they are no longer the spec's that is compiled.
void Checker::reportUnusedParameters() {
  for (const ast::Parameter &parameter : program.files.front().parameters)
    if (!usedGlobals.contains(parameter.name.text))
      reportUnusedName(parameter.name, diagnostics);
}

void Checker::checkConstant(const Expr *expr) {
  constant = true;
  checkExpr(expr);
  constant = false;
}

void Checker::checkDefinition(const ast::Definition &definition) {
  locals.clear();
  declared.clear();
  used.clear();
  inModel = definition.isModel;
  sawReturn = sawInput = sawOutput = false;
  checkParameters(definition);
  checkBody(definition.body);
  std::string name = definition.name.text.str();
  if (inModel && !sawInput)
    diagnostics.report(diag::noInput, definition.name.range, {name});
  if (inModel && !sawOutput)
    diagnostics.report(diag::noOutput, definition.name.range, {name});
  if (!inModel && !sawReturn)
    diagnostics.report(diag::noReturn, definition.name.range, {name, ""});
}

void Checker::checkParameters(const ast::Definition &definition) {
  llvm::StringMap<llvm::SMRange> seen;
  for (const ast::Parameter &parameter : definition.parameters) {
    const ast::Identifier &name = parameter.name;
    auto [entry, inserted] = seen.try_emplace(name.text, name.range);
    if (!inserted)
      diagnostics.report(diag::declaredTwice, name.range, {"parameter", name.text.str()})
          .note(entry->second, quoted(name.text) + " is declared here first");
    auto global = program.parameters.find(name.text);
    if (definition.isModel && global != program.parameters.end())
      diagnostics.report(diag::shadowsParameter, name.range, {name.text.str()})
          .note(global->second.parameter->name.range, "the file's parameter is declared here");
    if (definition.isModel)
      checkConstant(parameter.fallback);
    else
      checkExpr(parameter.fallback);
    declare(name);
  }
}

void Checker::checkBody(ast::Body body) {
  for (size_t i = 0; i < body.size(); ++i) {
    checkStatement(*body[i]);
    if (body[i]->kind == Statement::Kind::Return && i + 1 < body.size())
      diagnostics.report(diag::unreachable, body[i + 1]->range);
  }
}

void Checker::checkStatement(const Statement &statement) {
  switch (statement.kind) {
  case Statement::Kind::Assign: {
    const auto &assign = *llvm::cast<ast::AssignStatement>(&statement);
    checkExpr(assign.value);
    declare(assign.name);
    return;
  }
  case Statement::Kind::Return:
    sawReturn = true;
    if (inModel)
      forbid(diag::onlyInBlock, statement, "return");
    return checkExpr(llvm::cast<ast::ReturnStatement>(&statement)->value);
  case Statement::Kind::Input: {
    const auto &input = *llvm::cast<ast::InputStatement>(&statement);
    sawInput = true;
    if (!inModel)
      forbid(diag::onlyInModel, statement, "input");
    for (const Expr *size : input.shape)
      checkExpr(size);
    checkOptions(input.options);
    declare(input.name);
    return;
  }
  case Statement::Kind::Output: {
    const auto &output = *llvm::cast<ast::OutputStatement>(&statement);
    sawOutput = true;
    if (!inModel)
      forbid(diag::onlyInModel, statement, "output");
    checkExpr(output.value);
    checkOptions(output.options);
    locals.insert(output.name.text);
    used.insert(output.name.text);
    return;
  }
  case Statement::Kind::If: {
    const auto &choice = *llvm::cast<ast::IfStatement>(&statement);
    for (const ast::IfArm &arm : choice.arms) {
      checkExpr(arm.condition);
      checkBody(arm.body);
    }
    return checkBody(choice.otherwise);
  }
  case Statement::Kind::Require: {
    const auto &require = *llvm::cast<ast::RequireStatement>(&statement);
    checkText(require.text, statement.range);
    return checkExpr(require.condition);
  }
  case Statement::Kind::Error:
    checkText(llvm::cast<ast::ErrorStatement>(&statement)->text, statement.range);
    // A path that ends in an error need not return.
    sawReturn = true;
    return;
  case Statement::Kind::Train:
    if (!inModel)
      forbid(diag::onlyInModel, statement, "train");
    return checkTraining(*llvm::cast<ast::TrainStatement>(&statement));
  }
}

void Checker::checkOptions(llvm::ArrayRef<ast::Option> options) {
  for (const ast::Option &option : options)
    for (const Expr *value : option.values)
      checkExpr(value);
}

void Checker::checkTraining(const ast::TrainStatement &train) {
  auto check = [&](const Expr *expr) { checkExpr(expr); };
  auto isValue = [&](llvm::StringRef name) { return isKnown(name); };
  auto note = [&](const ast::NameExpr &name) { unknown.insert(&name); };
  checkSettings(train, {check, isValue, note}, diagnostics);
}

void Checker::checkExpr(const Expr *expr) {
  if (!expr)
    return;
  switch (expr->kind) {
  case Expr::Kind::Error:
  case Expr::Kind::Integer:
  case Expr::Kind::Real:
  case Expr::Kind::Boolean:
    return;
  case Expr::Kind::Name:
    return checkName(*llvm::cast<ast::NameExpr>(expr));
  case Expr::Kind::Call:
    return checkCall(*llvm::cast<ast::CallExpr>(expr));
  case Expr::Kind::Pipe: {
    const auto &pipe = *llvm::cast<ast::PipeExpr>(expr);
    checkExpr(pipe.first);
    for (const ast::CallExpr *stage : pipe.stages)
      checkCall(*stage);
    return;
  }
  case Expr::Kind::Chain: {
    const auto &chain = *llvm::cast<ast::ChainExpr>(expr);
    checkExpr(chain.first);
    for (const ast::Term &term : chain.terms)
      checkExpr(term.operand);
    return;
  }
  case Expr::Kind::Unary:
    return checkExpr(llvm::cast<ast::UnaryExpr>(expr)->operand);
  case Expr::Kind::Conditional: {
    const auto &conditional = *llvm::cast<ast::ConditionalExpr>(expr);
    checkExpr(conditional.condition);
    checkExpr(conditional.yes);
    return checkExpr(conditional.no);
  }
  case Expr::Kind::List:
    for (const Expr *element : llvm::cast<ast::ListExpr>(expr)->elements)
      checkExpr(element);
    return;
  }
}

/// Where `{name}` stands in the text that ends the statement, or in a label.
static llvm::SMRange placeholderRange(llvm::SMRange statement, llvm::StringRef name) {
  llvm::StringRef source(statement.Start.getPointer(), statement.End.getPointer() - statement.Start.getPointer());
  const char *start = source.begin() + source.find(("{" + name + "}").str(), source.find_first_of("\"'"));
  return {llvm::SMLoc::getFromPointer(start), llvm::SMLoc::getFromPointer(start + name.size() + 2)};
}

/// Rule require-3.
void Checker::checkText(llvm::StringRef text, llvm::SMRange statement) {
  for (const auto &[part, name] : partsOf(text)) {
    if (name.empty())
      continue;
    noteUse(name);
    if (!locals.contains(name) && !program.parameters.contains(name))
      diagnostics.report(diag::unknownPlaceholder, placeholderRange(statement, name), {name.str()});
  }
}

/// Rule label-5. Names of a checkpoint's tensors may have braces, so that this is no error.
void Checker::checkLabel(const ast::Identifier &label) {
  for (const auto &[part, name] : partsOf(label.text))
    if (!name.empty())
      diagnostics.report(diag::placeholderInLabel, placeholderRange(label.range, name), {name.str()});
}

void Checker::checkName(const ast::NameExpr &name) {
  noteUse(name.name);
  if (isKnown(name.name))
    return;
  unknown.insert(&name);
  if (program.broken || diagnostics.isFull())
    return;
  if (findOperation(name.name) || program.blocks.contains(name.name)) {
    diagnostics.report(diag::calleeAsValue, name.range,
                       {name.name.str(), findOperation(name.name) ? "an operation" : "a block"});
    return;
  }
  Report report = diagnostics.report(diag::unknownName, name.range, {name.name.str()});
  if (llvm::StringRef ours = ourValue(name.name); !ours.empty()) {
    report.didYouMean(name.range, ours);
    return;
  }
  if (llvm::StringRef hint = hintForValue(name.name); !hint.empty()) {
    report.note(name.range, hint.str());
    return;
  }
  llvm::SmallVector<llvm::StringRef> known;
  for (const auto &local : locals)
    known.push_back(local.first());
  for (const auto &[global, parameter] : program.parameters)
    known.push_back(global);
  for (const auto &choice : program.choices)
    known.push_back(choice.first());
  report.suggest(name.name, name.range, known);
}

void Checker::checkArguments(llvm::ArrayRef<ast::Argument> arguments) {
  for (const ast::Argument &argument : arguments)
    checkExpr(argument.value);
}

void Checker::checkCall(const ast::CallExpr &call) {
  checkLabel(call.label);
  if (constant) {
    diagnostics.report(diag::callInConstant, call.callee.range, {call.callee.text.str()});
    return;
  }
  const OperationInfo *operation = findOperation(call.callee.text);
  if (operation && operation->operation == Operation::Repeat)
    return checkRepeat(call);
  checkArguments(call.arguments);
  if (operation && operation->ownsParameters && call.label.text.empty())
    diagnostics.report(diag::labelNeeded, call.callee.range, {call.callee.text.str()});
  const ast::Definition *block = program.blocks.lookup(call.callee.text);
  if (!operation && !block)
    return reportUnknownCallee(call.callee, call.arguments.size() > (call.piped ? 0 : 1), program, diagnostics);
  Signature signature = operation ? Signature::of(*operation) : Signature::of(*block);
  bindArguments(signature, call, call.arguments, call.piped, diagnostics);
}

void Checker::checkRepeat(const ast::CallExpr &call) {
  std::optional<RepeatCall> repeat = splitRepeat(call, program, diagnostics);
  if (!repeat)
    return;
  checkExpr(repeat->input);
  checkExpr(repeat->count);
  checkArguments(repeat->arguments);
  bindArguments(Signature::of(*repeat->block), call, repeat->arguments, /*piped=*/true, diagnostics);
}

UnknownNames skip::frontend::checkProgram(const Program &program, Diagnostics &diagnostics) {
  UnknownNames unknown;
  Checker(program, diagnostics, unknown).check();
  return unknown;
}
