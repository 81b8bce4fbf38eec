// What `plan-check` says of a sound plan of gradients, with one fault planted after another.
// RUN: skip-opt %s --graph-prepare-training --graph-derive-backward --graph-expand-batch-norm --plan-split-variants=batches=2 --plan-form-kernels --plan-assign-layouts --plan-form-sections --plan-pack-weights=exact=true --plan-place-state --plan-choose-schedules=exact=true --plan-assign-buffers -o %t
// RUN: skip-opt --plan-check %t -o /dev/null

// A gradient of another parameter's place.
// RUN: sed -e 's/gradient = @g, plan.slot = #plan.slot<state\[0\] + 2688/gradient = @g, plan.slot = #plan.slot<state[0] + 2752/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=PLACE
// PLACE: check-1: {{.*}} is no place of this tensor

// The same where the kernel writes it too.
// RUN: sed -e 's/state\[0\] + 2688 bytes/state[0] + 2880 bytes/g' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=GRADIENT
// GRADIENT: check-9: the state does not hold result 3

// A vector among the parameters that decay.
// RUN: sed -e 's/\[@w, @fc\]/[@w, @fc, @g]/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=DECAYS
// DECAYS: check-13: @g lies in another part of the state than its own

// A running statistic where parameters lie.
// RUN: sed -e 's/state\[0\] + 1344 bytes/state[0] + 1280 bytes/g' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SHARED
// SHARED: check-13: two parameters share bytes of the state

// The state ends too early.
// RUN: sed -e 's/bytes 2944>/bytes 2880>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ENDS
// ENDS: check-13: result 3 lies where no statistics of a group do

// Parts that overlap.
// RUN: sed -e 's/gradients 1472 group 2816/gradients 1472 group 2752/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=PARTS
// PARTS: check-13: the parts of {{.*}} overlap

// Statistics on each other.
// RUN: sed -e 's/state\[0\] + 2880 bytes/state[0] + 2816 bytes/g' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=STATISTICS
// STATISTICS: check-5: two of its results share bytes

// A running statistic that is said to be trained.
// RUN: sed -e 's/trainable = \[@w, @g/trainable = [@w, @m, @g/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: check-13: @m lies in another part of the state than its own

// A trained parameter without a gradient.
// RUN: sed -e 's/trainable = \[@w/trainable = [@unread, @w/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=GRADIENTLESS
// GRADIENTLESS: check-13: 4 of 5 trained parameters have a gradient

// A batch's sum in turns.
// RUN: sed -e 's/images = 2 : i64/images = 1 : i64/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=TURNS
// TURNS: check-3: sums over the batch and computes 1 of its images at a time

// A filter's gradient in another form than the filter.
// RUN: sed -e '/conv2d_grad_filter/!s/#plan.layout<planar>, #plan.layout<filter1>\]/#plan.layout<planar>, #plan.layout<filter16>]/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=FORM
// FORM: check-8: no kernel writes this result as #plan.layout<filter16>

// Labels that are no array of the caller's.
// RUN: sed -e 's/#plan.layout<blocked>, #plan.layout<planar>, #plan.layout<blocked>\]/#plan.layout<blocked>, #plan.layout<blocked>, #plan.layout<blocked>]/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=LABELS
// LABELS: check-6: input 1 is #plan.layout<blocked>; `graph.softmax_cross_entropy_grad_input` needs the caller's labels

// A transposed filter in a form that convolutions of blocked pictures do not read.
// RUN: sed -e 's/layouts = \[#plan.layout<filter16>, #plan.layout<filter16>\]/layouts = [#plan.layout<filter16>, #plan.layout<filter1>]/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=TRANSPOSED
// TRANSPOSED: check-8: no kernel writes this result as #plan.layout<filter1>

module attributes {plan.target = #plan.x86_target<[avx512]>} {
graph.parameter @w : tensor<4x3x1x1xf32>
graph.parameter @g : tensor<4xf32>
graph.parameter @b : tensor<4xf32>
graph.parameter buffer @m : tensor<4xf32>
graph.parameter buffer @v : tensor<4xf32>
graph.parameter @fc : tensor<5x4xf32>
graph.parameter @unread : tensor<4xf32>
func.func @net(%image: tensor<?x3x8x8xf32> {graph.name = "image"}) -> (tensor<?x5xf32> {graph.name = "logits"}) attributes {graph.trainable = [@w, @g, @b, @fc], graph.decayed = [@w, @fc], plan.role = #plan.role<gradients>} {
  %w = graph.read_parameter @w : tensor<4x3x1x1xf32>
  %g = graph.read_parameter @g : tensor<4xf32>
  %b = graph.read_parameter @b : tensor<4xf32>
  %m = graph.read_parameter @m : tensor<4xf32>
  %v = graph.read_parameter @v : tensor<4xf32>
  %fc = graph.read_parameter @fc : tensor<5x4xf32>
  %x = graph.conv2d %image, %w stride 1 padding 0 : (tensor<?x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<?x4x8x8xf32>
  %n = graph.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-05 : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32>
  %e = graph.global_avg_pool %n : (tensor<?x4x8x8xf32>) -> tensor<?x4xf32>
  %l = graph.linear %e, %fc : (tensor<?x4xf32>, tensor<5x4xf32>) -> tensor<?x5xf32>
  return %l : tensor<?x5xf32>
}
}
