// RUN: skip-opt --plan-assign-layouts --plan-form-sections --plan-choose-schedules --plan-assign-buffers --plan-check %s | FileCheck %s
// RUN: skip-opt --plan-assign-layouts --plan-form-sections --plan-choose-schedules --plan-assign-buffers %s | sed -e 's/workspace[[]0[]] + 4096/workspace[0] + 3072/' | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SHARED
// RUN: skip-opt --plan-assign-layouts --plan-form-sections --plan-choose-schedules --plan-assign-buffers %s | sed -e 's/workspace[[]0[]] + 2048/workspace[0] + 0/' | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=OVER
// RUN: not skip-opt --plan-assign-layouts --plan-form-sections --plan-choose-schedules --plan-name-kernels %s 2>&1 | FileCheck %s --check-prefix=X86

// Each result has a layout and a place of its own, none of them an input's; one that nothing reads has one too. 2 x 16 x 4 x 4 floats
// are 2048 bytes.
// SHARED: check-5: two of its results share bytes
// The first lies over what the second is still made from.
// OVER: check-5: writes to {{.*}} while it reads
// No kernel of x86 writes two.
// X86: error: no kernel family computes this
module attributes {plan.target = #plan.x86_target<[avx2]>, plan.weights_bytes = 0 : i64} {
  // CHECK-LABEL: func.func @net
  // CHECK-SAME: plan.workspace_bytes = 6144 : i64
  func.func @net(%image: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {plan.batch = 2 : i64} {
    // CHECK: plan.kernel {{.*}}slots = [#plan.slot<input[0] + 0 bytes 2048>, #plan.slot<workspace[0] + [[X:[0-9]+]] bytes 2048>]
    %x = plan.kernel %image : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
    ^bb0(%a: tensor<?x16x4x4xf32>):
      %c = plan.relayout %a : tensor<?x16x4x4xf32>
      plan.yield %c : tensor<?x16x4x4xf32>
    }
    // CHECK: plan.kernel {{.*}}layouts = [#plan.layout<blocked>, #plan.layout<blocked>, #plan.layout<blocked>]
    // CHECK-SAME: slots = [#plan.slot<workspace[0] + [[X]] bytes 2048>, #plan.slot<workspace[0] + [[Y:[0-9]+]] bytes 2048>, #plan.slot<workspace[0] + [[Z:[0-9]+]] bytes 2048>]
    %y:2 = plan.kernel %x : (tensor<?x16x4x4xf32>) -> (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) {
    ^bb0(%a: tensor<?x16x4x4xf32>):
      %r = graph.relu %a : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
      %s = graph.add %r, %a : (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
      plan.yield %r, %s : tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>
    }
    return %y#1 : tensor<?x16x4x4xf32>
  }
}
