// A pass that needs what another one fills in says so.
// RUN: not skip-opt --plan-form-kernels --plan-assign-buffers %s 2>&1 | FileCheck %s
// RUN: not skip-opt --plan-form-kernels --plan-form-sections %s 2>&1 | FileCheck %s
// RUN: not skip-opt --plan-form-kernels --plan-pack-weights %s 2>&1 | FileCheck %s
// RUN: not skip-opt --plan-form-kernels --plan-choose-schedules %s 2>&1 | FileCheck %s
// RUN: not skip-opt --plan-form-kernels --plan-name-kernels %s 2>&1 | FileCheck %s
// CHECK: error: has no `layouts`: run `plan-assign-layouts` first
// RUN: not skip-opt --plan-form-kernels --plan-assign-layouts --plan-name-kernels %s 2>&1 | FileCheck %s --check-prefix=SCHEDULES
// SCHEDULES: error: has no `schedules`: run `plan-choose-schedules` first
// RUN: sed -e 's/plan.batch = 1 : i64/plan.role = "update"/' %s | not skip-opt - 2>&1 | FileCheck %s --check-prefix=ROLE
// ROLE: error: `plan.role` must be a #plan.role<...>
// RUN: sed -e 's/plan.batch = 1 : i64/graph.trainable = [@nope]/' %s | not skip-opt - 2>&1 | FileCheck %s --check-prefix=TRAINABLE
// TRAINABLE: error: `graph.trainable` must be an array of parameters, each once
// RUN: echo 'module attributes {plan.target = #plan.x86_target<[avx2]>} { func.func private @f(tensor<?x16xf32>) -> tensor<?x16xf32> }' | not skip-opt --plan-form-kernels - 2>&1 | FileCheck %s --check-prefix=BODY
// BODY: error: a plan has no functions without a body
// RUN: sed -e 's/#plan.x86_target<\[avx2\]>/"cuda"/' %s | not skip-opt --plan-form-kernels --plan-assign-layouts - 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: error: `plan.target` is no target: "cuda"
module attributes {plan.target = #plan.x86_target<[avx2]>} {
  func.func @net(%x: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {plan.batch = 1 : i64} {
    %y = graph.relu %x : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
    return %y : tensor<?x16x4x4xf32>
  }
}
