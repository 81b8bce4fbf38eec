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

llvm::Expected<const Mapped *> NodeMapping::activation(size_t i) const {
  llvm::Expected<const Mapped *> mapped = factor(i);
  if (mapped && (*mapped)->repeatedBy)
    return mapper.fail(placeOf(mapper.model, *(*mapped)->repeatedBy) +
                       ": Skip repeats a value of each channel only where it is a factor (Mul)");
  return mapped;
}

llvm::Expected<Formula> NodeMapping::formula(size_t i) const {
  llvm::Expected<const Mapped *> mapped = anyActivation(i);
  if (!mapped)
    return mapped.takeError();
  if (!(*mapped)->isWritten)
    return *(*mapped)->formula;
  if (mapped = activation(i); !mapped)
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

size_t NodeMapping::usesOf(size_t i) const { return mapper.uses.lookup(node.inputs[i]); }

llvm::Error NodeMapping::add(Call call, std::vector<int64_t> dims) {
  frontend::Limits limits;
  std::optional<int64_t> elements = countElements(dims), own = countElements(call.dims);
  if (!elements || !own || *own >= limits.elements || llvm::is_contained(call.dims, 0))
    return fail("its result has sizes that Skip does not take: " + listText(dims));
  net().calls.push_back(std::move(call));
  Mapped mapped;
  mapped.dims = std::move(dims);
  mapped.value = net().resultOf(net().calls.size() - 1);
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

llvm::Error NodeMapping::alias(const Mapped &mapped) { return mapper.set(node, mapped); }

std::string NodeMapping::pathOf(const Constant &weight) const {
  llvm::StringRef name = weight.name;
  if (name.consume_back(".weight") || name.consume_back("_weight") || name.consume_back("_gamma"))
    return name.str();
  std::string path = modulePathOf(node.name);
  return path.empty() ? moduleOfScopes(node.scopes) : path;
}
