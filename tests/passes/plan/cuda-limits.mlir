// What no kernel for CUDA computes is told where kernels are named.
// RUN: skip-opt --split-input-file --plan-inference %s | not skip-opt --split-input-file --plan-name-kernels - 2>&1 | FileCheck %s
// RUN: skip-opt --split-input-file --plan-inference %s | sed 's/layout<planar>/layout<planar element bf16>/g' | not skip-opt --split-input-file --plan-name-kernels - 2>&1 | FileCheck %s --check-prefix=BF16
// BF16: error: no kernel family computes this

// CHECK-NOT: error
// CHECK-COUNT-3: error: kernels for CUDA count the values that they compute at a time with 31 bits, and this has more
// CHECK-NOT: error
module attributes {plan.target = #plan.cuda_target<[sm_80]>} {
func.func @small(%x: tensor<?x3x40x40xf32>) -> tensor<?x3x40x40xf32> {
  %y = graph.relu %x : (tensor<?x3x40x40xf32>) -> tensor<?x3x40x40xf32>
  return %y : tensor<?x3x40x40xf32>
}
}

// -----

module attributes {plan.target = #plan.cuda_target<[sm_80]>} {
func.func @large(%x: tensor<?x3x40000x40000xf32>) -> tensor<?x3x40000x40000xf32> {
  %y = graph.relu %x : (tensor<?x3x40000x40000xf32>) -> tensor<?x3x40000x40000xf32>
  return %y : tensor<?x3x40000x40000xf32>
}
}
