// The graph dialect's C++ face.
#pragma once

#include "ir/graph/ContractionSizes.h"
#include "ir/graph/LayoutFamily.h"
#include "ir/reference/Tensor.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "llvm/Support/raw_ostream.h"

#include <optional>

#include "ir/graph/GraphDialect.h.inc"
#include "ir/graph/GraphInterfaces.h.inc"
#define GET_OP_CLASSES
#include "ir/graph/GraphOps.h.inc"

namespace skip::graph {

/// Names of the discardable attributes that describe a model's ports.
/// The input of a training step that has dropouts: 32 bits for each image (DropoutTrainOp).
inline constexpr llvm::StringLiteral drawsName = "draws";
inline constexpr llvm::StringLiteral nameAttr = "graph.name", meanAttr = "graph.mean", stdAttr = "graph.std",
                                     resizeAttr = "graph.resize", cropAttr = "graph.crop", classesAttr = "graph.classes";
/// On a function, as symbols: the parameters that it trains; of these, those that decay; and the running statistics that it
/// takes in a batch's own for. All of them may change between its runs.
inline constexpr llvm::StringLiteral trainableAttr = "graph.trainable", decayedAttr = "graph.decayed",
                                     trackedAttr = "graph.tracked";
/// On a result of such a function: the parameter whose gradient it is, or in which the running form of this batch's statistic
/// is kept, as a symbol.
inline constexpr llvm::StringLiteral gradientAttr = "graph.gradient", statisticAttr = "graph.statistic";

/// Whether what an operation computes is known once parameters are loaded: it and all that it reads are LoadTime, and none of
/// the parameters changes between runs of its function.
bool isLoadTime(mlir::Operation *op);

/// Whether the function's attributes say that a parameter changes between its runs.
bool changes(mlir::Operation *function, mlir::Attribute parameter);

/// The name that a location starts with (see the dialect's description); empty when it has none.
llvm::StringRef valueName(mlir::Location loc);

/// The name of one value: what its operation calls it (NamesResults), or its location's, with the result's number behind a dot
/// where the operation has several.
std::string valueName(mlir::Value value);

} // namespace skip::graph
