// What the passes make of a graph for CUDA: one layout, no halos, copies where the caller's arrays are.
// RUN: skip-opt --split-input-file --plan-inference --plan-name-kernels %s | FileCheck %s

// CHECK: plan.target = #plan.cuda_target<[sm_80]>
// CHECK: plan.kernel
// CHECK-SAME: kernel = "relayout.planar.nhwc", layouts = [#plan.layout<planar>, #plan.layout<nhwc>], schedules = [#plan.cuda_loop<256>]
// CHECK: plan.load {{ ?}}conv_weight {dims = array<i64: 5, 3, 3, 3>, layout = #plan.layout<krsc>, slot = #plan.slot<weights[0] + 0 bytes 720>
// CHECK: plan.kernel
// CHECK-SAME: kernel = "conv3x3s1.relu", layouts = [#plan.layout<nhwc>, #plan.layout<krsc>, #plan.layout<nhwc>]
// CHECK-SAME: schedules = [#plan.cuda_gemm<32, 32, 16 thread 4, 4>]
// CHECK-SAME: #plan.slot<workspace[0] + 0 bytes 512>]
// CHECK: plan.load {{.*}}#plan.slot<weights[0] + 768 bytes 160>
// CHECK: kernel = "conv1x1s1.add"
// CHECK: kernel = "global_avg_pool"
// CHECK-SAME: schedules = [#plan.cuda_loop<8 lanes 32>]
// CHECK: kernel = "relayout.nhwc.planar"
module attributes {plan.target = #plan.cuda_target<[sm_80]>} {
graph.parameter @w : tensor<5x3x3x3xf32>
graph.parameter @v : tensor<5x5x1x1xf32>
func.func @m(%x: tensor<?x3x4x4xf32>) -> tensor<?x5xf32> {
  %w = graph.read_parameter @w : tensor<5x3x3x3xf32>
  %v = graph.read_parameter @v : tensor<5x5x1x1xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x3x4x4xf32>, tensor<5x3x3x3xf32>) -> tensor<?x5x4x4xf32>
  %r = graph.relu %c : (tensor<?x5x4x4xf32>) -> tensor<?x5x4x4xf32>
  %d = graph.conv2d %r, %v stride 1 padding 0 : (tensor<?x5x4x4xf32>, tensor<5x5x1x1xf32>) -> tensor<?x5x4x4xf32>
  %s = graph.add %d, %r : (tensor<?x5x4x4xf32>, tensor<?x5x4x4xf32>) -> tensor<?x5x4x4xf32>
  %p = graph.global_avg_pool %s : (tensor<?x5x4x4xf32>) -> tensor<?x5xf32>
  return %p : tensor<?x5xf32>
}
}
