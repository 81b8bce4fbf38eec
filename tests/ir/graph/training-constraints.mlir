// Every numbered constraint of the operations for training is reported under its number.
// RUN: not skip-opt --split-input-file %s 2>&1 | FileCheck %s

// CHECK: softmax_cross_entropy-c1:
func.func @softmax_cross_entropy_c1(%x: tensor<?x4x1x1xf32>, %t: tensor<?xi32>) {
  %y = graph.softmax_cross_entropy %x, %t smoothing 0.0 : (tensor<?x4x1x1xf32>, tensor<?xi32>) -> tensor<1xf32>
  return
}

// -----

// CHECK: softmax_cross_entropy-c2:
func.func @softmax_cross_entropy_c2(%x: tensor<?x4xf32>, %t: tensor<?xi32>) {
  %y = graph.softmax_cross_entropy %x, %t smoothing 1.0 : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<1xf32>
  return
}

// -----

// CHECK: softmax_cross_entropy_grad_input-c1:
func.func @softmax_cross_entropy_grad_input_c1(%x: tensor<3x4xf32>, %t: tensor<2xi32>) {
  %y = graph.softmax_cross_entropy_grad_input %x, %t smoothing 0.0 : (tensor<3x4xf32>, tensor<2xi32>) -> tensor<3x4xf32>
  return
}

// -----

// CHECK: dropout_train-c1:
func.func @dropout_train_c1(%x: tensor<3x4xf32>, %d: tensor<2xi32>) {
  %y = graph.dropout_train %x, %d rate 0.5 layer 0 : (tensor<3x4xf32>, tensor<2xi32>) -> tensor<3x4xf32>
  return
}

// -----

// CHECK: dropout_train-c2:
func.func @dropout_train_c2(%x: tensor<?x4xf32>, %d: tensor<?xi32>) {
  %y = graph.dropout_train %x, %d rate 1.0 layer 0 : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  return
}

// -----

