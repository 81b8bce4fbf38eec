// The table of operations and the binding of arguments.
#include "frontend/Signatures.h"

#include "frontend/Habits.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip::frontend;
using Kind = Value::Kind;

static constexpr bool optional = false, required = true;

static const OperationParameter tensorOnly[] = {{"x", Kind::Tensor}};
static const OperationParameter conv[] = {{"x", Kind::Tensor},
                                          {"channels", Kind::Integer, required, 1},
                                          {"kernel", Kind::Integer, required, 1, Lists::Pairs},
                                          {"stride", Kind::Integer, optional, 1, Lists::Pairs},
                                          {"pad", Kind::Integer, optional, 0, Lists::PairsAndQuads},
                                          {"bias", Kind::Boolean, optional},
                                          {"groups", Kind::Integer, optional, 1},
                                          {"dilation", Kind::Integer, optional, 1, Lists::Pairs}};
static const OperationParameter batchNorm[] = {{"x", Kind::Tensor}, {"eps", Kind::Real, optional}};
static const OperationParameter linear[] = {
    {"x", Kind::Tensor}, {"features", Kind::Integer, required, 1}, {"bias", Kind::Boolean, optional}};
static const OperationParameter maxPool[] = {{"x", Kind::Tensor},
                                             {"kernel", Kind::Integer, required, 1, Lists::Pairs},
                                             {"stride", Kind::Integer, required, 1, Lists::Pairs},
                                             {"pad", Kind::Integer, optional, 0, Lists::PairsAndQuads},
                                             {"ceil_mode", Kind::Boolean, optional}};
static const OperationParameter avgPool[] = {{"x", Kind::Tensor},
                                             {"kernel", Kind::Integer, required, 1, Lists::Pairs},
                                             {"stride", Kind::Integer, optional, 1, Lists::Pairs},
                                             {"pad", Kind::Integer, optional, 0, Lists::PairsAndQuads},
                                             {"ceil_mode", Kind::Boolean, optional},
                                             {"count_include_pad", Kind::Boolean, optional}};
static const OperationParameter adaptivePool[] = {{"x", Kind::Tensor}, {"size", Kind::Integer, required, 1, Lists::Pairs}};
static const OperationParameter leakyRelu[] = {{"x", Kind::Tensor}, {"slope", Kind::Real, optional}};
static const OperationParameter mul[] = {{"x", Kind::Tensor}, {"scale", Kind::Tensor}};
static const OperationParameter shift[] = {{"x", Kind::Tensor}, {"offset", Kind::Tensor}};
static const OperationParameter concat[] = {
    {"a", Kind::Tensor},           {"b", Kind::Tensor},           {"c", Kind::Tensor, optional}, {"d", Kind::Tensor, optional},
    {"e", Kind::Tensor, optional}, {"f", Kind::Tensor, optional}, {"g", Kind::Tensor, optional}, {"h", Kind::Tensor, optional}};
static const OperationParameter upsample[] = {
    {"x", Kind::Tensor}, {"factor", Kind::Integer, required, 1}, {"mode", Kind::Name, optional}};
static const OperationParameter reflectPad[] = {{"x", Kind::Tensor}, {"pad", Kind::Integer, required, 0, Lists::PairsAndQuads}};
static const OperationParameter groupNorm[] = {
    {"x", Kind::Tensor}, {"groups", Kind::Integer, required, 1}, {"eps", Kind::Real, optional}};
static const OperationParameter attentionPool[] = {{"x", Kind::Tensor}, {"logits", Kind::Tensor}};
static const OperationParameter dropout[] = {{"x", Kind::Tensor}, {"rate", Kind::Real, optional}};
static const OperationParameter add[] = {{"a", Kind::Tensor}, {"b", Kind::Tensor}};
static const OperationParameter subsample[] = {{"x", Kind::Tensor}, {"stride", Kind::Integer, required, 1}};
static const OperationParameter padChannels[] = {
    {"x", Kind::Tensor}, {"before", Kind::Integer, required, 0}, {"after", Kind::Integer, required, 0}};
