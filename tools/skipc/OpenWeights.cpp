// An error that a checkpoint does not fit says whose it may be.
#include "tools/skipc/OpenWeights.h"

#include "ir/graph/Graph.h"
#include "tools/compile/Lookalike.h"
#include "tools/text/Failure.h"
#include "tools/text/Layers.h"

using namespace skip;

llvm::Expected<tool::WeightsSource> tool::openWeights(const Options &options, const Compilation &compilation,
                                                      llvm::StringRef otherwise, bool judged) {
  NamingOptions naming = options.naming;
  naming.judged = judged;
  naming.lookalike = lookalike;
  llvm::StringRef text = options.weights.empty() ? otherwise : llvm::StringRef(options.weights);
  mlir::func::FuncOp model = modelOf(compilation.module());
  if (text.empty() && !model.getOps<graph::ReadParameterOp>().empty())
    return badInput("--weights is required: `" + model.getName() + "` has parameters", "random:1 makes some up");
  return WeightsSource::open(text.empty() ? "random:1" : text, model, naming); // of no parameters, made up or not
}
