// Chooses where and how every tensor lies in memory, for the whole graph at once.
//
// A tensor may exist in several forms (planar or the target's native one, with some halo). Its producer writes one, each reader
// uses one, and every further form is a relayout kernel. The cost of a choice, in elements moved or wasted for one image, is
//
//   sum over readers of the cheapest form that exists for them + for each form that is not the producer's own, a copy.
//
// Readers state their costs through the LayoutAware interface. The choice for one tensor is tied to another's only through a
// kernel that can write both families; as long as all kernels but relayouts write native results, the problem falls apart into
// one small enumeration a tensor, and the sum of the optima is the optimum over the graph.
//
// The halo of a form is the largest that one of its readers needs: the producer writes the zeros, so they cost no pass of their
// own. A Winograd convolution reads the native form through a copy of its own kind, the transformed windows. The caller's
// arrays have none, so a padded convolution that reads the network's input gets a copy with a halo. What has no images, a
// filter's gradient or a vector of sums, has one form.
#include "passes/plan/Passes.h"

#include "ir/graph/GraphShapes.h"
#include "ir/plan/Layout.h"
#include "ir/plan/Plan.h"
#include "ir/plan/Statistics.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;
using plan::KernelOp;
using plan::LayoutAttr;
using plan::LayoutKind;

namespace {
/// What one operand of one kernel (or of the return) asks of the tensor's form.
struct Reader {
  OpOperand *use;
  std::optional<int64_t> planarCost, nativeCost;
  int64_t halo = 0;
  LayoutAttr transformed; // what the native form must be turned into first, or null
};

/// The forms that a tensor is to exist in.
struct Forms {
  bool planar = false, native = false;
};
} // namespace

/// Whether the use makes the tensor a result that the caller has an array for; others lie in the state.
static bool isCallersArray(OpOperand &use) {
  auto end = llvm::dyn_cast<func::ReturnOp>(use.getOwner());
  if (!end)
    return false;
  auto attributes = end->getParentOfType<func::FuncOp>().getResultAttrDict(use.getOperandNumber());
  return !attributes || (!attributes.contains(graph::gradientAttr) && !attributes.contains(graph::statisticAttr));
}

static void addCost(std::optional<int64_t> &total, std::optional<int64_t> cost) {
  if (total)
    total = cost ? std::optional<int64_t>(*total + *cost) : std::nullopt;
}

/// The windows of few channels are made from the planar form, without halo; others from the native form, with it. A fused
/// kernel makes them itself.
static void readTransformed(Reader &reader, const graph::ContractionSizes &sizes, plan::WinogradAttr winograd) {
  bool isPlanar = plan::winogradPlanarChannels({sizes.kernelHeight, sizes.stride}, sizes.inChannels);
  (isPlanar ? reader.nativeCost : reader.planarCost) = std::nullopt;
  reader.halo = isPlanar ? 0 : reader.halo;
  if (winograd.getFused())
    return;
  reader.transformed = LayoutAttr::get(winograd.getContext(), LayoutKind::winograd, sizes.padding, winograd.getTile(),
                                       winograd.getGroup(), sizes.kernelHeight, sizes.stride, plan::Element::f32);
}

static bool isComputed(Value tensor) { return !llvm::isa<BlockArgument>(tensor); }

static Reader readerOf(OpOperand &use, plan::TargetInterface target) {
  Reader reader{&use, 0, 0, 0, {}};
  auto kernel = llvm::dyn_cast<KernelOp>(use.getOwner());
  if (!kernel) { // a result of the model: the caller's array
    reader.nativeCost = std::nullopt;
    return reader;
  }
  for (OpOperand &inner : kernel.getBody().getArgument(use.getOperandNumber()).getUses()) {
    if (llvm::isa<plan::YieldOp>(inner.getOwner())) // of an empty kernel
      continue;
    auto aware = llvm::cast<graph::LayoutAware>(inner.getOwner());
    unsigned index = inner.getOperandNumber();
    addCost(reader.planarCost,
            target.readsPlanar() ? aware.operandCost(index, plan::familyOf(LayoutKind::planar)) : std::nullopt);
    addCost(reader.nativeCost, aware.operandCost(index, plan::familyOf(target.nativeLayout())));
    reader.halo = std::max(reader.halo, target.hasHalos() ? aware.requiredHalo(index) : 0);
    auto winograd = inner.getOwner()->getAttrOfType<plan::WinogradAttr>(plan::algorithmAttr);
    if (auto contraction = llvm::dyn_cast<graph::Contraction>(inner.getOwner()); contraction && winograd && index == 0)
      readTransformed(reader, contraction.getSizes(), winograd);
    else if (winograd && llvm::isa<graph::Conv2dGradFilterOp>(inner.getOwner()))
      reader.planarCost = std::nullopt;
  }
  if (isComputed(use.get()) && kernel->getParentOp()->hasAttr(graph::trainableAttr))
    reader.planarCost = std::nullopt; // filters that meet it are transposed for its gradient, which only native ones are
  return reader;
}

