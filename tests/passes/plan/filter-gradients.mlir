// RUN: skip-opt --plan-split-variants=batches=64 --plan-choose-algorithms --plan-form-kernels --plan-assign-layouts --plan-order-steps %s | FileCheck %s

module attributes {plan.target = #plan.x86_target<[avx2, avx512]>} {
graph.parameter @w : tensor<16x16x3x3xf32>
graph.parameter @v : tensor<17x16x3x3xf32>
graph.parameter @s : tensor<16x16x3x3xf32>

// A filter of few channels, by Winograd in parts that threads share; what adds them lies as the filter. Where the last block of
// output channels is not full there are no parts, and so few units that the direct way is faster. So is what has another stride.
// CHECK-LABEL: func.func @net
// CHECK: %[[PARTS:.*]] = plan.kernel {{.*}} -> tensor<{{[0-9]+}}x16x3x3xf32> attributes {layouts = [#plan.layout<blocked halo 1>, #plan.layout<filter16>]}
// CHECK: graph.conv2d_grad_filter {{.*}} padding 1 parts [[P:[0-9]+]] {plan.algorithm = #plan.winograd<4, {{[0-9]+}} fused true>} {{.*}} -> tensor<{{[0-9]+}}x16x3x3xf32>
// CHECK: plan.kernel %[[PARTS]]
// CHECK-SAME: layouts = [#plan.layout<filter16>, #plan.layout<filter16>]
// CHECK: graph.sum_parts {{.*}} parts [[P]]
// CHECK: graph.conv2d_grad_filter {{.*}} padding 1 : {{.*}} -> tensor<17x16x3x3xf32>
// CHECK: graph.conv2d_grad_filter {{.*}} stride 2 padding 1 :
func.func @net(%image: tensor<?x16x32x32xf32>) -> (tensor<16x16x3x3xf32> {graph.gradient = @w}, tensor<17x16x3x3xf32> {graph.gradient = @v}, tensor<16x16x3x3xf32> {graph.gradient = @s}) attributes {graph.trainable = [@w, @v, @s]} {
  %v = graph.read_parameter @v : tensor<17x16x3x3xf32>
  %s = graph.read_parameter @s : tensor<16x16x3x3xf32>
  %x = graph.relu %image : (tensor<?x16x32x32xf32>) -> tensor<?x16x32x32xf32>
  %y = graph.conv2d %x, %v stride 1 padding 1 : (tensor<?x16x32x32xf32>, tensor<17x16x3x3xf32>) -> tensor<?x17x32x32xf32>
  %z = graph.conv2d %x, %s stride 2 padding 1 : (tensor<?x16x32x32xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x16x16xf32>
  %dw = graph.conv2d_grad_filter %x, %x kernel 3 x 3 stride 1 padding 1 : (tensor<?x16x32x32xf32>, tensor<?x16x32x32xf32>) -> tensor<16x16x3x3xf32>
  %dv = graph.conv2d_grad_filter %y, %x kernel 3 x 3 stride 1 padding 1 : (tensor<?x17x32x32xf32>, tensor<?x16x32x32xf32>) -> tensor<17x16x3x3xf32>
  %ds = graph.conv2d_grad_filter %z, %x kernel 3 x 3 stride 2 padding 1 : (tensor<?x16x16x16xf32>, tensor<?x16x32x32xf32>) -> tensor<16x16x3x3xf32>
  return %dw, %dv, %ds : tensor<16x16x3x3xf32>, tensor<17x16x3x3xf32>, tensor<16x16x3x3xf32>
}
}
