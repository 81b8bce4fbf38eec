// What mappers see of one node, and what they add to the net.
#include "tools/import/NodeMapping.h"

#include "tools/import/Constant.h"
#include "tools/import/Identifier.h"
#include "tools/import/Mapper.h"

#include "frontend/Limits.h"
#include "support/Printable.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip;
using namespace skip::onnx;

const Model &NodeMapping::model() const { return mapper.model; }
Net &NodeMapping::net() const { return mapper.net; }
int64_t NodeMapping::batch() const { return mapper.batch; }

llvm::Error NodeMapping::fail(const llvm::Twine &what) const { return mapper.fail(placeOf(mapper.model, node) + ": " + what); }

std::string NodeMapping::sizes(llvm::ArrayRef<int64_t> dims) const {
  bool isOpen = !dims.empty() && dims[0] == batch() && !model().inputs[0].dims[0];
  return isOpen ? ("[N" + (dims.size() > 1 ? ", " + listText(dims.drop_front()).substr(1) : "]")) : listText(dims);
}

bool NodeMapping::isConstant(size_t i) const {
  auto found = has(i) ? mapper.values.find(node.inputs[i]) : mapper.values.end();
  return found != mapper.values.end() && found->second.constant;
}

llvm::Expected<const Mapped *> NodeMapping::anyActivation(size_t i) const {
  if (!has(i))
    return fail("input " + llvm::Twine(i) + " is missing");
  llvm::Expected<Mapped *> mapped = mapper.find(node.inputs[i], placeOf(mapper.model, node));
  if (!mapped)
    return mapped.takeError();
  if ((*mapped)->constant)
    return fail("input " + llvm::Twine(i) + ", `" + printable(node.inputs[i]) +
                "`, is a constant, which this operation is not imported of");
  if ((*mapped)->moment)
    return mapper.failMoment(*(*mapped)->moment);
  return *mapped;
}

llvm::Expected<const Mapped *> NodeMapping::pendingActivation(size_t i) const {
  llvm::Expected<const Mapped *> mapped = anyActivation(i);
  if (!mapped)
    return mapped;
  if (llvm::Error error = mapper.write(mapper.values[node.inputs[i]]))
    return error;
  return mapped;
}

llvm::Expected<const Mapped *> NodeMapping::factor(size_t i) const {
  llvm::Expected<const Mapped *> mapped = pendingActivation(i);
  if (!mapped)
    return mapped;
  if (llvm::Error error = mapper.settle(mapper.values[node.inputs[i]]))
    return error;
  return mapped;
}

llvm::Expected<const Mapped *> NodeMapping::view(size_t i) const {
  llvm::Expected<const Mapped *> mapped = factor(i);
  if (mapped && (*mapped)->repeatedBy)
    return mapper.fail(placeOf(mapper.model, *(*mapped)->repeatedBy) +
                       ": Skip repeats a value of each channel only where it is a factor (Mul) or added (Add)");
  return mapped;
}

llvm::Expected<const Mapped *> NodeMapping::activation(size_t i) const {
  llvm::Expected<const Mapped *> mapped = view(i);
  if (!mapped)
    return mapped;
  const Dims &own = net().dimsOf((*mapped)->value);
  llvm::ArrayRef<int64_t> dims = llvm::ArrayRef((*mapped)->dims).drop_front();
  bool isImage = dims == llvm::ArrayRef<int64_t>(own);
  bool isVector = own.size() == 1 && !dims.empty() && dims[0] == own[0] &&
                  llvm::all_of(dims.drop_front(), [](int64_t dim) { return dim == 1; });
  if (!isImage && !isVector && own.size() == 1 && dims.size() == 3 && countElements(dims) == own[0]) {
    Mapped &image = mapper.values[node.inputs[i]];
    if (llvm::Error error =
            part({"unflatten",
                  {image.value},
                  {{"channels", dims[0], std::nullopt}, {"height", dims[1], std::nullopt}, {"width", dims[2], std::nullopt}},
                  {dims[0], dims[1], dims[2]},
                  {}})
                .moveInto(image.value))
      return error;
    image.formula.reset(); // which was of the vector
    return &image;
  }
  if (!isImage && !isVector)
    return fail("input " + llvm::Twine(i) + " is " + sizes((*mapped)->dims) + ", which Skip has as " + listText(own) +
                ": it cannot compute this of it under other sizes");
  return mapped;
}

llvm::Expected<Formula> NodeMapping::formula(size_t i) const {
  llvm::Expected<const Mapped *> mapped = anyActivation(i);
  if (!mapped)
    return mapped.takeError();
  if (!(*mapped)->isWritten)
    return *(*mapped)->formula;
  if (mapped = view(i); !mapped)
    return mapped.takeError();
  return Formula::of((*mapped)->value);
}

llvm::Expected<const Mapped *> NodeMapping::image(size_t i) const {
  llvm::Expected<const Mapped *> mapped = activation(i);
  if (mapped && (net().dimsOf((*mapped)->value).size() != 3 || (*mapped)->dims.size() != 4))
    return fail("input " + llvm::Twine(i) + " is " + sizes((*mapped)->dims) + ", no image");
  return mapped;
}

