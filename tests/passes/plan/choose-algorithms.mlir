// RUN: skip-opt --plan-split-variants=batches=1 --plan-choose-algorithms --plan-form-kernels --plan-assign-layouts --plan-pack-weights %s | FileCheck %s
module attributes {plan.target = #plan.x86_target<[avx2]>} {
graph.parameter @w : tensor<64x64x3x3xf32>
graph.parameter @w7 : tensor<512x512x3x3xf32>
graph.parameter @p : tensor<64x64x1x1xf32>
graph.parameter @k7 : tensor<64x3x7x7xf32>

// The convolution reads its input transformed, from a copy; what it adds stays as it is, in an input of its own.
// CHECK-LABEL: func.func @residual
// CHECK: %[[X:.*]] = plan.kernel {{.*}}#plan.layout<blocked halo 1>]
// CHECK: graph.relu
// CHECK: %[[V:.*]] = plan.kernel %[[X]] {{.*}}layouts = [#plan.layout<blocked halo 1>, #plan.layout<winograd halo 1 tile 4 group 49>]
// CHECK: plan.relayout
// CHECK: %[[U:.*]] = plan.load conv_weight {dims = array<i64: 64, 64, 3, 3>, layout = #plan.layout<filter16>, slot = #plan.slot<weights[0] + 0 bytes 147456>, source = @w}
// CHECK: plan.kernel %[[U]], %[[X]], %[[V]]
// CHECK-SAME: layouts = [#plan.layout<filter16>, #plan.layout<blocked halo 1>, #plan.layout<winograd halo 1 tile 4 group 49>, #plan.layout<blocked>]
// CHECK-NEXT: ^bb0(%[[W:.*]]: tensor<64x64x3x3xf32>, %[[ADDED:.*]]: tensor<?x64x56x56xf32>, %[[READ:.*]]: tensor<?x64x56x56xf32>):
// CHECK-NEXT: %[[C:.*]] = graph.conv2d %[[READ]], %[[W]] stride 1 padding 1 {plan.algorithm = #plan.winograd<4, 49>}
// CHECK-NEXT: graph.add %[[C]], %[[ADDED]]
func.func @residual(%image: tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32> {
  %x = graph.relu %image : (tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32>
  %w = graph.read_parameter @w : tensor<64x64x3x3xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  %s = graph.add %c, %x : (tensor<?x64x56x56xf32>, tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32>
  return %s : tensor<?x64x56x56xf32>
}

// At one image of 3x3 the transformed weights cost more than the multiplications saved, of whatever stride.
// CHECK-LABEL: func.func @direct
// CHECK-NOT: plan.algorithm
func.func @direct(%image: tensor<?x512x3x3xf32>) -> tensor<?x512x2x2xf32> {
  %x = graph.relu %image : (tensor<?x512x3x3xf32>) -> tensor<?x512x3x3xf32>
  %w = graph.read_parameter @w7 : tensor<512x512x3x3xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x512x3x3xf32>, tensor<512x512x3x3xf32>) -> tensor<?x512x3x3xf32>
  %d = graph.conv2d %c, %w stride 2 padding 1 : (tensor<?x512x3x3xf32>, tensor<512x512x3x3xf32>) -> tensor<?x512x2x2xf32>
  return %d : tensor<?x512x2x2xf32>
}

// A convolution of stride 2 reads the windows of its input's four phases.
// CHECK-LABEL: func.func @phases
// CHECK: plan.kernel {{.*}}layouts = [#plan.layout<blocked halo 1>, #plan.layout<winograd halo 1 tile [[M:[47]]] group [[G:[0-9]+]] stride 2>]
// CHECK: plan.load conv_weight {{.*}}layout = #plan.layout<filter16>
// CHECK: graph.conv2d {{.*}} stride 2 padding 1 {plan.algorithm = #plan.winograd<[[M]], [[G]]>}
func.func @phases(%image: tensor<?x64x56x56xf32>) -> tensor<?x64x28x28xf32> {
  %x = graph.relu %image : (tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32>
  %w = graph.read_parameter @w : tensor<64x64x3x3xf32>
  %c = graph.conv2d %x, %w stride 2 padding 1 : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x28x28xf32>
  return %c : tensor<?x64x28x28xf32>
}

// A projection shortcut does not share registers with a transformed sum: it is a step of its own, added in the epilogue.
// CHECK-LABEL: func.func @projection
// CHECK: graph.conv2d {{.*}} padding 0
// CHECK-NEXT: plan.yield
// CHECK: plan.algorithm
// CHECK-NEXT: graph.add
func.func @projection(%image: tensor<?x64x56x56xf32>, %other: tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32> {
  %x = graph.relu %image : (tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32>
  %w = graph.read_parameter @w : tensor<64x64x3x3xf32>
  %v = graph.read_parameter @p : tensor<64x64x1x1xf32>
  %p = graph.conv2d %other, %v stride 1 padding 0 : (tensor<?x64x56x56xf32>, tensor<64x64x1x1xf32>) -> tensor<?x64x56x56xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  %s = graph.add %c, %p : (tensor<?x64x56x56xf32>, tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32>
  return %s : tensor<?x64x56x56xf32>
}

// A stem of stride 2 over the caller's picture makes its windows itself, from the planar picture as it is.
// CHECK-LABEL: func.func @stem
// CHECK: plan.kernel {{.*}}%arg0{{.*}}layouts = [{{.*}}#plan.layout<planar>
// CHECK: plan.algorithm = #plan.winograd<5, {{[0-9]+}} fused true>
func.func @stem(%image: tensor<?x3x224x224xf32>) -> tensor<?x64x112x112xf32> {
  %w = graph.read_parameter @k7 : tensor<64x3x7x7xf32>
  %c = graph.conv2d %image, %w stride 2 padding 3 : (tensor<?x3x224x224xf32>, tensor<64x3x7x7xf32>) -> tensor<?x64x112x112xf32>
  return %c : tensor<?x64x112x112xf32>
}
}
