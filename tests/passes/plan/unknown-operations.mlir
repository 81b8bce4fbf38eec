// What no kernel family computes has no name and no code: nothing of a kernel is passed over. The first is a kernel as it should be.
// DEFINE: %{plan} = --plan-split-variants=batches=1 --plan-assign-layouts --plan-pack-weights --plan-form-sections --plan-choose-schedules --plan-assign-buffers --plan-name-kernels
// RUN: sed -e 's/LAST/graph.relu %c/' %s | skip-opt %{plan} - | FileCheck %s --check-prefix=NAMED
// NAMED: kernel = "conv1x1s1.relu.planar"
// RUN: sed -e 's/LAST/graph.dropout %c rate 0.5/' %s | not skip-opt %{plan} - 2>&1 | FileCheck %s
// RUN: sed -e 's/LAST/graph.max_pool %c kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0]/' %s | not skip-opt %{plan} - 2>&1 | FileCheck %s
// RUN: sed -e 's/LAST/graph.subsample %c stride 1/' %s | not skip-opt %{plan} - 2>&1 | FileCheck %s
// Behind a pooling nothing is applied.
// RUN: sed -e 's/graph.conv2d %a, %f stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>)/graph.max_pool %a kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] : (tensor<?x16x4x4xf32>)/; s/LAST/graph.relu %c/; s/%x, %w : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>)/%x : (tensor<?x16x4x4xf32>)/; s/, %f: tensor<16x16x1x1xf32>//' %s | not skip-opt %{plan} - 2>&1 | FileCheck %s
// A sum of one root and itself is no join of two.
// RUN: sed -e 's/LAST : (tensor<?x16x4x4xf32>)/graph.add %c, %c : (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>)/' %s | not skip-opt %{plan} - 2>&1 | FileCheck %s
// An operation that does not follow the one before it, and one whose value is lost.
// RUN: sed -e 's/LAST/graph.relu %a/' %s | not skip-opt %{plan} - 2>&1 | FileCheck %s
// RUN: sed -e 's/LAST/graph.relu %c/; s/plan.yield %r/plan.yield %c/' %s | not skip-opt %{plan} - 2>&1 | FileCheck %s
// CHECK: error: no kernel family computes this
module attributes {plan.target = #plan.x86_target<[avx2]>} {
  graph.parameter @w : tensor<16x16x1x1xf32>
  func.func @net(%x: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
    %w = graph.read_parameter @w : tensor<16x16x1x1xf32>
    %y = plan.kernel %x, %w : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x4x4xf32> {
    ^bb0(%a: tensor<?x16x4x4xf32>, %f: tensor<16x16x1x1xf32>):
      %c = graph.conv2d %a, %f stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x4x4xf32>
      %r = LAST : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
      plan.yield %r : tensor<?x16x4x4xf32>
    }
    return %y : tensor<?x16x4x4xf32>
  }
}
