// A sound plan for CUDA, and what `plan-check` says of it with one fault planted after another.
// RUN: skip-opt --plan-check %s -o /dev/null

// Pixels without the channels that fill a vector.
// RUN: sed -e 's/bytes 512>/bytes 320>/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ROOM
// ROOM: check-2: {{.*}} has no room for 1 images {{.*}} 512 bytes

// Places that are no multiple of 256 bytes.
// RUN: sed -e 's/workspace\[0\] + 512/workspace[0] + 576/g; s/workspace_bytes = 1024/workspace_bytes = 1152/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=LINES
// LINES: check-1: {{.*}} is not a place of 256-byte lines

// The second convolution writes over the picture that it reads through windows.
// RUN: sed -e '/%4 = /s/workspace\[0\] + 512 bytes 512/workspace[0] + 0 bytes 512/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=OVER
// OVER: check-5: writes to #plan.slot<workspace[0] + 0 bytes 512> while it reads

// A value is read where another lies.
// RUN: sed -e '/%5 = /s/workspace\[0\] + 512/workspace[0] + 0/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ELSEWHERE
// ELSEWHERE: check-4: images 0 to 0 of

// Layouts of another target.
// RUN: sed -e '/%[24] = /s/<nhwc>/<blocked>/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: check-6: input 0 is #plan.layout<blocked>; `graph.conv2d` needs a layout of its target, planar or nhwc
// RUN: sed -e 's/plan.target = #plan.cuda_target<.sm_80.>/plan.target = #plan.x86_target<[avx2]>/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=X86
// X86: check-8: no kernel writes this result as #plan.layout<nhwc>

// A convolution of the caller's array, a result of a convolution for the caller, a copy with a halo, a filter of blocks.
// RUN: sed -e '/%2 = /s/<nhwc>, #plan.layout<krsc>/<planar>, #plan.layout<krsc>/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=PLANAR
// PLANAR: check-6: input 0 is #plan.layout<planar>; `graph.conv2d` needs another layout than planar
// RUN: sed -e '/%2 = /s/layout<krsc>, #plan.layout<nhwc>/layout<krsc>, #plan.layout<planar>/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=WRITES
// WRITES: check-8: no kernel writes this result as #plan.layout<planar>
// RUN: sed -e '/%6 = /s/layout<planar>/layout<planar halo 1>/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=HALO
// HALO: check-8: no kernel writes this result as #plan.layout<planar halo 1>
// RUN: sed -e 's/<krsc>/<filter16>/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=FILTER
// FILTER: check-7: the parameters that `graph.conv2d` reads are #plan.layout<filter16>; its input wants them krsc

// A filter's place that is too small.
// RUN: sed -e 's/bytes 720>/bytes 540>/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ENTRY
// ENTRY: check-10: an entry of 720 bytes has no room

// Schedules: of another target, threads with sums that are no vectors, more shared memory than there is, a pool without warps.
// RUN: sed -e 's/#plan.cuda_gemm<32, 32, 16 thread 4, 4>/#plan.x86_conv<1, 1, 4>/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SCHEDULE
// RUN: sed -e 's/thread 4, 4/thread 4, 2/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SCHEDULE
// RUN: sed -e 's/32, 32, 16 thread 4, 4/128, 128, 64 thread 8, 8/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SCHEDULE
// RUN: sed -e 's/#plan.cuda_loop<8 lanes 32>/#plan.cuda_loop<256>/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SCHEDULE
// SCHEDULE: check-12: #plan.{{.*}} does not compute this on sm_80

// Halos are of other layouts.
// RUN: sed -e 's/layout<nhwc>/layout<nhwc halo 1>/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=NOHALO
// NOHALO: a layout of kind nhwc has no halo

