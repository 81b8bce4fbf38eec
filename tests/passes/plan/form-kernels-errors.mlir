// RUN: not skip-opt --split-input-file --plan-form-kernels %s 2>&1 | FileCheck %s

// CHECK: no kernel can compute this operation
func.func @dropout(%x: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %d = graph.dropout %x rate 0.5 : (tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  return %d : tensor<?x16x4x4xf32>
}

// -----

// A filter that training changes cannot be folded when weights are loaded, and no kernel folds it in a run.
graph.parameter @w : tensor<16x16x1x1xf32>
graph.parameter @g : tensor<16xf32>
graph.parameter @v : tensor<16xf32>
// CHECK: no kernel can compute this operation
func.func @trained(%x: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> attributes {graph.trainable = [@w]} {
  %w = graph.read_parameter @w : tensor<16x16x1x1xf32>
  %g = graph.read_parameter @g : tensor<16xf32>
  %v = graph.read_parameter @v : tensor<16xf32>
  %s = graph.bn_scale %g, %v epsilon 1.0e-05 : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %f = graph.scale_filter %w, %s : (tensor<16x16x1x1xf32>, tensor<16xf32>) -> tensor<16x16x1x1xf32>
  %c = graph.conv2d %x, %f stride 1 padding 0 : (tensor<?x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x4x4xf32>
  return %c : tensor<?x16x4x4xf32>
}
