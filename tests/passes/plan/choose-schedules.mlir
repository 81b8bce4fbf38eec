// RUN: skip-opt --plan-form-kernels --plan-assign-layouts --plan-pack-weights --plan-split-variants=batches=2 --plan-choose-schedules %s | FileCheck %s

// One schedule for each ISA of the target, in its order.
module attributes {plan.target = #plan.x86_target<[avx2, avx512]>} {
  graph.parameter @w : tensor<64x64x3x3xf32>
  // CHECK: schedules = [#plan.x86_conv<{{.*}}>, #plan.x86_conv<{{.*}}>]
  // CHECK: graph.conv2d
  // CHECK: schedules = [#plan.x86_loop, #plan.x86_loop]
  // CHECK: graph.max_pool
  func.func @net(%x: tensor<?x64x8x8xf32>) -> tensor<?x64x4x4xf32> {
    %w = graph.read_parameter @w : tensor<64x64x3x3xf32>
    %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x64x8x8xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x8x8xf32>
    %p = graph.max_pool %c kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : (tensor<?x64x8x8xf32>) -> tensor<?x64x4x4xf32>
    return %p : tensor<?x64x4x4xf32>
  }
}
