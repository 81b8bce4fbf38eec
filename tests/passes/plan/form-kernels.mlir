// RUN: skip-opt --plan-form-kernels %s | FileCheck %s
graph.parameter @w3 : tensor<16x16x3x3xf32>
graph.parameter @w1 : tensor<16x16x1x1xf32>
graph.parameter @b : tensor<16xf32>

// The relu joins the convolution that only it reads.
// CHECK-LABEL: func.func @epilogue
// CHECK: plan.kernel %arg0, %{{.*}}, %{{.*}} : (
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<?x16x4x4xf32>, %[[W:.*]]: tensor<16x16x3x3xf32>, %[[B:.*]]: tensor<16xf32>):
// CHECK-NEXT: %[[C:.*]] = graph.conv2d %[[X]], %[[W]] bias %[[B]]
// CHECK-NEXT: %[[R:.*]] = graph.relu %[[C]]
// CHECK-NEXT: plan.yield %[[R]]
func.func @epilogue(%x: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %w = graph.read_parameter @w3 : tensor<16x16x3x3xf32>
  %b = graph.read_parameter @b : tensor<16xf32>
  %c = graph.conv2d %x, %w bias %b stride 1 padding 1 : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>, tensor<16xf32>) -> tensor<?x16x4x4xf32>
  %r = graph.relu %c : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  return %r : tensor<?x16x4x4xf32>
}

// A convolution whose value something else reads keeps its kernel to itself.
// CHECK-LABEL: func.func @shared
// CHECK: plan.kernel
// CHECK: graph.conv2d
// CHECK-NEXT: plan.yield
// CHECK: plan.kernel
// CHECK: graph.relu
func.func @shared(%x: tensor<?x16x4x4xf32>) -> (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) {
  %w = graph.read_parameter @w3 : tensor<16x16x3x3xf32>
  %c = graph.conv2d %x, %w stride 1 padding 1 : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x4x4xf32>
  %r = graph.relu %c : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  return %c, %r : tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>
}

// A projection shortcut and the convolution that it joins are one kernel with two roots.
// CHECK-LABEL: func.func @projection
// CHECK-COUNT-1: plan.kernel
// CHECK: graph.conv2d
// CHECK-NEXT: graph.conv2d
// CHECK-NEXT: graph.add
// CHECK-NEXT: graph.relu
// CHECK-NOT: plan.kernel
func.func @projection(%x: tensor<?x16x4x4xf32>) -> tensor<?x16x2x2xf32> {
  %w3 = graph.read_parameter @w3 : tensor<16x16x3x3xf32>
  %w1 = graph.read_parameter @w1 : tensor<16x16x1x1xf32>
  %a = graph.conv2d %x, %w3 stride 2 padding 1 : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x2x2xf32>
  %b = graph.conv2d %x, %w1 stride 2 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x2x2xf32>
  %s = graph.add %a, %b : (tensor<?x16x2x2xf32>, tensor<?x16x2x2xf32>) -> tensor<?x16x2x2xf32>
  %r = graph.relu %s : (tensor<?x16x2x2xf32>) -> tensor<?x16x2x2xf32>
  return %r : tensor<?x16x2x2xf32>
}

// Shortcut option A: the subsampling is the prologue of the padding; the add joins the convolution.
// CHECK-LABEL: func.func @option_a
// CHECK: graph.subsample
// CHECK-NEXT: graph.pad_channels
// CHECK-NEXT: plan.yield
// CHECK: graph.conv2d
// CHECK-NEXT: graph.add
// CHECK-NEXT: plan.yield
func.func @option_a(%x: tensor<?x16x4x4xf32>, %y: tensor<?x16x2x2xf32>) -> tensor<?x16x2x2xf32> {
  %w1 = graph.read_parameter @w1 : tensor<16x16x1x1xf32>
  %c = graph.conv2d %y, %w1 stride 1 padding 0 : (tensor<?x16x2x2xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x2x2xf32>
  %d = graph.subsample %x stride 2 : (tensor<?x16x4x4xf32>) -> tensor<?x16x2x2xf32>
  %p = graph.pad_channels %d before 0 after 0 : (tensor<?x16x2x2xf32>) -> tensor<?x16x2x2xf32>
  %s = graph.add %c, %p : (tensor<?x16x2x2xf32>, tensor<?x16x2x2xf32>) -> tensor<?x16x2x2xf32>
  return %s : tensor<?x16x2x2xf32>
}

// A value added to itself is read twice: nothing joins its kernel.
// CHECK-LABEL: func.func @doubled
// CHECK: graph.conv2d
// CHECK-NEXT: plan.yield
// CHECK: ^bb0(%[[A:.*]]: tensor<?x16x4x4xf32>):
// CHECK-NEXT: graph.add %[[A]], %[[A]]
func.func @doubled(%x: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %w = graph.read_parameter @w1 : tensor<16x16x1x1xf32>
  %c = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x4x4xf32>
  %s = graph.add %c, %c : (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  return %s : tensor<?x16x4x4xf32>
}

// A chain without end is cut: a kernel has at most 16 operations.
// CHECK-LABEL: func.func @long_chain
// CHECK: plan.kernel
// CHECK-COUNT-16: graph.relu
// CHECK-NEXT: plan.yield
// CHECK: plan.kernel
// CHECK-COUNT-3: graph.relu
// CHECK-NEXT: plan.yield
func.func @long_chain(%r0: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %r1 = graph.relu %r0 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r2 = graph.relu %r1 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r3 = graph.relu %r2 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r4 = graph.relu %r3 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r5 = graph.relu %r4 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r6 = graph.relu %r5 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r7 = graph.relu %r6 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r8 = graph.relu %r7 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r9 = graph.relu %r8 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r10 = graph.relu %r9 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r11 = graph.relu %r10 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r12 = graph.relu %r11 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r13 = graph.relu %r12 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r14 = graph.relu %r13 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r15 = graph.relu %r14 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r16 = graph.relu %r15 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r17 = graph.relu %r16 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r18 = graph.relu %r17 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %r19 = graph.relu %r18 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  return %r19 : tensor<?x16x4x4xf32>
}

// Biases that are trained cannot become one: the first convolution stands alone, unless one bias is all there is.
// CHECK-LABEL: func.func @trained_biases
// CHECK-COUNT-3: plan.kernel
// CHECK: graph.conv2d
// CHECK-NEXT: graph.conv2d
// CHECK-NEXT: graph.add
// CHECK-NOT: plan.kernel
func.func @trained_biases(%x: tensor<?x16x4x4xf32>) -> (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) attributes {graph.trainable = [@b, @w1]} {
  %w = graph.read_parameter @w1 : tensor<16x16x1x1xf32>
  %b = graph.read_parameter @b : tensor<16xf32>
  %a = graph.conv2d %x, %w bias %b stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>, tensor<16xf32>) -> tensor<?x16x4x4xf32>
  %c = graph.conv2d %x, %w bias %b stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>, tensor<16xf32>) -> tensor<?x16x4x4xf32>
  %s = graph.add %a, %c : (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %d = graph.conv2d %x, %w stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x4x4xf32>
  %e = graph.conv2d %x, %w bias %b stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>, tensor<16xf32>) -> tensor<?x16x4x4xf32>
  %t = graph.add %d, %e : (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  return %s, %t : tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>
}
