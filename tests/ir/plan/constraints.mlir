// Every numbered constraint of the plan dialect is reported under its number.
// RUN: not skip-opt --split-input-file %s 2>&1 | FileCheck %s

// CHECK: kernel-c1:
func.func @kernel_c1(%x: tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32> {
  %y = plan.kernel %x : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32> {
  ^bb0(%a: tensor<?x9x5x5xf32>):
    %r = graph.relu %a : (tensor<?x9x5x5xf32>) -> tensor<?x9x5x5xf32>
    plan.yield %r : tensor<?x9x5x5xf32>
  }
  return %y : tensor<?x8x5x5xf32>
}

// -----

// CHECK: kernel-c2:
func.func @kernel_c2(%x: tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32> {
  %y = plan.kernel %x : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32> attributes {layouts = [#plan.layout<planar>]} {
  ^bb0(%a: tensor<?x8x5x5xf32>):
    %r = graph.relu %a : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
    plan.yield %r : tensor<?x8x5x5xf32>
  }
  return %y : tensor<?x8x5x5xf32>
}

// -----

// CHECK: kernel-c3:
func.func @kernel_c3(%x: tensor<?x8x5x5xf32>, %w: tensor<8x8x1x1xf32>) -> tensor<?x8x5x5xf32> {
  %y = plan.kernel %x, %w : (tensor<?x8x5x5xf32>, tensor<8x8x1x1xf32>) -> tensor<?x8x5x5xf32> {
  ^bb0(%a: tensor<?x8x5x5xf32>, %f: tensor<8x8x1x1xf32>):
    %r = graph.relu %a : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
    %c = graph.conv2d %r, %f stride 1 padding 0 : (tensor<?x8x5x5xf32>, tensor<8x8x1x1xf32>) -> tensor<?x8x5x5xf32>
    plan.yield %c : tensor<?x8x5x5xf32>
  }
  return %y : tensor<?x8x5x5xf32>
}

// -----

// CHECK: expected instruction sets in ascending order, each once
module attributes {plan.target = #plan.x86_target<[avx512, avx2]>} {
}
