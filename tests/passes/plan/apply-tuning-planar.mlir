// RUN: skip-opt --plan-split-variants=batches=1 --plan-apply-tuning %s | FileCheck %s
// RUN: skip-opt --plan-inference --plan-name-kernels %s | FileCheck %s --check-prefix=PLAN
module attributes {plan.target = #plan.x86_target<[avx512]>, plan.tuning = {
  "conv2d 3x3/1 p0 3->16 12x12 n1 planar avx512" = ["direct 1x1x6"],
  "conv2d 1x1/1 p0 16->64 28x28 n1 blocked avx512" = ["direct 1x2x7"]}} {
graph.parameter @w : tensor<16x3x3x3xf32>
graph.parameter @p : tensor<64x16x1x1xf32>

// Of few channels the caller's array is read as it is, and that is what was measured.
// CHECK-LABEL: func.func @few
// CHECK: graph.conv2d {{.*}} {plan.tuned = [#plan.x86_conv<1, 1, 6>], plan.tuned_planar}
// PLAN-LABEL: func.func @few
// PLAN: plan.measured = array<i1: true>
// PLAN-SAME: schedules = [#plan.x86_conv<1, 1, 6>]
// PLAN-NOT: plan.tuned
func.func @few(%image: tensor<?x3x14x14xf32>) -> tensor<?x16x12x12xf32> {
  %w = graph.read_parameter @w : tensor<16x3x3x3xf32>
  %c = graph.conv2d %image, %w stride 1 padding 0 : (tensor<?x3x14x14xf32>, tensor<16x3x3x3xf32>) -> tensor<?x16x12x12xf32>
  return %c : tensor<?x16x12x12xf32>
}

// A 1x1 reads many channels planar too, which was not measured: the schedule of blocked ones does not count.
// CHECK-LABEL: func.func @many
// CHECK: graph.conv2d {{.*}} {plan.tuned = [#plan.x86_conv<1, 2, 7>]}
// PLAN-LABEL: func.func @many
// PLAN-NOT: plan.measured
func.func @many(%image: tensor<?x16x28x28xf32>) -> tensor<?x64x28x28xf32> {
  %w = graph.read_parameter @p : tensor<64x16x1x1xf32>
  %c = graph.conv2d %image, %w stride 1 padding 0 : (tensor<?x16x28x28xf32>, tensor<64x16x1x1xf32>) -> tensor<?x64x28x28xf32>
  return %c : tensor<?x64x28x28xf32>
}
}
