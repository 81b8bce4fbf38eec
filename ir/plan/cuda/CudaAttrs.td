// CUDA: architectures, the target and its schedules, as attributes.
#ifndef SKIP_PLAN_CUDA_ATTRS
#define SKIP_PLAN_CUDA_ATTRS

include "ir/plan/PlanAttrs.td"

def Architecture : I32Enum<"Architecture", "a GPU's architecture that kernels are made for; the numbers are NVIDIA's", [
    I32EnumCase<"sm_80", 80>, I32EnumCase<"sm_90a", 90>]> {
  let cppNamespace = "::skip::plan";
}

def CudaTargetAttr : PlanAttr<"CudaTarget", "cuda_target", [DeclareAttrInterfaceMethods<TargetInterface, ["precision", "element", "filterElement"]>,
    DeclareAttrInterfaceMethods<ScheduleModel, ["applyTuning", "partsOf"]>]> {
  let summary = "CUDA: the architectures that the kernels are built for, and the precision of their contractions";
  let description = [{
    `architectures` in ascending order, no two alike; the first is sm_80, whose code later GPUs run. That of sm_90a runs on that one
    alone, and has products of warp groups, but in f32, where they are predicted to be faster. Of precision f16 and bf16
    activations and filters are stored so; of tf32 filters are, activations are f32 and rounded where they are multiplied. f32 is computed on CUDA
    cores, all else on tensor cores. Images are computed at a time as long as their activations stay within `near` megabytes.
  }];
  let parameters = (ins ArrayRefParameter<"Architecture">:$architectures,
                        DefaultValuedParameter<"::skip::plan::Precision", "::skip::plan::Precision::f32">:$precision,
                        DefaultValuedParameter<"int64_t", "512">:$near);
  let assemblyFormat = "`<` `[` $architectures `]` (`precision` $precision^)? (`near` $near^)? `>`";
  let builders = [AttrBuilder<(ins "::llvm::ArrayRef<Architecture>":$architectures),
                              [{ return $_get($_ctxt, architectures, Precision::f32, 512); }]>,
                  AttrBuilder<(ins "::llvm::ArrayRef<Architecture>":$architectures, "Precision":$precision),
                              [{ return $_get($_ctxt, architectures, precision, 512); }]>];
  let genVerifyDecl = 1;
}

def CudaGemmAttr : PlanAttr<"CudaGemm", "cuda_gemm", [DeclareAttrInterfaceMethods<ScheduleInterface>]> {
  let summary = "a contraction's tile on CUDA cores: tileM pixels by tileN channels a block, threadM by threadN of them a thread";
  let description = [{
    The step's domain is pixels of all images by output channels. A block takes tileK values of the sum at a time through shared
    memory. Sums have one order whatever the tile, so all tiles give the same bits.
  }];
  let parameters = (ins "int64_t":$tileM, "int64_t":$tileN, "int64_t":$tileK, "int64_t":$threadM, "int64_t":$threadN);
  let assemblyFormat = "`<` $tileM `,` $tileN `,` $tileK `thread` $threadM `,` $threadN `>`";
}

def CudaMmaAttr : PlanAttr<"CudaMma", "cuda_mma", [DeclareAttrInterfaceMethods<ScheduleInterface>]> {
  let summary = "a contraction's tile on tensor cores: tileM pixels by tileN channels a block of warpsM by warpsN warps";
  let description = [{
    The step's domain is that of `cuda_gemm`. A block takes tileK values of the sum at a time; `stages` such pieces of both
    operands are in shared memory, all but one of them on their way there.
  }];
  let parameters = (ins "int64_t":$tileM, "int64_t":$tileN, "int64_t":$tileK, "int64_t":$warpsM, "int64_t":$warpsN,
                        "int64_t":$stages);
  let assemblyFormat = "`<` $tileM `,` $tileN `,` $tileK `warps` $warpsM `,` $warpsN `stages` $stages `>`";
}

def CudaWgmmaAttr : PlanAttr<"CudaWgmma", "cuda_wgmma", [DeclareAttrInterfaceMethods<ScheduleInterface>]> {
  let summary = "a contraction's tile by products of warp groups, of sm_90a: tileM pixels by tileN channels a block";
  let description = [{
    The step's domain is that of `cuda_gemm`. One warp group copies, by tensor maps, `consumers` multiply; `stages` lines of 128
    bytes of both operands are in shared memory. `cluster` blocks along the first axis share what they copy of the filters.
  }];
  let parameters = (ins "int64_t":$tileM, "int64_t":$tileN, "int64_t":$consumers, "int64_t":$stages,
                        DefaultValuedParameter<"int64_t", "1">:$cluster);
  let assemblyFormat = "`<` $tileM `,` $tileN `consumers` $consumers `stages` $stages (`cluster` $cluster^)? `>`";
}

def CudaLoopAttr : PlanAttr<"CudaLoop", "cuda_loop", [DeclareAttrInterfaceMethods<ScheduleInterface>]> {
  let summary = "a memory-bound kernel's blocks: so many points of the step's domain, `lanes` threads each";
  let parameters = (ins "int64_t":$points, DefaultValuedParameter<"int64_t", "1">:$lanes);
  let assemblyFormat = "`<` $points (`lanes` $lanes^)? `>`";
}

#endif
