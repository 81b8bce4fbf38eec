// A sound plan whose sums lie in addends, and what `plan-check` says of it with one fault planted after another.
// RUN: skip-opt --plan-check %s -o /dev/null

// Room for all but one of the addends: 4 of 2 x 2 pixels of 8 floats.
// RUN: sed -e 's/bytes 512>/bytes 384>/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ROOM
// ROOM: check-2: {{.*}} has no room for 1 images {{.*}} 512 bytes

// Addends that an operation reads second, or that something other than a sum is written as.
// RUN: sed -e 's/graph.add %a, %r/graph.add %r, %a/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SECOND
// SECOND: check-6: input 0 is #plan.layout<partial group 4>; `graph.add` needs whole sums
// RUN: sed -e '/%3 = /s/#plan.layout<nhwc element bf16>]/#plan.layout<partial group 4>]/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=WRITTEN
// WRITTEN: check-8: no kernel writes this result as #plan.layout<partial group 4>

// CUDA cores add in one order.
// RUN: sed -e 's/ precision bf16//; s/ element bf16//g; s/bytes 64>/bytes 128>/g; s/cuda_mma<32, 32, 64 warps 2, 2 stages 4>/cuda_gemm<32, 32, 16 thread 4, 4>/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ORDER
// ORDER: check-12: #plan.cuda_gemm<32, 32, 16 thread 4, 4> does not compute this

// One addend is none.
// RUN: sed -e 's/partial group 4/partial group 1/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ONE
// ONE: a layout of kind partial has at least 2 addends as its group

module attributes {plan.target = #plan.cuda_target<[sm_80] precision bf16>, plan.weights_bytes = 256 : i64} {
  graph.parameter @w : tensor<5x3x1x1xf32>
  func.func @m_b1(%arg0: tensor<?x3x2x2xf32>) -> tensor<?x5x2x2xf32> attributes {plan.batch = 1 : i64, plan.workspace_bytes = 1024 : i64} {
    %0 = plan.load  conv_weight {dims = array<i64: 5, 3, 1, 1>, layout = #plan.layout<krsc element bf16>, slot = #plan.slot<weights[0] + 0 bytes 80>, source = @w} : tensor<5x3x1x1xf32>
    %1 = plan.kernel %arg0 : (tensor<?x3x2x2xf32>) -> tensor<?x3x2x2xf32> attributes {images = 1 : i64, layouts = [#plan.layout<planar>, #plan.layout<nhwc element bf16>], schedules = [#plan.cuda_loop<256>], slots = [#plan.slot<input[0] + 0 bytes 48>, #plan.slot<workspace[0] + 768 bytes 64>]} {
    ^bb0(%a: tensor<?x3x2x2xf32>):
      %5 = plan.relayout %a : tensor<?x3x2x2xf32>
      plan.yield %5 : tensor<?x3x2x2xf32>
    }
    %2 = plan.kernel %1, %0 : (tensor<?x3x2x2xf32>, tensor<5x3x1x1xf32>) -> tensor<?x5x2x2xf32> attributes {images = 1 : i64, layouts = [#plan.layout<nhwc element bf16>, #plan.layout<krsc element bf16>, #plan.layout<partial group 4>], schedules = [#plan.cuda_mma<32, 32, 64 warps 2, 2 stages 4>], slots = [#plan.slot<workspace[0] + 768 bytes 64>, #plan.slot<weights[0] + 0 bytes 80>, #plan.slot<workspace[0] + 0 bytes 512>]} {
    ^bb0(%a: tensor<?x3x2x2xf32>, %f: tensor<5x3x1x1xf32>):
      %5 = graph.conv2d %a, %f stride 1 padding 0 : (tensor<?x3x2x2xf32>, tensor<5x3x1x1xf32>) -> tensor<?x5x2x2xf32>
      plan.yield %5 : tensor<?x5x2x2xf32>
    }
    %6 = plan.kernel %1, %0 : (tensor<?x3x2x2xf32>, tensor<5x3x1x1xf32>) -> tensor<?x5x2x2xf32> attributes {images = 1 : i64, layouts = [#plan.layout<nhwc element bf16>, #plan.layout<krsc element bf16>, #plan.layout<nhwc element bf16>], schedules = [#plan.cuda_mma<32, 32, 64 warps 2, 2 stages 4>], slots = [#plan.slot<workspace[0] + 768 bytes 64>, #plan.slot<weights[0] + 0 bytes 80>, #plan.slot<workspace[0] + 512 bytes 64>]} {
    ^bb0(%a: tensor<?x3x2x2xf32>, %f: tensor<5x3x1x1xf32>):
      %5 = graph.conv2d %a, %f stride 1 padding 0 : (tensor<?x3x2x2xf32>, tensor<5x3x1x1xf32>) -> tensor<?x5x2x2xf32>
      plan.yield %5 : tensor<?x5x2x2xf32>
    }
    %3 = plan.kernel %2, %6 : (tensor<?x5x2x2xf32>, tensor<?x5x2x2xf32>) -> tensor<?x5x2x2xf32> attributes {images = 1 : i64, layouts = [#plan.layout<partial group 4>, #plan.layout<nhwc element bf16>, #plan.layout<nhwc element bf16>], schedules = [#plan.cuda_loop<256>], slots = [#plan.slot<workspace[0] + 0 bytes 512>, #plan.slot<workspace[0] + 512 bytes 64>, #plan.slot<workspace[0] + 768 bytes 64>]} {
    ^bb0(%a: tensor<?x5x2x2xf32>, %r: tensor<?x5x2x2xf32>):
      %5 = graph.add %a, %r : (tensor<?x5x2x2xf32>, tensor<?x5x2x2xf32>) -> tensor<?x5x2x2xf32>
      plan.yield %5 : tensor<?x5x2x2xf32>
    }
    %4 = plan.kernel %3 : (tensor<?x5x2x2xf32>) -> tensor<?x5x2x2xf32> attributes {images = 1 : i64, layouts = [#plan.layout<nhwc element bf16>, #plan.layout<planar>], schedules = [#plan.cuda_loop<256>], slots = [#plan.slot<workspace[0] + 768 bytes 64>, #plan.slot<output[0] + 0 bytes 80>]} {
    ^bb0(%a: tensor<?x5x2x2xf32>):
      %5 = plan.relayout %a : tensor<?x5x2x2xf32>
      plan.yield %5 : tensor<?x5x2x2xf32>
    }
    return %4 : tensor<?x5x2x2xf32>
  }
}
