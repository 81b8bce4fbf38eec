// RUN: skip-opt --graph-recompute-activations %s | FileCheck %s

// The relu of a normalisation is made again for what stands behind the loss; the sum that the next one is of is kept.
// CHECK-LABEL: func.func @step
// CHECK: %[[N:.*]] = graph.scale_shift %arg0, %arg2, %arg3
// CHECK: %[[Y:.*]] = graph.relu %[[N]]
// CHECK: %[[S:.*]] = graph.add %[[Y]], %arg0
// CHECK: %[[Z:.*]] = graph.relu %[[S]]
// CHECK: graph.softmax_cross_entropy
// CHECK: %[[N2:.*]] = graph.scale_shift %arg0, %arg2, %arg3
// CHECK: %[[Y2:.*]] = graph.relu %[[N2]]
// CHECK: %[[D:.*]] = graph.relu_grad_input %arg0, %[[Y2]]
// CHECK: graph.relu_grad_input %[[D]], %[[Z]]
// CHECK: graph.conv2d_grad_filter %{{.*}}, %[[Y2]] kernel
func.func @step(%x: tensor<?x4x3x3xf32>, %labels: tensor<?xi32>, %s: tensor<4xf32>, %t: tensor<4xf32>) -> (tensor<1xf32>, tensor<4x4x1x1xf32>) {
  %n = graph.scale_shift %x, %s, %t : (tensor<?x4x3x3xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x3x3xf32>
  %y = graph.relu %n : (tensor<?x4x3x3xf32>) -> tensor<?x4x3x3xf32>
  %sum = graph.add %y, %x : (tensor<?x4x3x3xf32>, tensor<?x4x3x3xf32>) -> tensor<?x4x3x3xf32>
  %z = graph.relu %sum : (tensor<?x4x3x3xf32>) -> tensor<?x4x3x3xf32>
  %p = graph.global_avg_pool %z : (tensor<?x4x3x3xf32>) -> tensor<?x4xf32>
  %loss = graph.softmax_cross_entropy %p, %labels smoothing 0.0 : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<1xf32>
  %d = graph.relu_grad_input %x, %y : (tensor<?x4x3x3xf32>, tensor<?x4x3x3xf32>) -> tensor<?x4x3x3xf32>
  %e = graph.relu_grad_input %d, %z : (tensor<?x4x3x3xf32>, tensor<?x4x3x3xf32>) -> tensor<?x4x3x3xf32>
  %w = graph.conv2d_grad_filter %e, %y kernel 1 x 1 stride 1 padding 0 : (tensor<?x4x3x3xf32>, tensor<?x4x3x3xf32>) -> tensor<4x4x1x1xf32>
  return %loss, %w : tensor<1xf32>, tensor<4x4x1x1xf32>
}

// No relu of a normalisation: nothing to do. A function without a body is left alone.
// CHECK-LABEL: func.func @plain
// CHECK: graph.relu
// CHECK-NOT: graph.relu %
// CHECK: return
func.func @plain(%x: tensor<?x4xf32>, %labels: tensor<?xi32>) -> (tensor<1xf32>, tensor<?x4xf32>) {
  %y = graph.relu %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %loss = graph.softmax_cross_entropy %y, %labels smoothing 0.0 : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<1xf32>
  %d = graph.relu_grad_input %x, %y : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %loss, %d : tensor<1xf32>, tensor<?x4xf32>
}
// CHECK: func.func private @declared
func.func private @declared(tensor<?x4xf32>) -> tensor<1xf32>
