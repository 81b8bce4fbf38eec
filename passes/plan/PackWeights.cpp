// Turns the expressions over parameters that kernels read into entries of the load table, and places them in the weights
// segment.
//
//   read_parameter @w                                  -> load conv_weight {source = @w}
//   scale_filter (read_parameter @w), (bn_scale g, v)  -> load conv_weight {source = @w, gamma = @g, variance = @v}
//   bn_shift beta, mean, (bn_scale g, v), bias         -> load bias {bias, gamma, beta, mean, variance}
//
// Filters whose channels may be added up say what batch norms their inputs come from.
//
// Variants share the segment: equal entries have one place. Entries of parameters that a function trains are of the state
// (PlaceState.cpp).
//
// Where a kernel has two roots with a bias each, the second load adds `onto` the first and the kernel keeps one bias: a kernel
// adds one vector, whatever it was made of.
#include "passes/plan/InputNorms.h"
#include "passes/plan/Passes.h"

#include "ir/plan/Contractions.h"
#include "ir/plan/Layout.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <unordered_map>

namespace skip::plan {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using plan::KernelOp;
using plan::LayoutKind;
using plan::LoadKind;

namespace {
/// The parameters that one load entry reads.
struct Sources {
  FlatSymbolRefAttr source, bias, gamma, beta, mean, variance;
  double epsilon = 0;
};
} // namespace

static FlatSymbolRefAttr symbolOf(Value value) {
  auto read = value ? value.getDefiningOp<graph::ReadParameterOp>() : nullptr;
  return read ? read.getParameterAttr() : FlatSymbolRefAttr();
}

static bool addScale(Value scale, Sources &from) {
  auto op = scale.getDefiningOp<graph::BnScaleOp>();
  if (!op)
    return false;
  from.gamma = symbolOf(op.getGamma());
  from.variance = symbolOf(op.getVariance());
  from.epsilon = op.getEpsilon().convertToDouble();
  return from.gamma && from.variance;
}

static std::optional<Sources> filterSources(Value filter) {
  Sources from;
  auto scaled = filter.getDefiningOp<graph::ScaleFilterOp>();
  if (scaled && !addScale(scaled.getScale(), from))
    return std::nullopt;
  from.source = symbolOf(scaled ? scaled.getFilter() : filter);
  return from.source ? std::optional(from) : std::nullopt;
}

static std::optional<Sources> biasSources(Value vector) {
  Sources from;
  if (auto shift = vector.getDefiningOp<graph::BnShiftOp>()) {
    from.beta = symbolOf(shift.getBeta());
    from.mean = symbolOf(shift.getMean());
    from.bias = symbolOf(shift.getBias());
    bool complete = from.beta && from.mean && (from.bias || !shift.getBias());
    return complete && addScale(shift.getScale(), from) ? std::optional(from) : std::nullopt;
  }
  from.bias = symbolOf(vector);
  return from.bias ? std::optional(from) : std::nullopt;
}

/// {oc, ic, kh, kw}, of a vector {oc, 1, 1, 1}. A linear layer that reads a picture through a flatten is a convolution with a
/// filter of the picture's size.
static llvm::SmallVector<int64_t> filterDims(KernelOp kernel, unsigned index) {
  auto type = llvm::cast<RankedTensorType>(kernel.getInputs()[index].getType());
  auto reader = llvm::dyn_cast<graph::Contraction>(*kernel.getBody().getArgument(index).user_begin());
  if (!reader || type.getRank() == 1)
    return llvm::SmallVector<int64_t>(plan::parameterDims(type));
  graph::ContractionSizes sizes = reader.getSizes();
  return {sizes.outChannels, sizes.inChannels, sizes.kernelHeight, sizes.kernelWidth};
}

namespace {
class Packing {
public:
  Packing(plan::TargetInterface target, bool exact) : target(target), exact(exact) {}
  /// What the kernel's inputs come from, which is to be seen before any is packed.
  void seeInputs(KernelOp kernel);
  LogicalResult pack(KernelOp kernel);

private:
  Value load(OpBuilder &builder, KernelOp kernel, unsigned index);
  Value create(OpBuilder &builder, Value like, LoadKind kind, plan::LayoutAttr layout, llvm::ArrayRef<int64_t> dims,
               const Sources &from, Value onto);
  void sumBiases(KernelOp kernel);
  Value balanced(OpBuilder &builder, Value load, int64_t distance, ArrayAttr norms);
  void balance(KernelOp kernel);