/// The trained filter that the picture meets in a reader, or whose gradient the reader computes from it; null if there is none.
static Attribute trainedFilterOf(const Reader &reader) {
  auto kernel = llvm::dyn_cast<KernelOp>(reader.use->getOwner());
  if (!kernel)
    return nullptr;
  for (OpOperand &inner : kernel.getBody().getArgument(reader.use->getOperandNumber()).getUses()) {
    if (auto contraction = llvm::dyn_cast<graph::Contraction>(inner.getOwner()); contraction && inner.getOperandNumber() == 0)
      if (auto filter = llvm::dyn_cast<BlockArgument>(contraction.getFilter()))
        if (auto read = kernel.getInputs()[filter.getArgNumber()].getDefiningOp<graph::ReadParameterOp>())
          return read.getParameterAttr();
    if (llvm::isa<graph::Conv2dGradFilterOp>(inner.getOwner()) && inner.getOperandNumber() == 1)
      for (OpOperand &result : kernel->getUses())
        if (auto end = llvm::dyn_cast<func::ReturnOp>(result.getOwner()))
          return end->getParentOfType<func::FuncOp>().getResultAttr(result.getOperandNumber(), graph::gradientAttr);
  }
  return nullptr;
}

/// A filter and its gradient lie alike, so both meet the picture in one form: where one cannot read a form, the other does not.
static void agreeOnFilters(llvm::MutableArrayRef<Reader> readers) {
  llvm::DenseMap<Attribute, Reader *> known;
  for (Reader &reader : readers) {
    Attribute filter = trainedFilterOf(reader);
    if (!filter)
      continue;
    auto [other, isNew] = known.try_emplace(filter, &reader);
    for (auto cost : {&Reader::planarCost, &Reader::nativeCost})
      if (!isNew && (!(reader.*cost) || !(other->second->*cost)))
        reader.*cost = other->second->*cost = std::nullopt;
  }
}

static llvm::SmallVector<Reader> readersOf(Value tensor, plan::TargetInterface target) {
  llvm::SmallVector<Reader> readers;
  for (OpOperand &use : tensor.getUses())
    readers.push_back(readerOf(use, target));
  agreeOnFilters(readers);
  return readers;
}

static bool prefersPlanar(const Reader &reader, Forms forms) {
  if (!forms.planar || !reader.planarCost)
    return false;
  return !forms.native || !reader.nativeCost || *reader.planarCost < *reader.nativeCost;
}

/// The cost of the readers when the tensor exists in `forms`; nothing when one of them can use none.
static std::optional<int64_t> costOf(llvm::ArrayRef<Reader> readers, Forms forms) {
  int64_t total = 0;
  for (const Reader &reader : readers) {
    std::optional<int64_t> cost = prefersPlanar(reader, forms) ? reader.planarCost
                                  : forms.native               ? reader.nativeCost
                                                               : std::nullopt;
    if (!cost)
      return std::nullopt;
    total += *cost;
  }
  return total;
}

static int64_t haloOf(llvm::ArrayRef<Reader> readers, Forms forms, bool planar) {
  int64_t halo = 0;
  for (const Reader &reader : readers)
    if (prefersPlanar(reader, forms) == planar)
      halo = std::max(halo, reader.halo);
  return halo;
}

/// The cheapest forms for a tensor that its producer writes planar (the caller) or native (a kernel).
static Forms chooseForms(Value tensor, llvm::ArrayRef<Reader> readers, bool fromCaller) {
  int64_t copy = 2 * graph::elementsPerImage(llvm::cast<RankedTensorType>(tensor.getType()).getShape());
  std::optional<int64_t> least;
  Forms best;
  for (Forms forms : {Forms{true, false}, Forms{false, true}, Forms{true, true}}) {
    std::optional<int64_t> cost = costOf(readers, forms);
    if (!cost)
      continue;
    bool copiesPlanar = forms.planar && (!fromCaller || haloOf(readers, forms, true) > 0);
    bool copiesNative = forms.native && fromCaller;
    int64_t total = *cost + copy * (copiesPlanar + copiesNative);
    if (!least || total < *least) {
      least = total;
      best = forms;
    }
  }
  return best;
}

static Value relayout(OpBuilder &builder, Value tensor, LayoutAttr from, LayoutAttr to) {
  auto kernel = KernelOp::create(builder, tensor.getLoc(), tensor.getType(), tensor, builder.getArrayAttr({from, to}),
                                 ArrayAttr(), ArrayAttr(), StringAttr(), IntegerAttr());
  Block &block = kernel.getBody().emplaceBlock();
  block.addArgument(tensor.getType(), tensor.getLoc());
  OpBuilder inside = OpBuilder::atBlockEnd(&block);
  Value copied = plan::RelayoutOp::create(inside, tensor.getLoc(), tensor.getType(), block.getArgument(0));
  plan::YieldOp::create(inside, tensor.getLoc(), copied);
  return kernel.getResult(0);
}

