// RUN: skip-opt --plan-form-kernels --plan-assign-layouts --plan-pack-weights --plan-split-variants=batches=1 --plan-choose-schedules --plan-name-kernels %s | FileCheck %s
// RUN: skip-opt --plan-form-kernels --plan-assign-layouts --plan-pack-weights --plan-split-variants=batches=1 --plan-choose-schedules=exact --plan-name-kernels %s | FileCheck %s --check-prefix=EXACT

// Of a 1x1 convolution with enough channels seven products are taken for eight, unless the build must be exact. The code depends on how
// channels and rows are cut, so they are in the kernel's name.
module attributes {plan.target = #plan.x86_target<[avx2, avx512]>} {
  graph.parameter @w : tensor<256x1024x1x1xf32>
  // CHECK: kernel = "conv1x1s1.c1024.w14"
  // CHECK-SAME: schedules = [#plan.x86_conv<1, 1, {{[0-9]+}}{{.*}}>, #plan.x86_conv<2, 14, 14 strassen 4>]
  // EXACT: kernel = "conv1x1s1"
  // EXACT-NOT: strassen
  func.func @net(%x: tensor<?x1024x14x14xf32>) -> tensor<?x256x14x14xf32> {
    %w = graph.read_parameter @w : tensor<256x1024x1x1xf32>
    %r = graph.relu %x : (tensor<?x1024x14x14xf32>) -> tensor<?x1024x14x14xf32>
    %c = graph.conv2d %r, %w stride 1 padding 0 : (tensor<?x1024x14x14xf32>, tensor<256x1024x1x1xf32>) -> tensor<?x256x14x14xf32>
    return %c : tensor<?x256x14x14xf32>
  }
}
