// Walks the nodes in the file's order. A value lives until the last node that reads it.
#include "tools/import/Evaluate.h"

#include "tools/import/Operation.h"
#include "tools/import/Constant.h"

#include "support/Printable.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <algorithm>

using namespace skip;
using namespace skip::onnx;

static const EvaluatorEntry *findIn(llvm::ArrayRef<EvaluatorEntry> entries, llvm::StringRef name) {
  const EvaluatorEntry *found = llvm::find_if(entries, [&](const EvaluatorEntry &entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : found;
}

static const EvaluatorEntry *findEvaluator(llvm::StringRef name) {
  for (llvm::ArrayRef<EvaluatorEntry> entries : {elementwiseEvaluators(), arrayEvaluators(), windowEvaluators()})
    if (const EvaluatorEntry *found = findIn(entries, name))
      return found;
  return nullptr;
}

Value onnx::valueOf(const Constant &constant) {
  Value value;
  value.tensor.shape.assign(constant.dims.begin(), constant.dims.end());
  value.tensor.data = elementsOf(constant);
  value.isReal = isReal(constant.type);
  return value;
}

bool onnx::isFoldable(llvm::StringRef operation) {
  return findIn(elementwiseEvaluators(), operation) || findIn(arrayEvaluators(), operation);
}

llvm::Error Operation::fail(const llvm::Twine &what) const {
  return tool::badInput("`" + model.path + "`: " + placeOf(model, node) + ": " + what);
}

llvm::Error Operation::needInputs(size_t least, size_t most) const {
  for (size_t i = 0; i < least; ++i)
    if (!has(i))
      return fail("input " + llvm::Twine(i) + " is missing");
  return inputs.size() <= most
             ? llvm::Error::success()
             : fail("it has " + llvm::Twine(inputs.size()) + " inputs, at most " + llvm::Twine(most) + " are known");
}

llvm::Expected<reference::Tensor> Operation::allocate(std::vector<int64_t> dims) const {
  std::optional<int64_t> count = countElements(dims);
  if (!count || *count > mostElements)
    return fail("its result would have too many elements");
  return reference::Tensor(std::move(dims));
}

std::vector<int64_t> Operation::integers(size_t i) const {
  std::vector<int64_t> values;
  for (double value : tensor(i).data)
    values.push_back(wholeOf(value));
  return values;
}

llvm::Expected<size_t> Operation::axis(int64_t axis, size_t rank) const {
  auto dims = static_cast<int64_t>(rank);
  if (axis < -dims || axis >= dims)
    return fail("axis " + llvm::Twine(axis) + " of " + llvm::Twine(dims) + " dimensions");
  return static_cast<size_t>(axis < 0 ? axis + dims : axis);
}

llvm::Expected<std::vector<size_t>> Operation::axes(llvm::ArrayRef<int64_t> list, size_t rank) const {
  std::vector<size_t> result;
  for (int64_t item : list) {
    llvm::Expected<size_t> found = axis(item, rank);
    if (!found)
      return found.takeError();
    result.push_back(*found);
  }
  llvm::sort(result);
  if (std::adjacent_find(result.begin(), result.end()) != result.end())
    return fail("an axis stands there twice");
  return result;
}

std::vector<int64_t> Operation::axesOf(size_t i, int64_t since) {
  if (opset() < since)
    return attributes.integers("axes", {});
  return has(i) ? integers(i) : std::vector<int64_t>();
}

std::vector<int64_t> onnx::stridesOf(llvm::ArrayRef<int64_t> dims) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t d = dims.size(); d-- > 1;)
    strides[d - 1] = strides[d] * dims[d];
  return strides;
}

Results onnx::evaluateNode(const Model &model, const Node &node, llvm::ArrayRef<const Value *> inputs, int64_t mostElements) {
  Operation operation(model, node, inputs, mostElements);
  const EvaluatorEntry *entry = node.domain.empty() ? findEvaluator(node.operation) : nullptr;
  if (!entry)
    return operation.fail("the operation is not known");
  Results results = entry->evaluate(operation);
  if (!results)
    return results;
  if (std::string problem = operation.attributes.problem(); !problem.empty())
    return operation.fail(problem);
  return results;
}

namespace {
/// The values of one run, by name.
class Run {
public:
  Run(const Model &model, int64_t mostElements, Precision precision)
      : model(model), mostElements(mostElements), precision(precision) {
    for (const Constant &tensor : model.initializers)
      constants[tensor.name] = &tensor;
    for (const Node &node : model.nodes)
      for (const std::string &input : node.inputs)
        ++uses[input];
    for (const Port &output : model.outputs)
      ++uses[output.name];
  }

  void set(llvm::StringRef name, Value value, bool isOfImage) {
    values[name] = std::move(value);
    if (isOfImage)
      ofImages.insert(name);
  }
  llvm::Error evaluate(const Node &node);
  llvm::Expected<const Value *> find(llvm::StringRef name);

private:
  const Model &model;
  int64_t mostElements;
  Precision precision;
  llvm::StringMap<const Constant *> constants;
  llvm::StringMap<Value> values;
  llvm::StringSet<> ofImages;   // values that depend on the inputs
  llvm::StringMap<size_t> uses; // that are left
};
} // namespace

/// Constants become values when they are read.
llvm::Expected<const Value *> Run::find(llvm::StringRef name) {
  if (auto found = values.find(name); found != values.end())
    return &found->second;
  if (auto found = constants.find(name); found != constants.end())
    return &(values[name] = valueOf(*found->second));
  return tool::badInput("`" + model.path + "`: nothing before its use computes the value `" + printable(name) + "`");
}

static void roundToFloat(Value &value) {
  if (value.isReal)
    for (double &element : value.tensor.data)
      element = static_cast<double>(static_cast<float>(element));
}

llvm::Error Run::evaluate(const Node &node) {
  std::vector<const Value *> inputs;
  bool isOfImage = llvm::any_of(node.inputs, [&](const std::string &name) { return ofImages.contains(name); });
  for (const std::string &name : node.inputs)
    if (auto computed = values.find(name);
        precision != Precision::Double && isOfImage && computed != values.end() && !ofImages.contains(name))
      roundToFloat(computed->second);
  for (const std::string &name : node.inputs) {
    llvm::Expected<const Value *> input = name.empty() ? nullptr : find(name);
    if (!input)
      return input.takeError();
    inputs.push_back(*input);
  }
  Results results = evaluateNode(model, node, inputs, mostElements);
  if (!results)
    return results.takeError();
  for (size_t i = 0; i < std::min(results->size(), node.outputs.size()); ++i) {
    if (precision == Precision::Float && isOfImage)
      roundToFloat((*results)[i]);
    set(node.outputs[i], std::move((*results)[i]), isOfImage);
  }
  for (const std::string &name : node.inputs)
    if (--uses[name] == 0)
      values.erase(name);
  return llvm::Error::success();
}

llvm::Expected<std::vector<reference::Tensor>> onnx::evaluateModel(const Model &model, llvm::ArrayRef<reference::Tensor> inputs,
                                                                   int64_t mostElements, Precision precision) {
  Run run(model, mostElements, precision);
  for (auto [port, input] : llvm::zip_equal(model.inputs, inputs))
    run.set(port.name, {input, true}, true);
  for (const Node &node : model.nodes)
    if (llvm::Error error = run.evaluate(node))
      return error;
  std::vector<reference::Tensor> outputs;
  for (const Port &port : model.outputs) {
    llvm::Expected<const Value *> output = run.find(port.name);
    if (!output)
      return output.takeError();
    outputs.push_back((*output)->tensor);
  }
  return outputs;
}
