// What passes ask of x86: 16 channels side by side, cache lines, register tiles.
#include "ir/plan/Layout.h"
#include "ir/plan/x86/Problems.h"
#include "ir/plan/x86/Shapes.h"
#include "ir/plan/x86/Strassen.h"

#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;
using namespace skip;
using plan::LayoutKind;
using plan::X86TargetAttr;

LogicalResult X86TargetAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, llvm::ArrayRef<Isa> isas,
                                    llvm::StringRef, llvm::StringRef) {
  bool isAscending = std::adjacent_find(isas.begin(), isas.end(), std::greater_equal<>()) == isas.end();
  return !isas.empty() && isAscending ? success() : emitError() << "expected instruction sets in ascending order, each once";
}

llvm::SmallVector<llvm::StringRef> X86TargetAttr::columns() const {
  return llvm::map_to_vector(getIsas(), [](Isa isa) { return stringifyIsa(isa); });
}

LayoutKind X86TargetAttr::nativeLayout() const { return LayoutKind::blocked; }

bool X86TargetAttr::hasHalos() const { return true; }

bool X86TargetAttr::readsPlanar() const { return true; }

LayoutKind X86TargetAttr::filterLayout(Attribute input, int64_t channels) const {
  auto met = llvm::cast<LayoutAttr>(input);
  bool isPlanar = met.getKind() == LayoutKind::winograd ? winogradPlanarChannels(winogradTaps(met), channels)
                                                        : met.getKind() == LayoutKind::planar;
  return isPlanar ? LayoutKind::filter1 : LayoutKind::filter16;
}

int64_t X86TargetAttr::alignment() const { return 64; } // a cache line, and a vector of AVX-512

int64_t X86TargetAttr::nearBytes() const { return kNearBytes; }

/// The first schedule that tuning found for the `index`th ISA and that is legal for the kernel.
static std::optional<plan::ConvSchedule> tunedSchedule(plan::KernelOp kernel, const plan::ConvShape &shape, size_t index,
                                                       plan::Isa isa) {
  Operation *main = plan::mainContractionOf(kernel)->op;
  auto tuned = main->getAttrOfType<ArrayAttr>(plan::tunedAttr);
  // A Winograd convolution multiplies windows, whatever they were made from.
  bool isOfThisInput = main->hasAttr(plan::algorithmAttr) || main->hasAttr(plan::tunedPlanarAttr) == shape.planarInput;
  if (!tuned || index >= tuned.size() || !isOfThisInput)
    return std::nullopt;
  Attribute entry = tuned[index];
  auto several = llvm::dyn_cast<ArrayAttr>(entry);
  for (Attribute attribute : several ? several.getValue() : llvm::ArrayRef(entry)) {
    auto schedule = llvm::dyn_cast<plan::X86ConvAttr>(attribute);
    if (schedule && plan::isLegal(plan::scheduleOf(schedule), shape, plan::abiIsa(isa)))
      return plan::scheduleOf(schedule);
  }
  return std::nullopt;
}

static constexpr int64_t kMostPoints = 8;

namespace {
/// What the cost model predicts to be the fastest, found once for all that are alike.
class Predicted {
public:
  const plan::Algorithm &algorithm(const plan::ConvProblem &problem, int64_t mostPoints) {
    auto [place, isNew] = algorithms.try_emplace({problem, mostPoints});
    if (isNew)
      place->second = plan::predictedAlgorithm(problem, mostPoints);
    return place->second;
  }
  const plan::ConvSchedule &schedule(const plan::ConvShape &shape, SkipIsa isa) {
    auto [place, isNew] = schedules.try_emplace({shape, isa});
    if (isNew)
      place->second = plan::convSchedules(shape, isa).front();
    return place->second;
  }
  /// What the gradient of a filter is to be computed by; direct where Winograd cannot.
  plan::FilterGradientAlgorithm gradient(graph::Conv2dGradFilterOp op, int64_t images) {
    std::optional<plan::FilterGradientShape> shape = plan::filterGradientShape(op, images);
    // The caller's picture may better be read as it is.
    if (!shape || llvm::isa<BlockArgument>(op.getX()))
      return {};
    bool isFull =
        llvm::cast<RankedTensorType>(op.getDy().getType()).getDimSize(1) % plan::lanesOf(plan::LayoutKind::blocked) == 0;
    auto [place, isNew] = gradients.try_emplace({*shape, isFull});
    if (isNew)
      place->second = plan::chooseFilterGradient(*shape, isFull);
    return place->second;
  }

private:
  std::map<std::pair<plan::FilterGradientShape, bool>, plan::FilterGradientAlgorithm> gradients;
  std::map<std::pair<plan::ConvProblem, int64_t>, plan::Algorithm> algorithms;
  std::map<std::pair<plan::ConvShape, SkipIsa>, plan::ConvSchedule> schedules;
};
} // namespace

static void chooseAlgorithmOf(Operation *contraction, int64_t images, Predicted &predicted) {
  if (auto gradient = llvm::dyn_cast<graph::Conv2dGradFilterOp>(contraction)) {
    if (plan::FilterGradientAlgorithm best = predicted.gradient(gradient, images); best.tile != 0)
      gradient->setAttr(plan::algorithmAttr,
                        plan::WinogradAttr::get(gradient.getContext(), best.tile, best.group, /*fused=*/true));
    return;
  }
  std::optional<plan::ConvProblem> problem = plan::problemOf(contraction, images, plan::Isa::avx2);
  if (!problem)
    return;
  bool isTrained = plan::isTrained(contraction);
  plan::Algorithm best = predicted.algorithm(*problem, isTrained ? plan::kTrainedPoints : kMostPoints);
  if (best.tile != 0 && plan::mayCompute(isTrained, *problem, {best, {}}))
    contraction->setAttr(plan::algorithmAttr, plan::winogradAttribute(contraction->getContext(), best));
}

