// Builds the module. Parameters stand before the function, in the order of their first use.
#include "frontend/GraphBuilder.h"

using namespace skip;
using namespace skip::frontend;
using namespace mlir;

GraphBuilder::GraphBuilder(MLIRContext &context, const Sources &sources, llvm::StringRef model, llvm::SMLoc at)
    : sources(sources), body(&context), symbols(&context) {
  context.loadDialect<graph::GraphDialect, func::FuncDialect>();
  Location loc = location(model, at);
  module = ModuleOp::create(loc);
  symbols.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(symbols, loc, model, symbols.getFunctionType({}, {}));
  symbols.setInsertionPoint(function);
  body.setInsertionPointToEnd(function.addEntryBlock());
}

Location GraphBuilder::location(llvm::StringRef name, llvm::SMLoc at) { return location(body.getStringAttr(name), at); }

Location GraphBuilder::location(StringAttr name, llvm::SMLoc at) {
  LocationAttr &known = positions[at.getPointer()];
  if (!known) {
    SourcePosition place = sources.position(at);
    known = FileLineColLoc::get(body.getContext(), place.path, place.line, place.column);
  }
  return NameLoc::get(name, known);
}

bool GraphBuilder::takeName(llvm::StringRef name, llvm::SMRange where) {
  auto [entry, inserted] = names.try_emplace(name);
  if (!inserted && !entry->second.isAutomatic)
    return false;
  // An automatic name makes way for one that the user wrote.
  Operation *displaced = inserted ? nullptr : entry->second.op;
  llvm::SMRange displacedAt = entry->second.where;
  entry->second = Holder{false, nullptr, where, entry->second.lastSuffix};
  if (displaced) {
    std::string other = freeName(name, displacedAt);
    displaced->setLoc(
        NameLoc::get(StringAttr::get(body.getContext(), other), cast<NameLoc>(displaced->getLoc()).getChildLoc()));
    remember(other, displaced);
  }
  return true;
}

std::string GraphBuilder::freeName(llvm::StringRef wanted, llvm::SMRange where) {
  Holder &first = names[wanted];
  if (!first.where.isValid()) {
    first = Holder{true, nullptr, where, 0};
    return wanted.str();
  }
  // StringMap entries do not move, so `first` stays good while suffixed names are added.
  while (true) {
    std::string candidate = (wanted + "_" + llvm::Twine(++first.lastSuffix)).str();
    auto [entry, inserted] = names.try_emplace(candidate);
    if (!inserted)
      continue;
    entry->second = Holder{true, nullptr, where, 0};
    return candidate;
  }
}

void GraphBuilder::remember(llvm::StringRef name, Operation *op) {
  auto entry = names.find(name);
  if (entry != names.end() && entry->second.isAutomatic)
    entry->second.op = op;
}

RankedTensorType GraphBuilder::batched(llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t, 4> dims{ShapedType::kDynamic};
  dims.append(shape.begin(), shape.end());
  return RankedTensorType::get(dims, body.getF32Type());
}

mlir::Value GraphBuilder::addInput(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, PortAttributes attributes,
                                   llvm::SMLoc at) {
  attributes.push_back(body.getNamedAttr(graph::nameAttr, body.getStringAttr(name)));
  inputAttributes.push_back(std::move(attributes));
  return function.getBody().front().addArgument(batched(shape), location(name, at));
}

void GraphBuilder::addOutput(llvm::StringRef name, mlir::Value value, PortAttributes attributes) {
  attributes.push_back(body.getNamedAttr(graph::nameAttr, body.getStringAttr(name)));
  outputAttributes.push_back(std::move(attributes));
  outputs.push_back(value);
}

mlir::Value GraphBuilder::addParameter(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, bool buffer, llvm::SMLoc at) {
  operationCount += 2;
  auto type = RankedTensorType::get(shape, body.getF32Type());
  StringAttr symbol = symbols.getStringAttr(name);
  Location loc = location(symbol, at);
  graph::ParameterOp::create(symbols, loc, symbol, TypeAttr::get(type), buffer ? symbols.getUnitAttr() : UnitAttr());
  return graph::ReadParameterOp::create(body, loc, type, FlatSymbolRefAttr::get(symbol));
}

bool GraphBuilder::hasParameterIn(llvm::StringRef prefix) {
  return llvm::any_of(module->getOps<graph::ParameterOp>(), [&](graph::ParameterOp parameter) {
    llvm::StringRef rest = parameter.getSymName();
    return rest.consume_front(prefix) && !prefix.empty() && (rest.empty() || rest.starts_with("."));
  });
}

void GraphBuilder::eraseDead(llvm::SmallVectorImpl<DeadOperation> &dead) {
  llvm::SmallVector<DeadOperation> last;
  llvm::DenseSet<Operation *> feedsDead;
  llvm::DenseSet<Attribute> unread; // parameters, each of which one operation reads
  llvm::DenseSet<const char *> live;
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front()))) {
    if (op.hasTrait<OpTrait::IsTerminator>())
      continue;
    auto place = places.find(&op);
    if (!op.use_empty()) {
      if (place != places.end())
        live.insert(place->second.getPointer());
      continue;
    }
    if (place != places.end() && !feedsDead.contains(&op))
      last.push_back({graph::valueName(op.getLoc()).str(), place->second});
    for (mlir::Value operand : op.getOperands())
      feedsDead.insert(operand.getDefiningOp());
    if (auto read = llvm::dyn_cast<graph::ReadParameterOp>(op))
      unread.insert(read.getParameterAttr().getAttr());
    op.erase();
  }
  for (auto parameter : llvm::make_early_inc_range(module->getOps<graph::ParameterOp>()))
    if (unread.contains(parameter.getSymNameAttr()))
      parameter.erase();
  llvm::append_range(dead, llvm::make_filter_range(llvm::reverse(last), [&](const DeadOperation &each) {
                       return !live.contains(each.at.getPointer());
                     }));
}

OwningOpRef<ModuleOp> GraphBuilder::finish(llvm::SmallVectorImpl<DeadOperation> &dead) {
  func::ReturnOp::create(body, function.getLoc(), outputs);
  eraseDead(dead);
  function.setType(body.getFunctionType(function.getBody().front().getArgumentTypes(), ValueRange(outputs).getTypes()));
  for (auto [i, attributes] : llvm::enumerate(inputAttributes))
    function.setArgAttrs(i, attributes);
  for (auto [i, attributes] : llvm::enumerate(outputAttributes))
    function.setResultAttrs(i, attributes);
  return std::move(module);
}
