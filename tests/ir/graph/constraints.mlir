// Every numbered constraint of the graph dialect is reported under its number.
// RUN: not skip-opt --split-input-file %s 2>&1 | FileCheck %s

// CHECK: parameter-c1:
graph.parameter @p : tensor<2x2x2xf32>

// -----

// CHECK: read_parameter-c1:
graph.parameter @p : tensor<8xf32>
func.func @read_parameter_c1() {
  %p = graph.read_parameter @p : tensor<9xf32>
  return
}

// -----

// CHECK: bn_scale-c1:
func.func @bn_scale_c1(%a: tensor<8xf32>, %b: tensor<9xf32>) {
  %y = graph.bn_scale %a, %b epsilon 1.0e-05 : (tensor<8xf32>, tensor<9xf32>) -> tensor<8xf32>
  return
}

// -----

// CHECK: bn_shift-c1:
func.func @bn_shift_c1(%a: tensor<8xf32>, %b: tensor<9xf32>) {
  %y = graph.bn_shift %a, %a, %b : (tensor<8xf32>, tensor<8xf32>, tensor<9xf32>) -> tensor<8xf32>
  return
}

// -----

// CHECK: scale_filter-c1:
func.func @scale_filter_c1(%w: tensor<8x4xf32>, %b: tensor<9xf32>) {
  %y = graph.scale_filter %w, %b : (tensor<8x4xf32>, tensor<9xf32>) -> tensor<8x4xf32>
  return
}

// -----

// CHECK: conv2d-c1:
func.func @conv2d_c1(%x: tensor<?x8x5x5xf32>, %w: tensor<4x7x1x1xf32>) {
  %y = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x8x5x5xf32>, tensor<4x7x1x1xf32>) -> tensor<?x4x5x5xf32>
  return
}

// -----

// CHECK: conv2d-c2:
func.func @conv2d_c2(%x: tensor<?x8x5x5xf32>, %w: tensor<4x8x7x7xf32>) {
  %y = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x8x5x5xf32>, tensor<4x8x7x7xf32>) -> tensor<?x4x1x1xf32>
  return
}

// -----

// CHECK: conv2d-c3:
func.func @conv2d_c3(%x: tensor<?x8x5x5xf32>, %w: tensor<4x8x1x1xf32>, %b: tensor<5xf32>) {
  %y = graph.conv2d %x, %w bias %b stride 1 padding 0 : (tensor<?x8x5x5xf32>, tensor<4x8x1x1xf32>, tensor<5xf32>) -> tensor<?x4x5x5xf32>
  return
}

// -----

// CHECK: conv2d-c4:
func.func @conv2d_c4(%x: tensor<?x8x5x5xf32>, %w: tensor<4x8x1x1xf32>) {
  %y = graph.conv2d %x, %w stride 0 padding 0 : (tensor<?x8x5x5xf32>, tensor<4x8x1x1xf32>) -> tensor<?x4x5x5xf32>
  return
}

// -----

// CHECK: linear-c1:
func.func @linear_c1(%v: tensor<?x6xf32>, %w: tensor<4x7xf32>) {
  %y = graph.linear %v, %w : (tensor<?x6xf32>, tensor<4x7xf32>) -> tensor<?x4xf32>
  return
}

// -----

// CHECK: linear-c2:
func.func @linear_c2(%v: tensor<?x6xf32>, %w: tensor<4x6xf32>, %b: tensor<5xf32>) {
  %y = graph.linear %v, %w bias %b : (tensor<?x6xf32>, tensor<4x6xf32>, tensor<5xf32>) -> tensor<?x4xf32>
  return
}

// -----

