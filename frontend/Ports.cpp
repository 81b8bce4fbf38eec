// Inputs and outputs of a model, with their options.
#include "frontend/Elaborator.h"

#include "ir/graph/Pictures.h"

using namespace skip;
using namespace skip::frontend;

bool Elaborator::newPort(const ast::Identifier &name, llvm::StringRef what, Frame &frame) {
  auto [entry, inserted] = ports.try_emplace(name.text, name.range);
  if (!inserted)
    report(diag::declaredTwice, name.range, {what.str(), name.text.str()}, frame)
        .note(entry->second, quoted(name.text) + " is declared here first");
  return inserted;
}

static const ast::Option *findOption(llvm::ArrayRef<ast::Option> options, llvm::StringRef name) {
  for (const ast::Option &option : options)
    if (option.name.text == name)
      return &option;
  return nullptr;
}

static void checkOptionNames(llvm::ArrayRef<ast::Option> options, llvm::ArrayRef<llvm::StringRef> known,
                             Diagnostics &diagnostics) {
  for (size_t i = 0; i < options.size(); ++i) {
    const ast::Identifier &name = options[i].name;
    if (!llvm::is_contained(known, name.text))
      diagnostics.report(diag::unknownOption, name.range, {name.text.str(), quotedList(known)})
          .suggest(name.text, name.range, known);
    if (const ast::Option *earlier = findOption(options.take_front(i), name.text))
      diagnostics.report(diag::argumentTwice, name.range, {name.text.str()})
          .note(earlier->name.range, "it is given here first");
  }
}

void Elaborator::declareInput(const ast::InputStatement &input, Frame &frame) {
  frame.values[input.name.text] = Value();
  checkOptionNames(input.options, {"mean", "std", "resize", "crop", "filter"}, diagnostics);
  std::optional<llvm::SmallVector<int64_t, 3>> shape = inputShape(input, frame);
  if (!shape || !newPort(input.name, "input", frame) || !frame.definition->isModel)
    return;
  PortAttributes attributes;
  inputOptions(input, *shape, attributes, frame);
  std::optional<std::string> name = takeName(input.name.text.str(), input.name.range, frame);
  if (!name || !fits(*shape, input.shapeRange, frame))
    return;
  inputShapes.push_back(*shape);
  mlir::Value value = builder.addInput(*name, *shape, std::move(attributes), input.name.range.Start);
  frame.values[input.name.text] = Value::ofTensor(value, input.name.range);
}

std::optional<llvm::SmallVector<int64_t, 3>> Elaborator::inputShape(const ast::InputStatement &input, Frame &frame) {
  constexpr int64_t most = int64_t(1) << 40;
  llvm::SmallVector<int64_t, 3> shape;
  for (const ast::Expr *expr : input.shape) {
    std::optional<Value> size = evaluateAs(Value::Kind::Integer, input.name.text, expr, frame);
    if (size && (size->integer < 1 || size->integer > most)) {
      report(diag::outOfRange, expr->range, {input.name.text.str(), rangeText(size->integer, 1, most), size->str()}, frame);
      size.reset();
    }
    if (size)
      shape.push_back(size->integer);
  }
  if (shape.size() != input.shape.size())
    return std::nullopt;
  if (shape.size() == 3)
    return shape;
  report(diag::inputRank, input.shapeRange, {std::to_string(shape.size())}, frame);
  return std::nullopt;
}

void Elaborator::inputOptions(const ast::InputStatement &input, llvm::ArrayRef<int64_t> shape, PortAttributes &attributes,
                              Frame &frame) {
  for (const ast::Option &option : input.options)
    if (option.name.text == "mean" || option.name.text == "std")
      channelList(option, shape[0], attributes, frame);
    else if (option.name.text == "filter")
      filterOption(option, attributes, frame);
  fitOptions(input, shape, attributes, frame);
}

void Elaborator::fitOptions(const ast::InputStatement &input, llvm::ArrayRef<int64_t> shape, PortAttributes &attributes,
                            Frame &frame) {
  const ast::Option *resizeOption = findOption(input.options, "resize"), *cropOption = findOption(input.options, "crop");
  bool isWhole = resizeOption && resizeOption->isList;
  std::optional<std::pair<int64_t, int64_t>> sides = isWhole ? resizeSides(*resizeOption, frame) : std::nullopt;
  int64_t resize = sides ? std::min(sides->first, sides->second) : resizeOption && !isWhole ? pixels(*resizeOption, frame) : 0;
  int64_t crop = cropOption ? pixels(*cropOption, frame) : 0;
  if (crop && (crop != shape[1] || crop != shape[2]))
    report(diag::cropSize, cropOption->range, {std::to_string(crop), shapeText(shape)}, frame)
        .note(input.shapeRange, "the input's size");
  if (crop && resize && crop > resize)
    report(diag::cropLarger, cropOption->range, {std::to_string(crop), std::to_string(resize)}, frame)
        .note(resizeOption->range, "the picture's shorter side");
  mlir::OpBuilder &attr = builder.attributes();
  if (sides)
    attributes.push_back(attr.getNamedAttr(graph::resizeAttr, attr.getDenseI64ArrayAttr({sides->first, sides->second})));
  else if (resize)
    attributes.push_back(attr.getNamedAttr(graph::resizeAttr, attr.getI64IntegerAttr(resize)));
  if (crop)
    attributes.push_back(attr.getNamedAttr(graph::cropAttr, attr.getI64IntegerAttr(crop)));
}

