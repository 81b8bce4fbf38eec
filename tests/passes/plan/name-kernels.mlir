// RUN: skip-opt --plan-inference --plan-name-kernels %s | FileCheck %s

// Sizes do not matter, the operations do.
module attributes {plan.target = #plan.target<[avx512]>} {
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
