// What an entry of the load table is, and where it is read: a scale is no shift, and a vector no filter.
// RUN: skip-opt --graph-inference --plan-inference %s -o %t && skip-opt --plan-check %t -o /dev/null
// RUN: sed -e 's/plan.load *scale/plan.load bias/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SCALE
// SCALE: check-10: `graph.scale_shift` reads input {{[0-9]}}, which is a bias
// RUN: sed -e 's/plan.load *bias/plan.load scale/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=BIAS
// BIAS: check-10: `graph.{{.*}}` reads input {{[0-9]}}, which is a scale
// RUN: sed -e 's/plan.load *conv_weight/plan.load bias/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=FILTER
// FILTER: check-10: `graph.conv2d` reads input {{[0-9]}}, which is a bias
module attributes {plan.target = #plan.x86_target<[avx2]>} {
  graph.parameter @w : tensor<16x16x1x1xf32>
  graph.parameter @c : tensor<16xf32>
  graph.parameter @g : tensor<16xf32>
  graph.parameter @b : tensor<16xf32>
  graph.parameter @m : tensor<16xf32>
  graph.parameter @v : tensor<16xf32>
  func.func @net(%image: tensor<?x16x7x7xf32>) -> tensor<?x16x7x7xf32> {
    %w = graph.read_parameter @w : tensor<16x16x1x1xf32>
    %c = graph.read_parameter @c : tensor<16xf32>
    %g = graph.read_parameter @g : tensor<16xf32>
    %b = graph.read_parameter @b : tensor<16xf32>
    %m = graph.read_parameter @m : tensor<16xf32>
    %v = graph.read_parameter @v : tensor<16xf32>
    %n = graph.batch_norm %image, %g, %b, %m, %v epsilon 1.0e-05 : (tensor<?x16x7x7xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16x7x7xf32>
    %y = graph.conv2d %n, %w bias %c stride 1 padding 0 : (tensor<?x16x7x7xf32>, tensor<16x16x1x1xf32>, tensor<16xf32>) -> tensor<?x16x7x7xf32>
    return %y : tensor<?x16x7x7xf32>
  }
}
