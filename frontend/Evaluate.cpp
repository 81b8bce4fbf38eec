// Evaluates expressions. Every one evaluated is a step, and steps are limited, so that no text runs for long.
#include "frontend/Elaborator.h"

#include "frontend/Habits.h"

#include "llvm/Support/SaveAndRestore.h"

using namespace skip::frontend;
using ast::Expr;

bool Elaborator::mayEvaluate(const Expr &expr, Frame &frame) {
  if (++steps > limits.steps)
    stop(diag::tooManySteps, expr.range, std::to_string(limits.steps), frame);
  // Blocks within expressions within blocks: neither of the other two limits bounds the product.
  if (depth > limits.evaluations)
    stop(diag::nestedTooDeep, expr.range, std::to_string(limits.evaluations), frame);
  return !stopped;
}

Value Elaborator::evaluate(const Expr *expr, Frame &frame) {
  llvm::SaveAndRestore<unsigned> nested(depth, depth + 1);
  if (stopped || !mayEvaluate(*expr, frame))
    return {};
  switch (expr->kind) {
  case Expr::Kind::Error:
    return {};
  case Expr::Kind::Integer:
    return Value::ofInteger(llvm::cast<ast::IntegerExpr>(expr)->value);
  case Expr::Kind::Real:
    return Value::ofReal(llvm::cast<ast::RealExpr>(expr)->value);
  case Expr::Kind::Boolean:
    return Value::ofBoolean(llvm::cast<ast::BooleanExpr>(expr)->value);
  case Expr::Kind::Name:
    return evaluateName(*llvm::cast<ast::NameExpr>(expr), frame);
  case Expr::Kind::Call:
    // Defaults of parameters outside of blocks hold no calls: that has been reported.
    return frame.definition ? call(*llvm::cast<ast::CallExpr>(expr), nullptr, frame) : Value();
  case Expr::Kind::Pipe:
    return frame.definition ? evaluatePipe(*llvm::cast<ast::PipeExpr>(expr), frame) : Value();
  case Expr::Kind::Chain:
    return evaluateChain(*llvm::cast<ast::ChainExpr>(expr), frame);
  case Expr::Kind::Unary:
    return evaluateUnary(*llvm::cast<ast::UnaryExpr>(expr), frame);
  case Expr::Kind::Conditional:
    return evaluateConditional(*llvm::cast<ast::ConditionalExpr>(expr), frame);
  case Expr::Kind::List:
    return evaluateList(*llvm::cast<ast::ListExpr>(expr), frame);
  }
  return {};
}

/// Rule expr-6: the elements of a list are whole numbers.
Value Elaborator::evaluateList(const ast::ListExpr &list, Frame &frame) {
  llvm::SmallVector<int64_t, 4> elements;
  for (const Expr *element : list.elements) {
    std::optional<Value> value = evaluateAs(Value::Kind::Integer, "an element of a list", element, frame);
    if (!value)
      return {};
    elements.push_back(value->integer);
  }
  return Value::ofList(elements);
}

/// Rule name-1: a block's own values first, then file-level parameters, then choices.
const Value *Elaborator::lookUp(llvm::StringRef name, const Frame &frame) const {
  for (const Frame *scope : {&frame, &globals}) {
    auto found = scope->values.find(name);
    if (found != scope->values.end())
      return &found->second;
  }
  return nullptr;
}

Value Elaborator::evaluateName(const ast::NameExpr &name, Frame &frame) {
  if (const Value *value = lookUp(name.name, frame))
    return *value;
  if (program.choices.contains(name.name))
    return Value::ofName(name.name);
  if (!unknown.contains(&name))
    report(diag::notAssigned, name.range, {name.name.str()}, frame);
  return {};
}

Value Elaborator::evaluatePipe(const ast::PipeExpr &pipe, Frame &frame) {
  Value value = evaluate(pipe.first, frame);
  for (const ast::CallExpr *stage : pipe.stages) {
    if (stopped)
      return {};
    ++steps;
    value = call(*stage, &value, frame);
  }
  return value;
}

