// A finished plan, and what `plan-check` says of it with another schedule.
// RUN: skip-opt --plan-inference %s -o %t && skip-opt --plan-check %t -o /dev/null
// RUN: sed -e 's/x86_conv<[^>]*>/x86_conv<2, 1, 29>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/x86_conv<[^>]*>/x86_conv<2, 1, 3>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/x86_conv<[^>]*>/x86_conv<3, 1, 4>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/x86_conv<[^>]*>/x86_conv<0, 1, 4>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/x86_conv<[^>]*>/x86_conv<1, 0, 4>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/x86_conv<[^>]*>/x86_conv<1, 1, 0>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// RUN: sed -e 's/#plan.x86_conv<[^>]*>/#plan.x86_loop/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s
// CHECK: check-12: #plan.{{.*}} does not compute this on avx2
// RUN: sed -e 's/\[avx2\]/[avx2, avx512]/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: check-12: has 1 schedules for 2 columns

module attributes {plan.target = #plan.x86_target<[avx2]>} {
  graph.parameter @w : tensor<32x32x5x5xf32>
  func.func @net(%image: tensor<?x32x28x28xf32>) -> tensor<?x32x28x28xf32> {
    %w = graph.read_parameter @w : tensor<32x32x5x5xf32>
    %y = graph.conv2d %image, %w stride 1 padding 2 : (tensor<?x32x28x28xf32>, tensor<32x32x5x5xf32>) -> tensor<?x32x28x28xf32>
    return %y : tensor<?x32x28x28xf32>
  }
}