  plan::TargetInterface target;
  bool exact;
  llvm::DenseMap<std::pair<Value, plan::LayoutAttr>, Value> loads;
  llvm::DenseMap<std::tuple<Value, int64_t, ArrayAttr>, Value> balancedLoads;
  llvm::DenseMap<Operation *, ArrayAttr> inputNorms; // of contractions whose channels may be added up
};
} // namespace

Value Packing::create(OpBuilder &builder, Value like, LoadKind kind, plan::LayoutAttr layout, llvm::ArrayRef<int64_t> dims,
                      const Sources &from, Value onto) {
  return plan::LoadOp::create(builder, like.getLoc(), like.getType(), onto, plan::LoadKindAttr::get(builder.getContext(), kind),
                              layout, builder.getDenseI64ArrayAttr(dims), from.source, from.bias, from.gamma, from.beta,
                              from.mean, from.variance, builder.getF64FloatAttr(from.epsilon), builder.getI64IntegerAttr(0),
                              ArrayAttr(), plan::SlotAttr());
}

/// The load that yields input `index`, or null when the expression has no entry that computes it.
Value Packing::load(OpBuilder &builder, KernelOp kernel, unsigned index) {
  Value input = kernel.getInputs()[index];
  plan::LayoutAttr layout = kernel.inputLayout(index);
  llvm::SmallVector<int64_t> dims = filterDims(kernel, index);
  Value &known = loads[{input, layout}];
  if (known && known.getDefiningOp<plan::LoadOp>().getDims() == llvm::ArrayRef(dims))
    return known;
  if (layout.getKind() != LayoutKind::vector) {
    std::optional<Sources> from = filterSources(input);
    return from ? known = create(builder, input, LoadKind::conv_weight, layout, dims, *from, {}) : Value();
  }
  if (Sources from; addScale(input, from))
    return known = create(builder, input, LoadKind::scale, layout, dims, from, {});
  std::optional<Sources> from = biasSources(input);
  return from ? known = create(builder, input, LoadKind::bias, layout, dims, *from, {}) : Value();
}

/// Two accumulating roots with a bias each: the first one's becomes part of the second's.
void Packing::sumBiases(KernelOp kernel) {
  llvm::SmallVector<graph::Conv2dOp, 2> biased;
  for (auto conv : kernel.getBody().getOps<graph::Conv2dOp>())
    if (conv.getBias())
      biased.push_back(conv);
  if (biased.size() < 2)
    return;
  unsigned first = llvm::cast<BlockArgument>(biased[0].getBias()).getArgNumber();
  unsigned second = llvm::cast<BlockArgument>(biased[1].getBias()).getArgNumber();
  OpBuilder builder(kernel);
  auto term = kernel.getInputs()[second].getDefiningOp<plan::LoadOp>();
  Sources from{{},
               term.getBiasAttr(),
               term.getGammaAttr(),
               term.getBetaAttr(),
               term.getMeanAttr(),
               term.getVarianceAttr(),
               term.getEpsilon().convertToDouble()};
  Value base = builder.clone(*kernel.getInputs()[first].getDefiningOp())->getResult(0); // others may read the plain one
  Value sum = create(builder, kernel.getInputs()[second], LoadKind::bias, term.getLayout(), term.getDims(), from, base);

  biased[0].getBiasMutable().clear();
  kernel.getInputsMutable()[second].set(sum);
  llvm::SmallVector<Attribute> layouts(kernel.getLayoutsAttr().getValue());
  layouts.erase(layouts.begin() + first);
  kernel.setLayoutsAttr(builder.getArrayAttr(layouts));
  kernel.getInputsMutable().erase(first);
  kernel.getBody().eraseArgument(first);
}

void Packing::seeInputs(KernelOp kernel) {
  if (exact || !target.pairDistance(kernel))
    return;
  for (const plan::ContractionView &view : plan::contractionsOf(kernel))
    if (llvm::SmallVector<Attribute> norms = plan::inputNormsOf(view.op->getOperand(0)); !norms.empty())
      inputNorms[view.op] = ArrayAttr::get(kernel.getContext(), norms);
}

void Packing::balance(KernelOp kernel) {
  int64_t distance = exact ? 0 : target.pairDistance(kernel); // whether it does add such pairs is decided later, by schedules
  if (!distance)
    return;
  OpBuilder builder(kernel);
  for (const plan::ContractionView &view : plan::contractionsOf(kernel)) {
    OpOperand &input = kernel->getOpOperand(view.filter.getArgNumber());
    input.set(balanced(builder, input.get(), distance, inputNorms.lookup(view.op)));
  }
}

/// The entry with factors: a copy, since other kernels may want others.
Value Packing::balanced(OpBuilder &builder, Value load, int64_t distance, ArrayAttr norms) {
  Value &known = balancedLoads[{load, distance, norms}];
  if (!known) {
    auto copy = llvm::cast<plan::LoadOp>(builder.clone(*load.getDefiningOp()));
    copy.setBalance(distance);
    if (norms)
      copy.setNormsAttr(norms);
    known = copy;
  }
  return known;
}

LogicalResult Packing::pack(KernelOp kernel) {
  OpBuilder builder(kernel);
  for (unsigned i = 0; i < kernel.getInputs().size(); ++i) {
    Operation *producer = kernel.getInputs()[i].getDefiningOp();
    if (!producer || (!graph::isLoadTime(producer) && !llvm::isa<graph::ReadParameterOp>(producer)))
      continue;
    Value loaded = load(builder, kernel, i);
    if (!loaded)
      return kernel.emitError("no load-table entry computes input ") << i << ", an expression over parameters";
    kernel.getInputsMutable()[i].set(loaded);
  }
  sumBiases(kernel);
  balance(kernel);
  return success();
}

static void eraseDead(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (llvm::isa<graph::LoadTime, plan::LoadOp>(op) && op.use_empty())
      op.erase();
}

namespace {
/// What is written to an entry's place: what its own properties say and those of the entry that adds to it.
using Content = llvm::SmallVector<plan::LoadOp::Properties, 1>;

struct ContentHash {
  size_t operator()(const Content &content) const {
    llvm::hash_code hash(0);
    for (const plan::LoadOp::Properties &properties : content)
      hash = llvm::hash_combine(hash, plan::LoadOp::computePropertiesHash(properties));
    return hash;
  }
};

/// Gives each entry its place in the weights segment, equal entries of different variants the same.
class Placement {
public:
  explicit Placement(int64_t alignment) : alignment(alignment) {}
  void place(plan::LoadOp load);
  int64_t bytes() const { return used; }

private:
  plan::SlotAttr slotFor(plan::LoadOp load);

