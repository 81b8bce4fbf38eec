// RUN: skip-opt %s --graph-prepare-training --graph-derive-backward --graph-expand-batch-norm --plan-split-variants=batches=2 --plan-form-kernels --plan-assign-layouts --plan-form-sections --plan-pack-weights=exact=true --plan-place-state | FileCheck %s

// What decays comes first, then the other parameters, running statistics, gradients at the same distances, a group's statistics.
// CHECK: plan.state = #plan.state<decayed 1216 parameters 1344 gradients 1472 group 2816 bytes 2944>
// CHECK: func.func @net_b2
// CHECK-SAME: {graph.statistic = @m, plan.slot = #plan.slot<state[0] + 2816 bytes 64>}
// CHECK-SAME: {graph.statistic = @v, plan.slot = #plan.slot<state[0] + 2880 bytes 64>}
// CHECK-SAME: {graph.gradient = @w, plan.slot = #plan.slot<state[0] + 1472 bytes 192>}
// CHECK-SAME: {graph.gradient = @g, plan.slot = #plan.slot<state[0] + 2688 bytes 64>}
// CHECK-SAME: {graph.gradient = @b, plan.slot = #plan.slot<state[0] + 2752 bytes 64>}
// CHECK-SAME: {graph.gradient = @fc, plan.slot = #plan.slot<state[0] + 1664 bytes 1024>}
// CHECK: plan.load{{ +}}conv_weight {{.*}} slot = #plan.slot<state[0] + 0 bytes 192>, source = @w
// CHECK: plan.load{{ +}}bias {bias = @g, {{.*}} slot = #plan.slot<state[0] + 1216 bytes 64>
// CHECK: plan.load{{ +}}bias {bias = @b, {{.*}} slot = #plan.slot<state[0] + 1280 bytes 64>
// CHECK: plan.load{{ +}}bias {bias = @m, {{.*}} slot = #plan.slot<state[0] + 1344 bytes 64>
// CHECK: plan.load{{ +}}bias {bias = @v, {{.*}} slot = #plan.slot<state[0] + 1408 bytes 64>
// CHECK: plan.load{{ +}}conv_weight {{.*}} slot = #plan.slot<state[0] + 192 bytes 1024>, source = @fc
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
