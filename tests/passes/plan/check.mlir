// A sound plan, and what `plan-check` says of it with one fault planted after another.
// RUN: skip-opt --plan-check %s -o /dev/null

// A result in the caller's input.
// RUN: sed -e 's/slot<output/slot<input/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=WRITES
// WRITES: check-1: writes to the input

// The workspace ends too early.
// RUN: sed -e 's/workspace_bytes = 18432/workspace_bytes = 18368/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ENDS
// ENDS: check-1: {{.*}} within a workspace of 18368 bytes

// Room for pictures without their halo.
// RUN: sed -e 's/bytes 4608/bytes 2048/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ROOM
// ROOM: check-2: {{.*}} has no room for 2 images {{.*}} 4608 bytes

// Images at the distance of pictures without halo.
// RUN: sed -e 's/bytes 4608/& image 1024/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=DISTANCE
// DISTANCE: check-2: {{.*}} its images are 2304 bytes apart

// More images at a time than the batch has.
// RUN: sed -e 's/images = 2/images = 3/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=IMAGES
// IMAGES: check-3: computes 3 of 2 images

// One image at a time, but the caller's arrays are not passed along.
// RUN: sed -e 's/images = 2/images = 1/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=TURNS
// TURNS: check-4: images 1 to 1 {{.*}} do not lie in #plan.slot<input[0] + 0 bytes 2048>

// A value is read where others lie.
// RUN: sed -e '/%y = /s/+ 13824 bytes/+ 9216 bytes/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ELSEWHERE
// ELSEWHERE: check-4: images 0 to 1 of `s` {{.*}} where `x` lies in #plan.layout<winograd

// A value is read as if it had no halo.
// RUN: sed -e '/%[s] = /s/#plan.layout<vector>, #plan.layout<blocked halo 1>/#plan.layout<vector>, #plan.layout<blocked>/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=OTHERWISE
// OTHERWISE: check-4: {{.*}} of `x` in #plan.layout<blocked> {{.*}} where `x` lies in #plan.layout<blocked halo 1>

// Some of it was never written.
// RUN: sed -e '/%0 = /s/workspace\[0\] + 0/workspace[0] + 64/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=NEVER
// NEVER: check-4: {{.*}} where nothing was written

// A value is overwritten before its last reader.
// RUN: sed -e 's/+ 13824 bytes 4608/+ 9216 bytes 4608/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=EARLY
// EARLY: check-5: writes to #plan.slot<workspace[0] + 0 bytes 13824> while it reads `x` from there

// A convolution's result over the windows that it multiplies.
// RUN: sed -e '/%[s] = /s/+ 13824 bytes 4608>\]/+ 0 bytes 4608>]/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=OVER
// OVER: check-5: writes to #plan.slot<workspace[0] + 0 bytes 4608> while it reads `x` from there

// A value that the convolution reads through windows and the sum elementwise, where the result is written over it.
// RUN: sed -e 's/%a = graph.conv2d %x_3/%a = graph.conv2d %x_2/; s/ {plan.algorithm = #plan.winograd<4, 2>}//' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=BOTH
// BOTH: check-5: writes to #plan.slot<workspace[0] + 13824 bytes 4608> while it reads `x` from there

// A filter of as many weights in other sizes, and one from another parameter.
// RUN: sed -e '/%1 = /s/dims = array<i64: 16, 16, 3, 3>/dims = array<i64: 16, 16, 1, 9>/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SIZES
// RUN: sed -e '/%1 = /s/source = @w/source = @b/' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SIZES
// SIZES: check-10: input {{[0-9]}} is read in other sizes than its entry has, or its parameter

// A padded convolution of a picture without halo.
// RUN: sed -e '/%[sy] = /s/layout<blocked halo 1>\(\], slots\|, #plan.layout<filter16>\)/layout<blocked>\1/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=HALO
// HALO: check-6: input 0 is #plan.layout<blocked>; `graph.conv2d` needs a wider halo of zeros

// Windows of another tile.
// RUN: sed -e 's/winograd<4, 2>}/winograd<2, 2>}/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=TILE
// TILE: check-6: {{.*}} `graph.conv2d` needs its transformed windows

// Filters packed for planar pictures.
// RUN: sed -e 's/filter16/filter1/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=PACKED
// PACKED: check-7: {{.*}} its input wants them filter16

// A planar result of arithmetic.
// RUN: sed -e '/%x = /s/, #plan.layout<blocked halo 1>/, #plan.layout<planar>/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=PLANAR
// PLANAR: check-8: no kernel writes this result as #plan.layout<planar>

// Another value than the model's result.
// RUN: sed -e 's/return %y_1/return %x/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=RESULT
// RESULT: check-9: output 0 does not hold the model's result

// Two entries of the load table share bytes.
// RUN: sed -e 's/weights\[0\] + 9216/weights[0] + 9152/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=SHARED
// SHARED: check-10: two entries share bytes

// A bias is read where the filter lies.
// RUN: sed -e '/%y = /s/weights\[0\] + 9216/weights[0] + 0/g' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=READ
// READ: check-10: input 2 is read

// Strassen's products of a filter without factors.
// RUN: sed -e '/%y = /s/attributes {/&schedules = [#plan.x86_conv<1, 2, 4 strassen 2>], /' %s | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=FACTORS
// FACTORS: check-11: adds up input channels whose filter has no factors for it

