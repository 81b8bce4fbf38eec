// RUN: skip-opt --plan-form-kernels --plan-assign-layouts %s | FileCheck %s

// A filter and its gradient lie alike: where the convolution cannot read its picture planar, as Winograd cannot, nor does the gradient, for
// which planar would be cheaper.
// CHECK-LABEL: func.func @net
// CHECK: layouts = [#plan.layout<filter16>, #plan.layout<blocked halo 1>, #plan.layout<blocked>]
// CHECK: graph.conv2d
// CHECK: layouts = [#plan.layout<blocked>, #plan.layout<blocked halo 1>, #plan.layout<filter16>]
// CHECK: graph.conv2d_grad_filter
module attributes {plan.target = #plan.x86_target<[avx2]>} {
graph.parameter @w : tensor<33x33x3x3xf32>
func.func @net(%x: tensor<?x33x8x8xf32>) -> (tensor<?x33x8x8xf32>, tensor<33x33x3x3xf32> {graph.gradient = @w}) attributes {graph.trainable = [@w]} {
  %w = graph.read_parameter @w : tensor<33x33x3x3xf32>
  %y = graph.conv2d %x, %w stride 1 padding 1 {plan.algorithm = #plan.winograd<4, 32 fused true>} : (tensor<?x33x8x8xf32>, tensor<33x33x3x3xf32>) -> tensor<?x33x8x8xf32>
  %r = graph.relu %y : (tensor<?x33x8x8xf32>) -> tensor<?x33x8x8xf32>
  %dw = graph.conv2d_grad_filter %r, %x kernel 3 x 3 stride 1 padding 1 : (tensor<?x33x8x8xf32>, tensor<?x33x8x8xf32>) -> tensor<33x33x3x3xf32>
  return %r, %dw : tensor<?x33x8x8xf32>, tensor<33x33x3x3xf32>
}
}
