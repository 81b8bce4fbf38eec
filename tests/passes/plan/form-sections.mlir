// RUN: skip-opt --plan-split-variants=batches=16 --plan-choose-algorithms --plan-form-kernels --plan-assign-layouts --plan-form-sections --plan-pack-weights --plan-assign-buffers %s | FileCheck %s
module attributes {plan.target = #plan.x86_target<[avx2]>} {
graph.parameter @w : tensor<64x64x1x1xf32>
graph.parameter @w3 : tensor<128x128x3x3xf32>

// Large pictures one at a time, smaller ones four, a pixel each all at once. A tensor within a section has room for its images at
// a time (a 112 x 112 picture: 3211264 bytes); one that crosses has room for all 16, an image every 200704 bytes.
// CHECK-LABEL: func.func @shrinks
// CHECK: plan.kernel {{.*}}images = 1 : i64{{.*}}slots = [#plan.slot<input[0] + 0 bytes 51380224 image 3211264>, #plan.slot<workspace[0] + {{.*}} bytes 3211264>]
// CHECK: graph.relu
// CHECK: plan.kernel {{.*}}images = 1 : i64{{.*}}slots = [#plan.slot<workspace[0] + {{.*}} bytes 3211264>, #plan.slot<workspace[0] + {{.*}} bytes 3211264 image 200704>]
// CHECK: graph.max_pool
// CHECK: plan.kernel {{.*}}images = 4 : i64{{.*}}slots = [#plan.slot<workspace[0] + {{.*}} bytes 3211264 image 200704>, {{.*}} bytes 3211264 image 200704>]
// CHECK: graph.conv2d
// CHECK: plan.kernel {{.*}}images = 16 : i64
// CHECK: graph.global_avg_pool
func.func @shrinks(%image: tensor<?x64x112x112xf32>) -> tensor<?x64xf32> {
  %w = graph.read_parameter @w : tensor<64x64x1x1xf32>
  %x = graph.relu %image : (tensor<?x64x112x112xf32>) -> tensor<?x64x112x112xf32>
  %p = graph.max_pool %x kernel 4 stride 4 padding 0 : (tensor<?x64x112x112xf32>) -> tensor<?x64x28x28xf32>
  %c = graph.conv2d %p, %w stride 1 padding 0 : (tensor<?x64x28x28xf32>, tensor<64x64x1x1xf32>) -> tensor<?x64x28x28xf32>
  %g = graph.global_avg_pool %c : (tensor<?x64x28x28xf32>) -> tensor<?x64xf32>
  return %g : tensor<?x64xf32>
}

// The relu alone would take four images at a time, the convolution one: the windows between them hold them together.
// CHECK-LABEL: func.func @windows
// CHECK: images = 4 : i64
// CHECK: graph.relu
// CHECK: images = 1 : i64, layouts = {{.*}}#plan.layout<winograd
// CHECK: plan.relayout
// CHECK: images = 1 : i64
// CHECK: graph.conv2d
func.func @windows(%image: tensor<?x128x24x24xf32>) -> tensor<?x128x24x24xf32> {
  %w = graph.read_parameter @w3 : tensor<128x128x3x3xf32>
  %x = graph.relu %image : (tensor<?x128x24x24xf32>) -> tensor<?x128x24x24xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x128x24x24xf32>, tensor<128x128x3x3xf32>) -> tensor<?x128x24x24xf32>
  return %c : tensor<?x128x24x24xf32>
}
}
