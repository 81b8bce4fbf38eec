// A finished plan, and what `plan-check` says where a load entry names what the runtime could not read as it would.
// RUN: skip-opt --graph-inference --plan-inference %s -o %t && skip-opt --plan-check %t -o /dev/null
// RUN: sed -e 's/norms = [[]@g, @b]/norms = [@g]/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/norms = [[]@g, @b]/norms = [@g, @none]/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/norms = [[]@g, @b]/norms = [@g, @w]/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/beta = @b,/beta = @none,/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/gamma = @g,/gamma = @w,/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// CHECK: check-10: folds in, or has among its `norms`, what is no vector of its channels
module attributes {plan.target = #plan.x86_target<[avx2]>} {
  graph.parameter @w : tensor<32x32x1x1xf32>
  graph.parameter @g : tensor<32xf32>
  graph.parameter @b : tensor<32xf32>
  graph.parameter @m : tensor<32xf32>
  graph.parameter @v : tensor<32xf32>
  func.func @net(%image: tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32> {
    %w = graph.read_parameter @w : tensor<32x32x1x1xf32>
    %g = graph.read_parameter @g : tensor<32xf32>
    %b = graph.read_parameter @b : tensor<32xf32>
    %m = graph.read_parameter @m : tensor<32xf32>
    %v = graph.read_parameter @v : tensor<32xf32>
    %x = graph.batch_norm %image, %g, %b, %m, %v epsilon 1.0e-05 : (tensor<?x32x4x4xf32>, tensor<32xf32>, tensor<32xf32>, tensor<32xf32>, tensor<32xf32>) -> tensor<?x32x4x4xf32>
    %y = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x32x4x4xf32>, tensor<32x32x1x1xf32>) -> tensor<?x32x4x4xf32>
    return %y : tensor<?x32x4x4xf32>
  }
}
