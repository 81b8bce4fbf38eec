// A second column of schedules, for sm_90a: products of warp groups where they are predicted to be faster.
// RUN: skip-opt --plan-inference --plan-name-kernels %s | FileCheck %s
// RUN: sed -e 's/precision bf16/precision tf32/' %s | skip-opt --plan-inference --plan-name-kernels - | FileCheck %s --check-prefix=TF32
// RUN: sed -e 's/ precision bf16//' %s | skip-opt --plan-inference --plan-name-kernels - | FileCheck %s --check-prefix=F32

// CHECK: plan.target = #plan.cuda_target<[sm_80, sm_90a] precision bf16>
// CHECK: schedules = [#plan.cuda_loop<256>, #plan.cuda_loop<256>]
// CHECK: schedules = [#plan.cuda_mma<{{[^>]*}}>, #plan.cuda_wgmma<{{[0-9]+}}, {{[0-9]+}} consumers {{[12]}} stages {{[0-9]}}{{( cluster [24])?}}>]
// TF32: schedules = [#plan.cuda_mma<{{[^>]*}}>, #plan.cuda_wgmma<
// F32: schedules = [#plan.cuda_gemm<{{[^>]*}}>, #plan.cuda_gemm<

// What plan-check says of schedules that no GPU of the column has.
// RUN: skip-opt --plan-inference %s -o %t
// RUN: sed -e 's/\[#plan.cuda_mma<[^>]*>, #plan.cuda_wgmma<[^>]*>\]/[#plan.cuda_wgmma<128, 128 consumers 2 stages 4>, #plan.cuda_wgmma<128, 128 consumers 2 stages 4>]/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=OLD
// RUN: sed -e 's/\[#plan.cuda_mma<[^>]*>, #plan.cuda_wgmma<[^>]*>\]/[#plan.cuda_wgmma<128, 128 consumers 2 stages 4>, #plan.cuda_wgmma<128, 128 consumers 2 stages 4>]/' %t | not skip-opt --plan-name-kernels - 2>&1 | FileCheck %s --check-prefix=NAMED
// OLD: check-12: #plan.cuda_wgmma<128, 128 consumers 2 stages 4> does not compute this on sm_80
// NAMED: error: no kernel family computes this
// RUN: sed -e 's/#plan.cuda_wgmma<[^>]*>/#plan.cuda_wgmma<128, 256 consumers 1 stages 4>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=TILE
// RUN: sed -e 's/#plan.cuda_wgmma<[^>]*>/#plan.cuda_wgmma<128, 128 consumers 2 stages 8>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=TILE
// RUN: sed -e 's/#plan.cuda_wgmma<[^>]*>/#plan.cuda_wgmma<128, 128 consumers 2 stages 4 cluster 3>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=TILE
// RUN: sed -e 's/#plan.cuda_wgmma<[^>]*>/#plan.cuda_wgmma<0, 128 consumers 0 stages 4>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=TILE
// TILE: check-12: #plan.cuda_wgmma<{{.*}}> does not compute this on sm_90a

// Tensor maps step by eight pixels at most.
// RUN: sed -e 's/stride 1 padding 1/stride 9 padding 1/; s/256x160x160/256x18x18/g' %s | skip-opt --plan-inference --plan-name-kernels - | FileCheck %s --check-prefix=FAR
// FAR: schedules = [#plan.cuda_mma<{{[^>]*}}>, #plan.cuda_mma<

// RUN: sed -e 's/\[sm_80, sm_90a\]/[sm_90a]/' %s | not skip-opt - 2>&1 | FileCheck %s --check-prefix=ALONE
// RUN: sed -e 's/\[sm_80, sm_90a\]/[sm_90a, sm_80]/' %s | not skip-opt - 2>&1 | FileCheck %s --check-prefix=ALONE
// ALONE: expected architectures in ascending order, each once, sm_80 first
module attributes {plan.target = #plan.cuda_target<[sm_80, sm_90a] precision bf16>} {
graph.parameter @w : tensor<256x64x3x3xf32>
func.func @m(%x: tensor<?x64x160x160xf32>) -> tensor<?x256x160x160xf32> {
  %w = graph.read_parameter @w : tensor<256x64x3x3xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x64x160x160xf32>, tensor<256x64x3x3xf32>) -> tensor<?x256x160x160xf32>
  return %c : tensor<?x256x160x160xf32>
}
}
