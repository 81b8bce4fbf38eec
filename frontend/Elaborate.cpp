// Runs statements and expands blocks. Names follow the calls: a labelled call of a block adds its label to the path, a call
// without a label adds nothing, and `repeat` adds its label and the index (rules label-2 to label-4).
#include "frontend/Elaborator.h"
#include "frontend/Placeholders.h"

using namespace skip::frontend;
using ast::Statement;

std::string skip::frontend::joined(llvm::StringRef path, llvm::StringRef label) {
  if (path.empty() || label.empty())
    return (path + label).str();
  return (path + "." + label).str();
}

void Elaborator::run(const ast::Definition &model, llvm::ArrayRef<Define> defines) {
  collectDefines(model, defines);
  bindGlobals();
  Frame frame;
  frame.definition = &model;
  frame.shown = model.name.text.str();
  bindModelParameters(model, frame);
  runBody(model.body, frame);
  if (!stopped && !diagnostics.hasErrors() && !sawOutput)
    report(diag::noOutput, model.name.range, {model.name.text.str()}, frame);
}

Report Elaborator::report(diag id, llvm::SMRange range, llvm::ArrayRef<std::string> arguments, Frame &frame,
                          llvm::StringRef operation) {
  constexpr unsigned maxCalls = 4;
  Report report = diagnostics.report(id, range, arguments);
  std::string path = operation.str();
  for (const Frame *f = &frame; f; f = f->caller)
    path = path.empty() ? f->shown : f->shown + " > " + path;
  unsigned calls = 0;
  for (const Frame *f = &frame; f && f->calledAt.isValid() && calls < maxCalls; f = f->caller, ++calls)
    report.lastNote(f->calledAt, calls == 0 ? "in " + quoted(path) + ", used here" : quoted(f->shown) + " is used here");
  return report;
}

void Elaborator::stop(diag id, llvm::SMRange range, std::string limit, Frame &frame) {
  if (!stopped)
    report(id, range, {limit}, frame);
  stopped = true;
}

/// True when a `return` was reached.
bool Elaborator::runBody(ast::Body body, Frame &frame) {
  for (const Statement *statement : body)
    if (stopped || runStatement(*statement, frame))
      return true;
  return false;
}

bool Elaborator::runStatement(const Statement &statement, Frame &frame) {
  switch (statement.kind) {
  case Statement::Kind::Assign: {
    const auto &assign = *llvm::cast<ast::AssignStatement>(&statement);
    frame.values[assign.name.text] = evaluate(assign.value, frame);
    return false;
  }
  case Statement::Kind::Return:
    if (frame.definition->isModel)
      return false;
    frame.returned = evaluate(llvm::cast<ast::ReturnStatement>(&statement)->value, frame);
    return true;
  case Statement::Kind::Input:
    declareInput(*llvm::cast<ast::InputStatement>(&statement), frame);
    return false;
  case Statement::Kind::Output:
    declareOutput(*llvm::cast<ast::OutputStatement>(&statement), frame);
    return false;
  case Statement::Kind::If:
    return runIf(*llvm::cast<ast::IfStatement>(&statement), frame);
  case Statement::Kind::Require:
    return runRequire(*llvm::cast<ast::RequireStatement>(&statement), frame);
  case Statement::Kind::Error: {
    const auto &error = *llvm::cast<ast::ErrorStatement>(&statement);
    report(diag::userError, statement.range, {interpolate(error.text, frame)}, frame);
    frame.returned = Value();
    return true;
  }
  case Statement::Kind::Train:
    declareTraining(*llvm::cast<ast::TrainStatement>(&statement), frame);
    return false;
  }
  return false;
}

bool Elaborator::runIf(const ast::IfStatement &statement, Frame &frame) {
  for (const ast::IfArm &arm : statement.arms) {
    std::optional<bool> truth = evaluateCondition(arm.condition, frame);
    if (!truth) {
      // Nobody knows which branch it would have been, so nothing that any of them gives can be relied on.
      for (const ast::IfArm &other : statement.arms)
        poisonBody(other.body, frame);
      poisonBody(statement.otherwise, frame);
      return frame.returned.has_value();
    }
    if (*truth)
      return runBody(arm.body, frame);
  }
  return runBody(statement.otherwise, frame);
}

