// RUN: skip-opt --plan-split-variants=batches=1 --plan-apply-tuning %s | FileCheck %s
module attributes {plan.target = #plan.x86_target<[avx512]>, plan.tuning = {
  "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512" = ["winograd6/25 2x1x9+7", "winograd4/28 2x1x7", "direct 2x2x7"],
  "conv2d 1x1/1 p0 64->64 56x56 n1 blocked avx512" = ["strassen 2x2x14/4", "direct 2x1x14"]}} {
graph.parameter @w : tensor<64x64x3x3xf32>
graph.parameter @p : tensor<64x64x1x1xf32>

// Of what is trained no window has more than six positions along an axis, and no products of sums are taken.
// CHECK-LABEL: func.func @trained
// CHECK: graph.conv2d {{.*}} padding 1 {plan.algorithm = #plan.winograd<4, 28>, plan.tuned = [#plan.x86_conv<2, 1, 7>]}
// CHECK: graph.conv2d {{.*}} padding 0 {plan.tuned = [#plan.x86_conv<2, 1, 14>]}
func.func @trained(%image: tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32> attributes {graph.trainable = [@w, @p]} {
  %x = graph.relu %image : (tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32>
  %w = graph.read_parameter @w : tensor<64x64x3x3xf32>
  %p = graph.read_parameter @p : tensor<64x64x1x1xf32>
  %a = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  %b = graph.conv2d %a, %p stride 1 padding 0 : (tensor<?x64x56x56xf32>, tensor<64x64x1x1xf32>) -> tensor<?x64x56x56xf32>
  return %b : tensor<?x64x56x56xf32>
}

// The same where nothing is trained.
// CHECK-LABEL: func.func @still
// CHECK: graph.conv2d {{.*}} padding 1 {plan.algorithm = #plan.winograd<6, 25>, plan.tuned = [#plan.x86_conv<2, 1, 9 tails[7]>]}
// CHECK: graph.conv2d {{.*}} padding 0 {plan.tuned = {{\[+}}#plan.x86_conv<2, 2, 14 strassen 4>
func.func @still(%image: tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32> {
  %x = graph.relu %image : (tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32>
  %w = graph.read_parameter @w : tensor<64x64x3x3xf32>
  %p = graph.read_parameter @p : tensor<64x64x1x1xf32>
  %a = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  %b = graph.conv2d %a, %p stride 1 padding 0 : (tensor<?x64x56x56xf32>, tensor<64x64x1x1xf32>) -> tensor<?x64x56x56xf32>
  return %b : tensor<?x64x56x56xf32>
}
}
