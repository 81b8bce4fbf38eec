// RUN: skip-opt --graph-inference %s | FileCheck %s

// CHECK-LABEL: func.func @dropout
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @dropout(%x: tensor<?x7xf32>) -> tensor<?x7xf32> {
  %y = graph.dropout %x rate 5.0e-01 : (tensor<?x7xf32>) -> tensor<?x7xf32>
  %z = graph.flatten %y : (tensor<?x7xf32>) -> tensor<?x7xf32>
  return %z : tensor<?x7xf32>
}
