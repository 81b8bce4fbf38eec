// Kernels and layouts of general convolutions, and of factors for each image and channel.
// RUN: skip-opt --plan-form-kernels --plan-assign-layouts %s | FileCheck %s
module attributes {plan.target = #plan.x86_target<[avx2]>} {
graph.parameter @w4 : tensor<32x4x3x3xf32>
graph.parameter @w16 : tensor<32x16x3x3xf32>
graph.parameter @w1 : tensor<32x32x1x1xf32>

// Groups of 4 have a filter of single channels, and an activation joins the convolution. The halo is the farthest that any window
// reaches: here below the picture.
// CHECK-LABEL: func.func @narrow_groups
// CHECK: plan.relayout
// CHECK: layouts = [#plan.layout<blocked halo 3>, #plan.layout<filter1>, #plan.layout<blocked>]
// CHECK: graph.conv2d_general
// CHECK-NEXT: graph.silu
func.func @narrow_groups(%x: tensor<?x32x6x6xf32>) -> tensor<?x32x5x6xf32> {
  %w = graph.read_parameter @w4 : tensor<32x4x3x3xf32>
  %c = graph.conv2d_general %x, %w strides [1, 1] dilations [2, 1] pads [0, 1, 3, 1] groups 8 : (tensor<?x32x6x6xf32>, tensor<32x4x3x3xf32>) -> tensor<?x32x5x6xf32>
  %y = graph.silu %c : (tensor<?x32x5x6xf32>) -> tensor<?x32x5x6xf32>
  return %y : tensor<?x32x5x6xf32>
}

// Groups of whole blocks have blocks of input channels too.
// CHECK-LABEL: func.func @wide_groups
// CHECK: layouts = [#plan.layout<blocked halo 1>, #plan.layout<filter16>, #plan.layout<blocked>]
func.func @wide_groups(%x: tensor<?x32x6x6xf32>) -> tensor<?x32x6x6xf32> {
  %w = graph.read_parameter @w16 : tensor<32x16x3x3xf32>
  %c = graph.conv2d_general %x, %w strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1] groups 2 : (tensor<?x32x6x6xf32>, tensor<32x16x3x3xf32>) -> tensor<?x32x6x6xf32>
  return %c : tensor<?x32x6x6xf32>
}

// Factors stand behind no contraction, neither that which they are multiplied with nor that which makes them; a sum joins them.
// CHECK-LABEL: func.func @excited
// CHECK: graph.conv2d %{{.*}} stride 1 padding 0
// CHECK-NEXT: plan.yield
// CHECK: graph.conv2d %{{.*}} stride 1 padding 0
// CHECK-NEXT: graph.sigmoid
// CHECK-NEXT: plan.yield
// CHECK: graph.mul
// CHECK-NEXT: graph.add
// CHECK-NEXT: plan.yield
func.func @excited(%x: tensor<?x32x6x6xf32>, %m: tensor<?x32x1x1xf32>) -> tensor<?x32x6x6xf32> {
  %w = graph.read_parameter @w1 : tensor<32x32x1x1xf32>
  %c = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x32x6x6xf32>, tensor<32x32x1x1xf32>) -> tensor<?x32x6x6xf32>
  %d = graph.conv2d %m, %w stride 1 padding 0 : (tensor<?x32x1x1xf32>, tensor<32x32x1x1xf32>) -> tensor<?x32x1x1xf32>
  %s = graph.sigmoid %d : (tensor<?x32x1x1xf32>) -> tensor<?x32x1x1xf32>
  %y = graph.mul %c, %s : (tensor<?x32x6x6xf32>, tensor<?x32x1x1xf32>) -> tensor<?x32x6x6xf32>
  %z = graph.add %y, %x : (tensor<?x32x6x6xf32>, tensor<?x32x6x6xf32>) -> tensor<?x32x6x6xf32>
  return %z : tensor<?x32x6x6xf32>
}
}
