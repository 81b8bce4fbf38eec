// The graph dialect, and what is asked of its values.
#include "ir/graph/Graph.h"

#include "ir/graph/GraphOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace skip;
using namespace skip::graph;

#include "ir/graph/GraphDialect.cpp.inc"
#include "ir/graph/GraphInterfaces.cpp.inc"

void GraphDialect::initialize() { registerGraphDialectOperations(this); }

llvm::StringRef graph::valueName(Location loc) {
  if (auto name = llvm::dyn_cast<NameLoc>(loc))
    return name.getName().getValue();
  return {};
}

LogicalResult graph::GraphDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() != trainableAttr && attribute.getName() != decayedAttr && attribute.getName() != trackedAttr)
    return success();
  auto list = llvm::dyn_cast<ArrayAttr>(attribute.getValue());
  llvm::DenseSet<Attribute> parameters; // looking each name up would go over all symbols for each
  if (Operation *table = SymbolTable::getNearestSymbolTable(op))
    for (auto parameter : table->getRegion(0).getOps<ParameterOp>())
      parameters.insert(FlatSymbolRefAttr::get(parameter.getSymNameAttr()));
  auto isParameter = [&](Attribute each) { return parameters.contains(each); };
  llvm::DenseSet<Attribute> each;
  bool isOnce = list && llvm::all_of(list, [&](Attribute parameter) { return each.insert(parameter).second; });
  return isOnce && llvm::all_of(list, isParameter)
             ? success()
             : op->emitError("`") << attribute.getName().getValue() << "` must be an array of parameters, each once";
}

bool graph::changes(Operation *function, Attribute parameter) {
  return llvm::any_of(llvm::ArrayRef<llvm::StringRef>{trainableAttr, trackedAttr}, [&](llvm::StringRef name) {
    auto list = llvm::dyn_cast_or_null<ArrayAttr>(function->getDiscardableAttr(name));
    return list && llvm::is_contained(list, parameter);
  });
}

bool graph::isLoadTime(Operation *op) {
  if (!llvm::isa<LoadTime>(op))
    return false;
  if (auto read = llvm::dyn_cast<ReadParameterOp>(op))
    return !read->getParentOp() || !changes(read->getParentOp(), read.getParameterAttr());
  return llvm::all_of(op->getOperands(), [](Value operand) {
    Operation *producer = operand.getDefiningOp();
    return producer && isLoadTime(producer);
  });
}

std::string graph::valueName(Value value) {
  auto result = llvm::dyn_cast<OpResult>(value);
  if (auto named = result ? llvm::dyn_cast<NamesResults>(result.getOwner()) : NamesResults())
    return named.nameOf(result.getResultNumber());
  std::string name = valueName(value.getLoc()).str();
  return result && result.getOwner()->getNumResults() > 1 ? name + "." + std::to_string(result.getResultNumber()) : name;
}
