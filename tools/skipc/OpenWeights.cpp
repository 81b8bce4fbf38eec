// An error that a checkpoint does not fit says whose it may be.
#include "tools/skipc/OpenWeights.h"

#include "tools/compile/Lookalike.h"
#include "tools/text/Layers.h"

using namespace skip;

llvm::Expected<tool::WeightsSource> tool::openWeights(const Options &options, const Compilation &compilation,
                                                      llvm::StringRef otherwise, bool judged) {
  NamingOptions naming = options.naming;
  naming.judged = judged;
  naming.lookalike = lookalike;
  return WeightsSource::open(options.weights.empty() ? otherwise : llvm::StringRef(options.weights),
                             modelOf(compilation.module()), naming);
}
