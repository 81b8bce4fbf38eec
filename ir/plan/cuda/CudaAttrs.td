// CUDA: architectures, the target and its schedules, as attributes.
#ifndef SKIP_PLAN_CUDA_ATTRS
#define SKIP_PLAN_CUDA_ATTRS

include "ir/plan/PlanAttrs.td"

def Architecture : I32Enum<"Architecture", "a GPU's architecture that code is made for; the numbers are NVIDIA's", [
    I32EnumCase<"sm_80", 80>]> {
  let cppNamespace = "::skip::plan";
}

def CudaTargetAttr : PlanAttr<"CudaTarget", "cuda_target", [DeclareAttrInterfaceMethods<TargetInterface, ["precision", "element", "filterElement"]>,
    DeclareAttrInterfaceMethods<ScheduleModel, ["applyTuning", "partsOf"]>]> {
  let summary = "CUDA: the architectures that the kernels are built for, and the precision of their contractions";
  let description = [{
    `architectures` in ascending order, no two alike. Later GPUs run the code of the last one below them. Of precision f16 and bf16
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

def CudaLoopAttr : PlanAttr<"CudaLoop", "cuda_loop", [DeclareAttrInterfaceMethods<ScheduleInterface>]> {
  let summary = "a memory-bound kernel's blocks: so many points of the step's domain, `lanes` threads each";
  let parameters = (ins "int64_t":$points, DefaultValuedParameter<"int64_t", "1">:$lanes);
  let assemblyFormat = "`<` $points (`lanes` $lanes^)? `>`";
}

#endif
