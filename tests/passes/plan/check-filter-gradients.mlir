// A finished plan with a filter's gradient by Winograd in parts, and what `plan-check` says of others.
// RUN: skip-opt --plan-form-kernels --plan-assign-layouts --plan-form-sections --plan-pack-weights --plan-choose-schedules --plan-assign-buffers %s -o %t && skip-opt --plan-check %t -o /dev/null
// RUN: FileCheck %s --check-prefix=PLAN < %t
// PLAN: parts 2 {plan.algorithm = #plan.winograd<4, 16 fused true>}
// RUN: sed -e 's/winograd<4, 16/winograd<6, 16/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/winograd<4, 16/winograd<4, 17/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e "s/4, 16 fused true/4, 16/" %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/ {plan.algorithm = #plan.winograd<4, 16 fused true>}//' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// CHECK: check-12: #plan.x86_loop does not compute this on avx2
// RUN: sed -e 's/layout<filter16>/layout<filter1>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=LAYOUT
// LAYOUT: check-8: no kernel writes this result as #plan.layout<filter1>
// RUN: sed -e 's/images = 2 : i64/images = 1 : i64/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=BATCH
// BATCH: check-3: sums over the batch and computes 1 of its images at a time
module attributes {plan.target = #plan.x86_target<[avx2]>} {
  func.func @net(%image: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> attributes {plan.batch = 2 : i64} {
    %x = graph.relu %image : (tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
    %p = graph.conv2d_grad_filter %x, %x kernel 3 x 3 stride 1 padding 1 parts 2 {plan.algorithm = #plan.winograd<4, 16 fused true>} : (tensor<?x16x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<32x16x3x3xf32>
    %w = graph.sum_parts %p parts 2 : (tensor<32x16x3x3xf32>) -> tensor<16x16x3x3xf32>
    %y = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x8x8xf32>
    return %y : tensor<?x16x8x8xf32>
  }
}
