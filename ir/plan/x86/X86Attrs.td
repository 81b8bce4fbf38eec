// x86: instruction sets, the target, its algorithms and schedules, as attributes.
#ifndef SKIP_PLAN_X86_ATTRS
#define SKIP_PLAN_X86_ATTRS

include "ir/plan/PlanAttrs.td"

def Isa : I32Enum<"Isa", "an instruction set that kernels are built for; the numbers are those of runtime/Abi.h", [
    I32EnumCase<"avx2", 0>, I32EnumCase<"avx512", 1>]> {
  let cppNamespace = "::skip::plan";
}

// All of the schedule model is answered, with algorithms.
def X86TargetAttr : PlanAttr<"X86Target", "x86_target", [DeclareAttrInterfaceMethods<TargetInterface>,
    DeclareAttrInterfaceMethods<ScheduleModel, ["applyTuning", "chooseAlgorithms", "gradientParts", "windowBytes", "pairDistance", "addsPairs", "predictedCost"]>]> {
  let summary = "x86: what the kernels are built for";
  let description = [{
    `isas` in ascending order, each an `Isa`'s name, and no two alike. `cpu` and `features` are LLVM's names when one given CPU is meant, else empty.
  }];
  let parameters = (ins ArrayRefParameter<"Isa">:$isas, StringRefParameter<"", "\"\"">:$cpu, StringRefParameter<"", "\"\"">:$features);
  let assemblyFormat = "`<` `[` $isas `]` (`cpu` $cpu^)? (`features` $features^)? `>`";
  let genVerifyDecl = 1;
}

def X86ConvAttr : PlanAttr<"X86Conv", "x86_conv", [DeclareAttrInterfaceMethods<ScheduleInterface>]> {
  let summary = "a contraction's register tile: ocBlocks blocks of 16 channels by rows by columns pixels";
  let description = [{
    A row of output pixels is tiled by `columns`, what remains by `tails` in descending order. A Winograd convolution's columns
    are the tiles of a group, its rows the positions whose sums are in registers at a time: 1, 2 or all of a row. By Strassen's
    products, quarters of `ocBlocks` blocks by `columns` pixels are multiplied, in units of `rows` rows by `unitBlocks` blocks.
  }];
  let parameters = (ins "int64_t":$ocBlocks, "int64_t":$rows, "int64_t":$columns, OptionalArrayRefParameter<"int64_t">:$tails,
                        DefaultValuedParameter<"int64_t", "0">:$unitBlocks);
  let assemblyFormat = "`<` $ocBlocks `,` $rows `,` $columns (`tails` `[` $tails^ `]`)? (`strassen` $unitBlocks^)? `>`";
}

def X86LoopAttr : PlanAttr<"X86Loop", "x86_loop", [DeclareAttrInterfaceMethods<ScheduleInterface>]> {
  let summary = "the only schedule of a memory-bound kernel: one unit for each domain point";
  let assemblyFormat = "";
}

#endif
