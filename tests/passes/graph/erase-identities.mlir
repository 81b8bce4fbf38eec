// RUN: skip-opt --graph-inference %s | FileCheck %s

// CHECK-LABEL: func.func @dropout
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @dropout(%x: tensor<?x7xf32>) -> tensor<?x7xf32> {
  %y = graph.dropout %x rate 5.0e-01 : (tensor<?x7xf32>) -> tensor<?x7xf32>
  %z = graph.flatten %y : (tensor<?x7xf32>) -> tensor<?x7xf32>
  return %z : tensor<?x7xf32>
}

// CHECK-LABEL: func.func @pool_of_one_pixel
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: %[[Y:.*]] = graph.avg_pool %[[X]] kernel [1, 1] strides [2, 2]
// CHECK-NEXT: return %[[Y]]
func.func @pool_of_one_pixel(%x: tensor<?x7x6x6xf32>) -> tensor<?x7x3x3xf32> {
  %y = graph.avg_pool %x kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] : (tensor<?x7x6x6xf32>) -> tensor<?x7x6x6xf32>
  %z = graph.avg_pool %y kernel [1, 1] strides [2, 2] pads [0, 0, 0, 0] : (tensor<?x7x6x6xf32>) -> tensor<?x7x3x3xf32>
  return %z : tensor<?x7x3x3xf32>
}
