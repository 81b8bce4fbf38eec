// RUN: skip-opt --graph-prepare-training --graph-derive-backward --graph-expand-batch-norm %s | FileCheck %s

// Images have moments and sums of their own; batch-wide are but vectors.
// CHECK-NOT: batch_norm_train
// CHECK: %[[X:.*]] = graph.conv2d
// CHECK: %[[M:.*]] = graph.moments %[[X]] : (tensor<?x4x8x8xf32>) -> tensor<?x4x2x1xf32>
// CHECK: %[[MEAN:.*]], %[[VAR:.*]], %[[NEXT:.*]], %[[NEXTVAR:.*]], %[[SCALE:.*]], %[[SHIFT:.*]] = graph.merge_moments %[[M]], {{.*}} pixels 64 momentum 1.000000e+00 epsilon 1.000000e-05
// CHECK: %[[Y:.*]] = graph.scale_shift %[[X]], %[[SCALE]], %[[SHIFT]]
// CHECK: %[[DY:.*]] = graph.global_avg_pool_grad_input
// CHECK: %[[SUMS:.*]] = graph.grad_sums %[[DY]], %[[X]], %[[MEAN]]
// CHECK: %[[DG:.*]], %[[DB:.*]], %[[A:.*]], %[[B:.*]], %[[C:.*]] = graph.merge_grad_sums %[[SUMS]], %{{.*}}, %[[MEAN]], %[[VAR]] pixels 64 epsilon 1.000000e-05
// CHECK: %[[DX:.*]] = graph.scale_add %[[DY]], %[[X]], %[[A]], %[[B]], %[[C]]
// CHECK: graph.conv2d_grad_filter %[[DX]]
// CHECK-NOT: batch_norm_train
graph.parameter @w : tensor<4x3x3x3xf32>
graph.parameter @g : tensor<4xf32>
graph.parameter @b : tensor<4xf32>
graph.parameter @m : tensor<4xf32>
graph.parameter @v : tensor<4xf32>
func.func @net(%image: tensor<?x3x8x8xf32>) -> tensor<?x4xf32> attributes {graph.trainable = [@w, @g, @b]} {
  %w = graph.read_parameter @w : tensor<4x3x3x3xf32>
  %g = graph.read_parameter @g : tensor<4xf32>
  %b = graph.read_parameter @b : tensor<4xf32>
  %m = graph.read_parameter @m : tensor<4xf32>
  %v = graph.read_parameter @v : tensor<4xf32>
  %x = graph.conv2d %image, %w stride 1 padding 1 : (tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32>
  %n = graph.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-05 : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32>
  %e = graph.global_avg_pool %n : (tensor<?x4x8x8xf32>) -> tensor<?x4xf32>
  return %e : tensor<?x4xf32>
}
