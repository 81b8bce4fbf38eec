// Parameters are the same if their names and sizes are. That the operations are is for --check to show, by running them.
#include "tools/import/SpecCheck.h"

#include "frontend/Frontend.h"
#include "ir/graph/Graph.h"
#include "tools/import/Constant.h"
#include "tools/text/Failure.h"

#include "mlir/IR/MLIRContext.h"

#include <map>

using namespace skip;
using namespace skip::onnx;

using Shapes = std::map<std::string, std::vector<int64_t>>;

static Shapes shapesOf(mlir::ModuleOp module) {
  Shapes shapes;
  module.walk([&](graph::ReadParameterOp read) {
    auto type = llvm::cast<mlir::RankedTensorType>(read.getResult().getType());
    shapes[read.getParameter().str()] = type.getShape().vec();
  });
  return shapes;
}

static Shapes shapesOf(const Net &net) {
  Shapes shapes;
  for (const Call &call : net.calls)
    for (const Parameter &parameter : call.parameters)
      shapes[call.path + "." + parameter.suffix.str()].assign(parameter.dims.begin(), parameter.dims.end());
  return shapes;
}

llvm::Error onnx::checkSpec(llvm::StringRef text, const Net &net, llvm::StringRef path) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  frontend::Sources sources;
  sources.forbidDisk();
  sources.addText("imported.skip", text);
  frontend::Diagnostics diagnostics(sources);
  mlir::OwningOpRef<mlir::ModuleOp> module = frontend::buildGraph(context, sources, {"imported.skip", {}, {}, {}}, diagnostics);
  if (!module) {
    std::string shown;
    llvm::raw_string_ostream stream(shown);
    diagnostics.print(stream, /*colours=*/false);
    return tool::internalError("import", "`" + path + "` was written as a spec that is none:\n" + shown);
  }
  Shapes wanted = shapesOf(net), read = shapesOf(*module);
  for (const auto &[name, shape] : wanted)
    if (auto found = read.find(name); found == read.end() || found->second != shape)
      return tool::internalError("import", "`" + path + "`: the spec has no parameter `" + name + "` of " + listText(shape));
  for (const auto &[name, shape] : read)
    if (!wanted.count(name))
      return tool::internalError("import", "`" + path + "`: the spec has a parameter `" + name + "` that the file has not");
  return llvm::Error::success();
}
