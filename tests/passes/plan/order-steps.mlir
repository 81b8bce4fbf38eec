// RUN: skip-opt %s --graph-prepare-training --graph-derive-backward --graph-expand-batch-norm --plan-split-variants=batches=2 --plan-form-kernels --plan-assign-layouts --plan-order-steps | FileCheck %s

// Transposed filters come as soon as they can, gradients of filters as late as what reads the whole batch allows.
// CHECK: graph.softmax_cross_entropy %
// CHECK: graph.softmax_cross_entropy_grad_input
// CHECK: graph.transpose_filter
// CHECK: graph.linear %
// CHECK: graph.global_avg_pool_grad_input
// CHECK: graph.grad_sums
// CHECK: graph.linear_grad_filter
// CHECK: graph.merge_grad_sums
// CHECK: graph.scale_add
// CHECK: graph.conv2d_grad_filter
// CHECK: return
module attributes {plan.target = #plan.x86_target<[avx512]>} {
graph.parameter @w : tensor<4x3x1x1xf32>
graph.parameter @g : tensor<4xf32>
graph.parameter @b : tensor<4xf32>
graph.parameter buffer @m : tensor<4xf32>
graph.parameter buffer @v : tensor<4xf32>
graph.parameter @fc : tensor<5x4xf32>
func.func @net(%image: tensor<?x3x8x8xf32> {graph.name = "image"}) -> (tensor<?x5xf32> {graph.name = "logits"}) attributes {graph.trainable = [@w, @g, @b, @fc], graph.decayed = [@w, @fc], plan.role = #plan.role<gradients>} {
  %w = graph.read_parameter @w : tensor<4x3x1x1xf32>
  %g = graph.read_parameter @g : tensor<4xf32>
  %b = graph.read_parameter @b : tensor<4xf32>
  %m = graph.read_parameter @m : tensor<4xf32>
  %v = graph.read_parameter @v : tensor<4xf32>
  %fc = graph.read_parameter @fc : tensor<5x4xf32>
  %x = graph.conv2d %image, %w stride 1 padding 0 : (tensor<?x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<?x4x8x8xf32>
  %n = graph.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-05 : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32>
  %e = graph.global_avg_pool %n : (tensor<?x4x8x8xf32>) -> tensor<?x4xf32>
  %l = graph.linear %e, %fc : (tensor<?x4xf32>, tensor<5x4xf32>) -> tensor<?x5xf32>
  return %l : tensor<?x5xf32>
}
}
