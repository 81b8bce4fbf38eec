// From what a model computes to what its training computes: the loss beside the logits, and batch norms by the batch.
#include "passes/graph/Passes.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include "llvm/ADT/SetVector.h"

namespace skip::graph {
#define GEN_PASS_DEF_PREPARETRAINING
#include "passes/graph/Passes.h.inc"
} // namespace skip::graph

using namespace mlir;
using namespace skip;

/// The output called `name`, or the only one.
static FailureOr<Value> logitsOf(func::FuncOp function, llvm::StringRef name) {
  Operation *end = function.getBody().front().getTerminator();
  if (name.empty() && end->getNumOperands() == 1)
    return end->getOperand(0);
  for (unsigned i = 0; i < end->getNumOperands(); ++i) {
    auto attribute = function.getResultAttrOfType<StringAttr>(i, graph::nameAttr);
    if (!name.empty() && attribute && attribute.getValue() == name)
      return end->getOperand(i);
  }
  if (name.empty())
    return function.emitError("the model has ") << end->getNumOperands() << " outputs: say which one has the loss";
  return function.emitError("the model has no output `") << name << "`";
}

static std::string nameOfOnlyOutput(func::FuncOp function) {
  auto name = function.getResultAttrOfType<StringAttr>(0, graph::nameAttr);
  return name ? name.str() : "";
}

static bool isTrained(graph::BatchNormOp norm) {
  return llvm::any_of(ValueRange{norm.getGamma(), norm.getBeta()}, [](Value value) {
    Operation *read = value.getDefiningOp();
    return read && !graph::isLoadTime(read);
  });
}

namespace {
/// A batch's mean or variance, and the parameter in which the running one is kept.
struct BatchStatistic {
  Value running, ofBatch;
};
} // namespace

/// By the batch's statistics. With momentum 1 the running ones after it are the batch's own.
static void trainBatchNorm(graph::BatchNormOp norm, llvm::SmallVectorImpl<BatchStatistic> &statistics) {
  OpBuilder builder(norm);
  auto trained =
      graph::BatchNormTrainOp::create(builder, norm.getLoc(), norm.getX(), norm.getGamma(), norm.getBeta(), norm.getMean(),
                                      norm.getVariance(), norm.getEpsilonAttr(), builder.getF64FloatAttr(1));
  norm.getY().replaceAllUsesWith(trained.getY());
  statistics.push_back({norm.getMean(), trained.getNextMean()});
  statistics.push_back({norm.getVariance(), trained.getNextVariance()});
  norm.erase();
}

/// Leaves the first reading of each parameter, so that layers that share one read one value.
static void shareReads(func::FuncOp function) {
  llvm::DenseMap<Attribute, graph::ReadParameterOp> first;
  for (auto read : llvm::make_early_inc_range(function.getOps<graph::ReadParameterOp>())) {
    auto [known, isNew] = first.try_emplace(read.getParameterAttr(), read);
    if (isNew)
      continue;
    read.getValue().replaceAllUsesWith(known->second.getValue());
    read.erase();
  }
}

/// What the loss does not depend on is not trained.
static void keepTrainableThatIsRead(func::FuncOp function) {
  llvm::DenseSet<Attribute> read;
  for (auto op : function.getOps<graph::ReadParameterOp>())
    read.insert(op.getParameterAttr());
  for (llvm::StringRef name : {graph::trainableAttr, graph::decayedAttr})
    if (auto list = function->getAttrOfType<ArrayAttr>(name)) {
      llvm::SmallVector<Attribute> kept(list.getValue());
      llvm::erase_if(kept, [&](Attribute parameter) { return !read.contains(parameter); });
      function->setAttr(name, ArrayAttr::get(function.getContext(), kept));
    }
}

static void setResults(func::FuncOp function, llvm::ArrayRef<Value> results) {
  function.getBody().front().getTerminator()->setOperands(results);
  function.removeResAttrsAttr();
  function.setType(FunctionType::get(function.getContext(), function.getArgumentTypes(), ValueRange(results).getTypes()));
}

/// What only the other outputs needed.
static void eraseUnused(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (op.use_empty() && !op.hasTrait<OpTrait::IsTerminator>())
      op.erase();
}

namespace {
struct PrepareTraining : graph::impl::PrepareTrainingBase<PrepareTraining> {
  using PrepareTrainingBase::PrepareTrainingBase;

  LogicalResult prepare();
  void runOnOperation() override {
    if (failed(prepare()))
      signalPassFailure();
  }
};
} // namespace

/// Takes one more input, of 32-bit integers, one for each image.
static LogicalResult addIntegers(func::FuncOp function, llvm::StringRef name) {
  Builder builder(function.getContext());
  auto type = RankedTensorType::get({ShapedType::kDynamic}, builder.getI32Type());
  auto attributes = builder.getDictionaryAttr(builder.getNamedAttr(graph::nameAttr, builder.getStringAttr(name)));
  return function.insertArgument(function.getNumArguments(), type, attributes, NameLoc::get(builder.getStringAttr(name)));
}

