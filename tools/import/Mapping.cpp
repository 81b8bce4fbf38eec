// Every size in a graph is known when it is read: the batch, where the file leaves it open, is given a number that nothing else
// has, so that chains such as Shape, Gather, Concat, Reshape are constants, computed as the format says. What is left are
// layers.
#include "tools/import/Mapping.h"

#include "tools/import/Evaluate.h"
#include "tools/import/Identifier.h"
#include "tools/import/Mapper.h"
#include "tools/import/Constant.h"
#include "tools/import/Windows.h"

#include "frontend/Limits.h"
#include "support/Printable.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip;
using namespace skip::onnx;

static constexpr int64_t openBatch = 10007;              // a prime
static constexpr int64_t leastFolded = int64_t(1) << 22; // elements of computed constants that are kept at a time
static constexpr int64_t timesFolded = 8;                // and so many times those that the file has
static constexpr int64_t leastWork = int64_t(1) << 28;   // elements that are read and computed in all
static constexpr int64_t timesWork = 256;
static constexpr int64_t mostFoldedFuzzy = int64_t(1) << 16; // of one, beyond what its inputs have
static constexpr int64_t mostBatch = 65536;
static constexpr size_t mostPorts = 64;

Mapper::Mapper(const Model &model) : model(model), mostFolded(leastFolded), mostWork(leastWork) {
  for (const Constant &tensor : model.initializers) {
    Mapped &mapped = values[tensor.name];
    mapped.dims.assign(tensor.dims.begin(), tensor.dims.end());
    mapped.constant = tensor;
    int64_t elements = std::min(*countElements(tensor.dims), leastFolded << 10);
    mostFolded += timesFolded * elements;
    mostWork += timesWork * elements;
  }
  for (const Node &node : model.nodes)
    for (const std::string &input : node.inputs)
      ++uses[input];
  for (const Port &output : model.outputs)
    ++uses[output.name];
  unread = uses;
}

llvm::Error Mapper::fail(const llvm::Twine &what) const { return tool::badInput("`" + model.path + "`: " + what); }

/// What an exporter calls the only input or output says nothing; where there are several, they keep their names.
std::string Mapper::portName(llvm::StringRef name, llvm::StringRef otherwise, bool isOnly) {
  bool keeps = !isOnly && isIdentifier(name) && name != "_" && name != "train";
  std::string base = keeps ? name.str() : identifierOf(name, otherwise), own = base;
  for (unsigned i = 2; !portNames.insert(own).second; ++i)
    own = base + "_" + std::to_string(i);
  return own;
}

llvm::Expected<NetPort> Mapper::readInput(const Port &port) {
  std::string name = printable(port.name);
  if (port.dims.size() != 4)
    return fail("the input `" + name + "` has " + llvm::Twine(port.dims.size()) +
                " dimensions; images of [batch, channels, height, width] are imported");
  int64_t images = port.dims[0].value_or(openBatch);
  if (images < 1 || images > mostBatch)
    return fail("the input `" + name + "` has a batch of " + llvm::Twine(images));
  if (batch && images != batch)
    return fail("the input `" + name + "` has another batch than those before it");
  batch = images;
  Mapped mapped;
  mapped.dims.push_back(batch);
  NetPort input{portName(port.name, "image", model.inputs.size() == 1), {}};
  for (size_t d = 1; d < 4; ++d) {
    if (!port.dims[d])
      return fail("the input `" + name + "` leaves dimension " + llvm::Twine(d) +
                  " open; only the batch may be: export it for one size of pictures");
    if (*port.dims[d] < 1 || *port.dims[d] > 65535)
      return fail("the input `" + name + "` has a size of " + llvm::Twine(*port.dims[d]));
    mapped.dims.push_back(*port.dims[d]);
    input.dims.push_back(*port.dims[d]);
  }
  mapped.value = static_cast<ValueId>(net.inputs.size());
  if (!values.try_emplace(port.name, std::move(mapped)).second)
    return fail("the input `" + name + "` stands there twice");
  return input;
}

llvm::Error Mapper::readInputs() {
  if (model.inputs.empty())
    return fail("it has no input");
  if (model.inputs.size() > mostPorts || model.outputs.size() > mostPorts)
    return fail("it has " + llvm::Twine(model.inputs.size()) + " inputs and " + llvm::Twine(model.outputs.size()) +
                " outputs, at most " + llvm::Twine(mostPorts) + " of each are imported");
  for (const Port &port : model.inputs) {
    llvm::Expected<NetPort> input = readInput(port);
    if (!input)
      return input.takeError();
    net.inputs.push_back(std::move(*input));
  }
  return llvm::Error::success();
}