/// Rule input-2: `mean` and `std` hold one number for each channel, and those of `std` are above zero.
void Elaborator::channelList(const ast::Option &option, int64_t channels, PortAttributes &attributes, Frame &frame) {
  std::string name = option.name.text.str();
  if (!option.isList || !option.texts.empty()) {
    report(diag::listNeeded, option.range, {name, "a list of numbers in `[` `]`"}, frame);
    return;
  }
  if (static_cast<int64_t>(option.values.size()) != channels) {
    report(diag::channelListLength, option.range, {name, std::to_string(channels), std::to_string(option.values.size())},
           frame);
    return;
  }
  llvm::SmallVector<double> numbers;
  for (const ast::Expr *expr : option.values) {
    std::optional<Value> number = evaluateAs(Value::Kind::Real, option.name.text, expr, frame);
    if (!number)
      return;
    if (name == "std" && !(number->asReal() > 0)) {
      report(diag::stdPositive, expr->range, {number->str()}, frame);
      return;
    }
    numbers.push_back(number->asReal());
  }
  mlir::OpBuilder &attr = builder.attributes();
  attributes.push_back(
      attr.getNamedAttr(name == "mean" ? graph::meanAttr : graph::stdAttr, attr.getDenseF64ArrayAttr(numbers)));
}

/// Rule input-3: `resize` may be the height and the width of the whole picture.
std::optional<std::pair<int64_t, int64_t>> Elaborator::resizeSides(const ast::Option &option, Frame &frame) {
  if (option.values.size() != 2) {
    report(diag::listNeeded, option.range, {"resize", "one length, or the two of a height and a width in `[` `]`"}, frame);
    return std::nullopt;
  }
  int64_t height = pixels(option, option.values[0], option.values[0]->range, frame);
  int64_t width = pixels(option, option.values[1], option.values[1]->range, frame);
  return height && width ? std::optional(std::pair(height, width)) : std::nullopt;
}

/// Rule input-4: `filter` is how pictures are scaled, one of two texts.
void Elaborator::filterOption(const ast::Option &option, PortAttributes &attributes, Frame &frame) {
  if (option.isList) {
    report(diag::listNotAllowed, option.range, {"filter"}, frame);
    return;
  }
  constexpr llvm::StringLiteral known = "`\"bilinear\"` or `\"bicubic\"`";
  if (option.texts.empty()) {
    report(diag::wrongKind, option.range, {"filter", ("the text " + known).str(), "a value"}, frame);
    return;
  }
  llvm::StringRef text = option.texts.front().text;
  if (text != graph::bilinearFilter && text != graph::bicubicFilter)
    report(diag::notAChoice, option.range, {"filter", known.str(), text.str()}, frame);
  else if (text == graph::bicubicFilter)
    attributes.push_back(builder.attributes().getNamedAttr(graph::filterAttr, builder.attributes().getStringAttr(text)));
}

/// Rule input-3: `resize` and `crop` are lengths in pixels. 0 when there is none, which has been reported.
int64_t Elaborator::pixels(const ast::Option &option, Frame &frame) {
  if (option.isList) {
    report(diag::listNotAllowed, option.range, {option.name.text.str()}, frame);
    return 0;
  }
  if (!option.texts.empty()) {
    report(diag::wrongKind, option.range, {option.name.text.str(), describe(Value::Kind::Integer).str(), "a text"}, frame);
    return 0;
  }
  return pixels(option, option.values.front(), option.range, frame);
}

int64_t Elaborator::pixels(const ast::Option &option, const ast::Expr *expr, llvm::SMRange range, Frame &frame) {
  constexpr int64_t most = 65535;
  std::optional<Value> value = evaluateAs(Value::Kind::Integer, option.name.text, expr, frame);
  if (!value)
    return 0;
  if (value->integer >= 1 && value->integer <= most)
    return value->integer;
  report(diag::outOfRange, range, {option.name.text.str(), rangeText(value->integer, 1, most), value->str()}, frame);
  return 0;
}

void Elaborator::declareOutput(const ast::OutputStatement &output, Frame &frame) {
  checkOptionNames(output.options, {"classes"}, diagnostics);
  std::optional<Value> value = evaluateAs(Value::Kind::Tensor, output.name.text, output.value, frame);
  frame.values[output.name.text] = value.value_or(Value());
  outputs.insert({output.name.text, value.value_or(Value())});
  sawOutput = true;
  if (!newPort(output.name, "output", frame) || !value || !frame.definition->isModel)
    return;
  PortAttributes attributes;
  for (const ast::Option &option : output.options)
    if (option.name.text == "classes")
      classNames(option, *value, attributes, frame);
  builder.addOutput(output.name.text, value->tensor, std::move(attributes));
}
