// Graphs from specs in memory, for tests.
#pragma once

#include "frontend/Frontend.h"

#include "mlir/IR/MLIRContext.h"

#include <catch2/catch.hpp>

namespace test {

/// The graph of a spec's only model.
inline mlir::OwningOpRef<mlir::ModuleOp> graphOf(mlir::MLIRContext &context, const char *text) {
  skip::frontend::Sources sources;
  sources.addText("test.skip", text);
  skip::frontend::Diagnostics diagnostics(sources);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      skip::frontend::buildGraph(context, sources, {"test.skip", "", {}, {}}, diagnostics);
  std::string errors;
  llvm::raw_string_ostream os(errors);
  diagnostics.print(os);
  INFO(errors);
  REQUIRE(module);
  return module;
}

} // namespace test
