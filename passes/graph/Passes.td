// The passes on the graph dialect.
#ifndef SKIP_GRAPH_PASSES
#define SKIP_GRAPH_PASSES

include "mlir/Pass/PassBase.td"

def EraseIdentities : Pass<"graph-erase-identities", "::mlir::func::FuncOp"> {
  let summary = "erase what is the identity at inference";
  let description = [{
    Dropout, and a flatten of what is flat already, give way to their input. After it no `graph.dropout` is left. The value that
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

#endif