// CHECK: batch_norm_train-c1:
func.func @batch_norm_train_c1(%x: tensor<?x4xf32>, %v: tensor<5xf32>) {
  %y:5 = graph.batch_norm_train %x, %v, %v, %v, %v epsilon 1.0e-05 momentum 0.1 : (tensor<?x4xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) -> (tensor<?x4xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
  return
}

// -----

// CHECK: batch_norm_train_grad-c1:
func.func @batch_norm_train_grad_c1(%x: tensor<?x4xf32>, %z: tensor<?x3xf32>, %v: tensor<4xf32>) {
  %y:3 = graph.batch_norm_train_grad %z, %x, %v, %v, %v epsilon 1.0e-05 : (tensor<?x3xf32>, tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// CHECK: transpose_filter-c2:
func.func @transpose_filter_c2(%x: tensor<4x2xf32>) {
  %y = graph.transpose_filter %x margin 1 : (tensor<4x2xf32>) -> tensor<2x4xf32>
  return
}

// -----

// CHECK: transpose_filter-c1:
func.func @transpose_filter_c1(%x: tensor<4x2x3xf32>) {
  %y = graph.transpose_filter %x : (tensor<4x2x3xf32>) -> tensor<2x4x3xf32>
  return
}

// -----

// CHECK: conv2d_grad_input-c1:
func.func @conv2d_grad_input_c1(%x: tensor<?x4x3x3xf32>, %w: tensor<4x2x3x3xf32>) {
  %y = graph.conv2d_grad_input %x, %w height 4 width 4 stride 2 padding 0 : (tensor<?x4x3x3xf32>, tensor<4x2x3x3xf32>) -> tensor<?x2x4x4xf32>
  return
}

// -----

// CHECK: conv2d_transposed-c1:
func.func @conv2d_transposed_c1(%x: tensor<?x4x3x3xf32>, %w: tensor<2x5x3x3xf32>) {
  %y = graph.conv2d_transposed %x, %w stride 2 padding 1 : (tensor<?x4x3x3xf32>, tensor<2x5x3x3xf32>) -> tensor<?x2x6x6xf32>
  return
}

// -----

// CHECK: conv2d_transposed-c2:
func.func @conv2d_transposed_c2(%x: tensor<?x4x3x3xf32>, %w: tensor<2x4x3x3xf32>) {
  %y = graph.conv2d_transposed %x, %w stride 2 padding 0 : (tensor<?x4x3x3xf32>, tensor<2x4x3x3xf32>) -> tensor<?x2x6x6xf32>
  return
}

// -----

// CHECK: conv2d_transposed-c3:
func.func @conv2d_transposed_c3(%x: tensor<?x4x3x3xf32>, %w: tensor<2x4x1x1xf32>) {
  %y = graph.conv2d_transposed %x, %w stride 2 padding 0 : (tensor<?x4x3x3xf32>, tensor<2x4x1x1xf32>) -> tensor<?x2x6x6xf32>
  return
}

// -----

// CHECK: conv2d_grad_filter-c1:
func.func @conv2d_grad_filter_c1(%x: tensor<?x4x3x3xf32>, %w: tensor<?x2x6x6xf32>) {
  %y = graph.conv2d_grad_filter %x, %w kernel 3 x 3 stride 1 padding 1 : (tensor<?x4x3x3xf32>, tensor<?x2x6x6xf32>) -> tensor<4x2x3x3xf32>
  return
}

// -----

// CHECK: conv2d_grad_filter-c2:
func.func @conv2d_grad_filter_c2(%x: tensor<?x4x6x6xf32>, %w: tensor<?x2x6x6xf32>) {
  %y = graph.conv2d_grad_filter %x, %w kernel 3 x 3 stride 1 padding 1 parts 0 : (tensor<?x4x6x6xf32>, tensor<?x2x6x6xf32>) -> tensor<0x2x3x3xf32>
  return
}

// -----

// CHECK: sum_parts-c1:
func.func @sum_parts_c1(%x: tensor<8x2x3x3xf32>) {
  %y = graph.sum_parts %x parts 3 : (tensor<8x2x3x3xf32>) -> tensor<2x2x3x3xf32>
  return
}

// -----

// CHECK: linear_grad_filter-c1:
func.func @linear_grad_filter_c1(%x: tensor<3x4xf32>, %w: tensor<2x5xf32>) {
  %y = graph.linear_grad_filter %x, %w : (tensor<3x4xf32>, tensor<2x5xf32>) -> tensor<4x5xf32>
  return
}

// -----

// CHECK: channel_sums-c1:
func.func @channel_sums_c1(%x: tensor<4xf32>) {
  %y = graph.channel_sums %x : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// CHECK: relu_grad_input-c1:
func.func @relu_grad_input_c1(%x: tensor<?x4xf32>, %w: tensor<?x5xf32>) {
  %y = graph.relu_grad_input %x, %w : (tensor<?x4xf32>, tensor<?x5xf32>) -> tensor<?x4xf32>
  return
}

// -----

// CHECK: scale_channels-c1:
func.func @scale_channels_c1(%x: tensor<?x4xf32>, %w: tensor<5xf32>) {
  %y = graph.scale_channels %x, %w : (tensor<?x4xf32>, tensor<5xf32>) -> tensor<?x4xf32>
  return
}

// -----

// CHECK: max_pool_grad_input-c1:
func.func @max_pool_grad_input_c1(%x: tensor<?x4x3x3xf32>, %w: tensor<?x4x5x5xf32>) {
  %y = graph.max_pool_grad_input %x, %w kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : (tensor<?x4x3x3xf32>, tensor<?x4x5x5xf32>) -> tensor<?x4x5x5xf32>
  return
}

// -----

// CHECK: global_avg_pool_grad_input-c1:
func.func @global_avg_pool_grad_input_c1(%x: tensor<?x4xf32>) {
  %y = graph.global_avg_pool_grad_input %x height 0 width 2 : (tensor<?x4xf32>) -> tensor<?x4x0x2xf32>
  return
}

// -----

// CHECK: subsample_grad_input-c1:
func.func @subsample_grad_input_c1(%x: tensor<?x4x3x3xf32>) {
  %y = graph.subsample_grad_input %x stride 2 height 7 width 6 : (tensor<?x4x3x3xf32>) -> tensor<?x4x7x6xf32>
  return
}

// -----

// CHECK: take_channels-c1:
func.func @take_channels_c1(%x: tensor<?x4x3x3xf32>) {
  %y = graph.take_channels %x first 2 count 3 : (tensor<?x4x3x3xf32>) -> tensor<?x3x3x3xf32>
  return
}

// -----

// CHECK: unflatten-c1:
func.func @unflatten_c1(%x: tensor<?x12xf32>) {
  %y = graph.unflatten %x channels 2 height 3 width 3 : (tensor<?x12xf32>) -> tensor<?x2x3x3xf32>
  return
}

// -----

// CHECK: softmax_grad_input-c1:
func.func @softmax_grad_input_c1(%x: tensor<?x4x1x1xf32>) {
  %y = graph.softmax_grad_input %x, %x : (tensor<?x4x1x1xf32>, tensor<?x4x1x1xf32>) -> tensor<?x4x1x1xf32>
  return
}

// -----

// CHECK: moments-c1:
func.func @moments_c1(%x: tensor<4xf32>) {
  %y = graph.moments %x : (tensor<4xf32>) -> tensor<4x4x2x1xf32>
  return
}

// -----

// CHECK: merge_moments-c1:
func.func @merge_moments_c1(%x: tensor<?x4x2x2xf32>, %v: tensor<4xf32>) {
  %y:6 = graph.merge_moments %x, %v, %v, %v, %v pixels 4 momentum 0.1 epsilon 1.0e-5 : (tensor<?x4x2x2xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// CHECK: merge_moments-c2:
func.func @merge_moments_c2(%x: tensor<?x4x2x1xf32>, %v: tensor<4xf32>) {
  %y:6 = graph.merge_moments %x, %v, %v, %v, %v pixels 0 momentum 0.1 epsilon 1.0e-5 : (tensor<?x4x2x1xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// CHECK: grad_sums-c1:
func.func @grad_sums_c1(%x: tensor<?x4x3x3xf32>, %v: tensor<5xf32>) {
  %y = graph.grad_sums %x, %x, %v : (tensor<?x4x3x3xf32>, tensor<?x4x3x3xf32>, tensor<5xf32>) -> tensor<?x4x2x1xf32>
  return
}

// -----

// CHECK: merge_grad_sums-c1:
func.func @merge_grad_sums_c1(%x: tensor<?x4x2x1xf32>, %v: tensor<5xf32>) {
  %y:5 = graph.merge_grad_sums %x, %v, %v, %v pixels 4 epsilon 1.0e-05 : (tensor<?x4x2x1xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
  return
}

// -----

// CHECK: merge_grad_sums-c2:
func.func @merge_grad_sums_c2(%x: tensor<?x4x2x1xf32>, %v: tensor<4xf32>) {
  %y:5 = graph.merge_grad_sums %x, %v, %v, %v pixels 0 epsilon 1.0e-05 : (tensor<?x4x2x1xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// CHECK: scale_add-c1:
func.func @scale_add_c1(%x: tensor<?x4x3x3xf32>, %z: tensor<?x4x3x2xf32>, %v: tensor<4xf32>) {
  %y = graph.scale_add %x, %z, %v, %v, %v : (tensor<?x4x3x3xf32>, tensor<?x4x3x2xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x3x3xf32>
  return
}

// -----

// CHECK: conv2d_general_grad_input-c1:
func.func @conv2d_general_grad_input_c1(%dy: tensor<?x4x5x5xf32>, %w: tensor<4x4x1x1xf32>) {
  %dx = graph.conv2d_general_grad_input %dy, %w height 4 width 5 strides [1, 1] dilations [1, 1] pads [0, 0, 0, 0] groups 2 : (tensor<?x4x5x5xf32>, tensor<4x4x1x1xf32>) -> tensor<?x8x4x5xf32>
  return
}

// -----

// CHECK: conv2d_general_grad_filter-c1:
func.func @conv2d_general_grad_filter_c1(%dy: tensor<?x4x5x5xf32>, %x: tensor<?x8x5x5xf32>) {
  %dw = graph.conv2d_general_grad_filter %dy, %x kernel 2 x 1 strides [1, 1] dilations [1, 1] pads [0, 0, 0, 0] groups 2 : (tensor<?x4x5x5xf32>, tensor<?x8x5x5xf32>) -> tensor<4x4x2x1xf32>
  return
}

// -----

// CHECK: avg_pool_grad_input-c1:
func.func @avg_pool_grad_input_c1(%dy: tensor<?x4x2x2xf32>) {
  %dx = graph.avg_pool_grad_input %dy height 5 width 8 kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : (tensor<?x4x2x2xf32>) -> tensor<?x4x5x8xf32>
  return
}

// -----

// CHECK: reflect_pad_grad_input-c1:
func.func @reflect_pad_grad_input_c1(%dy: tensor<?x4x6x6xf32>) {
  %dx = graph.reflect_pad_grad_input %dy pads [2, 0, 2, 0] : (tensor<?x4x6x6xf32>) -> tensor<?x4x2x6xf32>
  return
}

// -----

// CHECK: upsample_grad_input-c1:
func.func @upsample_grad_input_c1(%dy: tensor<?x4x3x2xf32>) {
  %dx = graph.upsample_grad_input %dy factor 2 : (tensor<?x4x3x2xf32>) -> tensor<?x4x1x1xf32>
  return
}

// -----

// CHECK: sigmoid_grad_input-c1:
func.func @sigmoid_grad_input_c1(%dy: tensor<?x4x3x2xf32>, %y: tensor<?x4x3x3xf32>) {
  %dx = graph.sigmoid_grad_input %dy, %y : (tensor<?x4x3x2xf32>, tensor<?x4x3x3xf32>) -> tensor<?x4x3x2xf32>
  return
}

// -----

// CHECK: prelu_grad_input-c1:
func.func @prelu_grad_input_c1(%dy: tensor<?x4x3x2xf32>, %s: tensor<3xf32>) {
  %dx = graph.prelu_grad_input %dy, %dy, %s : (tensor<?x4x3x2xf32>, tensor<?x4x3x2xf32>, tensor<3xf32>) -> tensor<?x4x3x2xf32>
  return
}

// -----

// CHECK: multiply-c1:
func.func @multiply_c1(%a: tensor<?x4x3x2xf32>, %b: tensor<?x4x3x3xf32>) {
  %y = graph.multiply %a, %b : (tensor<?x4x3x2xf32>, tensor<?x4x3x3xf32>) -> tensor<?x4x3x2xf32>
  return
}
