// A value that one operation reads as its first operand is written before it with `|>`; every other gets a name of its own. A
// line begins with each convolution, linear layer and block.
#include "tools/import/Spec.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace skip::onnx;
using Kind = SpecOperation::Kind;

static constexpr size_t mostColumns = 120;

namespace {
class BodyWriter {
public:
  BodyWriter(const Body &body, llvm::ArrayRef<std::string> taken, std::string &text);
  void write(bool isModel);

private:
  /// An expression that grows stage by stage.
  struct Pipeline {
    std::string text;
    size_t column = 0;
    bool hasMain = false, isClosed = false; ///< the last line has a stage that begins lines, or one that ends them
  };

  const SpecOperation &operationOf(size_t value) const { return body.operations[value - body.inputs.size()]; }
  bool isInput(size_t value) const { return value < body.inputs.size(); }
  std::string nextName();
  void writeStatement(size_t value);
  void writeChoice(const SpecOperation &operation, const std::string &name);
  Pipeline expression(size_t value, size_t column);
  Pipeline named(size_t value, size_t column);
  void append(Pipeline &pipeline, const Stage &stage, const std::string &arguments) const;

  const Body &body;
  std::string &text;
  llvm::StringSet<> taken;
  std::vector<std::string> names; // of values that have one
  std::vector<bool> isNamed;
  size_t counter = 0;
};
} // namespace

/// A sum and a shortcut stand inside of what reads them, and a pipeline before it.
BodyWriter::BodyWriter(const Body &body, llvm::ArrayRef<std::string> taken, std::string &text)
    : body(body), text(text), names(body.inputs.size() + body.operations.size()), isNamed(names.size(), true) {
  this->taken.insert_range(taken);
  this->taken.insert_range(body.inputs);
  std::vector<size_t> uses(names.size(), 0);
  for (const SpecOperation &operation : body.operations)
    for (size_t operand : operation.operands)
      ++uses[operand];
  for (const auto &[name, value] : body.outputs)
    ++uses[value];
  llvm::copy(body.inputs, names.begin());
  for (size_t value = body.inputs.size(); value < names.size(); ++value)
    isNamed[value] = uses[value] != 1 || operationOf(value).kind == Kind::Choice;
  for (const SpecOperation &operation : body.operations)
    for (auto [i, operand] : llvm::enumerate(operation.operands)) {
      if (isInput(operand))
        continue;
      bool inSum = operation.kind == Kind::Sum && operationOf(operand).kind == Kind::Shortcut;
      if (!inSum && (i > 0 || operation.kind != Kind::Call))
        isNamed[operand] = true;
    }
}

std::string BodyWriter::nextName() {
  static constexpr llvm::StringLiteral first[] = {"y", "z", "u", "v", "w"};
  while (true) {
    std::string name = counter < std::size(first) ? first[counter].str() : "v" + std::to_string(counter - std::size(first) + 1);
    ++counter;
    if (taken.insert(name).second)
      return name;
  }
}

static std::string callText(const Stage &stage, llvm::StringRef arguments, bool piped) {
  std::string label = stage.label.empty() ? "" : stage.label + ": ";
  return label + stage.operation + (arguments.empty() && piped ? "" : "(" + arguments.str() + ")");
}

void BodyWriter::append(Pipeline &pipeline, const Stage &stage, const std::string &arguments) const {
  std::string added = "|> " + callText(stage, arguments, true);
  bool isFull = pipeline.column + 1 + added.size() > mostColumns;
  if ((stage.beginsLine && pipeline.hasMain) || pipeline.isClosed || isFull) {
    pipeline.text += "\n    ";
    pipeline.column = 4;
    pipeline.hasMain = false;
  } else {
    pipeline.text += " ";
    ++pipeline.column;
  }
  pipeline.text += added;
  pipeline.column += added.size();
  pipeline.hasMain |= stage.beginsLine;
  pipeline.isClosed = stage.endsLine;
}

static std::string joined(const std::string &first, const std::string &second) {
  return first.empty() || second.empty() ? first + second : first + ", " + second;
}

