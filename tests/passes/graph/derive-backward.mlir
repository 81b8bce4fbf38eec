// RUN: skip-opt --split-input-file --graph-prepare-training --graph-derive-backward %s | FileCheck %s

// The gradient of a convolution of stride 1 is one by the transposed filter; what nothing trainable comes before has none.
graph.parameter @w1 : tensor<4x3x3x3xf32>
graph.parameter @w2 : tensor<4x4x3x3xf32>
graph.parameter @fc : tensor<5x4xf32>
// CHECK-LABEL: func.func @plain
func.func @plain(%image: tensor<?x3x8x8xf32>) -> tensor<?x5xf32> attributes {graph.trainable = [@fc, @w2, @w1]} {
  %w1 = graph.read_parameter @w1 : tensor<4x3x3x3xf32>
  %w2 = graph.read_parameter @w2 : tensor<4x4x3x3xf32>
  %fc = graph.read_parameter @fc : tensor<5x4xf32>
  %a = graph.conv2d %image, %w1 stride 2 padding 1 : (tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x4x4xf32>
  %b = graph.relu %a : (tensor<?x4x4x4xf32>) -> tensor<?x4x4x4xf32>
  %c = graph.conv2d %b, %w2 stride 1 padding 1 : (tensor<?x4x4x4xf32>, tensor<4x4x3x3xf32>) -> tensor<?x4x4x4xf32>
  %d = graph.add %c, %b : (tensor<?x4x4x4xf32>, tensor<?x4x4x4xf32>) -> tensor<?x4x4x4xf32>
  %e = graph.global_avg_pool %d : (tensor<?x4x4x4xf32>) -> tensor<?x4xf32>
  %f = graph.linear %e, %fc : (tensor<?x4xf32>, tensor<5x4xf32>) -> tensor<?x5xf32>
  return %f : tensor<?x5xf32>
}
// CHECK: %[[B:.*]] = graph.relu
// CHECK: %[[E:.*]] = graph.global_avg_pool
// CHECK: %[[F:.*]] = graph.linear
// CHECK: %[[LOSS:.*]] = graph.softmax_cross_entropy %[[F]]
// CHECK: %[[DF:.*]] = graph.softmax_cross_entropy_grad_input %[[F]]
// CHECK: %[[T:.*]] = graph.transpose_filter
// CHECK: %[[DE:.*]] = graph.linear %[[DF]], %[[T]]
// CHECK: %[[DFC:.*]] = graph.linear_grad_filter %[[DF]], %[[E]]
// CHECK: %[[DD:.*]] = graph.global_avg_pool_grad_input %[[DE]] height 4 width 4
// CHECK: %[[T2:.*]] = graph.transpose_filter
// CHECK: %[[DC:.*]] = graph.conv2d %[[DD]], %[[T2]] stride 1 padding 1
// CHECK: %[[DW2:.*]] = graph.conv2d_grad_filter %[[DD]], %[[B]] kernel 3 x 3 stride 1 padding 1
// CHECK: %[[DB:.*]] = graph.add %[[DD]], %[[DC]]
// CHECK: %[[DA:.*]] = graph.relu_grad_input %[[DB]], %[[B]]
// CHECK: %[[DW1:.*]] = graph.conv2d_grad_filter %[[DA]], %{{.*}} kernel 3 x 3 stride 2 padding 1
// CHECK-NOT: conv2d_grad_input
// CHECK: return %[[LOSS]], %[[F]], %[[DFC]], %[[DW2]], %[[DW1]]

// -----

// A frozen layer's parameters have no gradient; what comes before it has, by way of its batch norm as it stands.
graph.parameter @w1 : tensor<4x3x1x1xf32>
graph.parameter @w2 : tensor<4x4x3x3xf32>
graph.parameter @g : tensor<4xf32>
graph.parameter @b : tensor<4xf32>
graph.parameter @m : tensor<4xf32>
graph.parameter @v : tensor<4xf32>
// CHECK-LABEL: func.func @frozen
func.func @frozen(%image: tensor<?x3x4x4xf32>) -> tensor<?x4xf32> attributes {graph.trainable = [@w1]} {
  %w1 = graph.read_parameter @w1 : tensor<4x3x1x1xf32>
  %w2 = graph.read_parameter @w2 : tensor<4x4x3x3xf32>
  %g = graph.read_parameter @g : tensor<4xf32>
  %b = graph.read_parameter @b : tensor<4xf32>
  %m = graph.read_parameter @m : tensor<4xf32>
  %v = graph.read_parameter @v : tensor<4xf32>
  %x = graph.conv2d %image, %w1 stride 1 padding 0 : (tensor<?x3x4x4xf32>, tensor<4x3x1x1xf32>) -> tensor<?x4x4x4xf32>
  %y = graph.conv2d %x, %w2 stride 2 padding 1 : (tensor<?x4x4x4xf32>, tensor<4x4x3x3xf32>) -> tensor<?x4x2x2xf32>
  %n = graph.batch_norm %y, %g, %b, %m, %v epsilon 1.0e-05 : (tensor<?x4x2x2xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x2x2xf32>
  %e = graph.global_avg_pool %n : (tensor<?x4x2x2xf32>) -> tensor<?x4xf32>
  return %e : tensor<?x4xf32>
}
// CHECK: %[[DN:.*]] = graph.global_avg_pool_grad_input
// CHECK: %[[S:.*]] = graph.bn_scale
// CHECK: %[[DY:.*]] = graph.scale_channels %[[DN]], %[[S]]
// CHECK: %[[DX:.*]] = graph.conv2d_grad_input %[[DY]], %{{.*}} height 4 width 4 stride 2 padding 1
// CHECK-NOT: conv2d_grad_filter %[[DY]]
// CHECK: %[[DW:.*]] = graph.conv2d_grad_filter %[[DX]]
// CHECK: return %{{.*}}, %[[DW]]
