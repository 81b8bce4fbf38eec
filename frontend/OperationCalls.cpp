// Calls of built-in operations before anything is built: their arguments, the checks that several share, and their names.
#include "frontend/Elaborator.h"

#include "llvm/Support/MathExtras.h"

using namespace skip;
using namespace skip::frontend;

static constexpr int64_t mostWholeNumber = int64_t(1) << 40;

Value Elaborator::callOperation(const ast::CallExpr &call, const OperationInfo &info, const Value *piped, Frame &frame) {
  Binding binding = bindArguments(Signature::of(info), call, call.arguments, piped, diagnostics);
  if (!binding.ok)
    return {};
  OperationCall op{call, info, frame, {}, {}};
  op.values = evaluateArguments(binding, piped, frame);
  bool ok = true;
  for (size_t i = 0; i < op.values.size(); ++i) {
    op.ranges.push_back(binding.arguments[i] ? binding.arguments[i]->value->range : call.callee.range);
    ok &= !op.values[i] || checkArgument(op, i);
  }
  if (!ok || stopped)
    return {};
  if (builder.operations() >= limits.operations) {
    stop(diag::tooManyOperations, call.callee.range, std::to_string(limits.operations), frame);
    return {};
  }
  return buildOperation(op);
}

static std::string listsText(Lists lists) {
  switch (lists) {
  case Lists::None:
    return "";
  case Lists::Pairs:
    return " or [rows, columns]";
  case Lists::PairsAndQuads:
    return ", [rows, columns] or [top, left, bottom, right]";
  }
  return "";
}

/// Rule expr-6: a list of rows and columns, or of the four sides.
bool Elaborator::checkList(OperationCall &op, size_t i) {
  const OperationParameter &parameter = op.info.parameters[i];
  const Value &value = *op.values[i];
  bool fits = value.list.size() == 2 || (value.list.size() == 4 && parameter.lists == Lists::PairsAndQuads);
  if (!fits) {
    std::string wanted = describe(parameter.kind).str() + listsText(parameter.lists);
    report(diag::wrongKind, op.ranges[i], {parameter.name.str(), wanted, value.str()}, op.frame, op.info.name);
    return false;
  }
  for (int64_t each : value.list)
    if (each < parameter.least || each > mostWholeNumber) {
      report(diag::outOfRange, op.ranges[i],
             {parameter.name.str(), rangeText(each, parameter.least, mostWholeNumber), std::to_string(each)}, op.frame,
             op.info.name);
      return false;
    }
  return true;
}

OperationCall::Quad OperationCall::quadOr(size_t i, Pair fallback) const {
  if (values[i] && values[i]->isList() && values[i]->list.size() == 4)
    return {values[i]->list[0], values[i]->list[1], values[i]->list[2], values[i]->list[3]};
  Pair both = pairOr(i, fallback);
  return {both[0], both[1], both[0], both[1]};
}

bool Elaborator::checkArgument(OperationCall &op, size_t i) {
  constexpr int64_t most = mostWholeNumber;
  const OperationParameter &parameter = op.info.parameters[i];
  const Value &value = *op.values[i];
  if (value.isPoison())
    return false;
  if (value.isList() && parameter.lists != Lists::None)
    return checkList(op, i);
  bool kindFits = value.kind == parameter.kind || (parameter.kind == Value::Kind::Real && value.isNumber());
  if (!kindFits) {
    std::string wanted = describe(parameter.kind).str() + listsText(parameter.lists);
    report(diag::wrongKind, op.ranges[i], {parameter.name.str(), wanted, value.str()}, op.frame, op.info.name);
    return false;
  }
  if (value.kind == Value::Kind::Integer && parameter.kind == Value::Kind::Integer &&
      (value.integer < parameter.least || value.integer > most)) {
    report(diag::outOfRange, op.ranges[i], {parameter.name.str(), rangeText(value.integer, parameter.least, most), value.str()},
           op.frame, op.info.name);
    return false;
  }
  return true;
}

bool Elaborator::needsImage(OperationCall &op, size_t i) {
  if (op.shape(i).size() == 3)
    return true;
  report(diag::needsImage, op.call.callee.range, {op.info.name.str(), shapeText(op.shape(i))}, op.frame, op.info.name)
      .note(op.values[i]->origin, "the vector is made here");
  return false;
}

bool Elaborator::needsVector(OperationCall &op, size_t i) {
  if (op.shape(i).size() == 1)
    return true;
  report(diag::needsVector, op.call.callee.range, {op.info.name.str(), shapeText(op.shape(i))}, op.frame, op.info.name)
      .note(op.values[i]->origin, "the image is made here");
  return false;
}

bool Elaborator::fits(llvm::ArrayRef<int64_t> shape, llvm::SMRange range, Frame &frame) {
  int64_t elements = 1;
  for (int64_t size : shape)
    if (llvm::MulOverflow(elements, size, elements) || elements >= limits.elements) {
      report(diag::tensorTooLarge, range, {shapeText(shape), std::to_string(limits.elements)}, frame);
      return false;
    }
  return true;
}

bool Elaborator::isAffordable(OperationCall &op, llvm::ArrayRef<int64_t> filter, llvm::ArrayRef<int64_t> x,
                              llvm::ArrayRef<int64_t> y) {
  int64_t work = 1;
  for (int64_t factor : {filter[0], filter[1], filter[2], filter[3], y[1], y[2]})
    if (llvm::MulOverflow(work, factor, work) || work >= limits.multiplyAdds) {
      report(diag::tooMuchWork, op.call.callee.range, {shapeText(x), shapeText(filter), std::to_string(limits.multiplyAdds)},
             op.frame, op.info.name);
      return false;
    }
  return true;
}

std::optional<std::string> Elaborator::takeName(std::string name, llvm::SMRange range, Frame &frame) {
  if (name.size() > limits.nameLength) {
    report(diag::nameTooLong, range, {std::to_string(limits.nameLength)}, frame);
    return std::nullopt;
  }
  if (builder.takeName(name, range))
    return name;
  report(diag::nameTwice, range, {name}, frame).note(builder.takenAt(name), quoted(name) + " is named here first");
  return std::nullopt;
}

std::optional<std::string> Elaborator::nameOf(OperationCall &op) {
  if (op.call.label.text.empty()) {
    // A missing label has been reported where the operation needs one.
    if (op.info.ownsParameters)
      return std::nullopt;
    return builder.freeName(joined(op.frame.path, op.info.name), op.call.callee.range);
  }
  std::optional<std::string> path = pathOf(op.call, op.frame);
  return path ? takeName(*path, op.call.label.range, op.frame) : std::nullopt;
}

std::optional<mlir::Value> Elaborator::parameter(OperationCall &op, llvm::StringRef owner, llvm::StringRef suffix,
                                                 llvm::ArrayRef<int64_t> shape, bool buffer) {
  llvm::SMRange range = op.call.label.text.empty() ? op.call.callee.range : op.call.label.range;
  std::optional<std::string> name = takeName(joined(owner, suffix), range, op.frame);
  if (!name || !fits(shape, op.call.callee.range, op.frame))
    return std::nullopt;
  return builder.addParameter(*name, shape, buffer, op.at());
}
