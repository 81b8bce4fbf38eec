// RUN: skip-opt --split-input-file --plan-inference --plan-name-kernels %s | FileCheck %s
// RUN: skip-opt --plan-inference --split-input-file %s | sed 's/blocked halo 2>/blocked halo 2 element bf16>/' | not skip-opt --split-input-file --plan-name-kernels - 2>&1 | FileCheck %s --check-prefix=BF16
// BF16: error: no kernel family computes this

// Sizes do not matter, the operations do.
module attributes {plan.target = #plan.x86_target<[avx512]>} {
  graph.parameter @w : tensor<32x32x5x5xf32>
  // CHECK: kernel = "conv5x5s1.relu"
  // CHECK: kernel = "conv5x5s1.relu"
  // CHECK: kernel = "conv5x5s1.add"
  func.func @net(%image: tensor<?x32x28x28xf32>) -> tensor<?x32x28x28xf32> {
    %x = graph.relu %image : (tensor<?x32x28x28xf32>) -> tensor<?x32x28x28xf32>
    %w = graph.read_parameter @w : tensor<32x32x5x5xf32>
    %a = graph.conv2d %x, %w stride 1 padding 2 : (tensor<?x32x28x28xf32>, tensor<32x32x5x5xf32>) -> tensor<?x32x28x28xf32>
    %b = graph.relu %a : (tensor<?x32x28x28xf32>) -> tensor<?x32x28x28xf32>
    %c = graph.conv2d %b, %w stride 1 padding 2 : (tensor<?x32x28x28xf32>, tensor<32x32x5x5xf32>) -> tensor<?x32x28x28xf32>
    %d = graph.relu %c : (tensor<?x32x28x28xf32>) -> tensor<?x32x28x28xf32>
    %e = graph.conv2d %d, %w stride 1 padding 2 : (tensor<?x32x28x28xf32>, tensor<32x32x5x5xf32>) -> tensor<?x32x28x28xf32>
    %f = graph.add %e, %x : (tensor<?x32x28x28xf32>, tensor<?x32x28x28xf32>) -> tensor<?x32x28x28xf32>
    return %f : tensor<?x32x28x28xf32>
  }
}

// -----

// Which of two roots reads the planar picture is not in the structure, but in the specification: these are two kernels.
module attributes {plan.target = #plan.x86_target<[avx2]>} {
  graph.parameter @few : tensor<16x3x1x1xf32>
  graph.parameter @many : tensor<16x16x1x1xf32>
  // CHECK-LABEL: func.func @planar_first_b1
  // CHECK: kernel = "[[JOIN:conv1x1s1.conv1x1s1.add.planar]]"
  // CHECK-LABEL: func.func @planar_second_b1
  // CHECK: kernel = "[[JOIN]].1"
  func.func @planar_first(%image: tensor<?x3x8x8xf32>, %other: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
    %x = graph.relu %other : (tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
    %w = graph.read_parameter @few : tensor<16x3x1x1xf32>
    %v = graph.read_parameter @many : tensor<16x16x1x1xf32>
    %a = graph.conv2d %image, %w stride 1 padding 0 : (tensor<?x3x8x8xf32>, tensor<16x3x1x1xf32>) -> tensor<?x16x8x8xf32>
    %b = graph.conv2d %x, %v stride 1 padding 0 : (tensor<?x16x8x8xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x8x8xf32>
    %c = graph.add %a, %b : (tensor<?x16x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
    return %c : tensor<?x16x8x8xf32>
  }
  func.func @planar_second(%image: tensor<?x3x8x8xf32>, %other: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
    %x = graph.relu %other : (tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
    %w = graph.read_parameter @few : tensor<16x3x1x1xf32>
    %v = graph.read_parameter @many : tensor<16x16x1x1xf32>
    %b = graph.conv2d %x, %v stride 1 padding 0 : (tensor<?x16x8x8xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x8x8xf32>
    %a = graph.conv2d %image, %w stride 1 padding 0 : (tensor<?x3x8x8xf32>, tensor<16x3x1x1xf32>) -> tensor<?x16x8x8xf32>
    %c = graph.add %b, %a : (tensor<?x16x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
    return %c : tensor<?x16x8x8xf32>
  }
}
