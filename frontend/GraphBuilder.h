// Builds a model's graph: parameters as symbols, operations with their names and places, ports with their attributes.
#pragma once

#include "frontend/Limits.h"
#include "frontend/Source.h"

#include "ir/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace skip::frontend {

/// What a port carries besides its type.
using PortAttributes = llvm::SmallVector<mlir::NamedAttribute, 6>;

/// Knows nothing of the language: callers have checked every rule of the operations that they build. Shapes are without the
/// batch, which stands as `?` in front of every type.
class GraphBuilder {
public:
  GraphBuilder(mlir::MLIRContext &context, const Sources &sources, llvm::StringRef model, llvm::SMLoc at);

  /// False when `name` is taken by a label or a parameter; otherwise takes it. `where` is for takenAt().
  bool takeName(llvm::StringRef name, llvm::SMRange where);
  /// Where the holder of a taken name stands.
  llvm::SMRange takenAt(llvm::StringRef name) const { return names.lookup(name).where; }
  /// A free name: `wanted`, else `wanted_1`, ... An explicit name may still claim it later.
  std::string freeName(llvm::StringRef wanted, llvm::SMRange where);

  mlir::Location location(llvm::StringRef name, llvm::SMLoc at);

  mlir::Value addInput(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, PortAttributes attributes, llvm::SMLoc at);
  void addOutput(llvm::StringRef name, mlir::Value value, PortAttributes attributes);

  /// Declares a parameter and reads it. Its name must have been taken.
  mlir::Value addParameter(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, bool buffer, llvm::SMLoc at);

  template <typename Op, typename... Arguments>
  mlir::Value add(llvm::StringRef name, llvm::SMLoc at, Arguments &&...arguments) {
    ++operationCount;
    auto op = Op::create(body, location(name, at), std::forward<Arguments>(arguments)...);
    remember(name, op);
    places[op] = at;
    return op->getResult(0);
  }

  mlir::OpBuilder &attributes() { return body; }
  unsigned operations() const { return operationCount; }

  /// Whether a parameter is called `prefix` or lies below it, as `layer1.0.conv1.weight` below `layer1.0`.
  bool hasParameterIn(llvm::StringRef prefix);

  struct DeadOperation {
    std::string name;
    llvm::SMLoc at; ///< of its call
  };
  /// Ends the model, without what reaches no output. The module verifies, or that is a defect of ours. `dead`: the last
  /// operations of what was left out, where none that was made by the same call is left.
  mlir::OwningOpRef<mlir::ModuleOp> finish(llvm::SmallVectorImpl<DeadOperation> &dead);

private:
  mlir::Location location(mlir::StringAttr name, llvm::SMLoc at);

  struct Holder {
    bool isAutomatic = false;
    mlir::Operation *op = nullptr; // of an automatic name: it may have to give it up
    llvm::SMRange where;
    unsigned lastSuffix = 0;
  };

  void remember(llvm::StringRef name, mlir::Operation *op);
  void eraseDead(llvm::SmallVectorImpl<DeadOperation> &dead);
  mlir::RankedTensorType batched(llvm::ArrayRef<int64_t> shape);

  const Sources &sources;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  mlir::OpBuilder body, symbols;
  llvm::StringMap<Holder> names;
  llvm::DenseMap<mlir::Operation *, llvm::SMLoc> places;      // of calls
  llvm::DenseMap<const char *, mlir::LocationAttr> positions; // of the few places that a deep network's blocks share
  llvm::SmallVector<PortAttributes, 1> inputAttributes, outputAttributes;
  llvm::SmallVector<mlir::Value, 1> outputs;
  unsigned operationCount = 0;
};

} // namespace skip::frontend