static const OperationParameter takeChannels[] = {
    {"x", Kind::Tensor}, {"first", Kind::Integer, required, 0}, {"count", Kind::Integer, required, 1}};
static const OperationParameter unflatten[] = {{"x", Kind::Tensor},
                                               {"channels", Kind::Integer, required, 1},
                                               {"height", Kind::Integer, required, 1},
                                               {"width", Kind::Integer, required, 1}};
static const OperationParameter shortcut[] = {
    {"x", Kind::Tensor}, {"like", Kind::Tensor}, {"option", Kind::Name, optional}, {"stride", Kind::Integer, optional, 1}};

static const OperationParameter twoNumbers[] = {{"a", Kind::Real}, {"b", Kind::Real}};
static const OperationParameter number[] = {{"a", Kind::Real}};

static const OperationInfo operations[] = {
    {Operation::Conv, "conv", conv, true},
    {Operation::BatchNorm, "bn", batchNorm, true},
    {Operation::GroupNorm, "group_norm", groupNorm, true},
    {Operation::Linear, "linear", linear, true},
    {Operation::Relu, "relu", tensorOnly},
    {Operation::MaxPool, "max_pool", maxPool},
    {Operation::GlobalAvgPool, "global_avg_pool", tensorOnly},
    {Operation::AttentionPool, "attention_pool", attentionPool},
    {Operation::Flatten, "flatten", tensorOnly},
    {Operation::Dropout, "dropout", dropout},
    {Operation::Softmax, "softmax", tensorOnly},
    {Operation::Add, "add", add},
    {Operation::Subsample, "subsample", subsample},
    {Operation::PadChannels, "pad_channels", padChannels},
    {Operation::TakeChannels, "take_channels", takeChannels},
    {Operation::Unflatten, "unflatten", unflatten},
    {Operation::Shortcut, "shortcut", shortcut},
    {Operation::AvgPool, "avg_pool", avgPool},
    {Operation::AdaptiveAvgPool, "adaptive_avg_pool", adaptivePool},
    {Operation::AdaptiveMaxPool, "adaptive_max_pool", adaptivePool},
    {Operation::Sigmoid, "sigmoid", tensorOnly},
    {Operation::Silu, "silu", tensorOnly},
    {Operation::Gelu, "gelu", tensorOnly},
    {Operation::HardSigmoid, "hard_sigmoid", tensorOnly},
    {Operation::HardSwish, "hard_swish", tensorOnly},
    {Operation::Mish, "mish", tensorOnly},
    {Operation::LeakyRelu, "leaky_relu", leakyRelu},
    {Operation::Prelu, "prelu", tensorOnly, true},
    {Operation::Mul, "mul", mul},
    {Operation::Shift, "shift", shift},
    {Operation::Concat, "concat", concat},
    {Operation::Upsample, "upsample", upsample},
    {Operation::ReflectPad, "reflect_pad", reflectPad},
    {Operation::Repeat, "repeat", {}}, // bound by splitRepeat: its arguments are those of the repeated block
    {Operation::Channels, "channels", tensorOnly},
    {Operation::Height, "height", tensorOnly},
    {Operation::Width, "width", tensorOnly},
    {Operation::Min, "min", twoNumbers},
    {Operation::Max, "max", twoNumbers},
    {Operation::Floor, "floor", number},
    {Operation::Ceil, "ceil", number},
    {Operation::Round, "round", number},
};

llvm::ArrayRef<OperationInfo> skip::frontend::allOperations() { return operations; }

const OperationInfo *skip::frontend::findOperation(llvm::StringRef name) {
  const OperationInfo *found = llvm::find_if(operations, [&](const OperationInfo &info) { return info.name == name; });
  return found == std::end(operations) ? nullptr : found;
}

