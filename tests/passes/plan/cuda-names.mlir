// For CUDA all sizes are part of what a kernel is: equal steps have one, whatever their weights; other sizes have another.
// RUN: skip-opt --plan-inference --plan-name-kernels %s | FileCheck %s

// CHECK: kernel = "relayout.planar.nhwc"
// CHECK: kernel = "conv3x3s1.relu"
// CHECK: kernel = "conv3x3s1.relu"
// CHECK: kernel = "max_pool2x2s2x2"
// CHECK: kernel = "conv3x3s1.relu.1"
// CHECK: kernel = "conv3x3s1.relu.2"
// CHECK: kernel = "relayout.nhwc.planar"
module attributes {plan.target = #plan.cuda_target<[sm_80]>} {
graph.parameter @w : tensor<8x8x3x3xf32>
graph.parameter @v : tensor<8x8x3x3xf32>
graph.parameter @u : tensor<12x8x3x3xf32>
func.func @m(%x: tensor<?x8x8x8xf32>) -> tensor<?x12x4x4xf32> {
  %w = graph.read_parameter @w : tensor<8x8x3x3xf32>
  %v = graph.read_parameter @v : tensor<8x8x3x3xf32>
  %u = graph.read_parameter @u : tensor<12x8x3x3xf32>
  %a = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x8x8x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x8x8x8xf32>
  %b = graph.relu %a : (tensor<?x8x8x8xf32>) -> tensor<?x8x8x8xf32>
  %c = graph.conv2d %b, %v stride 1 padding 1 : (tensor<?x8x8x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x8x8x8xf32>
  %d = graph.relu %c : (tensor<?x8x8x8xf32>) -> tensor<?x8x8x8xf32>
  %p = graph.max_pool %d kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : (tensor<?x8x8x8xf32>) -> tensor<?x8x4x4xf32>
  %e = graph.conv2d %p, %w stride 1 padding 1 : (tensor<?x8x4x4xf32>, tensor<8x8x3x3xf32>) -> tensor<?x8x4x4xf32>
  %f = graph.relu %e : (tensor<?x8x4x4xf32>) -> tensor<?x8x4x4xf32>
  %g = graph.conv2d %f, %u stride 1 padding 1 : (tensor<?x8x4x4xf32>, tensor<12x8x3x3xf32>) -> tensor<?x12x4x4xf32>
  %h = graph.relu %g : (tensor<?x12x4x4xf32>) -> tensor<?x12x4x4xf32>
  return %h : tensor<?x12x4x4xf32>
}
}
