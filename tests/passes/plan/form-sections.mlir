// RUN: skip-opt --plan-split-variants=batches=16 --plan-choose-algorithms --plan-form-kernels --plan-assign-layouts --plan-form-sections --plan-pack-weights --plan-assign-buffers %s | FileCheck %s
module attributes {plan.target = #plan.x86_target<[avx2]>} {
graph.parameter @w : tensor<64x64x1x1xf32>
graph.parameter @w3 : tensor<128x128x3x3xf32>
graph.parameter @ws : tensor<256x128x3x3xf32>
graph.parameter @p : tensor<128xf32>
graph.parameter @q : tensor<256xf32>

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
  %p = graph.max_pool %x kernel [4, 4] strides [4, 4] pads [0, 0, 0, 0] : (tensor<?x64x112x112xf32>) -> tensor<?x64x28x28xf32>
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

// Between two batch norms a step of training is not cut, and takes as many images at a time as fill the groups that its
// convolution was chosen with: four pictures of four tiles. Its input alone would be taken one at a time.
// CHECK-LABEL: func.func @groups
// CHECK: images = 16 : i64
// CHECK: graph.merge_moments
// CHECK: images = 4 : i64
// CHECK: graph.scale_shift
// CHECK: images = 4 : i64
// CHECK: graph.conv2d {{.*}}plan.algorithm = #plan.winograd<7, 16>
// CHECK: images = 16 : i64
// CHECK: graph.merge_moments
func.func @groups(%image: tensor<?x128x28x28xf32>, %v: tensor<?x128x2x1xf32>) -> (tensor<?x256x14x14xf32>, tensor<256xf32> {graph.statistic = @m}) {
  %w = graph.read_parameter @ws : tensor<256x128x3x3xf32>
  %p = graph.read_parameter @p : tensor<128xf32>
  %q = graph.read_parameter @q : tensor<256xf32>
  %a:6 = graph.merge_moments %v, %p, %p, %p, %p pixels 784 momentum 0.1 epsilon 1.0e-5 : (tensor<?x128x2x1xf32>, tensor<128xf32>, tensor<128xf32>, tensor<128xf32>, tensor<128xf32>) -> (tensor<128xf32>, tensor<128xf32>, tensor<128xf32>, tensor<128xf32>, tensor<128xf32>, tensor<128xf32>)
  %x = graph.scale_shift %image, %a#4, %a#5 : (tensor<?x128x28x28xf32>, tensor<128xf32>, tensor<128xf32>) -> tensor<?x128x28x28xf32>
  %c = graph.conv2d %x, %w stride 2 padding 1 : (tensor<?x128x28x28xf32>, tensor<256x128x3x3xf32>) -> tensor<?x256x14x14xf32>
  %m = graph.moments %c : (tensor<?x256x14x14xf32>) -> tensor<?x256x2x1xf32>
  %b:6 = graph.merge_moments %m, %q, %q, %q, %q pixels 196 momentum 0.1 epsilon 1.0e-5 : (tensor<?x256x2x1xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>) -> (tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>)
  return %c, %b#0 : tensor<?x256x14x14xf32>, tensor<256xf32>
}
}