llvm::Expected<Mapped *> Mapper::find(llvm::StringRef name, const llvm::Twine &reader) {
  auto found = values.find(name);
  if (found == values.end())
    return fail(reader + ": nothing before it computes its input `" + printable(name) + "`");
  return &found->second;
}

llvm::Error Mapper::set(const Node &node, Mapped mapped, size_t output) {
  if (node.outputs.size() <= output || node.outputs[output].empty())
    return fail(placeOf(model, node) + ": it has no output");
  if (!values.try_emplace(node.outputs[output], std::move(mapped)).second)
    return fail(placeOf(model, node) + ": the value `" + printable(node.outputs[output]) + "` is computed twice");
  return llvm::Error::success();
}

/// A weight that is moved or copied keeps its name, unless a copy has a better one. One that is computed, as standardised
/// filters are, has another: a checkpoint with the parameter itself must not fit.
static std::string nameOfComputed(const Node &node, size_t output, const Constant *first) {
  constexpr llvm::StringLiteral moves[] = {"Identity", "Dropout", "Transpose", "Reshape",
                                           "Flatten",  "Squeeze", "Unsqueeze", "Cast"};
  llvm::StringRef name = node.outputs.size() <= output ? llvm::StringRef() : llvm::StringRef(node.outputs[output]);
  if (first && !name.ends_with(".weight") && !name.ends_with(".bias"))
    name = first->name;
  if (llvm::is_contained(moves, node.operation) || !name.consume_back(".weight"))
    return name.str();
  name.consume_back(".computed");
  return name.str() + ".computed.weight";
}

/// `first` is the first constant that was read; may be null.
llvm::Error Mapper::setFolded(const Node &node, llvm::ArrayRef<Value> results, const Constant *first) {
  bool isCopy = node.operation == "Identity" || node.operation == "Dropout";
  for (size_t i = 0; i < results.size(); ++i) {
    if (i > 0 && (i >= node.outputs.size() || node.outputs[i].empty()))
      continue;
    const Value &result = results[i];
    if (llvm::Error error = charge(node, result.tensor.size()))
      return error;
    Dims dims(result.tensor.shape.begin(), result.tensor.shape.end());
    Mapped mapped;
    mapped.dims = result.tensor.shape;
    mapped.constant =
        isCopy && first ? *first
                        : makeConstant("", result.isReal ? ElementType::Double : ElementType::Int64, dims, result.tensor.data);
    mapped.constant->name = nameOfComputed(node, i, first);
    mapped.isComputed = true;
    if (llvm::Error error = set(node, std::move(mapped), i))
      return error;
  }
  return llvm::Error::success();
}

/// A shape is known although the value is not. Everything else needs all of its inputs.
llvm::Expected<bool> Mapper::fold(const Node &node) {
  if (!node.domain.empty() || !isFoldable(node.operation))
    return false;
  bool asksForSizes = node.operation == "Shape";
  std::vector<Value> inputs(node.inputs.size());
  std::vector<const Value *> pointers;
  int64_t most = mostFoldedFuzzy;
  const Constant *first = nullptr;
  for (size_t i = 0; i < inputs.size(); ++i) {
    pointers.push_back(node.inputs[i].empty() ? nullptr : &inputs[i]);
    if (!pointers.back())
      continue;
    llvm::Expected<Mapped *> mapped = find(node.inputs[i], placeOf(model, node));
    if (!mapped)
      return mapped.takeError();
    if (!(*mapped)->constant && !asksForSizes)
      return false;
    if (asksForSizes) {
      inputs[i].tensor.shape = (*mapped)->dims;
      continue;
    }
    first = first ? first : &*(*mapped)->constant;
    most += *countElements((*mapped)->dims);
    inputs[i] = valueOf(*(*mapped)->constant);
  }
  llvm::Expected<std::vector<Value>> results = evaluateNode(model, node, pointers, most);
  if (!results)
    return results.takeError();
  foldedWork += most;
  if (llvm::Error error = setFolded(node, *results, first))
    return error;
  if (!asksForSizes)
    dropRead(node);
  return true;
}

llvm::Error Mapper::charge(const Node &node, int64_t elements) {
  foldedElements += elements;
  foldedWork += elements;
  return foldedElements > mostFolded || foldedWork > mostWork
             ? fail(placeOf(model, node) + ": the file computes too much of constants; simplify it before")
             : llvm::Error::success();
}

