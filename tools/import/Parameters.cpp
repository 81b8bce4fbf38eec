// In a bottleneck of width 64, 128, ... the last convolution has 256, 512, ... channels, which is `4 * width`, and the first of
// a squeeze 16, 32, ..., which is `width / 4`. The first argument that differs becomes the parameter, the others follow from it
// where they can.
#include "tools/import/Parameters.h"

#include "tools/import/Constant.h"

#include "llvm/ADT/STLExtras.h"

#include <charconv>

using namespace skip::onnx;

namespace {
struct ValueText {
  std::string operator()(int64_t whole) const { return std::to_string(whole); }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(const Word &word) const { return word.text.str(); }
  std::string operator()(const std::vector<int64_t> &list) const { return listText(list); }
  std::string operator()(double number) const {
    char text[32];
    auto [end, code] = std::to_chars(text, text + sizeof text, number);
    return {text, end};
  }
};
} // namespace

std::string skip::onnx::valueText(const ArgumentValue &value) { return std::visit(ValueText(), value); }

/// The whole number k with a = k * b in every use; 0 if there is none.
static int64_t factorOf(llvm::ArrayRef<std::optional<ArgumentValue>> a, llvm::ArrayRef<ArgumentValue> b, bool swapped) {
  int64_t factor = 0;
  for (auto [left, right] : llvm::zip_equal(a, b)) {
    if (!left)
      continue;
    const int64_t *product = std::get_if<int64_t>(&*left), *base = std::get_if<int64_t>(&right);
    if (!product || !base)
      return 0;
    if (swapped)
      std::swap(product, base);
    if (*base < 1 || *product < 1 || *product % *base != 0 || (factor && *product / *base != factor))
      return 0;
    factor = *product / *base;
  }
  return factor;
}

const BlockParameters::Parameter *BlockParameters::find(llvm::StringRef name) const {
  const auto *found = llvm::find_if(parameters, [&](const Parameter &parameter) { return parameter.name == name; }).base();
  return found == parameters.data() + parameters.size() ? nullptr : found;
}

std::string BlockParameters::freeName(llvm::StringRef argument) const {
  std::string base = argument == "channels" || argument == "features" ? "width" : argument.str(), name = base;
  for (unsigned i = 2; find(name); ++i)
    name = base + "_" + std::to_string(i);
  return name;
}

std::string BlockParameters::express(llvm::StringRef argument, llvm::ArrayRef<std::optional<ArgumentValue>> values) {
  const auto *known = llvm::find_if(values, [](const std::optional<ArgumentValue> &value) { return value.has_value(); });
  if (known == values.end())
    return {};
  bool isConstant =
      llvm::all_of(values, [&](const std::optional<ArgumentValue> &value) { return !value || *value == **known; });
  bool isEverywhere = llvm::all_of(values, [](const std::optional<ArgumentValue> &value) { return value.has_value(); });
  bool isStride = argument == "stride", isWidth = argument == "channels" || argument == "features";
  // What only some uses have may be one number in all of them, and still be the block's width or stride.
  if (isConstant && (isEverywhere || !(isStride || isWidth)))
    return valueText(**known);
  for (const Parameter &parameter : parameters)
    if (isStride == (parameter.name == "stride") && llvm::all_of(llvm::zip_equal(values, parameter.values), [](auto pair) {
          return !std::get<0>(pair) || *std::get<0>(pair) == std::get<1>(pair);
        }))
      return parameter.name;
  for (const Parameter &parameter : parameters) {
    if (isStride || parameter.name == "stride")
      continue;
    if (int64_t factor = factorOf(values, parameter.values, false))
      return std::to_string(factor) + " * " + parameter.name;
    if (int64_t factor = factorOf(values, parameter.values, true))
      return parameter.name + " / " + std::to_string(factor);
  }
  if (isConstant)
    return valueText(**known);
  Parameter added{freeName(argument), {}, std::nullopt};
  for (size_t i = 0; i < uses; ++i)
    added.values.push_back(values[i].value_or(**known));
  if (added.name == "stride")
    added.fallback = int64_t(1);
  parameters.push_back(added);
  return added.name;
}

/// Arguments stand in the language's order. Those that must be given come by position, those behind them by name, but a
/// parameter of the argument's own name that follows directly.
std::string skip::onnx::argumentsText(llvm::ArrayRef<Argument> arguments, llvm::ArrayRef<std::string> texts,
                                      llvm::ArrayRef<bool> omitted) {
  std::string all;
  bool byPosition = true;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (omitted[i]) {
      byPosition = false;
      continue;
    }
    byPosition = byPosition && (!arguments[i].fallback || texts[i] == arguments[i].name);
    all += (all.empty() ? "" : ", ") + (byPosition ? "" : arguments[i].name.str() + " = ") + texts[i];
  }
  return all;
}

std::string skip::onnx::argumentsText(const Call &call) {
  std::vector<std::string> texts;
  llvm::SmallVector<bool> omitted;
  for (const Argument &argument : call.arguments) {
    texts.push_back(valueText(argument.value));
    omitted.push_back(argument.fallback && *argument.fallback == argument.value);
  }
  return argumentsText(call.arguments, texts, omitted);
}