llvm::Expected<const Constant *> NodeMapping::constant(size_t i, llvm::StringRef what) const {
  if (!has(i))
    return fail("its " + what + ", input " + llvm::Twine(i) + ", is missing");
  llvm::Expected<Mapped *> mapped = mapper.find(node.inputs[i], placeOf(mapper.model, node));
  if (!mapped)
    return mapped.takeError();
  if (!(*mapped)->constant)
    return fail("its " + what + ", input " + llvm::Twine(i) + ", is computed, not a constant");
  return &*(*mapped)->constant;
}

const Moment *NodeMapping::moment(size_t i) const {
  auto found = has(i) ? mapper.values.find(node.inputs[i]) : mapper.values.end();
  return found != mapper.values.end() && found->second.moment ? &*found->second.moment : nullptr;
}

std::optional<double> NodeMapping::number(size_t i, size_t rank) const {
  if (!isConstant(i))
    return std::nullopt;
  const Constant &constant = **this->constant(i, "number");
  bool isNumber = isReal(constant.type) && countElements(constant.dims) == 1 && constant.dims.size() <= rank;
  return isNumber ? std::optional(elementsOf(constant)[0]) : std::nullopt;
}

llvm::Expected<std::vector<int64_t>> NodeMapping::integers(size_t i, llvm::StringRef what) const {
  llvm::Expected<const Constant *> tensor = constant(i, what);
  if (!tensor)
    return tensor.takeError();
  std::vector<int64_t> values;
  for (double value : elementsOf(**tensor))
    values.push_back(wholeOf(value));
  return values;
}

llvm::Expected<std::vector<int64_t>> NodeMapping::axes(size_t i, int64_t since, size_t rank) {
  std::vector<int64_t> list;
  if (model().opset < since)
    list = attributes.integers("axes", {});
  else if (has(i))
    if (llvm::Error error = integers(i, "axes").moveInto(list))
      return error;
  auto dims = static_cast<int64_t>(rank);
  for (int64_t &axis : list) {
    if (axis < -dims || axis >= dims)
      return fail("axis " + llvm::Twine(axis) + " of " + llvm::Twine(dims) + " dimensions");
    axis += axis < 0 ? dims : 0;
  }
  llvm::sort(list);
  return list;
}

ValueId NodeMapping::imageOf(ValueId value) const {
  if (net().isInput(value))
    return value;
  const Call &call = net().calls[net().callOf(value)];
  return call.operation == "flatten" ? call.operands[0] : value;
}

size_t NodeMapping::usesOf(size_t i) const { return mapper.uses.lookup(node.inputs[i]); }

llvm::Expected<ValueId> NodeMapping::part(Call call) const {
  std::optional<int64_t> own = countElements(call.dims);
  if (!own || *own >= frontend::Limits().elements || llvm::is_contained(call.dims, 0))
    return fail("it needs a value of sizes that Skip does not take: " + listText(call.dims));
  net().calls.push_back(std::move(call));
  return net().resultOf(net().calls.size() - 1);
}

llvm::Error NodeMapping::add(Call call, std::vector<int64_t> dims) {
  if (!countElements(dims))
    return fail("its result has sizes that Skip does not take: " + listText(dims));
  Mapped mapped;
  mapped.dims = std::move(dims);
  if (llvm::Error error = part(std::move(call)).moveInto(mapped.value))
    return error;
  return mapper.set(node, std::move(mapped));
}

llvm::Expected<ValueId> NodeMapping::line(ValueId x, const Line &line) { return mapper.addLine(node, x, line); }

llvm::Error NodeMapping::charge(int64_t elements) { return mapper.charge(node, elements); }
bool NodeMapping::isUsed(size_t output) const {
  return output < node.outputs.size() && !node.outputs[output].empty() && mapper.isUsed(node.outputs[output]);
}

llvm::Error NodeMapping::add(const Line &line, const Mapped &as) {
  Mapped mapped;
  mapped.dims = as.dims;
  if (llvm::Error error = this->line(as.value, line).moveInto(mapped.value))
    return error;
  return mapper.set(node, std::move(mapped));
}

llvm::Error NodeMapping::add(Formula formula, std::vector<int64_t> dims) {
  formula.node = &node;
  Mapped mapped;
  mapped.dims = std::move(dims);
  mapped.isWritten = formula.isPlain();
  mapped.value = formula.base;
  if (!mapped.isWritten)
    mapped.formula = std::move(formula);
  return mapper.set(node, std::move(mapped));
}

llvm::Error NodeMapping::alias(const Mapped &mapped, size_t output) { return mapper.set(node, mapped, output); }

/// Whether a path is that of a module, or of a part of it.
static bool isWithin(llvm::StringRef path, llvm::StringRef module) {
  return path.consume_front(module) && (path.empty() || path.starts_with("."));
}

/// Of weights that are equal PyTorch's exporters keep one, under the name of the first.
std::string NodeMapping::pathOf(const Constant &weight) const {
  llvm::StringRef name = weight.name;
  bool isShared = mapper.uses.lookup(weight.name) > 1;
  std::string module = moduleOf(node);
  bool isNamed = name.consume_back(".weight") || name.consume_back("_weight") || name.consume_back("_gamma");
  bool isOfAnother = isShared && !module.empty() && !isWithin(name, module);
  return isNamed && !isOfAnother ? name.str() : module;
}
