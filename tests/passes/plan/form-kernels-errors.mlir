// RUN: not skip-opt --plan-form-kernels %s 2>&1 | FileCheck %s

// CHECK: no kernel can compute this operation
func.func @dropout(%x: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %d = graph.dropout %x rate 0.5 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  return %d : tensor<?x16x4x4xf32>
}
