// The passes on the graph dialect.
#ifndef SKIP_GRAPH_PASSES
#define SKIP_GRAPH_PASSES

include "mlir/Pass/PassBase.td"

def EraseIdentities : Pass<"graph-erase-identities", "::mlir::func::FuncOp"> {
  let summary = "erase what is the identity at inference";
  let description = [{
    Dropout, a flatten of what is flat already, and means of one pixel give way to their input. After it no `graph.dropout` is left. The value that
    takes their place keeps its own name. Before and after: tests/passes/graph/erase-identities.mlir.
  }];
}

def FoldBatchNorm : Pass<"graph-fold-batch-norm", "::mlir::func::FuncOp"> {
  let summary = "fold batch norm into the convolution before it, symbolically";
  let description = [{
    A convolution (or linear layer) whose only reader is a batch norm takes over its scale and shift as expressions over the
    parameters: `filter * s` and `beta + (bias - mean) * s` with `s = gamma / sqrt(variance + epsilon)`. Nothing is computed:
    the expressions become entries of the load table. A batch norm with no such producer, or with one that has taken in another, becomes `graph.scale_shift`. After it
    no `graph.batch_norm` is left. Before and after: tests/passes/graph/fold-batch-norm.mlir.
  }];
  let dependentDialects = ["::skip::graph::GraphDialect"];
}

def PrepareTraining : Pass<"graph-prepare-training", "::mlir::func::FuncOp"> {
  let summary = "make a model's function one that computes its loss and the statistics of its batch norms";
  let description = [{
    Before: a model's function, `graph.trainable` on it. After: it takes the labels, [N] of i32, behind the inputs, and before them, where there is a dropout,
    the draws of each image (`dropout_train`), of the same type; its results are the
    loss (`softmax_cross_entropy` of the output called `output`, or of the only one), the logits that it is of, then for each batch
    norm with trainable parameters, which is one by the batch's statistics now, the batch's mean and unbiased variance, each with
    `graph.statistic`, the parameter in which the running one is kept; `graph.tracked` on the function lists these.
    Parameters that the loss does not depend on are not trainable any more.
    Before and after: tests/passes/graph/prepare-training.mlir.
  }];
  let options = [
    Option<"output", "output", "std::string", "\"\"", "the logits' name, where the model has several outputs">,
    Option<"smoothing", "smoothing", "double", "0.0", "of the labels, from 0 to below 1">,
  ];
  let dependentDialects = ["::skip::graph::GraphDialect"];
}

def ExpandBatchNorm : Pass<"graph-expand-batch-norm", "::mlir::func::FuncOp"> {
  let summary = "batch norms by the batch's statistics, and their gradients, in parts";
  let description = [{
    Training's counterpart of `graph-fold-batch-norm`: `batch_norm_train` becomes moments of each image, their merging, and a
    `scale_shift`; `batch_norm_train_grad` sums of each image, their merging, and a `scale_add`. After it
    neither is left. Before and after: tests/passes/graph/expand-batch-norm.mlir.
  }];
  let dependentDialects = ["::skip::graph::GraphDialect"];
}

def ExpandStridedGradients : Pass<"graph-expand-strided-gradients", "::mlir::func::FuncOp"> {
  let summary = "gradients of strided convolutions' inputs, as convolutions by transposed filters";
  let description = [{
    After it no `conv2d_grad_input` is left: a `conv2d_transposed`, or a convolution of what `subsample_grad_input` spreads out.
    Refuses windows that are not square. Before and after: tests/passes/graph/expand-strided-gradients.mlir.
  }];
  let dependentDialects = ["::skip::graph::GraphDialect"];
}

def DeriveBackward : Pass<"graph-derive-backward", "::mlir::func::FuncOp"> {
  let summary = "append the gradients of the loss to a function's results";
  let description = [{
    Before: the first result is a loss, of an operation that nothing else reads, and `graph.trainable` lists parameters. After: for
    each of them, in that order, another result is the gradient of the loss, with `graph.gradient`, the parameter. Operations are differentiated from the last to the
    first; where a value has several readers the gradients of the first are added to that of the second and so on, in the order of
    the walk, so that equal functions get equal sums. Before and after: tests/passes/graph/derive-backward.mlir.
  }];
  let dependentDialects = ["::skip::graph::GraphDialect"];
}

def RecomputeActivations : Pass<"graph-recompute-activations", "::mlir::func::FuncOp"> {
  let summary = "compute what normalisations and relus give again for the gradients, in place of keeping it";
  let description = [{
    Before: the first result is a loss, and what comes behind it its gradients. After: where these read a relu of a `scale_shift` from
    before the loss, they read a copy of both that stands in front of the first of them. Equal expressions must not be joined after it.
    Before and after: tests/passes/graph/recompute-activations.mlir.
  }];
  let dependentDialects = ["::skip::graph::GraphDialect"];
}

def NameValues : Pass<"graph-name-values", "::mlir::func::FuncOp"> {
  let summary = "give each value a name of its own";
  let description = [{
    Steps of a plan are told apart, and held against the reference, by their values' names (graph::valueName). Inputs and parameters keep
    theirs. Of operations whose values would be called as others are, the first in order keeps its name, those that are computed once
    parameters are loaded behind all others; the next ones are called NAME.2, NAME.3 and so on. Values without a name stay without. Before and after:
    tests/passes/graph/name-values.mlir.
  }];
  let dependentDialects = ["::skip::graph::GraphDialect"];
}

#endif