Value Elaborator::evaluateChain(const ast::ChainExpr &chain, Frame &frame) {
  TokenKind first = chain.terms.front().op;
  if (first == TokenKind::And || first == TokenKind::Or)
    return evaluateLogic(chain, frame);
  Value left = evaluate(chain.first, frame);
  llvm::SMRange leftRange = chain.first->range;
  for (const ast::Term &term : chain.terms) {
    Value right = evaluate(term.operand, frame);
    left = combine(term, left, leftRange, right, frame);
    leftRange = {chain.range.Start, term.operand->range.End};
  }
  return left;
}

/// Rule expr-5: `and` and `or` evaluate no more than they need.
Value Elaborator::evaluateLogic(const ast::ChainExpr &chain, Frame &frame) {
  bool deciding = chain.terms.front().op == TokenKind::Or;
  std::optional<bool> truth = evaluateCondition(chain.first, frame);
  for (const ast::Term &term : chain.terms) {
    if (!truth)
      return {};
    if (*truth == deciding)
      break;
    truth = evaluateCondition(term.operand, frame);
  }
  return truth ? Value::ofBoolean(*truth) : Value();
}

Value Elaborator::combine(const ast::Term &term, const Value &left, llvm::SMRange leftRange, const Value &right, Frame &frame) {
  if (left.isPoison() || right.isPoison())
    return {};
  std::string op(term.opRange.Start.getPointer(), term.opRange.End.getPointer());
  llvm::SMRange whole{leftRange.Start, term.operand->range.End};
  if (term.op == TokenKind::Plus && left.isTensor() && right.isTensor()) {
    if (left.shape() == right.shape())
      return buildAdd(left, right, whole, builder.freeName(joined(frame.path, "add"), term.opRange));
    report(diag::shapesDiffer, term.opRange, {shapeText(left.shape()), shapeText(right.shape())}, frame)
        .note(left.origin, "the left side is made here: " + shapeText(left.shape()))
        .note(right.origin, "the right side is made here: " + shapeText(right.shape()));
    return {};
  }
  Computed result = compute(term.op, left, right);
  switch (result.problem) {
  case Problem::None:
    break;
  case Problem::WrongKinds: {
    Report report = this->report(diag::wrongOperands, term.opRange, {op, left.str(), right.str()}, frame);
    if (left.isTensor() || right.isTensor())
      report.note(term.opRange, hintForTensorOperator(op).str());
    break;
  }
  case Problem::Overflow:
    report(diag::overflow, term.opRange, {op}, frame);
    break;
  case Problem::DivisionByZero:
    report(diag::divisionByZero, term.opRange, {op}, frame);
    break;
  }
  return result.value;
}

Value Elaborator::evaluateUnary(const ast::UnaryExpr &unary, Frame &frame) {
  Value operand = evaluate(unary.operand, frame);
  if (operand.isPoison())
    return {};
  bool isNot = unary.op == TokenKind::Not;
  if (isNot && operand.kind == Value::Kind::Boolean)
    return Value::ofBoolean(!operand.boolean);
  Computed result = isNot ? Computed{{}, Problem::WrongKinds} : negate(operand);
  if (result.problem == Problem::WrongKinds) {
    Report report = this->report(diag::operandKind, unary.range, {isNot ? "not" : "-", operand.str()}, frame);
    if (!isNot && operand.isTensor())
      report.note(unary.range, hintForTensorOperator("-").str());
  }
  if (result.problem == Problem::Overflow)
    report(diag::overflow, unary.range, {"-"}, frame);
  return result.value;
}

Value Elaborator::evaluateConditional(const ast::ConditionalExpr &conditional, Frame &frame) {
  std::optional<bool> truth = evaluateCondition(conditional.condition, frame);
  return truth ? evaluate(*truth ? conditional.yes : conditional.no, frame) : Value();
}

std::optional<bool> Elaborator::evaluateCondition(const Expr *expr, Frame &frame) {
  Value value = evaluate(expr, frame);
  if (value.kind == Value::Kind::Boolean)
    return value.boolean;
  if (!value.isPoison())
    report(diag::conditionKind, expr->range, {value.str()}, frame);
  return std::nullopt;
}

std::optional<Value> Elaborator::evaluateAs(Value::Kind kind, llvm::StringRef what, const Expr *expr, Frame &frame) {
  Value value = evaluate(expr, frame);
  if (value.kind == kind || (kind == Value::Kind::Real && value.isNumber()))
    return value;
  if (!value.isPoison())
    report(diag::wrongKind, expr->range, {what.str(), describe(kind).str(), value.str()}, frame);
  return std::nullopt;
}
