// The front end's face: a spec in, a module of the graph dialect out, or errors.
#pragma once

#include "frontend/Diagnostics.h"
#include "frontend/Limits.h"
#include "frontend/Recipe.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace skip::frontend {

/// `-D name=value`.
struct Define {
  std::string name, value;
};

struct GraphRequest {
  std::string path;            ///< of the spec, as `sources` opens it
  std::string model;           ///< --model; empty when the spec holds one model
  std::vector<Define> defines; ///< -D; of several for one name the last counts
  Limits limits;
};

/// A model of a spec: its graph, and how it is trained if the spec says so. The graph is the same with and without.
struct ElaboratedModel {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::optional<Recipe> recipe;
};

/// Elaborates one model of a spec. The module holds `graph.parameter` symbols and one function named after the model; it is
/// null after an error, and then `diagnostics` has all of them. `sources` must outlive `diagnostics`; the module needs neither.
ElaboratedModel elaborateModel(mlir::MLIRContext &context, Sources &sources, const GraphRequest &request,
                               Diagnostics &diagnostics);

/// The graph alone.
mlir::OwningOpRef<mlir::ModuleOp> buildGraph(mlir::MLIRContext &context, Sources &sources, const GraphRequest &request,
                                             Diagnostics &diagnostics);

/// A compile-time parameter for listings: its default as written, its choices joined by ` | ` (the default first), or nothing.
struct ParameterSummary {
  std::string name, value;
};

struct ModelSummary {
  std::string name;
  std::vector<ParameterSummary> parameters; ///< the model's own, then the file-level ones of the spec and its imports
};

/// The models that `--model` can name, in the order of the text. Empty after an error.
std::vector<ModelSummary> listModels(Sources &sources, llvm::StringRef path, Diagnostics &diagnostics,
                                     const Limits &limits = {});

/// Writes the spec in canonical form, without its imports: what `--stop-after=ast` shows. False after an error.
bool printSyntax(Sources &sources, llvm::StringRef path, Diagnostics &diagnostics, llvm::raw_ostream &os,
                 const Limits &limits = {});

} // namespace skip::frontend