Signature Signature::of(const OperationInfo &operation) {
  Signature signature;
  signature.name = operation.name;
  for (const OperationParameter &parameter : operation.parameters) {
    signature.parameters.push_back(parameter.name);
    signature.required.push_back(parameter.required);
  }
  return signature;
}

Signature Signature::of(const ast::Definition &block) {
  Signature signature;
  signature.name = block.name.text;
  signature.declaredAt = block.name.range;
  for (const ast::Parameter &parameter : block.parameters) {
    signature.parameters.push_back(parameter.name.text);
    signature.required.push_back(!parameter.fallback && parameter.choices.empty());
  }
  return signature;
}

static void noteDeclaration(Report &report, const Signature &signature) {
  if (signature.declaredAt.isValid())
    report.note(signature.declaredAt, quoted(signature.name) + " is declared here");
}

static std::string parameterList(const Signature &signature) {
  std::string text = signature.name.str() + "(";
  for (auto [i, name] : llvm::enumerate(signature.parameters))
    text.append(i ? ", " : "").append(name.begin(), name.end());
  text += ')';
  return text;
}

namespace {

class Binder {
public:
  Binder(const Signature &signature, const ast::CallExpr &call, Diagnostics &diagnostics)
      : signature(signature), call(call), diagnostics(diagnostics) {
    binding.arguments.assign(signature.parameters.size(), nullptr);
  }

  Binding run(llvm::ArrayRef<ast::Argument> arguments, bool piped) {
    size_t position = piped ? 1 : 0;
    if (piped && signature.parameters.empty())
      reportTooMany(call.callee.range);
    for (const ast::Argument &argument : arguments) {
      if (!argument.keyword.text.empty())
        bindKeyword(argument, piped);
      else if (position < signature.parameters.size())
        binding.arguments[position++] = &argument;
      else
        reportTooMany(argument.value->range);
    }
    for (size_t i = piped ? 1 : 0; i < signature.parameters.size(); ++i)
      if (!binding.arguments[i] && signature.required[i])
        reportMissing(signature.parameters[i]);
    return std::move(binding);
  }

private:
  void bindKeyword(const ast::Argument &argument, bool piped) {
    const auto *found = llvm::find(signature.parameters, argument.keyword.text);
    std::string keyword = argument.keyword.text.str();
    if (found == signature.parameters.end()) {
      binding.ok = false;
      Report report = diagnostics.report(diag::unknownKeyword, argument.keyword.range, {signature.name.str(), keyword});
      suggestParameter(report, argument.keyword);
      return noteDeclaration(report, signature);
    }
    size_t index = found - signature.parameters.begin();
    if (binding.arguments[index] || (piped && index == 0)) {
      binding.ok = false;
      Report report = diagnostics.report(diag::argumentTwice, argument.keyword.range, {keyword});
      if (const ast::Argument *earlier = binding.arguments[index])
        report.note(earlier->value->range, quoted(keyword) + " has this value already");
      else
        report.note(call.callee.range, quoted(keyword) + " is the value before `|>`");
      return;
    }
    binding.arguments[index] = &argument;
  }

  void suggestParameter(Report &report, const ast::Identifier &keyword) {
    if (llvm::StringRef hint = hintForParameter(keyword.text); !hint.empty())
      report.note(keyword.range, hint.str());
    else if (llvm::StringRef ours = ourParameter(keyword.text); llvm::is_contained(signature.parameters, ours))
      report.didYouMean(keyword.range, ours);
    else
      report.suggest(keyword.text, keyword.range, signature.parameters);
  }

  /// Once a call.
  void reportTooMany(llvm::SMRange range) {
    if (tooMany)
      return;
    tooMany = true;
    binding.ok = false;
    Report report = diagnostics.report(diag::tooManyArguments, range, {signature.name.str(), parameterList(signature)});
    noteDeclaration(report, signature);
  }

