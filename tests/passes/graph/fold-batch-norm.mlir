// RUN: skip-opt --graph-inference %s | FileCheck %s

// CHECK-LABEL: func.func @conv_then_norm
// CHECK: %[[S:.*]] = graph.bn_scale
// CHECK: %[[W:.*]] = graph.scale_filter %{{.*}}, %[[S]]
// CHECK: %[[B:.*]] = graph.bn_shift %{{.*}}, %{{.*}}, %[[S]]
// CHECK: %[[Y:.*]] = graph.conv2d %{{.*}}, %[[W]] bias %[[B]] stride 1 padding 1
// CHECK-NOT: batch_norm
// CHECK: return %[[Y]]
graph.parameter @w : tensor<8x3x3x3xf32>
graph.parameter @v : tensor<8xf32>
func.func @conv_then_norm(%x: tensor<?x3x5x5xf32>) -> tensor<?x8x5x5xf32> {
  %w = graph.read_parameter @w : tensor<8x3x3x3xf32>
  %v = graph.read_parameter @v : tensor<8xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x3x5x5xf32>, tensor<8x3x3x3xf32>) -> tensor<?x8x5x5xf32>
  %y = graph.batch_norm %c, %v, %v, %v, %v epsilon 1.0e-05 : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x5x5xf32>
  return %y : tensor<?x8x5x5xf32>
}

// The convolution has another reader, so the norm stays a step of its own.
// CHECK-LABEL: func.func @shared_conv
// CHECK: graph.conv2d %{{.*}}, %{{.*}} stride
// CHECK: graph.scale_shift
func.func @shared_conv(%x: tensor<?x3x5x5xf32>) -> (tensor<?x8x5x5xf32>, tensor<?x8x5x5xf32>) {
  %w = graph.read_parameter @w : tensor<8x3x3x3xf32>
  %v = graph.read_parameter @v : tensor<8xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x3x5x5xf32>, tensor<8x3x3x3xf32>) -> tensor<?x8x5x5xf32>
  %y = graph.batch_norm %c, %v, %v, %v, %v epsilon 1.0e-05 : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x5x5xf32>
  return %c, %y : tensor<?x8x5x5xf32>, tensor<?x8x5x5xf32>
}

// A convolution takes in one batch norm; a second stays a step of its own.
// CHECK-LABEL: func.func @two_norms
// CHECK: graph.conv2d %{{.*}}, %{{.*}} bias
// CHECK: graph.scale_shift
func.func @two_norms(%x: tensor<?x3x5x5xf32>) -> tensor<?x8x5x5xf32> {
  %w = graph.read_parameter @w : tensor<8x3x3x3xf32>
  %v = graph.read_parameter @v : tensor<8xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x3x5x5xf32>, tensor<8x3x3x3xf32>) -> tensor<?x8x5x5xf32>
  %y = graph.batch_norm %c, %v, %v, %v, %v epsilon 1.0e-05 : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x5x5xf32>
  %z = graph.batch_norm %y, %v, %v, %v, %v epsilon 1.0e-05 : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x5x5xf32>
  return %z : tensor<?x8x5x5xf32>
}

// So does a convolution of groups.
// CHECK-LABEL: func.func @general_conv_then_norm
// CHECK: %[[W:.*]] = graph.scale_filter
// CHECK: graph.conv2d_general %{{.*}}, %[[W]] bias %{{.*}} strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1] groups 4
// CHECK-NOT: batch_norm
graph.parameter @g : tensor<8x2x3x3xf32>
func.func @general_conv_then_norm(%x: tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32> {
  %w = graph.read_parameter @g : tensor<8x2x3x3xf32>
  %v = graph.read_parameter @v : tensor<8xf32>
  %c = graph.conv2d_general %x, %w strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1] groups 4 : (tensor<?x8x5x5xf32>, tensor<8x2x3x3xf32>) -> tensor<?x8x5x5xf32>
  %y = graph.batch_norm %c, %v, %v, %v, %v epsilon 1.0e-05 : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x5x5xf32>
  return %y : tensor<?x8x5x5xf32>
}
