// RUN: skip-opt --graph-expand-strided-gradients --split-input-file --verify-diagnostics %s | FileCheck %s

// The picture is twice as large as dy: each of its pixels meets some taps, and no others are multiplied.
// CHECK-LABEL: func.func @multiple
// CHECK: %[[W:.*]] = graph.transpose_filter %arg1
// CHECK: graph.conv2d_transposed %arg0, %[[W]] stride 2 padding 1 : (tensor<?x4x4x5xf32>, tensor<3x4x3x3xf32>) -> tensor<?x3x8x10xf32>
func.func @multiple(%dy: tensor<?x4x4x5xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<?x3x8x10xf32> {
  %dx = graph.conv2d_grad_input %dy, %w height 8 width 10 stride 2 padding 1 : (tensor<?x4x4x5xf32>, tensor<4x3x3x3xf32>) -> tensor<?x3x8x10xf32>
  return %dx : tensor<?x3x8x10xf32>
}

// -----

// dy of stride 2 is spread out to what stride 1 would make of the picture.
// CHECK-LABEL: func.func @strided
// CHECK: %[[Z:.*]] = graph.subsample_grad_input %arg0 stride 2 height 8 width 9 : (tensor<?x4x4x5xf32>) -> tensor<?x4x8x9xf32>
// CHECK: %[[W:.*]] = graph.transpose_filter %arg1
// CHECK: graph.conv2d %[[Z]], %[[W]] stride 1 padding 1 : (tensor<?x4x8x9xf32>, tensor<3x4x3x3xf32>) -> tensor<?x3x8x9xf32>
func.func @strided(%dy: tensor<?x4x4x5xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<?x3x8x9xf32> {
  %dx = graph.conv2d_grad_input %dy, %w height 8 width 9 stride 2 padding 1 : (tensor<?x4x4x5xf32>, tensor<4x3x3x3xf32>) -> tensor<?x3x8x9xf32>
  return %dx : tensor<?x3x8x9xf32>
}

// -----

// A window of one pixel: what is multiplied are dy's pixels alone. Rows that no window reaches: 7 of 8.
// CHECK-LABEL: func.func @unread
// CHECK: %[[PIXELS:.*]] = graph.conv2d %arg0, %{{.*}} stride 1 padding 0 : (tensor<?x4x4x4xf32>, tensor<3x4x1x1xf32>) -> tensor<?x3x4x4xf32>
// CHECK: graph.subsample_grad_input %[[PIXELS]] stride 2 height 8 width 8
func.func @unread(%dy: tensor<?x4x4x4xf32>, %w: tensor<4x3x1x1xf32>) -> tensor<?x3x8x8xf32> {
  %dx = graph.conv2d_grad_input %dy, %w height 8 width 8 stride 2 padding 0 : (tensor<?x4x4x4xf32>, tensor<4x3x1x1xf32>) -> tensor<?x3x8x8xf32>
  return %dx : tensor<?x3x8x8xf32>
}

// -----

// The outermost results saw only zeros: the middle of the window is where the filter is.
// CHECK-LABEL: func.func @wide
// CHECK: %[[Z:.*]] = graph.subsample_grad_input %arg0 stride 1 height 4 width 4
// CHECK: %[[W:.*]] = graph.transpose_filter %arg1 margin 1 : (tensor<4x3x1x1xf32>) -> tensor<3x4x3x3xf32>
// CHECK: graph.conv2d %[[Z]], %[[W]] stride 1 padding 0 : (tensor<?x4x4x4xf32>, tensor<3x4x3x3xf32>) -> tensor<?x3x2x2xf32>
func.func @wide(%dy: tensor<?x4x4x4xf32>, %w: tensor<4x3x1x1xf32>) -> tensor<?x3x2x2xf32> {
  %dx = graph.conv2d_grad_input %dy, %w height 2 width 2 stride 1 padding 1 : (tensor<?x4x4x4xf32>, tensor<4x3x1x1xf32>) -> tensor<?x3x2x2xf32>
  return %dx : tensor<?x3x2x2xf32>
}

// -----

func.func @oblong(%dy: tensor<?x4x4x4xf32>, %w: tensor<4x3x1x2xf32>) -> tensor<?x3x4x5xf32> {
  // expected-error @+1 {{no gradient is compiled of a convolution whose window is not square: 1 x 2}}
  %dx = graph.conv2d_grad_input %dy, %w height 4 width 5 stride 1 padding 0 : (tensor<?x4x4x4xf32>, tensor<4x3x1x2xf32>) -> tensor<?x3x4x5xf32>
  return %dx : tensor<?x3x4x5xf32>
}
