// The graph dialect: a network as its paper describes it.
#ifndef SKIP_GRAPH_DIALECT
#define SKIP_GRAPH_DIALECT

include "mlir/IR/OpBase.td"

def GraphDialect : Dialect {
  let name = "graph";
  let cppNamespace = "::skip::graph";
  let summary = "residual networks on logical NCHW tensors";
  let description = [{
    Value semantics, no layouts, no buffers. A model is a `func.func` whose arguments are the inputs and whose results are the
    outputs; the batch is the dynamic first dimension of each. Parameters are symbols (`graph.parameter`): their values are
    known to the loader alone. Every operation's location starts with a name (a `NameLoc`) that says which value of the user's
    network it computes; an operation that replaces another takes its location over, so a plan's steps can be held against the
    graph as it was written.

    Discardable attributes on a model's arguments and results: `graph.name` (string), and on inputs `graph.mean`, `graph.std`
    (f64 arrays, one per channel), `graph.resize`, `graph.crop` (pixels), on outputs `graph.classes` (string array). On a model
    `graph.trainable`: an array of the parameters, as symbols, that may change between its runs.
  }];
  let useDefaultAttributePrinterParser = 0;
  let hasOperationAttrVerify = 1; // graph.trainable
}

#endif
