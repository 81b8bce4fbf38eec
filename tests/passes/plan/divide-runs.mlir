// Plans for 1 and for 8 images, which takes 4 pictures of 7 x 7 at a time: they fill a group of 16 tiles, a fifth one does not.
// RUN: skip-opt --plan-divide-runs %s | FileCheck %s
// One plan takes turns as it is.
// RUN: sed -e '/func.func @net_b[1](/,/^  }/d' %s | skip-opt --plan-divide-runs | FileCheck %s --check-prefix=ALONE
// ALONE-NOT: plan.parts

module attributes {plan.target = #plan.x86_target<[avx512]>} {
  graph.parameter @w : tensor<512x512x3x3xf32>
  // CHECK: func.func @net_b1
  // CHECK-NOT: plan.parts
  func.func @net_b1(%x: tensor<?x512x7x7xf32>) -> tensor<?x512x7x7xf32> attributes {plan.batch = 1 : i64} {
    %w = graph.read_parameter @w : tensor<512x512x3x3xf32>
    %c = plan.kernel %x, %w : (tensor<?x512x7x7xf32>, tensor<512x512x3x3xf32>) -> tensor<?x512x7x7xf32> attributes {images = 1 : i64, layouts = [#plan.layout<winograd tile 4 group 4>, #plan.layout<filter16>, #plan.layout<blocked>], schedules = [#plan.x86_conv<2, 1, 4>]} {
    ^bb0(%a: tensor<?x512x7x7xf32>, %f: tensor<512x512x3x3xf32>):
      %5 = graph.conv2d %a, %f stride 1 padding 1 {plan.algorithm = #plan.winograd<4, 4>} : (tensor<?x512x7x7xf32>, tensor<512x512x3x3xf32>) -> tensor<?x512x7x7xf32>
      plan.yield %5 : tensor<?x512x7x7xf32>
    }
    return %c : tensor<?x512x7x7xf32>
  }
  // CHECK: func.func @net_b8
  // CHECK-SAME: plan.parts = array<i64: 1, 3, 4, 4, 4, 7, 8>
  func.func @net_b8(%x: tensor<?x512x7x7xf32>) -> tensor<?x512x7x7xf32> attributes {plan.batch = 8 : i64} {
    %w = graph.read_parameter @w : tensor<512x512x3x3xf32>
    %c = plan.kernel %x, %w : (tensor<?x512x7x7xf32>, tensor<512x512x3x3xf32>) -> tensor<?x512x7x7xf32> attributes {images = 4 : i64, layouts = [#plan.layout<winograd tile 4 group 16>, #plan.layout<filter16>, #plan.layout<blocked>], schedules = [#plan.x86_conv<2, 1, 16>]} {
    ^bb0(%a: tensor<?x512x7x7xf32>, %f: tensor<512x512x3x3xf32>):
      %5 = graph.conv2d %a, %f stride 1 padding 1 {plan.algorithm = #plan.winograd<4, 16>} : (tensor<?x512x7x7xf32>, tensor<512x512x3x3xf32>) -> tensor<?x512x7x7xf32>
      plan.yield %5 : tensor<?x512x7x7xf32>
    }
    return %c : tensor<?x512x7x7xf32>
  }
}
