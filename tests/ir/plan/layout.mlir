// A layout says what its elements are stored as; f32 goes without saying.
// RUN: skip-opt %s | skip-opt | FileCheck %s

// CHECK: #plan.layout<blocked halo 1>, #plan.layout<winograd halo 1 tile 4 group 49 element bf16>, #plan.layout<vector element f16>
func.func private @layouts() attributes {layouts = [#plan.layout<blocked halo 1 element f32>,
  #plan.layout<winograd halo 1 tile 4 group 49 element bf16>, #plan.layout<vector element f16>]}

// CHECK: #plan.layout<nhwc>, #plan.layout<krsc element bf16>
// CHECK: schedules = [#plan.cuda_gemm<128, 64, 16 thread 8, 8>, #plan.cuda_loop<256>, #plan.cuda_loop<8 lanes 32>]
// CHECK: target = #plan.cuda_target<[sm_80]>
func.func private @cuda() attributes {layouts = [#plan.layout<nhwc>, #plan.layout<krsc element bf16>],
  schedules = [#plan.cuda_gemm<128, 64, 16 thread 8, 8>, #plan.cuda_loop<256 lanes 1>, #plan.cuda_loop<8 lanes 32>],
  target = #plan.cuda_target<[sm_80]>}
