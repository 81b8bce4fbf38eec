// What `plan-check` says of runs in parts: sound ones first, then one fault after another.
// RUN: skip-opt --plan-split-variants=batches=1,3 --plan-form-kernels --plan-assign-layouts --plan-form-sections --plan-pack-weights --plan-choose-schedules --plan-assign-buffers %s -o %t
// RUN: sed -e 's/plan.batch = 3 : i64/plan.batch = 3 : i64, plan.parts = array<i64: 1, 3>/' %t | skip-opt --plan-check -o /dev/null

// RUN: sed -e 's/plan.batch = 3 : i64/plan.batch = 3 : i64, plan.parts = array<i64: 1, 4>/' %t | not skip-opt --plan-check 2>&1 | FileCheck %s --check-prefix=MANY
// MANY: check-14: 3 images cannot begin with a part of 4
// RUN: sed -e 's/plan.batch = 3 : i64/plan.batch = 3 : i64, plan.parts = array<i64: 0, 3>/' %t | not skip-opt --plan-check 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: check-14: 2 images cannot begin with a part of 0
// RUN: sed -e 's/plan.batch = 3 : i64/plan.batch = 3 : i64, plan.parts = array<i64: 1, 1, 3>/' %t | not skip-opt --plan-check 2>&1 | FileCheck %s --check-prefix=COUNT
// RUN: sed -e 's/plan.batch = 3 : i64/plan.batch = 3 : i64, plan.parts = 1 : i64/' %t | not skip-opt --plan-check 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: check-14: `plan.parts` is not for 2 to 3 images

module attributes {plan.target = #plan.x86_target<[avx512]>} {
  graph.parameter @w : tensor<16x16x3x3xf32>
  func.func @net(%x: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
    %w = graph.read_parameter @w : tensor<16x16x3x3xf32>
    %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x8x8xf32>
    return %c : tensor<?x16x8x8xf32>
  }
}
