// Folds batch norm into the convolution before it, as expressions over the parameters.
//
// gamma * (conv(x, w) + b - mean) / sqrt(variance + epsilon) + beta is, with s = gamma / sqrt(variance + epsilon),
// conv(x, w * s) + beta + (b - mean) * s. The new convolution computes what the batch norm did, so it bears the batch norm's
// name. Where layers are applied several times, what they make of their parameters is one expression. A convolution whose
// filter is trained keeps it as it is.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <map>

namespace skip::graph {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace mlir;
using namespace skip;

namespace {
/// Expressions over parameters, by operation, operands and attributes.
class Expressions {
public:
  /// An operation of results that equal ones share, made where `builder` stands; later requests come from behind it.
  template <typename Op, typename... Arguments> Value get(OpBuilder &builder, Location loc, Arguments... arguments) {
    auto made = Op::create(builder, loc, arguments...);
    Key key = {made->getName().getAsOpaquePointer(), made->getAttrDictionary().getAsOpaquePointer()};
    for (Value operand : made->getOperands())
      key.push_back(operand.getAsOpaquePointer());
    auto [known, isNew] = values.try_emplace(std::move(key), made->getResult(0));
    if (!isNew)
      made.erase();
    return known->second;
  }

private:
  using Key = llvm::SmallVector<const void *, 6>;
  std::map<Key, Value> values;
};

class Folding {
public:
  void fold(graph::BatchNormOp norm);

private:
  Value scaleOf(OpBuilder &builder, graph::BatchNormOp norm) {
    return known.get<graph::BnScaleOp>(builder, norm.getLoc(), norm.getGamma(), norm.getVariance(), norm.getEpsilonAttr());
  }
  Value shiftOf(OpBuilder &builder, graph::BatchNormOp norm, Value scale, Value bias) {
    return known.get<graph::BnShiftOp>(builder, norm.getLoc(), norm.getBeta(), norm.getMean(), scale, bias);
  }
  template <typename Contraction> void foldInto(Contraction op, graph::BatchNormOp norm);
  void keepAsScaleShift(graph::BatchNormOp norm);

  Expressions known;
};
} // namespace

/// The contraction with its filter and bias scaled and shifted, in the batch norm's place.
template <typename Contraction> void Folding::foldInto(Contraction op, graph::BatchNormOp norm) {
  OpBuilder builder(norm);
  Value scale = scaleOf(builder, norm);
  Value filter = known.get<graph::ScaleFilterOp>(builder, norm.getLoc(), op.getFilter(), scale);
  Value shift = shiftOf(builder, norm, scale, op.getBias());
  auto folded = llvm::cast<Contraction>(builder.clone(*op.getOperation()));
  folded->setLoc(norm.getLoc());
  folded.getFilterMutable().assign(filter);
  folded.getBiasMutable().assign(shift);
  norm.getY().replaceAllUsesWith(folded.getY());
  norm.erase();
  op.erase();
}

void Folding::keepAsScaleShift(graph::BatchNormOp norm) {
  OpBuilder builder(norm);
  Value scale = scaleOf(builder, norm);
  Value shift = shiftOf(builder, norm, scale, Value());
  norm.getY().replaceAllUsesWith(graph::ScaleShiftOp::create(builder, norm.getLoc(), norm.getX(), scale, shift));
  norm.erase();
}

/// Whether the contraction has taken in no batch norm yet, as a load-table entry folds one, and its parameters are known then.
template <typename Contraction> static bool isPlain(Contraction op) {
  if (!op || !op.getFilter().template getDefiningOp<graph::ReadParameterOp>())
    return false;
  return graph::isLoadTime(op.getFilter().getDefiningOp()) &&
         (!op.getBias() || graph::isLoadTime(op.getBias().getDefiningOp()));
}

void Folding::fold(graph::BatchNormOp norm) {
  Operation *producer = norm.getX().getDefiningOp();
  bool onlyReader = norm.getX().hasOneUse();
  if (auto conv = llvm::dyn_cast_or_null<graph::Conv2dOp>(producer); onlyReader && isPlain(conv))
    return foldInto(conv, norm);
  if (auto conv = llvm::dyn_cast_or_null<graph::GeneralConv2dOp>(producer); onlyReader && isPlain(conv))
    return foldInto(conv, norm);
  if (auto linear = llvm::dyn_cast_or_null<graph::LinearOp>(producer); onlyReader && isPlain(linear))
    return foldInto(linear, norm);
  keepAsScaleShift(norm);
}

namespace {
struct FoldBatchNorm : graph::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    llvm::SmallVector<graph::BatchNormOp> norms(getOperation().getOps<graph::BatchNormOp>());
    Folding folding;
    for (graph::BatchNormOp norm : norms)
      folding.fold(norm);
  }
};
} // namespace