  void reportMissing(llvm::StringRef parameter) {
    if (!binding.ok)
      return;
    binding.ok = false;
    Report report = diagnostics.report(diag::missingArgument, call.callee.range,
                                       {parameter.str(), signature.name.str(), parameterList(signature)});
    noteDeclaration(report, signature);
  }

  const Signature &signature;
  const ast::CallExpr &call;
  Diagnostics &diagnostics;
  Binding binding;
  bool tooMany = false;
};

} // namespace

Binding skip::frontend::bindArguments(const Signature &signature, const ast::CallExpr &call,
                                      llvm::ArrayRef<ast::Argument> arguments, bool piped, Diagnostics &diagnostics) {
  return Binder(signature, call, diagnostics).run(arguments, piped);
}

void skip::frontend::reportUnknownCallee(const ast::Identifier &name, bool hasArguments, const Program &program,
                                         Diagnostics &diagnostics) {
  if (const ast::Definition *model = program.models.lookup(name.text)) {
    diagnostics.report(diag::modelCalled, name.range, {name.text.str()})
        .note(model->name.range, quoted(name.text) + " is declared here");
    return;
  }
  if (program.broken || diagnostics.isFull())
    return;
  if (llvm::StringRef called = hintForArguments(name.text); hasArguments && !called.empty()) {
    diagnostics.report(diag::unknownCallee, name.range, {name.text.str()}).note(name.range, called.str());
    return;
  }
  if (llvm::StringRef ours = ourOperation(name.text); !ours.empty()) {
    diagnostics.report(diag::unknownCallee, name.range, {name.text.str()}).didYouMean(name.range, ours);
    return;
  }
  llvm::StringRef hint = hintForOperation(name.text);
  if (isUnsupported(name.text) || !hint.empty()) {
    diag id = isUnsupported(name.text) ? diag::notSupported : diag::unknownCallee;
    Report report = diagnostics.report(id, name.range, {name.text.str()});
    if (!hint.empty())
      report.note(name.range, hint.str());
    return;
  }
  llvm::SmallVector<llvm::StringRef> known;
  for (const OperationInfo &operation : operations)
    known.push_back(operation.name);
  for (const auto &block : program.blocks)
    known.push_back(block.first());
  diagnostics.report(diag::unknownCallee, name.range, {name.text.str()}).suggest(name.text, name.range, known);
}

std::optional<RepeatCall> skip::frontend::splitRepeat(const ast::CallExpr &call, const Program &program,
                                                      Diagnostics &diagnostics) {
  RepeatCall repeat;
  llvm::ArrayRef<ast::Argument> rest = call.arguments;
  auto takePositional = [&](llvm::StringRef what) -> const ast::Expr * {
    if (!rest.empty() && rest.front().keyword.text.empty()) {
      const ast::Expr *value = rest.front().value;
      rest = rest.drop_front();
      return value;
    }
    diagnostics.report(diag::missingArgument, call.callee.range, {what.str(), "repeat", "repeat(x, count, block, ...)"});
    return nullptr;
  };
  if (!call.piped && !(repeat.input = takePositional("x")))
    return std::nullopt;
  if (!(repeat.count = takePositional("count")))
    return std::nullopt;
  const ast::Expr *block = takePositional("block");
  if (!block || block->kind == ast::Expr::Kind::Error)
    return std::nullopt;
  const auto *name = llvm::dyn_cast<ast::NameExpr>(block);
  if (!name || findOperation(name->name)) {
    diagnostics.report(diag::repeatNeedsBlock, block->range);
    return std::nullopt;
  }
  repeat.block = program.blocks.lookup(name->name);
  if (!repeat.block) {
    reportUnknownCallee({name->name, name->range}, /*hasArguments=*/false, program, diagnostics);
    return std::nullopt;
  }
  repeat.arguments = rest;
  return repeat;
}
