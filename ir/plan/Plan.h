// The plan dialect's C++ face.
#pragma once

#include "ir/graph/Graph.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <array>

#include "ir/plan/PlanDialect.h.inc"
#include "ir/plan/PlanEnums.h.inc"

#include "ir/plan/PlanAttrInterfaces.h.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/plan/PlanAttrs.h.inc"
#define GET_OP_CLASSES
#include "ir/plan/PlanOps.h.inc"

namespace skip::plan {

/// Names of the discardable attributes: on the module `plan.target`; on a function `plan.role`; on a variant's function
/// `plan.batch` (its bound) and `plan.workspace_bytes`; on a convolution `plan.algorithm`; on the module `plan.weights_bytes`.
/// Of training: on the module `plan.state`, the state's parts; on a result that lies in the state `plan.slot`, where.
/// Of tuning: on the module `plan.tuning`, for each problem its choices (Tuning.h of each target), the fastest first; on a
/// contraction `plan.tuned`, which is the target's own (x86/TunedChoices.cpp, cuda/TunedTiles.cpp), and of x86
/// `plan.tuned_planar` where that was for a planar input; on a kernel `plan.measured`, for each column whether its schedule
/// came from there.
inline constexpr llvm::StringLiteral targetAttr = "plan.target", batchAttr = "plan.batch", algorithmAttr = "plan.algorithm",
                                     workspaceBytesAttr = "plan.workspace_bytes", weightsBytesAttr = "plan.weights_bytes",
                                     tuningAttr = "plan.tuning", tunedAttr = "plan.tuned",
                                     tunedPlanarAttr = "plan.tuned_planar", measuredAttr = "plan.measured",
                                     roleAttr = "plan.role", partsAttr = "plan.parts", stateAttr = "plan.state",
                                     slotAttr = "plan.slot";

/// What the plan around `op` is made for. An error if its module does not say so.
mlir::FailureOr<TargetInterface> targetOf(mlir::Operation *op);

/// An error where the kernel's layouts are not assigned yet.
mlir::LogicalResult requireLayouts(KernelOp kernel);

/// The parameter of an entry that folds in no other: a filter's or a vector's.
inline mlir::FlatSymbolRefAttr parameterOf(LoadOp load) {
  return load.getSourceAttr() ? load.getSourceAttr() : load.getBiasAttr();
}

/// `2x14x3`.
std::string joinSizes(llvm::ArrayRef<int64_t> sizes);

/// What a function is for: `run`, inference, unless it says otherwise.
Role roleOf(mlir::Operation *function);

} // namespace skip::plan