  std::unordered_map<Content, plan::SlotAttr, ContentHash> slots;
  int64_t alignment, used = 0;
};
} // namespace

static Content contentOf(plan::LoadOp load) {
  Content content{load.getProperties()};
  for (Operation *user : load->getUsers())
    if (auto sum = llvm::dyn_cast<plan::LoadOp>(user))
      content.push_back(sum.getProperties());
  return content;
}

plan::SlotAttr Placement::slotFor(plan::LoadOp load) {
  if (load.getOnto())
    return load.getOnto().getDefiningOp<plan::LoadOp>().getSlotAttr();
  plan::SlotAttr &slot = slots[contentOf(load)];
  if (!slot) {
    int64_t bytes = plan::packedBytes(load.getDims(), load.getLayout(), load.getBalance() > 0);
    slot = plan::SlotAttr::get(load.getContext(), plan::Segment::weights, 0, used, bytes, 0);
    used += llvm::alignTo(bytes, alignment);
  }
  return slot;
}

void Placement::place(plan::LoadOp load) { load.setSlotAttr(slotFor(load)); }

namespace {
struct PackWeights : plan::impl::PackWeightsBase<PackWeights> {
  using PackWeightsBase::PackWeightsBase;

  void runOnOperation() override {
    FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
    if (failed(target))
      return signalPassFailure();
    Placement placement(target->alignment());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isDeclaration()) {
        function.emitError("a plan has no functions without a body");
        return signalPassFailure();
      }
      Packing packing(*target, exact);
      for (auto kernel : function.getOps<KernelOp>()) {
        if (failed(plan::requireLayouts(kernel)))
          return signalPassFailure();
        packing.seeInputs(kernel);
      }
      for (auto kernel : llvm::make_early_inc_range(function.getOps<KernelOp>()))
        if (failed(packing.pack(kernel)))
          return signalPassFailure();
      eraseDead(function);
      for (auto load : function.getOps<plan::LoadOp>())
        if (!graph::changes(function, plan::parameterOf(load)))
          placement.place(load);
    }
    getOperation()->setAttr(plan::weightsBytesAttr, Builder(&getContext()).getI64IntegerAttr(placement.bytes()));
  }
};
} // namespace
