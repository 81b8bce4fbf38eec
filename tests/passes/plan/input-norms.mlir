// RUN: skip-opt --graph-inference --plan-form-kernels --plan-assign-layouts --plan-pack-weights %s | FileCheck %s

// Filters of 1x1 convolutions bear the batch norms whose sum their input is.
module attributes {plan.target = #plan.x86_target<[avx2]>} {
graph.parameter @a : tensor<32x32x1x1xf32>
graph.parameter @b : tensor<32x32x1x1xf32>
graph.parameter @c : tensor<32x32x1x1xf32>
graph.parameter @d : tensor<32x32x1x1xf32>
graph.parameter @e : tensor<32x32x1x1xf32>
graph.parameter @g1 : tensor<32xf32>
graph.parameter @b1 : tensor<32xf32>
graph.parameter @g2 : tensor<32xf32>
graph.parameter @b2 : tensor<32xf32>
graph.parameter @mean : tensor<32xf32>
graph.parameter @variance : tensor<32xf32>

// CHECK-LABEL: func.func @net
// Nothing is known of a picture.
// CHECK-DAG: plan.load conv_weight {balance = 1 : i64, dims = array<i64: 32, 32, 1, 1>, {{.*}}layout = #plan.layout<filter16>, slot = #plan.slot<{{[^>]*}}>, source = @a,
// A batch norm that a convolution took in, behind a relu.
// CHECK-DAG: norms = [@g1, @b1], slot = #plan.slot<{{[^>]*}}>, source = @b,
// The sum of two.
// CHECK-DAG: norms = [@g2, @b2, @g1, @b1], slot = #plan.slot<{{[^>]*}}>, source = @c}
// The sum of one with something else.
// CHECK-DAG: plan.load conv_weight {balance = 1 : i64, dims = array<i64: 32, 32, 1, 1>, {{.*}}layout = #plan.layout<filter16>, slot = #plan.slot<{{[^>]*}}>, source = @d}
// A batch norm before a relu that comes before the convolution.
// CHECK-DAG: norms = [@g1, @b1], slot = #plan.slot<{{[^>]*}}>, source = @e}
func.func @net(%picture: tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32> {
  %x = graph.relu %picture : (tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32>
  %a = graph.read_parameter @a : tensor<32x32x1x1xf32>
  %b = graph.read_parameter @b : tensor<32x32x1x1xf32>
  %c = graph.read_parameter @c : tensor<32x32x1x1xf32>
  %d = graph.read_parameter @d : tensor<32x32x1x1xf32>
  %e = graph.read_parameter @e : tensor<32x32x1x1xf32>
  %g1 = graph.read_parameter @g1 : tensor<32xf32>
  %b1 = graph.read_parameter @b1 : tensor<32xf32>
  %g2 = graph.read_parameter @g2 : tensor<32xf32>
  %b2 = graph.read_parameter @b2 : tensor<32xf32>
  %m = graph.read_parameter @mean : tensor<32xf32>
  %v = graph.read_parameter @variance : tensor<32xf32>
  %ca = graph.conv2d %x, %a stride 1 padding 0 : (tensor<?x32x4x4xf32>, tensor<32x32x1x1xf32>) -> tensor<?x32x4x4xf32>
  %na = graph.batch_norm %ca, %g1, %b1, %m, %v epsilon 1.0e-05 : (tensor<?x32x4x4xf32>, tensor<32xf32>, tensor<32xf32>, tensor<32xf32>, tensor<32xf32>) -> tensor<?x32x4x4xf32>
  %ra = graph.relu %na : (tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32>
  %cb = graph.conv2d %ra, %b stride 1 padding 0 : (tensor<?x32x4x4xf32>, tensor<32x32x1x1xf32>) -> tensor<?x32x4x4xf32>
  %nb = graph.batch_norm %cb, %g2, %b2, %m, %v epsilon 1.0e-05 : (tensor<?x32x4x4xf32>, tensor<32xf32>, tensor<32xf32>, tensor<32xf32>, tensor<32xf32>) -> tensor<?x32x4x4xf32>
  %sum = graph.add %nb, %ra : (tensor<?x32x4x4xf32>, tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32>
  %rb = graph.relu %sum : (tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32>
  %cc = graph.conv2d %rb, %c stride 1 padding 0 : (tensor<?x32x4x4xf32>, tensor<32x32x1x1xf32>) -> tensor<?x32x4x4xf32>
  %mixed = graph.add %cc, %rb : (tensor<?x32x4x4xf32>, tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32>
  %cd = graph.conv2d %mixed, %d stride 1 padding 0 : (tensor<?x32x4x4xf32>, tensor<32x32x1x1xf32>) -> tensor<?x32x4x4xf32>
  %raw = graph.add %cd, %mixed : (tensor<?x32x4x4xf32>, tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32>
  %ne = graph.batch_norm %raw, %g1, %b1, %m, %v epsilon 1.0e-05 : (tensor<?x32x4x4xf32>, tensor<32xf32>, tensor<32xf32>, tensor<32xf32>, tensor<32xf32>) -> tensor<?x32x4x4xf32>
  %re = graph.relu %ne : (tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32>
  %ce = graph.conv2d %re, %e stride 1 padding 0 : (tensor<?x32x4x4xf32>, tensor<32x32x1x1xf32>) -> tensor<?x32x4x4xf32>
  %y = graph.add %ce, %raw : (tensor<?x32x4x4xf32>, tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32>
  return %y : tensor<?x32x4x4xf32>
}
}
