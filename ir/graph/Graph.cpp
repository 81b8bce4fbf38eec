// Registers the graph dialect and pulls in what TableGen made.
#include "ir/graph/Graph.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace skip;
using namespace skip::graph;

#include "ir/graph/GraphDialect.cpp.inc"
#include "ir/graph/GraphInterfaces.cpp.inc"

void GraphDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "ir/graph/GraphOps.cpp.inc"
      >();
}

llvm::StringRef graph::valueName(Location loc) {
  if (auto name = llvm::dyn_cast<NameLoc>(loc))
    return name.getName().getValue();
  return {};
}

std::string graph::valueName(Value value) {
  std::string name = valueName(value.getLoc()).str();
  auto result = llvm::dyn_cast<OpResult>(value);
  return result && result.getOwner()->getNumResults() > 1 ? name + "." + std::to_string(result.getResultNumber()) : name;
}

#define GET_OP_CLASSES
#include "ir/graph/GraphOps.cpp.inc"
