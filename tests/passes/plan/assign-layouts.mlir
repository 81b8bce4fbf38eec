// RUN: skip-opt --plan-form-kernels --plan-assign-layouts %s | FileCheck %s
module attributes {plan.target = #plan.x86_target<[avx2]>} {
graph.parameter @w3 : tensor<16x3x3x3xf32>
graph.parameter @w32 : tensor<16x32x1x1xf32>
graph.parameter @w16 : tensor<16x16x5x5xf32>

// Three channels are read planar, from a copy of the caller's array with a halo; the result is copied to the caller's array.
// CHECK-LABEL: func.func @stem
// CHECK: plan.kernel %arg0
// CHECK-SAME: layouts = [#plan.layout<planar>, #plan.layout<planar halo 1>]
// CHECK: plan.relayout
// CHECK: layouts = [#plan.layout<planar halo 1>, #plan.layout<filter1>, #plan.layout<blocked>]
// CHECK: graph.conv2d
// CHECK: layouts = [#plan.layout<blocked>, #plan.layout<planar>]
// CHECK: plan.relayout
func.func @stem(%x: tensor<?x3x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %w = graph.read_parameter @w3 : tensor<16x3x3x3xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x3x4x4xf32>, tensor<16x3x3x3xf32>) -> tensor<?x16x4x4xf32>
  return %c : tensor<?x16x4x4xf32>
}

// A 1x1 convolution of the caller's array needs no halo and so no copy.
// CHECK-LABEL: func.func @no_copy
// CHECK: plan.kernel %arg0,
// CHECK-SAME: layouts = [#plan.layout<planar>, #plan.layout<filter1>, #plan.layout<blocked>]
func.func @no_copy(%x: tensor<?x32x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %w = graph.read_parameter @w32 : tensor<16x32x1x1xf32>
  %c = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x32x4x4xf32>, tensor<16x32x1x1xf32>) -> tensor<?x16x4x4xf32>
  return %c : tensor<?x16x4x4xf32>
}

// A value has the largest halo that one of its readers needs.
// CHECK-LABEL: func.func @halo
// CHECK: layouts = [#plan.layout<planar>, #plan.layout<filter1>, #plan.layout<blocked halo 2>]
// CHECK: layouts = [#plan.layout<blocked halo 2>, #plan.layout<filter16>, #plan.layout<blocked>]
// CHECK: graph.conv2d
// CHECK-NEXT: graph.add
func.func @halo(%x: tensor<?x32x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %w = graph.read_parameter @w32 : tensor<16x32x1x1xf32>
  %v = graph.read_parameter @w16 : tensor<16x16x5x5xf32>
  %c = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x32x4x4xf32>, tensor<16x32x1x1xf32>) -> tensor<?x16x4x4xf32>
  %d = graph.conv2d %c, %v stride 1 padding 2 : (tensor<?x16x4x4xf32>, tensor<16x16x5x5xf32>) -> tensor<?x16x4x4xf32>
  %s = graph.add %d, %c : (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  return %s : tensor<?x16x4x4xf32>
}

// An argument that is returned is copied.
// CHECK-LABEL: func.func @identity
// CHECK: plan.kernel %arg0
// CHECK-SAME: layouts = [#plan.layout<planar>, #plan.layout<planar>]
func.func @identity(%x: tensor<?x3x4x4xf32>) -> tensor<?x3x4x4xf32> {
  return %x : tensor<?x3x4x4xf32>
}
}
