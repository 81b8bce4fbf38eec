// RUN: skip-opt --plan-split-variants=batches=1 --plan-apply-tuning %s | FileCheck %s
// RUN: skip-opt --plan-split-variants=batches=1 --plan-apply-tuning=exact=true %s | FileCheck %s --check-prefix=EXACT
// RUN: skip-opt --plan-inference --plan-name-kernels %s | FileCheck %s --check-prefix=PLAN
module attributes {plan.target = #plan.x86_target<[avx2, avx512]>, plan.tuning = {
  "conv2d 1x1/1 p0 128->64 16x16 n1 blocked avx512" = ["strassen 2x4x8/4", "direct 4x1x4", "strassen 2x2x8/4"]}} {
graph.parameter @w : tensor<64x128x1x1xf32>
graph.parameter @odd : tensor<64x48x1x1xf32>

// Behind Strassen's schedule stands the fastest other one.
// CHECK-LABEL: func.func @alone
// CHECK: graph.conv2d {{.*}} {plan.tuned = [unit, [#plan.x86_conv<2, 4, 8 strassen 4>, #plan.x86_conv<4, 1, 4>]]}
// EXACT-LABEL: func.func @alone
// EXACT: graph.conv2d {{.*}} {plan.tuned = [unit, #plan.x86_conv<4, 1, 4>]}
// PLAN-LABEL: func.func @alone
// PLAN: kernel = "conv1x1s1.c128.w16"
// PLAN-SAME: plan.measured = array<i1: false, true>
// PLAN-SAME: #plan.x86_conv<2, 4, 8 strassen 4>]
func.func @alone(%image: tensor<?x128x16x16xf32>) -> tensor<?x64x16x16xf32> {
  %x = graph.relu %image : (tensor<?x128x16x16xf32>) -> tensor<?x128x16x16xf32>
  %w = graph.read_parameter @w : tensor<64x128x1x1xf32>
  %c = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x128x16x16xf32>, tensor<64x128x1x1xf32>) -> tensor<?x64x16x16xf32>
  return %c : tensor<?x64x16x16xf32>
}

// It is taken where the second root has an odd number of blocks, which no halves are made of.
// PLAN-LABEL: func.func @joined
// PLAN: kernel = "conv1x1s1.conv1x1s1.add"
// PLAN-SAME: plan.measured = array<i1: false, true>
// PLAN-SAME: #plan.x86_conv<4, 1, 4>]
func.func @joined(%a: tensor<?x128x16x16xf32>, %b: tensor<?x48x16x16xf32>) -> tensor<?x64x16x16xf32> {
  %x = graph.relu %a : (tensor<?x128x16x16xf32>) -> tensor<?x128x16x16xf32>
  %y = graph.relu %b : (tensor<?x48x16x16xf32>) -> tensor<?x48x16x16xf32>
  %w = graph.read_parameter @w : tensor<64x128x1x1xf32>
  %v = graph.read_parameter @odd : tensor<64x48x1x1xf32>
  %c = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x128x16x16xf32>, tensor<64x128x1x1xf32>) -> tensor<?x64x16x16xf32>
  %d = graph.conv2d %y, %v stride 1 padding 0 : (tensor<?x48x16x16xf32>, tensor<64x48x1x1xf32>) -> tensor<?x64x16x16xf32>
  %s = graph.add %c, %d : (tensor<?x64x16x16xf32>, tensor<?x64x16x16xf32>) -> tensor<?x64x16x16xf32>
  return %s : tensor<?x64x16x16xf32>
}
}
