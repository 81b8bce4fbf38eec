#include "tools/skipc/SpecGraphs.h"

using namespace skip;

llvm::Error tool::forEachGraph(const Options &options, llvm::function_ref<void(Compilation &)> visit) {
  for (const std::string &spec : options.specs) {
    Options one = options;
    one.spec = spec;
    Compilation compilation(one);
    if (llvm::Error error = compilation.readGraph())
      return error;
    if (llvm::Error error = compilation.optimizeGraph())
      return error;
    visit(compilation);
  }
  return llvm::Error::success();
}
