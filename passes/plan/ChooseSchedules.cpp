// Gives every kernel its schedules: contractions those that were tuned or else the first that the cost model ranks, others the
// only one there is.
#include "passes/plan/Passes.h"

#include "ir/plan/Contractions.h"
#include "ir/plan/x86/Problems.h"
#include "ir/plan/x86/Shapes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace skip::plan {
#define GEN_PASS_DEF_CHOOSESCHEDULES
#include "passes/plan/Passes.h.inc"
} // namespace skip::plan

using namespace mlir;
using namespace skip;

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
    auto schedule = llvm::dyn_cast<plan::ConvScheduleAttr>(attribute);
    if (schedule && plan::isLegal(plan::scheduleOf(schedule), shape, plan::abiIsa(isa)))
      return plan::scheduleOf(schedule);
  }
  return std::nullopt;
}

static void chooseSchedules(plan::KernelOp kernel, int64_t batch, llvm::ArrayRef<plan::Isa> isas, bool exact) {
  MLIRContext *context = kernel.getContext();
  std::optional<plan::ConvShape> shape = plan::convShapeOf(kernel, batch);
  if (shape)
    shape->exact = exact;
  llvm::SmallVector<Attribute, 2> schedules;
  llvm::SmallVector<bool, 2> measured;
  for (auto [index, isa] : llvm::enumerate(isas)) {
    if (!shape) {
      schedules.push_back(plan::LoopScheduleAttr::get(context));
      continue;
    }
    std::optional<plan::ConvSchedule> tuned = tunedSchedule(kernel, *shape, index, isa);
    measured.push_back(tuned.has_value());
    schedules.push_back(
        plan::scheduleAttribute(context, tuned ? *tuned : plan::convSchedules(*shape, plan::abiIsa(isa)).front()));
  }
  kernel.setSchedulesAttr(ArrayAttr::get(context, schedules));
  for (Operation &op : kernel.getBody().front()) {
    op.removeAttr(plan::tunedAttr);
    op.removeAttr(plan::tunedPlanarAttr);
  }
  if (llvm::is_contained(measured, true))
    kernel->setAttr(plan::measuredAttr, DenseBoolArrayAttr::get(context, measured));
}

namespace {
struct ChooseSchedules : plan::impl::ChooseSchedulesBase<ChooseSchedules> {
  using ChooseSchedulesBase::ChooseSchedulesBase;

  void runOnOperation() override {
    auto target = getOperation()->getAttrOfType<plan::TargetAttr>(plan::targetAttr);
    if (!target) {
      getOperation().emitError("the module has no `plan.target`");
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto batch = function->getAttrOfType<IntegerAttr>(plan::batchAttr);
      if (!batch) {
        function.emitError("the function has no `plan.batch`");
        return signalPassFailure();
      }
      for (auto kernel : function.getOps<plan::KernelOp>())
        chooseSchedules(kernel, batch.getInt(), target.getIsas(), exact);
    }
  }
};
} // namespace
