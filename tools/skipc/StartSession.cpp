// Weights are opened first: a wrong checkpoint is said before anything is compiled.
#include "tools/skipc/StartSession.h"

#include "tools/compile/Targets.h"
#include "tools/skipc/OpenWeights.h"

using namespace skip;
using tool::Session;

llvm::Expected<Session> tool::startSession(const Options &options, Compilation &compilation,
                                           const std::vector<int64_t> &bounds) {
  llvm::Expected<WeightsSource> weights = openWeights(options, compilation);
  if (!weights)
    return weights.takeError();
  llvm::Expected<std::vector<Body>> bodies = preferredBody(options);
  if (!bodies)
    return bodies.takeError();
  return Session::start(compilation, {"", bounds, *bodies}, *weights);
}