module attributes {plan.target = #plan.cuda_target<[sm_80]>, plan.weights_bytes = 1024 : i64} {
  graph.parameter @w : tensor<5x3x3x3xf32>
  graph.parameter @v : tensor<5x5x1x1xf32>
  func.func @m_b1(%arg0: tensor<?x3x4x4xf32>) -> tensor<?x5xf32> attributes {plan.batch = 1 : i64, plan.workspace_bytes = 1024 : i64} {
    %0 = plan.kernel %arg0 : (tensor<?x3x4x4xf32>) -> tensor<?x3x4x4xf32> attributes {images = 1 : i64, layouts = [#plan.layout<planar>, #plan.layout<nhwc>], schedules = [#plan.cuda_loop<256>], slots = [#plan.slot<input[0] + 0 bytes 192>, #plan.slot<workspace[0] + 512 bytes 256>]} {
    ^bb0(%arg1: tensor<?x3x4x4xf32>):
      %7 = plan.relayout %arg1 : tensor<?x3x4x4xf32>
      plan.yield %7 : tensor<?x3x4x4xf32>
    }
    %1 = plan.load  conv_weight {dims = array<i64: 5, 3, 3, 3>, layout = #plan.layout<krsc>, slot = #plan.slot<weights[0] + 0 bytes 720>, source = @w} : tensor<5x3x3x3xf32>
    %2 = plan.kernel %0, %1 : (tensor<?x3x4x4xf32>, tensor<5x3x3x3xf32>) -> tensor<?x5x4x4xf32> attributes {images = 1 : i64, layouts = [#plan.layout<nhwc>, #plan.layout<krsc>, #plan.layout<nhwc>], schedules = [#plan.cuda_gemm<32, 32, 16 thread 4, 4>], slots = [#plan.slot<workspace[0] + 512 bytes 256>, #plan.slot<weights[0] + 0 bytes 720>, #plan.slot<workspace[0] + 0 bytes 512>]} {
    ^bb0(%arg1: tensor<?x3x4x4xf32>, %arg2: tensor<5x3x3x3xf32>):
      %7 = graph.conv2d %arg1, %arg2 stride 1 padding 1 : (tensor<?x3x4x4xf32>, tensor<5x3x3x3xf32>) -> tensor<?x5x4x4xf32>
      %8 = graph.relu %7 : (tensor<?x5x4x4xf32>) -> tensor<?x5x4x4xf32>
      plan.yield %8 : tensor<?x5x4x4xf32>
    }
    %3 = plan.load  conv_weight {dims = array<i64: 5, 5, 1, 1>, layout = #plan.layout<krsc>, slot = #plan.slot<weights[0] + 768 bytes 160>, source = @v} : tensor<5x5x1x1xf32>
    %4 = plan.kernel %2, %3 : (tensor<?x5x4x4xf32>, tensor<5x5x1x1xf32>) -> tensor<?x5x4x4xf32> attributes {images = 1 : i64, layouts = [#plan.layout<nhwc>, #plan.layout<krsc>, #plan.layout<nhwc>], schedules = [#plan.cuda_gemm<32, 32, 16 thread 4, 4>], slots = [#plan.slot<workspace[0] + 0 bytes 512>, #plan.slot<weights[0] + 768 bytes 160>, #plan.slot<workspace[0] + 512 bytes 512>]} {
    ^bb0(%arg1: tensor<?x5x4x4xf32>, %arg2: tensor<5x5x1x1xf32>):
      %7 = graph.conv2d %arg1, %arg2 stride 1 padding 0 : (tensor<?x5x4x4xf32>, tensor<5x5x1x1xf32>) -> tensor<?x5x4x4xf32>
      %8 = graph.add %7, %arg1 : (tensor<?x5x4x4xf32>, tensor<?x5x4x4xf32>) -> tensor<?x5x4x4xf32>
      plan.yield %8 : tensor<?x5x4x4xf32>
    }
    %5 = plan.kernel %4 : (tensor<?x5x4x4xf32>) -> tensor<?x5xf32> attributes {images = 1 : i64, layouts = [#plan.layout<nhwc>, #plan.layout<nhwc>], schedules = [#plan.cuda_loop<8 lanes 32>], slots = [#plan.slot<workspace[0] + 512 bytes 512>, #plan.slot<workspace[0] + 0 bytes 32>]} {
    ^bb0(%arg1: tensor<?x5x4x4xf32>):
      %7 = graph.global_avg_pool %arg1 : (tensor<?x5x4x4xf32>) -> tensor<?x5xf32>
      plan.yield %7 : tensor<?x5xf32>
    }
    %6 = plan.kernel %5 : (tensor<?x5xf32>) -> tensor<?x5xf32> attributes {images = 1 : i64, layouts = [#plan.layout<nhwc>, #plan.layout<planar>], schedules = [#plan.cuda_loop<256>], slots = [#plan.slot<workspace[0] + 0 bytes 32>, #plan.slot<output[0] + 0 bytes 20>]} {
    ^bb0(%arg1: tensor<?x5xf32>):
      %7 = plan.relayout %arg1 : tensor<?x5xf32>
      plan.yield %7 : tensor<?x5xf32>
    }
    return %6 : tensor<?x5xf32>
  }
}
