// Two roots with a bias each: the second load adds onto the first, which is a vector like it and lies where it does.
// RUN: skip-opt --plan-inference %s -o %t && skip-opt --plan-check %t -o /dev/null && grep -q onto %t
// RUN: sed -e 's/plan.load  *bias \(.*@c1\)/plan.load scale \1/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// CHECK: check-10: adds onto an entry that lies elsewhere or is no such vector
module attributes {plan.target = #plan.x86_target<[avx2]>} {
  graph.parameter @w1 : tensor<16x16x1x1xf32>
  graph.parameter @w2 : tensor<16x16x1x1xf32>
  graph.parameter @c1 : tensor<16xf32>
  graph.parameter @c2 : tensor<16xf32>
  func.func @net(%image: tensor<?x16x7x7xf32>) -> tensor<?x16x7x7xf32> {
    %w1 = graph.read_parameter @w1 : tensor<16x16x1x1xf32>
    %w2 = graph.read_parameter @w2 : tensor<16x16x1x1xf32>
    %c1 = graph.read_parameter @c1 : tensor<16xf32>
    %c2 = graph.read_parameter @c2 : tensor<16xf32>
    %r = graph.relu %image : (tensor<?x16x7x7xf32>) -> tensor<?x16x7x7xf32>
    %a = graph.conv2d %r, %w1 bias %c1 stride 1 padding 0 : (tensor<?x16x7x7xf32>, tensor<16x16x1x1xf32>, tensor<16xf32>) -> tensor<?x16x7x7xf32>
    %b = graph.conv2d %r, %w2 bias %c2 stride 1 padding 0 : (tensor<?x16x7x7xf32>, tensor<16x16x1x1xf32>, tensor<16xf32>) -> tensor<?x16x7x7xf32>
    %y = graph.add %a, %b : (tensor<?x16x7x7xf32>, tensor<?x16x7x7xf32>) -> tensor<?x16x7x7xf32>
    return %y : tensor<?x16x7x7xf32>
  }
}
