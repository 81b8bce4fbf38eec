// RUN: skip-opt --graph-name-values --mlir-print-debuginfo %s | FileCheck %s

// Results that would be called alike are numbered; a name that another has already is passed over.
// CHECK-LABEL: func.func @twice
// CHECK: graph.read_parameter @w {{.*}} loc(#[[W:.*]])
// CHECK: graph.conv2d {{.*}} loc(#[[CONV:.*]])
// CHECK: graph.relu {{.*}} loc(#[[FIRST:.*]])
// CHECK: graph.relu {{.*}} loc(#[[TAKEN:.*]])
// CHECK: graph.relu {{.*}} loc(#[[THIRD:.*]])
// CHECK: graph.moments {{.*}} loc(#[[MOMENTS:.*]])
// CHECK-DAG: #[[W]] = loc("w"
// CHECK-DAG: #[[CONV]] = loc("w.2"
// CHECK-DAG: #[[FIRST]] = loc("relu"
// CHECK-DAG: #[[TAKEN]] = loc("relu.2"
// CHECK-DAG: #[[THIRD]] = loc("relu.3"
// CHECK-DAG: #[[MOMENTS]] = loc("image.2"
graph.parameter @w : tensor<4x4x1x1xf32>
func.func @twice(%image: tensor<?x4x8x8xf32> loc("image")) -> tensor<?x4x2x1xf32> {
  %w = graph.read_parameter @w : tensor<4x4x1x1xf32> loc("w")
  %a = graph.conv2d %image, %w stride 1 padding 0 : (tensor<?x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x8x8xf32> loc("w")
  %b = graph.relu %a : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> loc("relu")
  %c = graph.relu %b : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> loc("relu.2")
  %d = graph.relu %c : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> loc("relu")
  %m = graph.moments %d : (tensor<?x4x8x8xf32>) -> tensor<?x4x2x1xf32> loc("image")
  return %m : tensor<?x4x2x1xf32>
}
