// What a caller sees is the same of all functions, and slots are places that the runtime knows.
// RUN: skip-opt --graph-inference --plan-split-variants=batches=1,2 --plan-form-kernels --plan-assign-layouts \
// RUN:   --plan-form-sections --plan-pack-weights --plan-choose-schedules --plan-assign-buffers --mlir-print-debuginfo %s -o %t && skip-opt --plan-check %t -o /dev/null

// The second function gives its first two results in the other order.
// RUN: sed -e '/plan.batch = 2/,$ {s/output\[0\]/output[9]/; s/output\[1\]/output[0]/; s/output\[9\]/output[1]/; s/return %\([0-9]*\), %\([0-9]*\),/return %\2, %\1,/}' %t \
// RUN:   | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ORDER
// RUN: sed -e '/plan.batch = 2/ s/graph.name = "y"/graph.name = "u"/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ORDER
// ORDER: check-9: has other inputs or outputs than the model's first variant

// There is one workspace, and a slot's end is no number that wraps.
// RUN: sed -e 's/workspace\[0\]/workspace[1]/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=INDEX
// INDEX: check-1: there is no #plan.slot<workspace[1]
// RUN: sed -e 's/workspace\[0\] + [0-9]*/workspace[0] + 9223372036854775744/' %t \
// RUN:   | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=FAR
// FAR: check-1: #plan.slot<workspace[0] + 9223372036854775744
// RUN: sed -e 's/\(weights\[0\] + [0-9]* bytes\) [0-9]*/\1 9223372036854775744/' %t \
// RUN:   | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=LARGE
// LARGE: check-10: an entry of {{[0-9]+}} bytes has no room
// RUN: sed -e 's/\(input\[0\] + 0 bytes\) [0-9]*/\1 64000/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=ARRAY
// ARRAY: check-2: #plan.slot<input[0] + 0 bytes 64000> is not the array of 1 images that the caller has

// Kernels compute with float32.
// RUN: sed -e 's/layout<blocked>/layout<blocked element f16>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=HALF
// HALF: check-6: no kernel reads or writes #plan.layout<blocked element f16>

// A linear layer behind a picture has the picture's sizes.
// RUN: sed -e 's/array<i64: 16, 16, 7, 7>/array<i64: 16, 784, 1, 1>/' %t | not skip-opt --plan-check - 2>&1 | FileCheck %s --check-prefix=FLAT
// FLAT: check-10: input {{[0-9]}} is read in other sizes than its entry has
module attributes {plan.target = #plan.x86_target<[avx2]>} {
  graph.parameter @w : tensor<16x16x1x1xf32>
  graph.parameter @f : tensor<16x784xf32>
  func.func @net(%image: tensor<?x16x7x7xf32>) -> (tensor<?x16x7x7xf32> {graph.name = "y"}, tensor<?x16x7x7xf32> {graph.name = "r"}, tensor<?x16xf32> {graph.name = "z"}) {
    %w = graph.read_parameter @w : tensor<16x16x1x1xf32>
    %f = graph.read_parameter @f : tensor<16x784xf32>
    %y = graph.conv2d %image, %w stride 1 padding 0 : (tensor<?x16x7x7xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x7x7xf32> loc("y")
    %r = graph.relu %y : (tensor<?x16x7x7xf32>) -> tensor<?x16x7x7xf32> loc("r")
    %flat = graph.flatten %y : (tensor<?x16x7x7xf32>) -> tensor<?x784xf32> loc("flat")
    %z = graph.linear %flat, %f : (tensor<?x784xf32>, tensor<16x784xf32>) -> tensor<?x16xf32> loc("z")
    return %y, %r, %z : tensor<?x16x7x7xf32>, tensor<?x16x7x7xf32>, tensor<?x16xf32>
  }
}