void Elaborator::poisonBody(ast::Body body, Frame &frame) {
  for (const Statement *statement : body) {
    if (const auto *assign = llvm::dyn_cast<ast::AssignStatement>(statement))
      frame.values[assign->name.text] = Value();
    else if (const auto *input = llvm::dyn_cast<ast::InputStatement>(statement))
      frame.values[input->name.text] = Value();
    else if (const auto *output = llvm::dyn_cast<ast::OutputStatement>(statement))
      frame.values[output->name.text] = outputs[output->name.text] = Value();
    else if (llvm::isa<ast::ReturnStatement>(statement) && !frame.definition->isModel)
      frame.returned = Value();
    else if (const auto *nested = llvm::dyn_cast<ast::IfStatement>(statement)) {
      for (const ast::IfArm &arm : nested->arms)
        poisonBody(arm.body, frame);
      poisonBody(nested->otherwise, frame);
    }
  }
}

/// Rule require-3: `{name}` in the text of `require` and `error` is replaced by the value of that name, if it has one.
std::string Elaborator::interpolate(llvm::StringRef text, Frame &frame) {
  std::string result;
  for (const TextPart &part : partsOf(text)) {
    const Value *value = part.name.empty() ? nullptr : lookUp(part.name, frame);
    result += value ? value->str() : part.text.str();
  }
  return result;
}

/// What follows a broken requirement would fail for the same reason, so it is left out.
bool Elaborator::runRequire(const ast::RequireStatement &statement, Frame &frame) {
  std::optional<bool> truth = evaluateCondition(statement.condition, frame);
  if (!truth || *truth)
    return false;
  Report failure = report(diag::requirementFailed, statement.condition->range, {interpolate(statement.text, frame)}, frame);
  noteDefines(failure, statement.condition, frame);
  frame.returned = Value();
  return true;
}

Value Elaborator::call(const ast::CallExpr &call, const Value *piped, Frame &frame) {
  if (const OperationInfo *operation = findOperation(call.callee.text)) {
    if (operation->operation == Operation::Repeat)
      return callRepeat(call, piped, frame);
    return callOperation(call, *operation, piped, frame);
  }
  const ast::Definition *block = program.blocks.lookup(call.callee.text);
  return block ? callBlock(call, *block, piped, frame) : Value();
}

/// The path of the names inside a called block or of an operation; nothing for `_` where it means nothing.
std::optional<std::string> Elaborator::pathOf(const ast::CallExpr &call, Frame &frame) {
  if (!call.ownName)
    return joined(frame.path, call.label.text);
  if (frame.hasName)
    return frame.path;
  report(diag::ownNameOutside, call.label.range, {}, frame);
  return std::nullopt;
}

Elaborator::BlockArguments Elaborator::evaluateArguments(const Binding &binding, const Value *piped, Frame &frame) {
  BlockArguments values(binding.arguments.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (piped && i == 0)
      values[i] = *piped;
    else if (binding.arguments[i])
      values[i] = evaluate(binding.arguments[i]->value, frame);
  }
  return values;
}

Value Elaborator::callBlock(const ast::CallExpr &call, const ast::Definition &block, const Value *piped, Frame &frame) {
  Binding binding = bindArguments(Signature::of(block), call, call.arguments, piped, diagnostics);
  std::optional<std::string> path = pathOf(call, frame);
  if (!binding.ok || !path)
    return {};
  bool labelled = !call.label.text.empty();
  std::string shown = labelled && !call.ownName ? call.label.text.str() : block.name.text.str();
  return expand(call, block, evaluateArguments(binding, piped, frame), binding, frame, *path, labelled || frame.hasName, shown);
}