void X86TargetAttr::chooseAlgorithms(llvm::ArrayRef<Operation *> contractions, int64_t images) const {
  Predicted predicted;
  for (Operation *contraction : contractions)
    chooseAlgorithmOf(contraction, images, predicted);
}

llvm::SmallVector<int64_t> X86TargetAttr::gradientParts(llvm::ArrayRef<Operation *> gradients, int64_t images) const {
  Predicted predicted;
  return llvm::map_to_vector(gradients, [&](Operation *op) {
    auto gradient = llvm::dyn_cast<graph::Conv2dGradFilterOp>(op);
    return gradient && gradient->hasAttr(algorithmAttr) ? predicted.gradient(gradient, images).parts : 1;
  });
}

int64_t X86TargetAttr::windowBytes(Operation *op) const { return windowBytesOf(op); }

int64_t X86TargetAttr::pairDistance(Operation *kernel) const {
  std::optional<ConvShape> shape = convShapeOf(llvm::cast<KernelOp>(kernel), 1);
  return shape ? strassenHalfBlocks(*shape) : 0;
}

bool X86TargetAttr::addsPairs(Attribute schedule) const {
  auto conv = llvm::dyn_cast<X86ConvAttr>(schedule);
  return conv && conv.getUnitBlocks() > 0;
}

static void chooseSchedulesOf(plan::KernelOp kernel, llvm::ArrayRef<plan::Isa> isas, int64_t images, bool exact,
                              Predicted &predicted) {
  MLIRContext *context = kernel.getContext();
  std::optional<plan::ConvShape> shape = plan::convShapeOf(kernel, images);
  if (shape)
    shape->exact = exact;
  llvm::SmallVector<Attribute, 2> schedules;
  llvm::SmallVector<bool, 2> measured;
  for (auto [index, isa] : llvm::enumerate(isas)) {
    if (!shape) {
      schedules.push_back(plan::X86LoopAttr::get(context));
      continue;
    }
    std::optional<plan::ConvSchedule> tuned = tunedSchedule(kernel, *shape, index, isa);
    measured.push_back(tuned.has_value());
    schedules.push_back(plan::scheduleAttribute(context, tuned ? *tuned : predicted.schedule(*shape, plan::abiIsa(isa))));
  }
  kernel.setSchedulesAttr(ArrayAttr::get(context, schedules));
  if (llvm::is_contained(measured, true))
    kernel->setAttr(plan::measuredAttr, DenseBoolArrayAttr::get(context, measured));
}

void X86TargetAttr::chooseSchedules(llvm::ArrayRef<Operation *> kernels, int64_t images, bool exact) const {
  Predicted predicted;
  for (Operation *kernel : kernels)
    chooseSchedulesOf(llvm::cast<KernelOp>(kernel), getIsas(), images, exact, predicted);
}

static bool isKnownAlgorithm(const plan::ContractionView &view) {
  if (view.isGeneral)
    return !view.winograd;
  plan::Algorithm algorithm;
  if (view.winograd)
    algorithm = {view.winograd.getTile(), view.winograd.getGroup(), view.winograd.getFused()};
  return plan::isKnown(algorithm, plan::problemOf(view, 1)); // whatever the images
}

/// Of gradients of filters: parts have blocks of output channels of their own.
static bool isKnownGradient(graph::Conv2dGradFilterOp gradient) {
  auto winograd = gradient->getAttrOfType<plan::WinogradAttr>(plan::algorithmAttr);
  int64_t channels = llvm::cast<RankedTensorType>(gradient.getDy().getType()).getDimSize(1), parts = gradient.getParts();
  if (!winograd)
    return parts == 1;
  std::optional<plan::FilterGradientShape> shape = plan::filterGradientShape(gradient, 1);
  return shape && winograd.getFused() && (parts == 1 || channels % plan::lanesOf(LayoutKind::blocked) == 0) &&
         plan::isKnown({winograd.getTile(), winograd.getGroup()}, *shape);
}

bool X86TargetAttr::computes(Attribute attribute, Operation *op, int64_t images, size_t column) const {
  auto kernel = llvm::cast<KernelOp>(op);
  if (!llvm::all_of(kernel.getBody().getOps<graph::Conv2dGradFilterOp>(), isKnownGradient))
    return false;
  if (!llvm::all_of(contractionsOf(kernel), isKnownAlgorithm))
    return false;
  std::optional<ConvShape> shape = convShapeOf(kernel, images);
  auto schedule = llvm::dyn_cast<X86ConvAttr>(attribute);
  return shape ? schedule && isLegal(scheduleOf(schedule), *shape, abiIsa(getIsas()[column])) : !schedule;
}

/// `2x14x3`, of Strassen's products with the blocks of a unit, `4x14x3/8`.
std::string plan::X86ConvAttr::text() const {
  std::string sizes = joinSizes({getOcBlocks(), getRows(), getColumns()});
  return getUnitBlocks() ? sizes + "/" + std::to_string(getUnitBlocks()) : sizes;
}

bool plan::X86ConvAttr::isTunable() const { return true; }

std::string plan::X86LoopAttr::text() const { return "loop"; }

bool plan::X86LoopAttr::isTunable() const { return false; }
