// Of what tuning found for a GPU the first legal choice counts: its parts, and its tile for the kernel that has as many.
// RUN: skip-opt %s -plan-inference | FileCheck %s
// RUN: sed -e 's/\[sm_80\]/[sm_80, sm_90a]/' %s | skip-opt -plan-inference - | FileCheck %s --check-prefix=BOTH
// BOTH: plan.kernel {{.*}}partial group 8>], plan.measured = array<i1: false, true>, schedules = [#plan.cuda_mma<{{.*}}>, #plan.cuda_wgmma<64, 64 consumers 1 stages 2 cluster 2>]

module attributes {plan.target = #plan.cuda_target<[sm_80] precision bf16>, plan.tuning = {
    "conv2d 3x3/1 p1 512->512 7x7 n1 nhwc bf16" = [
      "gemm 64x64x16/8x4",                 // of another precision
      "mma 64x64x64/2x2*3 parts 3",        // no number of parts
      "nonsense", 7,
      "wgmma 64x64/1*2c2 parts 8",         // of sm_90a, which the target is not for
      "mma 32x32x64/2x2*4 parts 4", "mma 128x64x32/2x2*4"]}} {
  graph.parameter @w : tensor<512x512x3x3xf32>
  // CHECK-LABEL: func.func @cut
  // CHECK: plan.kernel
  // CHECK: plan.kernel {{.*}}partial group 4>], plan.measured = array<i1: true>, schedules = [#plan.cuda_mma<32, 32, 64 warps 2, 2 stages 4>]
  // CHECK: graph.conv2d
  // CHECK: plan.kernel {{.*}}schedules = [#plan.cuda_loop
  // CHECK-NOT: plan.tuned
  func.func @cut(%x: tensor<?x512x7x7xf32>) -> tensor<?x512x7x7xf32> {
    %w = graph.read_parameter @w : tensor<512x512x3x3xf32>
    %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x512x7x7xf32>, tensor<512x512x3x3xf32>) -> tensor<?x512x7x7xf32>
    %y = graph.relu %c : (tensor<?x512x7x7xf32>) -> tensor<?x512x7x7xf32>
    return %y : tensor<?x512x7x7xf32>
  }
}