namespace {
class LayoutAssignment {
public:
  explicit LayoutAssignment(plan::TargetInterface target) : context(target.getContext()), target(target) {}

  void assign(Value tensor);
  /// Of a kernel whose tensors with images are assigned, and of all kernels before it everything.
  LogicalResult annotate(KernelOp kernel);

private:
  using Copies = llvm::DenseMap<LayoutAttr, Value>;
  Value copyOf(OpBuilder &builder, Copies &copies, std::pair<Value, LayoutAttr> from, LayoutAttr wanted);
  LayoutAttr layout(LayoutKind kind, int64_t halo = 0) { return LayoutAttr::get(context, kind, halo); }
  LayoutAttr metLayout(KernelOp kernel, Value read);
  LayoutAttr parameterLayout(KernelOp kernel, unsigned index);
  LayoutAttr summedLayout(KernelOp kernel, OpResult result);
  LayoutAttr transposedLayout(int64_t channels);
  LayoutAttr nativeLayout(int64_t halo, bool isStatistic = false) {
    return LayoutAttr::get(context, target.nativeLayout(), halo, isStatistic ? plan::Element::f32 : target.element());
  }

  MLIRContext *context;
  plan::TargetInterface target;
  llvm::DenseMap<Value, LayoutAttr> layouts;
};
} // namespace

/// The tensor in the wanted form: one that exists, or a new copy of `from`.
Value LayoutAssignment::copyOf(OpBuilder &builder, Copies &copies, std::pair<Value, LayoutAttr> from, LayoutAttr wanted) {
  Value &copy = copies[wanted];
  if (!copy)
    layouts[copy = relayout(builder, from.first, from.second, wanted)] = wanted;
  return copy;
}

/// Gives `tensor` its layout and redirects readers of other forms to copies.
void LayoutAssignment::assign(Value tensor) {
  bool fromCaller = !isComputed(tensor);
  llvm::SmallVector<Reader> readers = readersOf(tensor, target);
  Forms forms = chooseForms(tensor, readers, fromCaller);
  LayoutAttr planar = layout(LayoutKind::planar, haloOf(readers, forms, true));
  LayoutAttr native = nativeLayout(haloOf(readers, forms, false), plan::isStatistic(tensor));
  LayoutAttr own = fromCaller ? layout(LayoutKind::planar) : native;
  layouts[tensor] = own;

  OpBuilder builder(context);
  builder.setInsertionPointAfterValue(tensor);
  Copies copies{{own, tensor}};
  for (Reader &reader : readers) {
    LayoutAttr wanted = prefersPlanar(reader, forms) ? planar : native;
    bool isResult = llvm::isa<func::ReturnOp>(reader.use->getOwner());
    if (isResult) { // each result is an array of its own
      builder.setInsertionPoint(reader.use->getOwner());
      Value copy = relayout(builder, tensor, own, layout(LayoutKind::planar));
      layouts[copy] = layout(LayoutKind::planar);
      reader.use->set(copy);
      builder.setInsertionPointAfterValue(tensor);
      continue;
    }
    Value read = copyOf(builder, copies, {tensor, own}, wanted);
    reader.use->set(reader.transformed ? copyOf(builder, copies, {read, wanted}, reader.transformed) : read);
  }
}

/// The layout of a filter that meets the picture `read`, an operation's operand, perhaps behind a prologue.
LayoutAttr LayoutAssignment::metLayout(KernelOp kernel, Value read) {
  while (Operation *prologue = read.getDefiningOp())
    read = prologue->getOperand(0);
  Value tensor = kernel.getInputs()[llvm::cast<BlockArgument>(read).getArgNumber()];
  int64_t channels = llvm::cast<RankedTensorType>(tensor.getType()).getDimSize(1);
  return LayoutAttr::get(context, target.filterLayout(layouts.lookup(tensor), channels), 0, target.filterElement());
}

LayoutAttr LayoutAssignment::transposedLayout(int64_t channels) {
  return LayoutAttr::get(context, target.filterLayout(nativeLayout(0), channels), 0, target.element());
}

/// Where groups are no whole blocks of a blocked picture, single channels of theirs meet blocks of outputs.
static LayoutAttr generalLayout(RankedTensorType filter, int64_t groups, LayoutAttr met) {
  bool areWhole = graph::areWholeBlocks(filter.getShape(), groups, plan::lanesOf(LayoutKind::blocked));
  bool isSplit = met.getKind() == LayoutKind::filter16 && !areWhole;
  return isSplit ? LayoutAttr::get(filter.getContext(), LayoutKind::filter1, 0, met.getElement()) : met;
}