/// Computed constants that only nodes like this one read, which have read them all.
void Mapper::dropRead(const Node &node) {
  for (const std::string &input : node.inputs) {
    auto found = values.find(input);
    if (input.empty() || --unread[input] > 0 || found == values.end() || !found->second.isComputed)
      continue;
    foldedElements -= *countElements(found->second.dims);
    values.erase(found);
  }
}

static const NodeMapperEntry *findMapper(llvm::StringRef name) {
  for (llvm::ArrayRef<NodeMapperEntry> entries :
       {layerMappers(), poolMappers(), shapeMappers(), partMappers(), elementwiseMappers(), arithmeticMappers(), normMappers()})
    for (const NodeMapperEntry &entry : entries)
      if (entry.name == name)
        return &entry;
  return nullptr;
}

llvm::Error Mapper::mapNode(const Node &node) {
  llvm::Expected<bool> folded = fold(node);
  if (!folded || *folded)
    return folded.takeError();
  NodeMapping mapping(*this, node);
  llvm::Expected<bool> isMoment = mapMoment(mapping);
  if (!isMoment)
    return isMoment.takeError();
  const NodeMapperEntry *entry = node.domain.empty() ? findMapper(node.operation) : nullptr;
  if (!entry && !*isMoment)
    return fail(placeOf(model, node) + ": Skip has no such operation" +
                (node.domain.empty() ? std::string() : " (of the domain `" + printable(node.domain) + "`)"));
  if (llvm::Error error = *isMoment ? llvm::Error::success() : entry->map(mapping))
    return error;
  std::string problem = mapping.attributes.problem();
  return problem.empty() ? llvm::Error::success() : mapping.fail(problem);
}

llvm::Error Mapper::mapOutputs() {
  if (model.outputs.empty())
    return fail("it has no output");
  bool isOnly = model.outputs.size() == 1;
  for (const Port &port : model.outputs) {
    std::string name = "the output `" + printable(port.name) + "`";
    llvm::Expected<Mapped *> mapped = find(port.name, name);
    if (!mapped)
      return mapped.takeError();
    if ((*mapped)->constant)
      return fail(name + " does not depend on the input");
    if ((*mapped)->repeatedBy)
      return fail(name + " is a value of each channel that is repeated over an image, which Skip does not write out");
    if ((*mapped)->moment)
      return failMoment(*(*mapped)->moment);
    if (llvm::Error error = write(**mapped))
      return error;
    if (llvm::Error error = settle(**mapped))
      return error;
    if (net.isInput((*mapped)->value))
      return fail(name + " is an input as it is");
    net.outputs.push_back({portName(port.name, isOnly ? "logits" : "result", isOnly), (*mapped)->value});
  }
  return llvm::Error::success();
}

llvm::Error Mapper::write(Mapped &mapped) {
  if (mapped.isWritten)
    return llvm::Error::success();
  const Formula &formula = *mapped.formula;
  std::optional<Steps> steps = formula.steps();
  if (!steps)
    return fail(placeOf(model, *formula.node) + ": it ends arithmetic that Skip has no operations for: " + formula.text());
  llvm::Expected<ValueId> value = addLine(*formula.node, formula.base, steps->before);
  if (!value)
    return value.takeError();
  mapped.value = *value;
  if (!steps->activation.empty()) {
    net.calls.push_back({steps->activation, {mapped.value}, {}, net.dimsOf(mapped.value), {}});
    mapped.value = net.resultOf(net.calls.size() - 1);
  }
  if (value = addLine(*formula.node, mapped.value, steps->behind); !value)
    return value.takeError();
  mapped.value = *value;
  mapped.isWritten = true;
  return llvm::Error::success();
}

llvm::Expected<ValueId> Mapper::addLine(const Node &node, ValueId x, const Line &line) {
  constexpr int64_t vectors = 4; // that a norm has
  if (line.isPlain())
    return x;
  if (!line.isSound())
    return fail(placeOf(model, node) + ": its constants are no numbers that a network scales or shifts by");
  if (llvm::Error error = charge(node, vectors * net.dimsOf(x)[0]))
    return error;
  return onnx::addLine(net, x, line, madeUpPath(node, "scale"));
}

std::string Mapper::madeUpPath(const Node &node, llvm::StringRef what) {
  std::string path = moduleOf(node);
  if (path.empty())
    return path;
  path += "." + what.str();
  unsigned before = madeUp[path]++;
  return before == 0 ? path : path + std::to_string(before + 1);
}