module attributes {plan.target = #plan.x86_target<[avx512]>, plan.weights_bytes = 9280 : i64} {
  graph.parameter @w : tensor<16x16x3x3xf32>
  graph.parameter @b : tensor<16xf32>
  func.func @net_b2(%arg0: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {plan.batch = 2 : i64, plan.workspace_bytes = 18432 : i64} {
    %0 = plan.kernel %arg0 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {images = 2 : i64, layouts = [#plan.layout<planar>, #plan.layout<blocked>], slots = [#plan.slot<input[0] + 0 bytes 2048>, #plan.slot<workspace[0] + 0 bytes 2048>]} {
    ^bb0(%arg1: tensor<?x16x4x4xf32>):
      %4 = plan.relayout %arg1 : tensor<?x16x4x4xf32>
      plan.yield %4 : tensor<?x16x4x4xf32>
    } loc("0")
    %x = plan.kernel %0 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {images = 2 : i64, layouts = [#plan.layout<blocked>, #plan.layout<blocked halo 1>], slots = [#plan.slot<workspace[0] + 0 bytes 2048>, #plan.slot<workspace[0] + 13824 bytes 4608>]} {
    ^bb0(%arg1: tensor<?x16x4x4xf32>):
      %x_2 = graph.relu %arg1 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
      plan.yield %x_2 : tensor<?x16x4x4xf32>
    } loc("x")
    %x_0 = plan.kernel %x : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {images = 2 : i64, layouts = [#plan.layout<blocked halo 1>, #plan.layout<winograd halo 1 tile 4 group 2>], slots = [#plan.slot<workspace[0] + 13824 bytes 4608>, #plan.slot<workspace[0] + 0 bytes 13824>]} {
    ^bb0(%x_2: tensor<?x16x4x4xf32>):
      %x_3 = plan.relayout %x_2 : tensor<?x16x4x4xf32>
      plan.yield %x_3 : tensor<?x16x4x4xf32>
    } loc("x")
    %1 = plan.load  conv_weight {dims = array<i64: 16, 16, 3, 3>, layout = #plan.layout<filter16>, slot = #plan.slot<weights[0] + 0 bytes 9216>, source = @w} : tensor<16x16x3x3xf32>
    %2 = plan.load  bias {bias = @b, dims = array<i64: 16, 1, 1, 1>, layout = #plan.layout<vector>, slot = #plan.slot<weights[0] + 9216 bytes 64>} : tensor<16xf32>
    %s = plan.kernel %1, %2, %x, %x_0 : (tensor<16x16x3x3xf32>, tensor<16xf32>, tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {images = 2 : i64, layouts = [#plan.layout<filter16>, #plan.layout<vector>, #plan.layout<blocked halo 1>, #plan.layout<winograd halo 1 tile 4 group 2>, #plan.layout<blocked halo 1>], slots = [#plan.slot<weights[0] + 0 bytes 9216>, #plan.slot<weights[0] + 9216 bytes 64>, #plan.slot<workspace[0] + 13824 bytes 4608>, #plan.slot<workspace[0] + 0 bytes 13824>, #plan.slot<workspace[0] + 13824 bytes 4608>]} {
    ^bb0(%arg1: tensor<16x16x3x3xf32>, %arg2: tensor<16xf32>, %x_2: tensor<?x16x4x4xf32>, %x_3: tensor<?x16x4x4xf32>):
      %a = graph.conv2d %x_3, %arg1 bias %arg2 stride 1 padding 1 {plan.algorithm = #plan.winograd<4, 2>} : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>, tensor<16xf32>) -> tensor<?x16x4x4xf32>
      %s_4 = graph.add %a, %x_2 : (tensor<?x16x4x4xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
      plan.yield %s_4 : tensor<?x16x4x4xf32>
    } loc("s")
    %3 = plan.load  bias {bias = @b, dims = array<i64: 16, 1, 1, 1>, layout = #plan.layout<vector>, slot = #plan.slot<weights[0] + 9216 bytes 64>} : tensor<16xf32>
    %y = plan.kernel %s, %1, %3 : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>, tensor<16xf32>) -> tensor<?x16x4x4xf32> attributes {images = 2 : i64, layouts = [#plan.layout<blocked halo 1>, #plan.layout<filter16>, #plan.layout<vector>, #plan.layout<blocked>], slots = [#plan.slot<workspace[0] + 13824 bytes 4608>, #plan.slot<weights[0] + 0 bytes 9216>, #plan.slot<weights[0] + 9216 bytes 64>, #plan.slot<workspace[0] + 0 bytes 2048>]} {
    ^bb0(%s_2: tensor<?x16x4x4xf32>, %arg2: tensor<16x16x3x3xf32>, %arg3: tensor<16xf32>):
      %y_3 = graph.conv2d %s_2, %arg2 bias %arg3 stride 1 padding 1 : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>, tensor<16xf32>) -> tensor<?x16x4x4xf32>
      plan.yield %y_3 : tensor<?x16x4x4xf32>
    } loc("y")
    %y_1 = plan.kernel %y : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {images = 2 : i64, layouts = [#plan.layout<blocked>, #plan.layout<planar>], slots = [#plan.slot<workspace[0] + 0 bytes 2048>, #plan.slot<output[0] + 0 bytes 2048>]} {
    ^bb0(%y_2: tensor<?x16x4x4xf32>):
      %y_3 = plan.relayout %y_2 : tensor<?x16x4x4xf32>
      plan.yield %y_3 : tensor<?x16x4x4xf32>
    } loc("y")
    return %y_1 : tensor<?x16x4x4xf32>
  }
}

