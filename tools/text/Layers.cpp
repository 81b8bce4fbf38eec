// Counting through the op interfaces: whatever is not computed at load time is a layer.
#include "tools/text/Layers.h"

#include "ir/graph/Graph.h"
#include "ir/plan/Plan.h"
#include "ir/graph/GraphShapes.h"

#include "llvm/ADT/DenseSet.h"

using namespace skip;
using tool::Layer;

/// The trainable elements among an operation's operands that no operation before it read.
static int64_t countParameters(mlir::Operation &op, llvm::DenseSet<mlir::Operation *> &counted) {
  int64_t count = 0;
  for (mlir::Value operand : op.getOperands()) {
    auto read = operand.getDefiningOp<graph::ReadParameterOp>();
    if (!read)
      continue;
    auto parameter = mlir::SymbolTable::lookupNearestSymbolFrom<graph::ParameterOp>(read, read.getParameterAttr());
    if (!parameter.getBuffer() && counted.insert(parameter).second)
      count += parameter.getTensorType().getNumElements();
  }
  return count;
}

mlir::func::FuncOp tool::modelOf(mlir::ModuleOp module) {
  auto functions = module.getOps<mlir::func::FuncOp>();
  for (auto function : functions)
    if (plan::roleOf(function) == plan::Role::run)
      return function;
  if (!llvm::hasSingleElement(functions))
    llvm_unreachable("a training has one function, any other module one that inference runs");
  return *functions.begin();
}

tool::Layers tool::listLayers(mlir::func::FuncOp model) {
  Layers layers;
  llvm::DenseSet<mlir::Operation *> counted;
  for (mlir::Operation &op : model.getBody().front()) {
    if (op.getNumResults() == 0 || graph::isLoadTime(&op))
      continue;
    auto type = llvm::cast<mlir::RankedTensorType>(op.getResult(0).getType());
    auto costed = llvm::dyn_cast<graph::Costed>(op);
    layers.list.push_back({graph::valueName(op.getLoc()).str(), op.getName().stripDialect().str(), type.getShape().vec(),
                           countParameters(op, counted), costed ? costed.multiplyAdds() : 0});
    layers.parameters += layers.list.back().parameters;
    layers.multiplyAdds += layers.list.back().multiplyAdds;
  }
  return layers;
}
