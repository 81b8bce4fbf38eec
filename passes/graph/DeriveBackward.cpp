// Reverse-mode differentiation over the graph dialect.
//
// A value is active where it depends on a trainable parameter: only gradients of active values are computed. The walk goes from
// the loss backwards; when it comes to an operation, all readers of its results have been seen, so that the gradients of its
// results are whole. Example, of loss = f(relu(conv(x, w))):
//
//   %y = conv %x, %w        dw = conv2d_grad_filter dy, %x
//   %z = relu %y        ^   dy = relu_grad_input dz, %z
//   %l = f %z           |   dz = f_grad_input %z
//
// An operation says what its gradients are (Differentiable). What is wanted of one that does not is an error.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::graph {
#define GEN_PASS_DEF_DERIVEBACKWARD
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace mlir;
using namespace skip;

namespace {
class Derivation {
public:
  Derivation(func::FuncOp function, ArrayAttr trainable)
      : function(function), trainable(trainable), end(function.getBody().front().getTerminator()), builder(end) {}
  LogicalResult run();

private:
  void markActive();
  LogicalResult differentiate(Operation *op);
  void add(Value value, Value gradient);
  LogicalResult appendResults();

  func::FuncOp function;
  ArrayAttr trainable;
  Operation *end;
  OpBuilder builder;
  llvm::DenseSet<Value> active;
  llvm::DenseMap<Value, Value> gradients;
  llvm::DenseMap<Attribute, Value> parameters; // gradients, by symbol
};
} // namespace

static Location gradientLoc(MLIRContext *context, llvm::StringRef name, llvm::StringRef suffix = "grad") {
  return NameLoc::get(StringAttr::get(context, name.empty() ? suffix : name + "." + suffix));
}

/// Of what has several gradients.
static Location sumLoc(Value value) { return gradientLoc(value.getContext(), graph::valueName(value), "grad.sum"); }

void Derivation::markActive() {
  llvm::DenseSet<Attribute> trained(trainable.begin(), trainable.end());
  for (Operation &op : function.getBody().front()) {
    auto read = llvm::dyn_cast<graph::ReadParameterOp>(op);
    bool isActive = read ? trained.contains(read.getParameterAttr())
                         : llvm::any_of(op.getOperands(), [&](Value operand) { return active.contains(operand); });
    if (isActive)
      active.insert(op.result_begin(), op.result_end());
  }
}

void Derivation::add(Value value, Value gradient) {
  Value &sum = gradients[value];
  sum = sum ? Value(graph::AddOp::create(builder, sumLoc(value), sum, gradient)) : gradient;
}

LogicalResult Derivation::differentiate(Operation *op) {
  bool isLoss = op == end->getOperand(0).getDefiningOp();
  auto ofResults = llvm::map_to_vector(op->getResults(), [&](Value result) { return gradients.lookup(result); });
  if (!active.contains(op->getResult(0)) || (!isLoss && llvm::none_of(ofResults, [](Value each) { return each != nullptr; })))
    return success();
  auto wanted = llvm::map_to_vector(op->getOperands(), [&](Value operand) { return active.contains(operand); });
  auto differentiable = llvm::dyn_cast<graph::Differentiable>(op);
  if (!differentiable)
    return op->emitError("has no gradient");
  Location loc = gradientLoc(op->getContext(), graph::valueName(op->getLoc()));
  llvm::SmallVector<Value> ofOperands = differentiable.differentiate(builder, loc, ofResults, wanted);
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    if (!wanted[index])
      continue;
    if (!ofOperands[index])
      return op->emitError("has no gradient of operand ") << index;
    add(operand, ofOperands[index]);
  }
  return success();
}

/// A parameter may be read several times, by layers that share it.
LogicalResult Derivation::appendResults() {
  for (auto read : function.getOps<graph::ReadParameterOp>()) {
    Value gradient = gradients.lookup(read.getValue());
    if (!gradient)
      continue;
    Value &sum = parameters[read.getParameterAttr()];
    sum = sum ? Value(graph::AddOp::create(builder, sumLoc(read.getValue()), sum, gradient)) : gradient;
  }
  llvm::SmallVector<Value> results(end->getOperands());
  for (Attribute symbol : trainable) {
    Value gradient = parameters.lookup(symbol);
    if (!gradient)
      return function.emitError("the loss does not depend on the trainable parameter ") << symbol;
    results.push_back(gradient);
  }
  unsigned first = end->getNumOperands();
  end->setOperands(results);
  llvm::SmallVector<DictionaryAttr> attributes;
  for (unsigned i = 0; i < first; ++i)
    attributes.push_back(function.getResultAttrDict(i));
  for (Attribute symbol : trainable) {
    attributes.push_back(builder.getDictionaryAttr(builder.getNamedAttr(graph::gradientAttr, symbol)));
  }
  function.setType(builder.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  function.setAllResultAttrs(attributes);
  return success();
}

LogicalResult Derivation::run() {
  Operation *loss = end->getNumOperands() ? end->getOperand(0).getDefiningOp() : nullptr;
  if (!loss || !llvm::isa<graph::SoftmaxCrossEntropyOp>(loss) || !loss->hasOneUse())
    return function.emitError("the first result is no loss: run `graph-prepare-training` first");
  markActive();
  for (Operation *op = end->getPrevNode(), *previous; op; op = previous) {
    previous = op->getPrevNode();
    if (!llvm::isa<graph::ReadParameterOp>(op) && op->getNumResults() > 0 && failed(differentiate(op)))
      return failure();
  }
  return appendResults();
}

namespace {
struct DeriveBackward : graph::impl::DeriveBackwardBase<DeriveBackward> {
  void runOnOperation() override {
    auto trainable = getOperation()->getAttrOfType<ArrayAttr>(graph::trainableAttr);
    if (!trainable || trainable.empty() || getOperation().isDeclaration()) {
      getOperation().emitError("the function has no `graph.trainable` parameters, or no body");
      return signalPassFailure();
    }
    if (failed(Derivation(getOperation(), trainable).run()))
      signalPassFailure();
  }
};
} // namespace
