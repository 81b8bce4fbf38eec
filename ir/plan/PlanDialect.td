// The plan dialect: what runs, in which layout, where in memory, by which schedule.
#ifndef SKIP_PLAN_DIALECT
#define SKIP_PLAN_DIALECT

include "mlir/IR/OpBase.td"

def PlanDialect : Dialect {
  let name = "plan";
  let cppNamespace = "::skip::plan";
  let summary = "a network as a table of fused kernels over one arena";
  let description = [{
    A model becomes a list of `plan.kernel` operations, each a step, and `plan.load` operations, each an entry of the load table.
    Still in SSA form: a value's place in memory stands beside it as a slot. Each pass fills in one attribute of the kernels:

    | pass | fills in |
    |---|---|
    | `plan-split-variants` | one function for each batch bound (`plan.batch`) |
    | `plan-apply-tuning` | `plan.algorithm` and `plan.tuned` (for each ISA a schedule, or `unit`) on contractions that were tuned |
    | `plan-choose-algorithms` | `plan.algorithm` on convolutions that are not computed directly |
    | `plan-form-kernels` | the kernels themselves |
    | `plan-assign-layouts` | `layouts`, and relayout kernels where two layouts meet |
    | `plan-pack-weights` | the load table; weights get slots |
    | `plan-choose-schedules` | `schedules`, one for each ISA of the target; `plan.measured` where they were tuned |
    | `plan-assign-buffers` | `slots`; the function's `plan.workspace_bytes` |
    | `plan-check` | nothing: it proves that the plan is sound |
    | `plan-name-kernels` | `kernel`: a name for people |

    The module carries `plan.target`.
  }];
  let dependentDialects = ["::skip::graph::GraphDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1; // plan.role is a role
}

#endif