/// Dropouts that are none stay for EraseIdentities.
static llvm::SmallVector<graph::DropoutOp> dropoutsOf(func::FuncOp function) {
  llvm::SmallVector<graph::DropoutOp> dropouts;
  for (auto dropout : function.getOps<graph::DropoutOp>())
    if (dropout.getRate().convertToDouble() > 0)
      dropouts.push_back(dropout);
  return dropouts;
}

/// Each draws by a number of its own.
static void trainDropouts(llvm::MutableArrayRef<graph::DropoutOp> dropouts, Value draws) {
  for (auto [layer, dropout] : llvm::enumerate(dropouts)) {
    OpBuilder builder(dropout);
    Value trained = graph::DropoutTrainOp::create(builder, dropout.getLoc(), dropout.getX(), draws, dropout.getRateAttr(),
                                                  builder.getI64IntegerAttr(static_cast<int64_t>(layer)));
    dropout.getY().replaceAllUsesWith(trained);
    dropout.erase();
  }
}

/// The vector that the loss is of.
static FailureOr<Value> checkedLogits(func::FuncOp function, llvm::StringRef name, double smoothing) {
  if (function.isDeclaration())
    return function.emitError("a function without a body cannot be trained");
  FailureOr<Value> logits = logitsOf(function, name);
  if (failed(logits))
    return failure();
  auto type = llvm::cast<RankedTensorType>(logits->getType());
  if (type.getRank() != 2)
    return function.emitError("a loss is that of a vector of logits, not of ") << type;
  if (!(smoothing >= 0 && smoothing < 1))
    return function.emitError("the smoothing must be at least 0 and less than 1");
  return logits;
}

static LogicalResult addDraws(func::FuncOp function) {
  llvm::SmallVector<graph::DropoutOp> dropouts = dropoutsOf(function);
  if (dropouts.empty())
    return success();
  if (failed(addIntegers(function, graph::drawsName)))
    return failure();
  trainDropouts(dropouts, function.getArguments().back());
  return success();
}

/// From the logits, the only result, to both.
static LogicalResult addLoss(func::FuncOp function, double smoothing) {
  if (failed(addIntegers(function, "labels")))
    return failure();
  Operation *end = function.getBody().front().getTerminator();
  OpBuilder builder(end);
  Value logits = end->getOperand(0); // a dropout's, maybe
  Value loss = graph::SoftmaxCrossEntropyOp::create(builder, NameLoc::get(builder.getStringAttr("loss")), logits,
                                                    function.getArguments().back(), builder.getF64FloatAttr(smoothing));
  setResults(function, {loss, logits});
  return success();
}

/// Their statistics are results too.
static llvm::SmallVector<BatchStatistic> trainBatchNorms(func::FuncOp function) {
  llvm::SmallVector<BatchStatistic> statistics;
  for (auto norm : llvm::make_early_inc_range(function.getOps<graph::BatchNormOp>()))
    if (isTrained(norm))
      trainBatchNorm(norm, statistics);
  llvm::SmallVector<Value> results(function.getBody().front().getTerminator()->getOperands());
  for (const BatchStatistic &statistic : statistics)
    results.push_back(statistic.ofBatch);
  setResults(function, results);
  return statistics;
}

/// Says what each result is: the loss, the logits, and of which parameters the others are the next values.
static void nameResults(func::FuncOp function, llvm::StringRef logits, llvm::ArrayRef<BatchStatistic> statistics) {
  Builder builder(function.getContext());
  auto named = [&](llvm::StringRef attribute, Attribute value) {
    return builder.getDictionaryAttr(builder.getNamedAttr(attribute, value));
  };
  llvm::SmallVector<DictionaryAttr> ofResults(function.getNumResults(), builder.getDictionaryAttr({}));
  ofResults[0] = named(graph::nameAttr, builder.getStringAttr("loss"));
  ofResults[1] = named(graph::nameAttr, builder.getStringAttr(logits));
  llvm::SetVector<Attribute> tracked;
  for (auto [index, statistic] : llvm::enumerate(statistics))
    if (auto read = statistic.running.getDefiningOp<graph::ReadParameterOp>()) {
      ofResults[index + 2] = named(graph::statisticAttr, read.getParameterAttr());
      tracked.insert(read.getParameterAttr());
    }
  function.setAllResultAttrs(ofResults);
  function->setAttr(graph::trackedAttr, builder.getArrayAttr(tracked.getArrayRef()));
}

LogicalResult PrepareTraining::prepare() {
  func::FuncOp function = getOperation();
  FailureOr<Value> logits = checkedLogits(function, output, smoothing);
  if (failed(logits))
    return failure();
  const std::string logitsName = output.empty() ? nameOfOnlyOutput(function) : output;
  setResults(function, {*logits});
  eraseUnused(function);
  if (failed(addDraws(function)) || failed(addLoss(function, smoothing)))
    return failure();
  shareReads(function);
  keepTrainableThatIsRead(function);
  nameResults(function, logitsName, trainBatchNorms(function));
  return success();
}
