// Contractions of few and long sums are cut into parts, which a kernel of its own adds up; others, and those of f32, are not.
// RUN: skip-opt --plan-split-sums %s | FileCheck %s
// RUN: sed -e 's/ precision bf16//; s/ element bf16//g' %s | skip-opt --plan-split-sums - | FileCheck %s --check-prefix=WHOLE
// WHOLE-NOT: partial

module attributes {plan.target = #plan.cuda_target<[sm_80] precision bf16>} {
  // CHECK-LABEL: func.func @joined
  func.func @joined(%x: tensor<?x512x7x7xf32>, %w: tensor<512x512x3x3xf32>, %b: tensor<512xf32>) -> tensor<?x512x7x7xf32> attributes {plan.batch = 1 : i64} {
    // CHECK: %[[SUM:.*]] = plan.kernel %arg0, %arg1, %arg2 : {{.*}}{images = 1 : i64, layouts = [#plan.layout<nhwc element bf16>, #plan.layout<krsc element bf16>, #plan.layout<vector>, #plan.layout<partial group [[PARTS:[0-9]+]]>]}
    // CHECK: graph.conv2d
    // CHECK-NEXT: plan.yield
    // CHECK: plan.kernel %[[SUM]], %arg0 : {{.*}}{images = 1 : i64, layouts = [#plan.layout<partial group [[PARTS]]>, #plan.layout<nhwc element bf16>, #plan.layout<nhwc element bf16>]}
    // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x512x7x7xf32>, %[[R:.*]]: tensor<?x512x7x7xf32>):
    // CHECK-NEXT: graph.add %[[A]], %[[R]]
    // CHECK-NEXT: graph.relu
    %0 = plan.kernel %x, %w, %b, %x : (tensor<?x512x7x7xf32>, tensor<512x512x3x3xf32>, tensor<512xf32>, tensor<?x512x7x7xf32>) -> tensor<?x512x7x7xf32> attributes {images = 1 : i64, layouts = [#plan.layout<nhwc element bf16>, #plan.layout<krsc element bf16>, #plan.layout<vector>, #plan.layout<nhwc element bf16>, #plan.layout<nhwc element bf16>]} {
    ^bb0(%a: tensor<?x512x7x7xf32>, %f: tensor<512x512x3x3xf32>, %c: tensor<512xf32>, %r: tensor<?x512x7x7xf32>):
      %1 = graph.conv2d %a, %f bias %c stride 1 padding 1 : (tensor<?x512x7x7xf32>, tensor<512x512x3x3xf32>, tensor<512xf32>) -> tensor<?x512x7x7xf32>
      %2 = graph.add %r, %1 : (tensor<?x512x7x7xf32>, tensor<?x512x7x7xf32>) -> tensor<?x512x7x7xf32>
      %3 = graph.relu %2 : (tensor<?x512x7x7xf32>) -> tensor<?x512x7x7xf32>
      plan.yield %3 : tensor<?x512x7x7xf32>
    }
    return %0 : tensor<?x512x7x7xf32>
  }

  // CHECK-LABEL: func.func @many
  // CHECK-NOT: partial
  func.func @many(%x: tensor<?x64x56x56xf32>, %w: tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32> attributes {plan.batch = 8 : i64} {
    %0 = plan.kernel %x, %w : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32> attributes {images = 8 : i64, layouts = [#plan.layout<nhwc element bf16>, #plan.layout<krsc element bf16>, #plan.layout<nhwc element bf16>]} {
    ^bb0(%a: tensor<?x64x56x56xf32>, %f: tensor<64x64x3x3xf32>):
      %1 = graph.conv2d %a, %f stride 1 padding 1 : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
      plan.yield %1 : tensor<?x64x56x56xf32>
    }
    return %0 : tensor<?x64x56x56xf32>
  }

  // Nothing is behind the sums but a copy.
  // CHECK-LABEL: func.func @alone
  // CHECK: graph.linear
  // CHECK: plan.relayout
  func.func @alone(%x: tensor<?x8192xf32>, %w: tensor<10x8192xf32>) -> tensor<?x10xf32> attributes {plan.batch = 1 : i64} {
    %0 = plan.kernel %x, %w : (tensor<?x8192xf32>, tensor<10x8192xf32>) -> tensor<?x10xf32> attributes {images = 1 : i64, layouts = [#plan.layout<nhwc element bf16>, #plan.layout<krsc element bf16>, #plan.layout<nhwc element bf16>]} {
    ^bb0(%a: tensor<?x8192xf32>, %f: tensor<10x8192xf32>):
      %1 = graph.linear %a, %f : (tensor<?x8192xf32>, tensor<10x8192xf32>) -> tensor<?x10xf32>
      plan.yield %1 : tensor<?x10xf32>
    }
    return %0 : tensor<?x10xf32>
  }

  // The sums are the first operand of whatever they may change places in.
  // CHECK-LABEL: func.func @gate
  // CHECK: ^bb0(%[[A:.*]]: tensor<?x512x7x7xf32>, %[[R:.*]]: tensor<?x512x7x7xf32>):
  // CHECK-NEXT: graph.multiply %[[A]], %[[R]]
  func.func @gate(%x: tensor<?x512x7x7xf32>, %w: tensor<512x512x3x3xf32>) -> tensor<?x512x7x7xf32> attributes {plan.batch = 1 : i64} {
    %0 = plan.kernel %x, %w, %x : (tensor<?x512x7x7xf32>, tensor<512x512x3x3xf32>, tensor<?x512x7x7xf32>) -> tensor<?x512x7x7xf32> attributes {images = 1 : i64, layouts = [#plan.layout<nhwc element bf16>, #plan.layout<krsc element bf16>, #plan.layout<nhwc element bf16>, #plan.layout<nhwc element bf16>]} {
    ^bb0(%a: tensor<?x512x7x7xf32>, %f: tensor<512x512x3x3xf32>, %r: tensor<?x512x7x7xf32>):
      %1 = graph.conv2d %a, %f stride 1 padding 1 : (tensor<?x512x7x7xf32>, tensor<512x512x3x3xf32>) -> tensor<?x512x7x7xf32>
      %2 = graph.multiply %r, %1 : (tensor<?x512x7x7xf32>, tensor<?x512x7x7xf32>) -> tensor<?x512x7x7xf32>
      plan.yield %2 : tensor<?x512x7x7xf32>
    }
    return %0 : tensor<?x512x7x7xf32>
  }
}
