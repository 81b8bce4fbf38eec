// What a step of a plan should have computed.
#pragma once

#include "ir/reference/Tensor.h"
#include "tools/verifying/Magnitude.h"
#include "tools/weights/Checkpoint.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace skip::tool {

/// Values by name, as a step read them.
using KnownValues = llvm::StringMap<const reference::Tensor *>;

/// Evaluates parts of a graph, as it was before any pass but those that name values anew (graph::buildReferencePipeline), in
/// double precision.
class StepReference {
public:
  /// Both must outlive this object.
  StepReference(mlir::func::FuncOp written, const Checkpoint &parameters);

  /// The value called `name`, computed from `known` by the operations between them, with its magnitude, which depends on how
  /// the step computes it. An error, which is a defect of a pass, if the graph has no such value, or if it depends on more than
  /// `known`.
  llvm::Expected<Measured> measure(llvm::StringRef name, const KnownValues &known, const StepAlgorithms &algorithms) const;

private:
  const Checkpoint &parameters;
  llvm::StringMap<mlir::Value> byName;
};

} // namespace skip::tool
