// A schedule comes from a cost model, from a database or from whoever wrote the plan's text; emitters trust it.
#include "passes/plan/CheckSchedules.h"

#include "ir/plan/x86/Problems.h"
#include "ir/plan/x86/Shapes.h"

using namespace mlir;
using namespace skip;

LogicalResult plan::checkSchedules(KernelOp kernel, int64_t batch, llvm::ArrayRef<Isa> isas) {
  if (!kernel.getSchedules())
    return success();
  if (kernel.getSchedulesAttr().size() != isas.size())
    return kernel.emitError("check-12: has ")
           << kernel.getSchedulesAttr().size() << " schedules for " << isas.size() << " ISAs";
  std::optional<ConvShape> shape = convShapeOf(kernel, batch);
  for (auto [attribute, isa] : llvm::zip_equal(kernel.getSchedulesAttr(), isas)) {
    auto schedule = llvm::dyn_cast<ConvScheduleAttr>(attribute);
    bool fits = shape ? schedule && isLegal(scheduleOf(schedule), *shape, abiIsa(isa)) : !schedule;
    if (!fits)
      return kernel.emitError("check-12: ") << attribute << " does not compute this on " << stringifyIsa(isa);
  }
  return success();
}
