// Builds specs for tests: from a string or from the catalogue.
#pragma once

#include "frontend/Frontend.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "mlir/IR/MLIRContext.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace skip::frontend::test {

/// The repository's root, from the environment.
std::string sourceFolder();

/// `sourceFolder()/models/<name>.skip`.
std::string modelPath(const std::string &name);

/// A spec that was built, with all that the module and the errors need to live.
struct Spec {
  explicit Spec(GraphRequest request);
  /// The request's file holds `text` instead of what is on disk.
  Spec(GraphRequest request, const std::string &text);
  /// The text as the file `test.skip`, with nothing else to import.
  explicit Spec(const std::string &text, std::vector<Define> defines = {});

  /// The module, which must be there and verify; otherwise the test fails and shows the errors.
  mlir::ModuleOp built();
  /// The codes of the errors, in the order of the report.
  std::vector<std::string> codes() const;
  std::string rendered(bool colours = false) const;
  /// The module's text.
  std::string printed();

  std::unique_ptr<mlir::MLIRContext> context = std::make_unique<mlir::MLIRContext>();
  Sources sources;
  Diagnostics diagnostics{sources};
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// The checkpoint tensors of a module by name.
struct Tensor {
  std::vector<int64_t> shape;
  bool isBuffer = false;

  bool operator==(const Tensor &other) const { return shape == other.shape && isBuffer == other.isBuffer; }
};
using Tensors = std::map<std::string, Tensor>;
Tensors tensorsOf(mlir::ModuleOp module);

/// How many numbers training would change: all but those of buffers.
int64_t parameterCount(mlir::ModuleOp module);

/// Multiply-adds for one image.
int64_t multiplyAdds(mlir::ModuleOp module);

} // namespace skip::frontend::test