llvm::Error Mapper::settle(Mapped &mapped) {
  Pending pending = mapped.pending;
  if (!pending.node)
    return llvm::Error::success();
  Dims dims = net.dimsOf(mapped.value);
  dims[1] = mapped.dims[2], dims[2] = mapped.dims[3];
  bool isPadded = pending.top || pending.left || pending.bottom || pending.right;
  if (isPadded || pending.rowStep != pending.columnStep) {
    if (llvm::Error error = addWindow(*pending.node, mapped.value, pending, dims).moveInto(mapped.value))
      return error;
    pending.rowStep = 1;
  }
  auto add = [&](llvm::StringLiteral operation, llvm::SmallVector<Argument, 6> arguments) {
    net.calls.push_back({operation, {mapped.value}, std::move(arguments), dims, {}});
    mapped.value = net.resultOf(net.calls.size() - 1);
  };
  if (pending.rowStep > 1)
    add("subsample", {{"stride", pending.rowStep, std::nullopt}});
  dims[0] = mapped.dims[1];
  if (pending.channelsBefore || pending.channelsAfter)
    add("pad_channels", {{"before", pending.channelsBefore, std::nullopt}, {"after", pending.channelsAfter, std::nullopt}});
  mapped.pending = {};
  mapped.formula.reset(); // which was of what the zeros or steps are of
  return llvm::Error::success();
}

/// A convolution of each channel by 1.
llvm::Expected<ValueId> Mapper::addWindow(const Node &node, ValueId x, const Pending &window, const Dims &dims) {
  std::optional<int64_t> elements = countElements(dims);
  if (!elements || *elements >= frontend::Limits().elements)
    return fail(placeOf(model, node) + ": its result has sizes that Skip does not take: " + listText(dims));
  int64_t channels = dims[0];
  if (llvm::Error error = charge(node, channels))
    return error;
  bool isPadded = window.top || window.left || window.bottom || window.right;
  ArgumentValue none = int64_t(0), pads = std::vector<int64_t>{window.top, window.left, window.bottom, window.right};
  Call call{"conv",
            {x},
            {{"channels", channels, std::nullopt},
             {"kernel", int64_t(1), std::nullopt},
             {"stride", pairValue(window.rowStep, window.columnStep), int64_t(1)},
             {"pad", isPadded ? pads : none, none},
             {"bias", false, false},
             {"groups", channels, int64_t(1)},
             {"dilation", int64_t(1), int64_t(1)}},
            dims,
            {}};
  std::vector<double> ones(static_cast<size_t>(channels), 1);
  call.parameters.push_back({"weight", makeConstant("", ElementType::Double, {channels, 1, 1, 1}, ones), {channels, 1, 1, 1}});
  call.path = madeUpPath(node, "pad");
  net.calls.push_back(std::move(call));
  return net.resultOf(net.calls.size() - 1);
}

/// Leaves out what no output needs.
static void prune(Net &net) {
  std::vector<bool> needed(net.inputs.size() + net.calls.size(), false);
  for (const auto &[name, value] : net.outputs)
    needed[value] = true;
  for (size_t call = net.calls.size(); call-- > 0;)
    for (ValueId operand : net.calls[call].operands)
      needed[operand] = needed[operand] || needed[net.resultOf(call)];
  std::vector<ValueId> renumbered(needed.size());
  Net pruned{std::move(net.inputs), {}, std::move(net.outputs)};
  for (ValueId value = 0; value < needed.size(); ++value) {
    renumbered[value] = value;
    if (pruned.isInput(value) || !needed[value])
      continue;
    Call &call = pruned.calls.emplace_back(std::move(net.calls[pruned.callOf(value)]));
    for (ValueId &operand : call.operands)
      operand = renumbered[operand];
    renumbered[value] = pruned.resultOf(pruned.calls.size() - 1);
  }
  for (auto &[name, value] : pruned.outputs)
    value = renumbered[value];
  net = std::move(pruned);
}

llvm::Expected<Net> Mapper::run() {
  if (llvm::Error error = readInputs())
    return error;
  for (const Node &node : model.nodes)
    if (llvm::Error error = mapNode(node))
      return error;
  if (llvm::Error error = mapOutputs())
    return error;
  prune(net);
  return std::move(net);
}

llvm::Expected<Net> onnx::mapModel(const Model &model) { return Mapper(model).run(); }