BodyWriter::Pipeline BodyWriter::named(size_t value, size_t column) {
  if (isInput(value) || isNamed[value])
    return {names[value], column + names[value].size()};
  return expression(value, column);
}

BodyWriter::Pipeline BodyWriter::expression(size_t value, size_t column) {
  // Pipelines are as long as networks are deep, so what stands before is not found by recursion.
  std::vector<size_t> calls;
  while (true) {
    const SpecOperation &operation = operationOf(value);
    if (operation.kind != Kind::Call)
      break;
    calls.push_back(value);
    value = operation.operands[0];
    if (isInput(value) || isNamed[value])
      break;
  }
  Pipeline pipeline;
  if (calls.empty() || !(isInput(value) || isNamed[value])) {
    const SpecOperation &operation = operationOf(value);
    std::string left = named(operation.operands[0], column).text, right = named(operation.operands[1], column).text;
    if (operation.kind == Kind::Sum)
      pipeline.text = left + " + " + right;
    else
      pipeline.text = callText(operation.stages[0], left + ", like = " + right, false);
    // relu(a + b) reads better than a + b |> relu.
    if (!calls.empty() && operation.kind == Kind::Sum) {
      const SpecOperation &next = operationOf(calls.back());
      if (next.operands.size() == 1 && next.stages[0].arguments.empty()) {
        pipeline.text = callText(next.stages[0], pipeline.text, false);
        calls.pop_back();
      }
    }
    pipeline.column = column + pipeline.text.size();
  } else {
    pipeline = {names[value], column + names[value].size()};
  }
  for (size_t call : llvm::reverse(calls)) {
    const SpecOperation &operation = operationOf(call);
    std::string others;
    for (size_t operand : llvm::ArrayRef(operation.operands).drop_front())
      others = joined(others, names[operand]);
    append(pipeline, operation.stages[0], joined(others, operation.stages[0].arguments));
  }
  return pipeline;
}

void BodyWriter::writeChoice(const SpecOperation &operation, const std::string &name) {
  std::string source = names[operation.operands[0]];
  Pipeline pipeline{"    " + name + " = " + source, 7 + name.size() + source.size()};
  for (const Stage &stage : operation.stages)
    append(pipeline, stage, stage.arguments);
  text += "  if " + operation.condition + " {\n" + pipeline.text + "\n  } else {\n    " + name + " = " +
          names[operation.operands[1]] + "\n  }\n";
}

void BodyWriter::writeStatement(size_t value) {
  std::string name = names[value] = nextName();
  if (operationOf(value).kind == Kind::Choice)
    return writeChoice(operationOf(value), name);
  text += "  " + name + " = " + expression(value, 5 + name.size()).text + "\n";
}

void BodyWriter::write(bool isModel) {
  for (const auto &[name, value] : body.outputs)
    taken.insert(name);
  for (size_t value = body.inputs.size(); value < names.size(); ++value)
    if (isNamed[value])
      writeStatement(value);
  for (const auto &[name, value] : body.outputs) {
    std::string start = isModel ? "  output " + name + " = " : "  return ";
    text += start + named(value, start.size()).text + "\n";
  }
}

static std::string parameterList(const Block &block) {
  std::string list = "x";
  for (const auto &[name, fallback] : block.parameters)
    list += ", " + name + (fallback.empty() ? "" : " = " + fallback);
  return list;
}

std::string skip::onnx::writeSpec(const Spec &spec) {
  std::string text;
  for (const std::string &line : spec.comment)
    text += "// " + line + "\n";
  for (const Block &block : spec.blocks) {
    text += "\nblock " + block.name + "(" + parameterList(block) + ") {\n";
    std::vector<std::string> taken;
    for (const auto &[name, fallback] : block.parameters)
      taken.push_back(name);
    BodyWriter(block.body, taken, text).write(false);
    text += "}\n";
  }
  text += "\nmodel " + spec.name + " {\n";
  for (const NetPort &input : spec.inputs) {
    auto sizes = llvm::map_range(input.dims, [](int64_t size) { return std::to_string(size); });
    text += "  input " + input.name + "[" + llvm::join(sizes, ", ") + "]\n";
  }
  BodyWriter(spec.model, {}, text).write(true);
  return text + "}\n";
}