/// Vectors have one layout; a filter's follows the family of the input that it meets, and is transposed where it meets native
/// ones.
LayoutAttr LayoutAssignment::parameterLayout(KernelOp kernel, unsigned index) {
  auto type = llvm::cast<RankedTensorType>(kernel.getInputs()[index].getType());
  if (type.getRank() == 1)
    return layout(LayoutKind::vector);
  Operation *reader = *kernel.getBody().getArgument(index).user_begin();
  if (llvm::isa<graph::TransposeFilterOp>(reader))
    return transposedLayout(type.getDimSize(0));
  if (auto general = llvm::dyn_cast<graph::GeneralConv2dOp>(reader))
    return generalLayout(type, general.getGroups(), metLayout(kernel, general.getX()));
  if (auto gradient = llvm::dyn_cast<graph::GeneralConv2dGradInputOp>(reader))
    return generalLayout(type, gradient.getGroups(), metLayout(kernel, gradient.getDy()));
  return metLayout(kernel, reader->getOperand(0));
}

/// Of a result without images: a gradient, in parts or whole, lies as its parameter, which meets the same picture. What is the
/// caller's is planar.
LayoutAttr LayoutAssignment::summedLayout(KernelOp kernel, OpResult result) {
  auto type = llvm::cast<RankedTensorType>(result.getType());
  if (type.getRank() == 1) {
    bool isCallers = llvm::any_of(result.getUses(), [](OpOperand &use) { return isCallersArray(use); });
    return layout(isCallers ? LayoutKind::planar : LayoutKind::vector);
  }
  Operation *root = kernel.roots().front();
  if (llvm::isa<graph::SumPartsOp>(root))
    return layouts.lookup(kernel.getInputs().front());
  if (llvm::isa<graph::TransposeFilterOp>(root))
    return transposedLayout(type.getDimSize(1));
  LayoutAttr met = metLayout(kernel, root->getOperand(1));
  auto general = llvm::dyn_cast<graph::GeneralConv2dGradFilterOp>(root);
  return general ? generalLayout(type, general.getGroups(), met) : met;
}

LogicalResult LayoutAssignment::annotate(KernelOp kernel) {
  llvm::SmallVector<Attribute> all;
  for (auto [index, input] : llvm::enumerate(kernel.getInputs())) {
    LayoutAttr known = layouts.lookup(input);
    bool isRead = !known || input.getDefiningOp<graph::ReadParameterOp>();
    LayoutAttr wanted = isRead ? parameterLayout(kernel, index) : known;
    Operation *producer = input.getDefiningOp();
    if (producer && !llvm::isa<KernelOp>(producer) && !graph::isLoadTime(producer)) { // one place, which all readers share
      if (known && known != wanted)
        return kernel.emitError("the parameter `")
               << graph::valueName(input) << "` is trained, and read in two layouts: " << known << " and " << wanted;
      layouts[input] = wanted;
    }
    all.push_back(wanted);
  }
  for (OpResult output : kernel->getResults()) {
    if (!plan::isPerImage(llvm::cast<RankedTensorType>(output.getType())))
      layouts[output] = summedLayout(kernel, output);
    all.push_back(layouts.lookup(output));
  }
  kernel.setLayoutsAttr(ArrayAttr::get(context, all));
  return success();
}

/// Each result in the state has a place of its own: what two are is computed twice.
static void separateResults(func::FuncOp function) {
  llvm::DenseSet<Value> seen;
  for (OpOperand &use : function.getBody().front().getTerminator()->getOpOperands()) {
    auto kernel = use.get().getDefiningOp<KernelOp>();
    if (isCallersArray(use) || !kernel || seen.insert(use.get()).second)
      continue;
    unsigned result = llvm::cast<OpResult>(use.get()).getResultNumber();
    use.set(OpBuilder(kernel).clone(*kernel)->getResult(result));
  }
}

namespace {
struct AssignLayouts : plan::impl::AssignLayoutsBase<AssignLayouts> {
  void runOnOperation() override {
    FailureOr<plan::TargetInterface> target = plan::targetOf(getOperation());
    if (failed(target))
      return signalPassFailure();
    separateResults(getOperation());
    LayoutAssignment assignment(*target);
    llvm::SmallVector<KernelOp> kernels(getOperation().getOps<KernelOp>());
    for (Value argument : getOperation().getArguments())
      assignment.assign(argument);
    for (KernelOp kernel : kernels)
      for (Value output : kernel.getOutputs())
        if (plan::isPerImage(llvm::cast<RankedTensorType>(output.getType())))
          assignment.assign(output);
    for (KernelOp kernel : kernels)
      if (failed(assignment.annotate(kernel)))
        return signalPassFailure();
  }
};
} // namespace
