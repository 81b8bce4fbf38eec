// What a precision changes in a plan for CUDA: how activations and filters are stored, and tiles of tensor cores.
// RUN: skip-opt --plan-inference --plan-name-kernels %s | FileCheck %s
// RUN: sed -e 's/precision bf16/precision tf32/' %s | skip-opt --plan-inference --plan-name-kernels - | FileCheck %s --check-prefix=TF32
// RUN: sed -e 's/ precision bf16//' %s | skip-opt --plan-inference --plan-name-kernels - | FileCheck %s --check-prefix=F32

// Eight channels are 16 bytes; vectors and the caller's arrays stay as they are.
// CHECK: plan.target = #plan.cuda_target<[sm_80] precision bf16>
// CHECK: layouts = [#plan.layout<planar>, #plan.layout<nhwc element bf16>]
// CHECK-SAME: workspace[0] + {{[0-9]+}} bytes 256>
// CHECK: plan.load {{ ?}}conv_weight {dims = array<i64: 5, 3, 3, 3>, layout = #plan.layout<krsc element bf16>, slot = #plan.slot<weights[0] + 0 bytes 720>
// CHECK: layout = #plan.layout<vector>
// CHECK: layouts = [#plan.layout<nhwc element bf16>, #plan.layout<krsc element bf16>, #plan.layout<vector>, #plan.layout<nhwc element bf16>]
// CHECK-SAME: schedules = [#plan.cuda_mma<{{[0-9]+}}, {{[0-9]+}}, {{[0-9]+}} warps {{[0-9]}}, {{[0-9]}} stages {{[0-9]}}>]
// CHECK: layouts = [#plan.layout<nhwc element bf16>, #plan.layout<planar>]

// TF32: layouts = [#plan.layout<nhwc>, #plan.layout<krsc element tf32>, #plan.layout<vector>, #plan.layout<nhwc>]
// TF32-SAME: schedules = [#plan.cuda_mma<
// F32: schedules = [#plan.cuda_gemm<

// What plan-check says of a plan whose elements or schedules are another precision's.
// RUN: skip-opt --plan-inference %s -o %t
// RUN: sed -e 's/<nhwc element bf16>/<nhwc element f16>/g' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ELEMENT
// ELEMENT: check-6: no kernel reads or writes #plan.layout<nhwc element f16>
// RUN: sed -e 's/<krsc element bf16>/<krsc>/g' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=FILTER
// FILTER: check-6: no kernel reads or writes #plan.layout<krsc>
// RUN: sed -e 's/precision bf16/precision tf32/' %s | skip-opt --plan-inference - | sed -e 's/ element tf32//g' | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=FILTER
// RUN: sed -e 's/precision bf16/precision tf32/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: check-6: no kernel reads or writes #plan.layout<nhwc element bf16>
// RUN: sed -e 's/#plan.cuda_mma<[^>]*>/#plan.cuda_gemm<32, 32, 16 thread 4, 4>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=CORES
// RUN: sed -e 's/#plan.cuda_mma<[^>]*>/#plan.cuda_gemm<32, 32, 16 thread 4, 4>/' %t | not skip-opt --plan-name-kernels - 2>&1 | FileCheck %s --check-prefix=NAMED
// NAMED: error: no kernel family computes this
// RUN: sed -e 's/stages [0-9]/stages 1/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=CORES
// CORES: check-12: #plan.cuda_{{.*}} does not compute this on sm_80
// RUN: sed -e 's/#plan.layout<vector>/#plan.layout<vector element bf16>/g' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=VECTOR
// VECTOR: check-6: no kernel reads or writes #plan.layout<vector element bf16>
module attributes {plan.target = #plan.cuda_target<[sm_80] precision bf16>} {
graph.parameter @w : tensor<5x3x3x3xf32>
graph.parameter @v : tensor<5xf32>
func.func @m(%x: tensor<?x3x4x4xf32>) -> tensor<?x5x4x4xf32> {
  %w = graph.read_parameter @w : tensor<5x3x3x3xf32>
  %v = graph.read_parameter @v : tensor<5xf32>
  %c = graph.conv2d %x, %w bias %v stride 1 padding 1 : (tensor<?x3x4x4xf32>, tensor<5x3x3x3xf32>, tensor<5xf32>) -> tensor<?x5x4x4xf32>
  %r = graph.relu %c : (tensor<?x5x4x4xf32>) -> tensor<?x5x4x4xf32>
  return %r : tensor<?x5x4x4xf32>
}
}
