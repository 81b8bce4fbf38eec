// A pooling's result may not lie over what it reads, though a relu stands between: the next pixel reads it too.
// RUN: not skip-opt --plan-check %s 2>&1 | FileCheck %s
// CHECK: check-5: writes to #plan.slot<workspace[0] + 0 bytes 1024> while it reads `0` from there

module attributes {plan.target = #plan.x86_target<[avx512]>} {
  func.func @net(%arg0: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {plan.batch = 1 : i64, plan.workspace_bytes = 1024 : i64} {
    %0 = plan.kernel %arg0 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {images = 1 : i64, layouts = [#plan.layout<planar>, #plan.layout<blocked>], slots = [#plan.slot<input[0] + 0 bytes 1024>, #plan.slot<workspace[0] + 0 bytes 1024>]} {
    ^bb0(%arg1: tensor<?x16x4x4xf32>):
      %4 = plan.relayout %arg1 : tensor<?x16x4x4xf32>
      plan.yield %4 : tensor<?x16x4x4xf32>
    } loc("0")
    %y = plan.kernel %0 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {images = 1 : i64, layouts = [#plan.layout<blocked>, #plan.layout<blocked>], slots = [#plan.slot<workspace[0] + 0 bytes 1024>, #plan.slot<workspace[0] + 0 bytes 1024>]} {
    ^bb0(%s_2: tensor<?x16x4x4xf32>):
      %r = graph.relu %s_2 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
      %y_3 = graph.max_pool %r kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
      plan.yield %y_3 : tensor<?x16x4x4xf32>
    } loc("y")
    %y_1 = plan.kernel %y : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {images = 1 : i64, layouts = [#plan.layout<blocked>, #plan.layout<planar>], slots = [#plan.slot<workspace[0] + 0 bytes 1024>, #plan.slot<output[0] + 0 bytes 1024>]} {
    ^bb0(%y_2: tensor<?x16x4x4xf32>):
      %y_3 = plan.relayout %y_2 : tensor<?x16x4x4xf32>
      plan.yield %y_3 : tensor<?x16x4x4xf32>
    } loc("y")
    return %y_1 : tensor<?x16x4x4xf32>
  }
}
