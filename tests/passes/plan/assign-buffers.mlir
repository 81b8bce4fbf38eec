// RUN: skip-opt --plan-form-kernels --plan-assign-layouts --plan-pack-weights --plan-split-variants=batches=2 --plan-assign-buffers %s | FileCheck %s
module attributes {plan.target = #plan.x86_target<[avx2]>} {
graph.parameter @w : tensor<16x16x1x1xf32>
graph.parameter @w3 : tensor<16x16x3x3xf32>

// Four tensors of 2 x 16 x 4 x 4 floats (2048 bytes) in the room of two: the third step adds in place, the last value overwrites
// one that is dead.
// CHECK-LABEL: func.func @block
// CHECK-SAME: plan.workspace_bytes = 4096 : i64
// CHECK: slots = [#plan.slot<input[0] + 0 bytes 2048>, #plan.slot<workspace[0] + [[X:.*]] bytes 2048>]
// CHECK: graph.relu
// CHECK: slots = [#plan.slot<workspace[0] + [[X]] bytes 2048>, {{.*}}, #plan.slot<workspace[0] + [[A:.*]] bytes 2048>]
// CHECK: graph.conv2d
// CHECK: slots = [#plan.slot<workspace[0] + [[A]] bytes 2048>, {{.*}}, #plan.slot<workspace[0] + [[X]] bytes 2048>, #plan.slot<workspace[0] + [[X]] bytes 2048>]
// CHECK: graph.add
// CHECK: slots = [#plan.slot<workspace[0] + [[X]] bytes 2048>, {{.*}}, #plan.slot<workspace[0] + [[A]] bytes 2048>]
// CHECK: slots = [#plan.slot<workspace[0] + [[A]] bytes 2048>, #plan.slot<output[0] + 0 bytes 2048>]
func.func @block(%image: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %w = graph.read_parameter @w : tensor<16x16x1x1xf32>
  %x = graph.relu %image : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %a = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x4x4xf32>
  %b = graph.conv2d %a, %w stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x4x4xf32>
  %s = graph.add %b, %x : (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %y = graph.conv2d %s, %w stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x4x4xf32>
  return %y : tensor<?x16x4x4xf32>
}

// A convolution that reads the value it also adds must not write over it.
// CHECK-LABEL: func.func @reads_what_it_adds
// CHECK: graph.relu
// CHECK: slots = [#plan.slot<workspace[0] + [[X:.*]] bytes 2048>, {{.*}}, #plan.slot<workspace[0] + [[Y:.*]] bytes 2048>]
// CHECK-NEXT: ^bb0
// CHECK-NEXT: graph.conv2d
// CHECK-NEXT: graph.add
// CHECK: slots = [#plan.slot<workspace[0] + [[Y]] bytes 2048>
func.func @reads_what_it_adds(%image: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %w = graph.read_parameter @w : tensor<16x16x1x1xf32>
  %x = graph.relu %image : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %a = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x4x4xf32>
  %s = graph.add %a, %x : (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  return %s : tensor<?x16x4x4xf32>
}

// The same where the convolution reads it transformed, so that one value is two of the kernel's inputs.
// CHECK-LABEL: func.func @reads_transformed_what_it_adds
// CHECK: graph.relu
// CHECK: slots = [{{.*}}, #plan.slot<workspace[0] + [[X:.*]] bytes 4608>, #plan.slot<workspace[0] + [[X]] bytes 4608>, #plan.slot<workspace[0] + 4608 bytes 4608>]
// CHECK-NEXT: ^bb0
// CHECK-NEXT: graph.conv2d
// CHECK-NEXT: graph.add
func.func @reads_transformed_what_it_adds(%image: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %w = graph.read_parameter @w3 : tensor<16x16x3x3xf32>
  %x = graph.relu %image : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %a = graph.conv2d %x, %w stride 1 padding 1 {plan.algorithm = #plan.winograd<4, 2 fused true>} : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x4x4xf32>
  %s = graph.add %a, %x : (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %y = graph.conv2d %s, %w stride 1 padding 1 : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x4x4xf32>
  return %y : tensor<?x16x4x4xf32>
}
}
