// RUN: skip-opt --graph-inference --plan-form-kernels --plan-assign-layouts --plan-pack-weights %s | FileCheck %s

// CHECK: module attributes {{.*}}plan.weights_bytes = 14400 : i64}
module attributes {plan.target = #plan.x86_target<[avx2]>} {
graph.parameter @w3 : tensor<16x16x3x3xf32>
graph.parameter @w1 : tensor<16x16x1x1xf32>
graph.parameter @gamma : tensor<16xf32>
graph.parameter @beta : tensor<16xf32>
graph.parameter @mean : tensor<16xf32>
graph.parameter @variance : tensor<16xf32>
graph.parameter @fc : tensor<10x64xf32>

// CHECK-LABEL: func.func @block
// A batch norm is folded into both entries of its convolution.
// CHECK: plan.load conv_weight {dims = array<i64: 16, 16, 3, 3>, epsilon = 1.000000e-05 : f64, gamma = @gamma, layout = #plan.layout<filter16>, slot = #plan.slot<weights[0] + 0 bytes 9216>, source = @w3, variance = @variance}
// CHECK: plan.load conv_weight {{.*}}source = @w1
// The two roots' biases are one vector: the second is added onto the first.
// CHECK: %[[FIRST:.*]] = plan.load bias {beta = @beta, {{.*}}mean = @mean
// CHECK: %[[SUM:.*]] = plan.load bias onto %[[FIRST]]
// CHECK: plan.kernel {{.*}}%[[SUM]]
// CHECK: graph.conv2d %{{.*}}, %{{.*}} stride
// CHECK: graph.conv2d %{{.*}}, %{{.*}} bias %{{.*}} stride
// A linear layer that flattens a picture is packed as a convolution of the picture's size.
// CHECK: plan.load conv_weight {dims = array<i64: 10, 16, 2, 2>
// CHECK-NOT: graph.read_parameter
func.func @block(%image: tensor<?x16x4x4xf32>) -> tensor<?x10xf32> {
  %x = graph.relu %image : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %w3 = graph.read_parameter @w3 : tensor<16x16x3x3xf32>
  %w1 = graph.read_parameter @w1 : tensor<16x16x1x1xf32>
  %g = graph.read_parameter @gamma : tensor<16xf32>
  %b = graph.read_parameter @beta : tensor<16xf32>
  %m = graph.read_parameter @mean : tensor<16xf32>
  %v = graph.read_parameter @variance : tensor<16xf32>
  %f = graph.read_parameter @fc : tensor<10x64xf32>
  %a = graph.conv2d %x, %w3 stride 2 padding 1 : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x2x2xf32>
  %an = graph.batch_norm %a, %g, %b, %m, %v epsilon 1.0e-05 : (tensor<?x16x2x2xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16x2x2xf32>
  %p = graph.conv2d %x, %w1 stride 2 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x2x2xf32>
  %pn = graph.batch_norm %p, %g, %b, %m, %v epsilon 1.0e-03 : (tensor<?x16x2x2xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16x2x2xf32>
  %s = graph.add %an, %pn : (tensor<?x16x2x2xf32>, tensor<?x16x2x2xf32>) -> tensor<?x16x2x2xf32>
  %l = graph.flatten %s : (tensor<?x16x2x2xf32>) -> tensor<?x64xf32>
  %y = graph.linear %l, %f : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}
}