// CHECK: batch_norm-c1:
func.func @batch_norm_c1(%x: tensor<?x8x5x5xf32>, %a: tensor<8xf32>, %b: tensor<9xf32>) {
  %y = graph.batch_norm %x, %a, %a, %a, %b epsilon 1.0e-05 : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<9xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: scale_shift-c1:
func.func @scale_shift_c1(%x: tensor<?x8x5x5xf32>, %a: tensor<8xf32>, %b: tensor<9xf32>) {
  %y = graph.scale_shift %x, %a, %b : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<9xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: add-c1:
func.func @add_c1(%x: tensor<?x8x5x5xf32>, %z: tensor<?x8x5x6xf32>) {
  %y = graph.add %x, %z : (tensor<?x8x5x5xf32>, tensor<?x8x5x6xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: max_pool-c1:
func.func @max_pool_c1(%x: tensor<?x8x5x5xf32>) {
  %y = graph.max_pool %x kernel [3, 3] strides [1, 1] pads [2, 2, 2, 2] : (tensor<?x8x5x5xf32>) -> tensor<?x8x7x7xf32>
  return
}

// -----

// CHECK: max_pool-c1:
func.func @max_pool_c1_sides(%x: tensor<?x8x5x5xf32>) {
  %y = graph.max_pool %x kernel [3, 2] strides [1, 1] pads [1, 1, 2, 1] : (tensor<?x8x5x5xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

// CHECK: max_pool-c2:
func.func @max_pool_c2(%x: tensor<?x8x5x5xf32>) {
  %y = graph.max_pool %x kernel [6, 6] strides [1, 1] pads [0, 0, 0, 0] : (tensor<?x8x5x5xf32>) -> tensor<?x8x0x0xf32>
  return
}

// -----

// CHECK: subsample-c1:
func.func @subsample_c1(%x: tensor<?x8x5x5xf32>) {
  %y = graph.subsample %x stride 0 : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: pad_channels-c1:
func.func @pad_channels_c1(%x: tensor<?x8x5x5xf32>) {
  %y = graph.pad_channels %x before -1 after 1 : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: softmax-c1:
func.func @softmax_c1(%x: tensor<?x8x5x5xf32>) {
  %y = graph.softmax %x : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: conv2d_general-c1:
func.func @conv2d_general_c1(%x: tensor<?x8x5x5xf32>, %w: tensor<4x4x1x1xf32>) {
  %y = graph.conv2d_general %x, %w strides [1, 1] dilations [1, 1] pads [0, 0, 0, 0] groups 3 : (tensor<?x8x5x5xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x5x5xf32>
  return
}

// -----

// CHECK: conv2d_general-c2:
func.func @conv2d_general_c2(%x: tensor<?x8x5x5xf32>, %w: tensor<4x4x3x3xf32>) {
  %y = graph.conv2d_general %x, %w strides [1, 1] dilations [3, 1] pads [0, 0, 0, 0] groups 2 : (tensor<?x8x5x5xf32>, tensor<4x4x3x3xf32>) -> tensor<?x4x1x3xf32>
  return
}

// -----

// CHECK: conv2d_general-c3:
func.func @conv2d_general_c3(%x: tensor<?x8x5x5xf32>, %w: tensor<4x4x1x1xf32>, %b: tensor<5xf32>) {
  %y = graph.conv2d_general %x, %w bias %b strides [1, 1] dilations [1, 1] pads [0, 0, 0, 0] groups 2 : (tensor<?x8x5x5xf32>, tensor<4x4x1x1xf32>, tensor<5xf32>) -> tensor<?x4x5x5xf32>
  return
}

// -----

// CHECK: conv2d_general-c4:
func.func @conv2d_general_c4(%x: tensor<?x8x5x5xf32>, %w: tensor<4x4x1x1xf32>) {
  %y = graph.conv2d_general %x, %w strides [1] dilations [1, 1] pads [0, 0, 0, 0] groups 2 : (tensor<?x8x5x5xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x5x5xf32>
  return
}

// -----

// CHECK: mul-c1:
func.func @mul_c1(%x: tensor<?x8x5x5xf32>, %s: tensor<?x7xf32>) {
  %y = graph.mul %x, %s : (tensor<?x8x5x5xf32>, tensor<?x7xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: prelu-c1:
func.func @prelu_c1(%x: tensor<?x8x5x5xf32>, %s: tensor<7xf32>) {
  %y = graph.prelu %x, %s : (tensor<?x8x5x5xf32>, tensor<7xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: leaky_relu-c1:
func.func @leaky_relu_c1(%x: tensor<?x8x5x5xf32>) {
  %y = graph.leaky_relu %x slope 0x7FF0000000000000 : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: avg_pool-c1:
func.func @avg_pool_c1(%x: tensor<?x8x5x5xf32>) {
  %y = graph.avg_pool %x kernel [3, 3] strides [1, 1] pads [2, 0, 0, 0] : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x3xf32>
  return
}

// -----

// CHECK: avg_pool-c2:
func.func @avg_pool_c2(%x: tensor<?x8x5x5xf32>) {
  %y = graph.avg_pool %x kernel [6, 2] strides [1, 1] pads [0, 0, 0, 0] : (tensor<?x8x5x5xf32>) -> tensor<?x8x1x4xf32>
  return
}

// -----

// CHECK: concat-c1:
func.func @concat_c1(%x: tensor<?x8x5x5xf32>, %z: tensor<?x8x5x4xf32>) {
  %y = graph.concat %x, %z : (tensor<?x8x5x5xf32>, tensor<?x8x5x4xf32>) -> tensor<?x16x5x5xf32>
  return
}

// -----

// CHECK: reflect_pad-c1:
func.func @reflect_pad_c1(%x: tensor<?x8x5x5xf32>) {
  %y = graph.reflect_pad %x pads [4, 4, 4, 5] : (tensor<?x8x5x5xf32>) -> tensor<?x8x13x14xf32>
  return
}

// -----

// CHECK: reflect_pad-c1:
func.func @reflect_pad_c1_sides(%x: tensor<?x8x5x5xf32>) {
  %y = graph.reflect_pad %x pads [1, 1] : (tensor<?x8x5x5xf32>) -> tensor<?x8x7x7xf32>
  return
}

// -----

// CHECK: attention_pool-c1:
func.func @attention_pool_c1(%x: tensor<?x8x5x5xf32>, %l: tensor<?x2x5x5xf32>) {
  %y = graph.attention_pool %x, %l : (tensor<?x8x5x5xf32>, tensor<?x2x5x5xf32>) -> tensor<?x8xf32>
  return
}

// -----

// CHECK: group_norm-c1:
func.func @group_norm_c1(%x: tensor<?x8x5x5xf32>, %m: tensor<?x4x2x1xf32>, %g: tensor<8xf32>) {
  %y = graph.group_norm %x, %m, %g, %g groups 2 epsilon 1.0e-5 : (tensor<?x8x5x5xf32>, tensor<?x4x2x1xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: group_norm-c2:
func.func @group_norm_c2(%x: tensor<?x8xf32>, %m: tensor<?x8x2x1xf32>, %g: tensor<8xf32>) {
  %y = graph.group_norm %x, %m, %g, %g groups 3 epsilon 1.0e-5 : (tensor<?x8xf32>, tensor<?x8x2x1xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return
}

// -----

// CHECK: shift-c1:
func.func @shift_c1(%x: tensor<?x8x5x5xf32>, %o: tensor<?x4xf32>) {
  %y = graph.shift %x, %o : (tensor<?x8x5x5xf32>, tensor<?x4xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

// CHECK: upsample-c1:
func.func @upsample_c1(%x: tensor<?x8x5x5xf32>) {
  %y = graph.upsample %x factor 0 : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  return
}
