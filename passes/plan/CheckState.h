// Where training's parameters, statistics and gradients lie.
#pragma once

#include "ir/plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

#include <map>

namespace skip::plan {

/// Rule check-13 of `plan-check`: what an optimizer takes for granted of the state (runtime/training/TrainingImage.h). One of a
/// module whose functions share it.
class CheckState {
public:
  /// `state` may be null: then nothing lies there.
  CheckState(StateAttr state, int64_t alignment) : state(state), alignment(alignment) {}

  /// Whether an entry is of the state, not of the weights: its parameter changes between runs of its function.
  bool holds(LoadOp load);
  mlir::LogicalResult add(LoadOp load, mlir::SymbolTableCollection &symbols);
  /// Once all entries of the function are added.
  mlir::LogicalResult checkResults(mlir::func::FuncOp function);

private:
  /// Whether the function's list of that name has the parameter.
  bool lists(mlir::func::FuncOp function, llvm::StringRef name, mlir::Attribute parameter);
  mlir::LogicalResult checkPart(LoadOp load);

  StateAttr state;
  int64_t alignment;
  llvm::DenseMap<mlir::Attribute, LoadOp> entries;                                                 // by parameter
  std::map<int64_t, LoadOp> places;                                                                // by offset
  std::map<std::pair<mlir::Operation *, llvm::StringRef>, llvm::DenseSet<mlir::Attribute>> listed; // by function and name
};

} // namespace skip::plan
