// Names from the file come first. Where it has none, numbers are given out in the net's order.
#include "tools/import/Naming.h"

#include "tools/import/Identifier.h"
#include "tools/import/Uses.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace skip::onnx;

/// What a made-up name begins with.
static llvm::StringRef stemOf(llvm::StringRef operation) { return operation == "linear" ? "fc" : operation; }

void skip::onnx::namePaths(Net &net) {
  llvm::StringSet<> taken;
  auto isFirst = [&](const std::string &path) { return isPath(path) && taken.insert(path).second; };
  for (Call &call : net.calls)
    if (call.parameters.empty() || !isFirst(call.path))
      call.path.clear();
  llvm::StringMap<size_t> counts;
  for (Call &call : net.calls)
    while (!call.parameters.empty() && call.path.empty())
      if (std::string path = stemOf(call.operation).str() + std::to_string(++counts[call.operation]); isFirst(path))
        call.path = path;
}
