// A finished plan with a Winograd convolution that transforms its input itself, and what `plan-check` says of it with another one.
// RUN: skip-opt --plan-inference %s -o %t && skip-opt --plan-check %t -o /dev/null
// RUN: FileCheck %s --check-prefix=PLAN < %t
// PLAN: plan.algorithm = #plan.winograd<4, 28 fused true>
// RUN: sed -e 's/winograd<4, 28/winograd<3, 28/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/winograd<4, 28/winograd<68, 28/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/winograd<4, 28/winograd<4, 29/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// CHECK: check-12: #plan.{{.*}} does not compute this on avx2
// RUN: sed -e 's/winograd<4, 28/winograd<0, 28/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: sed -e 's/winograd<4, 28/winograd<4, 0/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SIZE
// SIZE: tile and group must be at least 1
// RUN: sed -e 's/layout<blocked/layout<winograd/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=LAYOUT
// LAYOUT: a layout's halo, tile, group, kernel or stride is too small
module attributes {plan.target = #plan.x86_target<[avx2]>, plan.tuning = {"conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx2" = ["winograd4/28 fused 1x1x4"]}} {
  graph.parameter @w : tensor<64x64x3x3xf32>
  func.func @net(%image: tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32> {
    %w = graph.read_parameter @w : tensor<64x64x3x3xf32>
    %y = graph.conv2d %image, %w stride 1 padding 1 : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
    return %y : tensor<?x64x56x56xf32>
  }
}
