// The passes on the plan dialect; their order is that of Pipeline.cpp.
#ifndef SKIP_PLAN_PASSES
#define SKIP_PLAN_PASSES

include "mlir/Pass/PassBase.td"

def SplitVariants : Pass<"plan-split-variants", "::mlir::ModuleOp"> {
  let summary = "one function for each batch bound";
  let description = [{
    Each copy is named after its bound and carries it as `plan.batch`. Before and after: tests/passes/plan/split-variants.mlir.
  }];
  let options = [ListOption<"batches", "batches", "int64_t", "batch bounds">];
}

def ApplyTuning : Pass<"plan-apply-tuning", "::mlir::ModuleOp"> {
  let summary = "annotate contractions with what tuning found for them";
  let description = [{
    Before: the module may have `plan.tuning`, each function `plan.batch`; kernels are not formed yet. After: the contractions that
    it knows have `plan.tuned`, and `plan.algorithm` where that is not direct; `plan.tuning` is gone. Entries that are not legal
    are passed over. Before and after: tests/passes/plan/apply-tuning.mlir.
  }];
  let options = [Option<"exact", "exact", "bool", "false", "no algorithm that rounds differently from the direct one">];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def ChooseAlgorithms : Pass<"plan-choose-algorithms", "::mlir::func::FuncOp"> {
  let summary = "decide which 3x3 convolutions are computed by Winograd's minimal filtering";
  let description = [{
    Before: each function has `plan.batch`; kernels are not formed yet. After: such convolutions carry `plan.algorithm`; those with
    `plan.tuned` are left alone. Before and after: tests/passes/plan/choose-algorithms.mlir.
  }];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def FormKernels : Pass<"plan-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "group operations into kernels: a root with its prologue and epilogue";
  let description = [{
    Before: operations of the graph dialect. After: every value that is not known at load time is
    the results of a `plan.kernel`. An elementwise operation joins the kernel of an operand that nothing else
    reads; an add of two convolutions makes them one kernel with two roots, so a projection shortcut costs no round trip through
    memory. A kernel bears the name of the value that it yields. Before and after: tests/passes/plan/form-kernels.mlir.
  }];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def AssignLayouts : Pass<"plan-assign-layouts", "::mlir::func::FuncOp"> {
  let summary = "choose each tensor's layout; insert relayout kernels where two meet";
  let description = [{
    After: every kernel has `layouts`; inputs and outputs of the model are planar without halo. Before and after:
    tests/passes/plan/assign-layouts.mlir.
  }];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def PackWeights : Pass<"plan-pack-weights", "::mlir::ModuleOp"> {
  let summary = "turn expressions over parameters into entries of the load table";
  let description = [{
    After: no operation that computes on parameters is left but `plan.load`, each with a slot; the module has
    `plan.weights_bytes`. The biases of a kernel with two roots are summed when they are loaded. Filters
    whose channels Strassen's products may add up get factors (`balance`). Before and after:
    tests/passes/plan/pack-weights.mlir.
  }];
  let options = [Option<"exact", "exact", "bool", "false", "no factors for algorithms that round differently from the direct one">];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def OrderSteps : Pass<"plan-order-steps", "::mlir::func::FuncOp"> {
  let summary = "steps of training that take the whole batch stand together";
  let description = [{
    Before: every kernel has `layouts`. After: what computes on parameters alone stands behind the step before it that takes the
    whole batch, gradients of parameters in front of the next one. A function without such steps stays as it is. Before and
    after: tests/passes/plan/order-steps.mlir.
  }];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def PlaceState : Pass<"plan-place-state", "::mlir::ModuleOp"> {
  let summary = "place what training changes: parameters, statistics, gradients";
  let description = [{
    Before: entries of parameters that a function trains or tracks have no slot. After: they have one in the state, whose parts are
    the module's `plan.state`, and each gradient and statistic among a function's results has `plan.slot`. A module that trains
    nothing stays as it is. Before and after: tests/passes/plan/place-state.mlir.
  }];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def FormSections : Pass<"plan-form-sections", "::mlir::func::FuncOp"> {
  let summary = "decide how many images each run of kernels computes at a time";
  let description = [{
    Before: each function has `plan.batch`, every kernel `layouts`. After: every kernel has `images`. Before and after:
    tests/passes/plan/form-sections.mlir.
  }];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def SplitSums : Pass<"plan-split-sums", "::mlir::func::FuncOp"> {
  let summary = "cut the sums of contractions that are too few to fill the machine, and add the parts up in a step of its own";
  let description = [{
    Before: every kernel has `layouts` and `images`. After: contractions for which the target asks for it are two kernels. The first one
    writes its sums, and nothing else, in addends (layout `partial`); the second one adds these up and does what came behind them. Before
    and after: tests/passes/plan/split-sums.mlir.
  }];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def ChooseSchedules : Pass<"plan-choose-schedules", "::mlir::ModuleOp"> {
  let summary = "pick each kernel's schedule, for each ISA of the target, as tuned or by the cost model";
  let description = [{
    Before: the module has `plan.target`, each function `plan.batch`; contractions may have `plan.tuned`, which is followed where
    it is legal for the kernel, of two roots that with more multiply-adds; `exact` leaves out Strassen's. After: every kernel has `schedules`, and
    `plan.measured` if any of them was tuned. Before and after: tests/passes/plan/choose-schedules.mlir.
  }];
  let options = [Option<"exact", "exact", "bool", "false", "no algorithm that rounds differently from the direct one">];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def DivideRuns : Pass<"plan-divide-runs", "::mlir::ModuleOp"> {
  let summary = "say which runs are faster in parts, by the plans of fewer images";
  let description = [{
    Before: every kernel has `schedules`. After: variants of which a run should be divided have `plan.parts`, how many images the first
    part of a run has, for each n from one more than the next smaller variant's bound to their own. Before and after:
    tests/passes/plan/divide-runs.mlir.
  }];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def AssignBuffers : Pass<"plan-assign-buffers", "::mlir::func::FuncOp"> {
  let summary = "place every tensor in memory: one arena, by lifetimes, adds in place";
  let description = [{
    After: every kernel has `slots`; the function has `plan.workspace_bytes`. Before and after:
    tests/passes/plan/assign-buffers.mlir.
  }];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

def CheckPlan : Pass<"plan-check", "::mlir::ModuleOp"> {
  let summary = "prove from the finished plan that every step reads what it should";
  let description = [{
    Changes nothing. Rules: check-1 slots lie in segments that may be read or written, on lines of 64 bytes, within the workspace;
    check-2 they have room for what their layouts say, halos included, and their images are as far apart; check-3 every kernel has
    layouts, slots and a number of images; check-4 each input lies where it is read, for the images of every turn, in the layout
    that it is read in; check-5 no result is written over what the same kernel reads, unless elementwise in place; check-6
    operations can read the layouts that they are given, with halos as wide as they need; check-7 parameters are packed for the
    input that they meet; check-8 results have layouts that a kernel can write; check-9 the outputs hold the results, and
    all variants have the same inputs and outputs; check-10 entries of the load table have places of their own, where their readers look, and
    the readers' sizes; check-11 filters whose channels a kernel adds up have factors; check-12
    schedules compute their kernels' shapes in the registers that there are; check-13 what training changes lies in the part of the
    state that it belongs to, gradients as their parameters; check-14 parts of runs have images, and no more than there are. Each rule is broken in tests/passes/plan/check.mlir.
  }];
  let dependentDialects = ["::skip::plan::PlanDialect"];
}

#endif
