// What step shapes are written with.
#pragma once

#include "codegen/TargetLowering.h"
#include "ir/plan/Layout.h"
#include "ir/plan/Plan.h"

#include <initializer_list>

namespace skip::codegen {

/// The extent of a variant that holds the number of threads (runtime/Abi.h).
inline constexpr int32_t kThreadsExtent = 1;

inline SkipParam constant(int64_t value) { return {value, -1, 0}; }
inline SkipParam timesBatch(int64_t value) { return {value, 0, 0}; }
inline SkipParam timesCopies(int64_t value) { return {value, kThreadsExtent, 0}; }

inline void append(std::vector<SkipParam> &params, std::initializer_list<int64_t> values) {
  for (int64_t value : values)
    params.push_back(constant(value));
}

inline plan::Strides inputStrides(plan::KernelOp kernel, mlir::BlockArgument argument) {
  return plan::stridesOf(llvm::cast<mlir::RankedTensorType>(argument.getType()), kernel.inputLayout(argument.getArgNumber()));
}

inline plan::Strides outputStrides(plan::KernelOp kernel) {
  return plan::stridesOf(llvm::cast<mlir::RankedTensorType>(kernel.getResult(0).getType()), kernel.outputLayout(0));
}

inline bool isPlanar(plan::KernelOp kernel, mlir::BlockArgument argument) {
  return kernel.inputLayout(argument.getArgNumber()).getKind() == plan::LayoutKind::planar;
}

} // namespace skip::codegen
