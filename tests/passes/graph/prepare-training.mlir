// RUN: skip-opt --graph-prepare-training='smoothing=0.1 output=logits' %s | FileCheck %s
// RUN: not skip-opt --graph-prepare-training %s 2>&1 | FileCheck %s --check-prefix=WHICH
// WHICH: error: the model has 2 outputs: say which one has the loss
// RUN: not skip-opt --graph-prepare-training='output=nope' %s 2>&1 | FileCheck %s --check-prefix=NOPE
// NOPE: error: the model has no output `nope`
// RUN: not skip-opt --graph-prepare-training='output=picture' %s 2>&1 | FileCheck %s --check-prefix=PICTURE
// PICTURE: error: a loss is that of a vector of logits, not of 'tensor<?x4x8x8xf32>'
// RUN: not skip-opt --graph-prepare-training='output=logits smoothing=1' %s 2>&1 | FileCheck %s --check-prefix=SMOOTHING
// SMOOTHING: error: the smoothing must be at least 0 and less than 1
// Dropouts draw by an input that comes before the labels, each with a number of its own; one that drops nothing stays what it is.
// RUN: sed -e 's/%r = graph.relu %n : (tensor<?x4x8x8xf32>)/%q = graph.dropout %n rate 0.5 : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> %z = graph.dropout %q rate 0.0 : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> %r = graph.dropout %z rate 0.25 : (tensor<?x4x8x8xf32>)/' %s | skip-opt --graph-prepare-training='output=logits' - | FileCheck %s --check-prefix=DROPOUT
// DROPOUT: func.func @net({{.*}}, %[[DRAWS:.*]]: tensor<?xi32> {graph.name = "draws"}, %{{.*}}: tensor<?xi32> {graph.name = "labels"})
// DROPOUT: %[[Q:.*]] = graph.dropout_train %{{.*}}, %[[DRAWS]] rate 5.000000e-01 layer 0
// DROPOUT: %[[P:.*]] = graph.dropout %[[Q]] rate 0.000000e+00
// DROPOUT: graph.dropout_train %[[P]], %[[DRAWS]] rate 2.500000e-01 layer 1
// RUN: sed -e 's/graph.trainable = .*}/graph.trainable = [@g, @g]}/' %s | not skip-opt --graph-prepare-training='output=logits' - 2>&1 | FileCheck %s --check-prefix=ONCE
// ONCE: error: `graph.trainable` must be an array of parameters, each once
// Layers that share a batch norm each have statistics of their own.
// RUN: sed -e 's/%r = graph.relu %n : (tensor<?x4x8x8xf32>)/%r = graph.batch_norm %n, %g, %b, %m, %v epsilon 1.0e-05 : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)/' %s | skip-opt --graph-prepare-training='output=logits' - | FileCheck %s --check-prefix=SHARED
// SHARED: {graph.name = "logits"}, tensor<4xf32> {graph.statistic = @m}, tensor<4xf32> {graph.statistic = @v}, tensor<4xf32> {graph.statistic = @m}, tensor<4xf32> {graph.statistic = @v})
// RUN: not skip-opt --graph-derive-backward %s 2>&1 | FileCheck %s --check-prefix=FIRST
// FIRST: error: the first result is no loss: run `graph-prepare-training` first
// RUN: sed -e 's/graph.trainable = .*}/graph.trainable = [@g, @b, @u]}/' %s | skip-opt --graph-prepare-training='output=logits' - | FileCheck %s --check-prefix=UNUSED
// UNUSED: graph.trainable = [@g, @b]}

// What only the other output needed is gone; the batch norm is one by the batch, and the batch's statistics are results.
// CHECK: func.func @net(%[[IMAGE:.*]]: tensor<?x4x8x8xf32> {graph.name = "image"}, %[[LABELS:.*]]: tensor<?xi32> {graph.name = "labels"}) -> (tensor<1xf32> {graph.name = "loss"}, tensor<?x4xf32> {graph.name = "logits"}, tensor<4xf32> {graph.statistic = @m}, tensor<4xf32> {graph.statistic = @v})
// CHECK: %[[N:.*]], %mean, %variance, %[[MEAN:.*]], %[[VARIANCE:.*]] = graph.batch_norm_train %[[IMAGE]], {{.*}} epsilon 1.000000e-05 momentum 1.000000e+00
// CHECK-NOT: graph.max_pool
// CHECK: %[[E:.*]] = graph.global_avg_pool
// CHECK: %[[LOSS:.*]] = graph.softmax_cross_entropy %[[E]], %[[LABELS]] smoothing 1.000000e-01
// CHECK: return %[[LOSS]], %[[E]], %[[MEAN]], %[[VARIANCE]]
graph.parameter @g : tensor<4xf32>
graph.parameter @b : tensor<4xf32>
graph.parameter @m : tensor<4xf32>
graph.parameter @v : tensor<4xf32>
graph.parameter @u : tensor<4xf32>
func.func @net(%image: tensor<?x4x8x8xf32> {graph.name = "image"}) -> (tensor<?x4x8x8xf32> {graph.name = "picture"}, tensor<?x4xf32> {graph.name = "logits"}) attributes {graph.trainable = [@g, @b]} {
  %g = graph.read_parameter @g : tensor<4xf32>
  %b = graph.read_parameter @b : tensor<4xf32>
  %m = graph.read_parameter @m : tensor<4xf32>
  %v = graph.read_parameter @v : tensor<4xf32>
  %n = graph.batch_norm %image, %g, %b, %m, %v epsilon 1.0e-05 : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32>
  %r = graph.relu %n : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  %p = graph.max_pool %r kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  %e = graph.global_avg_pool %r : (tensor<?x4x8x8xf32>) -> tensor<?x4xf32>
  return %p, %e : tensor<?x4x8x8xf32>, tensor<?x4xf32>
}