/// Rules repeat-1 to repeat-3: each block's first argument is the result of the one before; all other arguments are the same
/// for all, except `stride`: only the first block gets it, the others their default, or 1.
Value Elaborator::callRepeat(const ast::CallExpr &call, const Value *piped, Frame &frame) {
  std::optional<RepeatCall> repeat = splitRepeat(call, program, diagnostics);
  std::optional<std::string> path = pathOf(call, frame);
  if (!repeat || !path)
    return {};
  const ast::Definition &block = *repeat->block;
  Binding binding = bindArguments(Signature::of(block), call, repeat->arguments, /*piped=*/true, diagnostics);
  Value x = piped ? *piped : evaluate(repeat->input, frame);
  std::optional<Value> count = evaluateAs(Value::Kind::Integer, "count", repeat->count, frame);
  if (!binding.ok || !count)
    return {};
  if (count->integer < 1 || count->integer > limits.repeatCount) {
    report(diag::repeatTooLong, repeat->count->range, {std::to_string(limits.repeatCount), count->str()}, frame);
    return {};
  }

  BlockArguments arguments = evaluateArguments(binding, &x, frame);
  std::string label = call.label.text.empty() || call.ownName ? block.name.text.str() : call.label.text.str();
  for (int64_t i = 0; i < count->integer && !stopped; ++i) {
    std::string index = std::to_string(i);
    arguments[0] = expand(call, block, arguments, binding, frame, joined(*path, index), true, label + "[" + index + "]");
    // One error is enough: the other blocks would fail for it again.
    if (arguments[0]->isPoison())
      return {};
    for (size_t p = 1; i == 0 && p < arguments.size(); ++p)
      if (block.parameters[p].name.text == "stride" && arguments[p])
        arguments[p] = block.parameters[p].fallback ? std::nullopt : std::optional<Value>(Value::ofInteger(1));
  }
  return *arguments[0];
}

bool Elaborator::mayExpand(const ast::CallExpr &call, const ast::Definition &block, Frame &frame) {
  for (const Frame *f = &frame; f; f = f->caller) {
    if (f->definition != &block)
      continue;
    report(diag::recursion, call.callee.range, {block.name.text.str()}, frame);
    return false;
  }
  if (frame.depth < limits.callDepth)
    return true;
  report(diag::calledTooDeep, call.callee.range, {std::to_string(limits.callDepth)}, frame);
  return false;
}

Value Elaborator::expand(const ast::CallExpr &call, const ast::Definition &block, const BlockArguments &arguments,
                         const Binding &binding, Frame &frame, std::string path, bool hasName, std::string shown) {
  if (!mayExpand(call, block, frame))
    return {};
  if (path.size() > limits.nameLength) {
    report(diag::nameTooLong, call.callee.range, {std::to_string(limits.nameLength)}, frame);
    return {};
  }
  Frame inner;
  inner.definition = &block;
  inner.caller = &frame;
  inner.calledAt = call.range;
  inner.path = std::move(path);
  inner.hasName = hasName;
  inner.shown = std::move(shown);
  inner.depth = frame.depth + 1;
  bindBlockParameters(block, arguments, binding, inner);
  runBody(block.body, inner);
  if (!inner.returned && !stopped && !diagnostics.hasErrors())
    report(diag::noReturn, block.name.range, {block.name.text.str(), " on the path that is taken"}, inner);
  return inner.returned.value_or(Value());
}

void Elaborator::bindBlockParameters(const ast::Definition &block, const BlockArguments &arguments, const Binding &binding,
                                     Frame &frame) {
  for (size_t i = 0; i < block.parameters.size(); ++i) {
    const ast::Parameter &parameter = block.parameters[i];
    Value value;
    if (arguments[i])
      value = *arguments[i];
    else if (!parameter.choices.empty())
      value = Value::ofName(parameter.choices.front().text);
    else
      value = evaluate(parameter.fallback, frame);
    llvm::SMRange range = binding.arguments[i] ? binding.arguments[i]->value->range : parameter.name.range;
    frame.values[parameter.name.text] = checkChoice(parameter, value, range) ? value : Value();
  }
}
