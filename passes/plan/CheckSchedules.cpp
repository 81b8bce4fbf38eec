// A schedule comes from a cost model, from a database or from whoever wrote the plan's text; emitters trust it.
#include "passes/plan/CheckSchedules.h"

using namespace mlir;
using namespace skip;

LogicalResult plan::checkSchedules(KernelOp kernel, int64_t batch, TargetInterface target) {
  if (!kernel.getSchedules())
    return success();
  llvm::SmallVector<llvm::StringRef> columns = target.columns();
  if (kernel.getSchedulesAttr().size() != columns.size())
    return kernel.emitError("check-12: has ")
           << kernel.getSchedulesAttr().size() << " schedules for " << columns.size() << " columns";
  for (auto [column, schedule] : llvm::enumerate(kernel.getSchedulesAttr()))
    if (!target.computes(schedule, kernel, batch, column))
      return kernel.emitError("check-12: ") << schedule << " does not compute this on " << columns[column];
  return success();
}
