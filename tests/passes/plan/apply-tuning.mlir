// RUN: skip-opt --plan-split-variants=batches=1 --plan-apply-tuning %s | FileCheck %s
// RUN: skip-opt --plan-split-variants=batches=1 --plan-apply-tuning=exact=true %s | FileCheck %s --check-prefix=EXACT
// RUN: skip-opt --plan-inference --plan-name-kernels %s | FileCheck %s --check-prefix=PLAN
// CHECK-NOT: plan.tuning
module attributes {plan.target = #plan.x86_target<[avx2, avx512]>, plan.tuning = {
  "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512" = ["winograd4/28 2x1x7", "direct 2x2x7"],
  "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx2" = ["direct 1x1x4", "winograd4/28 1x1x4"],
  "conv2d 1x1/2 p0 64->64 28x28 n1 blocked avx2" = ["direct 2x1x3+1", "direct 2x1x2"],
  "conv2d 1x1/2 p0 64->64 28x28 n1 blocked avx512" = ["direct 64x9x9", "winograd4/28 2x1x7", "nonsense", 7],
  "linear 1x1/1 p0 64->10 1x1 n1 blocked avx512" = ["direct 1x1x1"]}} {
graph.parameter @w : tensor<64x64x3x3xf32>
graph.parameter @p : tensor<64x64x1x1xf32>
graph.parameter @q : tensor<64x64x7x7xf32>
graph.parameter @f : tensor<10x64xf32>

// The widest ISA's fastest algorithm is everybody's; the other's schedule is its fastest under that algorithm.
// CHECK-LABEL: func.func @both
// CHECK: graph.conv2d {{.*}} {plan.algorithm = #plan.winograd<4, 28>, plan.tuned = [#plan.x86_conv<1, 1, 4>, #plan.x86_conv<2, 1, 7>]}
// EXACT-LABEL: func.func @both
// EXACT: graph.conv2d {{.*}} {plan.tuned = [#plan.x86_conv<1, 1, 4>, #plan.x86_conv<2, 2, 7>]}
// PLAN-LABEL: func.func @both
// PLAN: plan.measured = array<i1: true, true>
// PLAN-SAME: schedules = [#plan.x86_conv<1, 1, 4>, #plan.x86_conv<2, 1, 7>]
// PLAN: graph.conv2d {{.*}} {plan.algorithm = #plan.winograd<4, 28>}
func.func @both(%image: tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32> {
  %x = graph.relu %image : (tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32>
  %w = graph.read_parameter @w : tensor<64x64x3x3xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  return %c : tensor<?x64x56x56xf32>
}

// What is not legal is passed over, so that the narrower ISA decides; the wider one's schedule is the cost model's.
// CHECK-LABEL: func.func @narrow
// CHECK: graph.conv2d {{.*}} {plan.tuned = [#plan.x86_conv<2, 1, 2>, unit]}
// PLAN-LABEL: func.func @narrow
// PLAN: plan.measured = array<i1: true, false>
// PLAN-SAME: schedules = [#plan.x86_conv<2, 1, 2>, #plan.x86_conv<
func.func @narrow(%image: tensor<?x64x56x56xf32>) -> tensor<?x64x28x28xf32> {
  %x = graph.relu %image : (tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32>
  %w = graph.read_parameter @p : tensor<64x64x1x1xf32>
  %c = graph.conv2d %x, %w stride 2 padding 0 : (tensor<?x64x56x56xf32>, tensor<64x64x1x1xf32>) -> tensor<?x64x28x28xf32>
  return %c : tensor<?x64x28x28xf32>
}

// What the table does not know is left alone.
// CHECK-LABEL: func.func @unknown
// CHECK-NOT: plan.tuned
// PLAN-LABEL: func.func @unknown
// PLAN-NOT: plan.measured
func.func @unknown(%image: tensor<?x64x14x14xf32>) -> tensor<?x64x8x8xf32> {
  %x = graph.relu %image : (tensor<?x64x14x14xf32>) -> tensor<?x64x14x14xf32>
  %w = graph.read_parameter @q : tensor<64x64x7x7xf32>
  %c = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x64x14x14xf32>, tensor<64x64x7x7xf32>) -> tensor<?x64x8x8xf32>
  return %c : tensor<?x64x8x8xf32>
}

// CHECK-LABEL: func.func @head
// PLAN-LABEL: func.func @head
// CHECK: graph.linear {{.*}} {plan.tuned = [unit, #plan.x86_conv<1, 1, 1>]}
func.func @head(%image: tensor<?x64x1x1xf32>) -> tensor<?x10xf32> {
  %x = graph.flatten %image : (tensor<?x64x1x1xf32>) -> tensor<?x64xf32>
  %w = graph.read_parameter @f : tensor<10x64xf32>
  %y = graph.linear %x, %w : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}
}
