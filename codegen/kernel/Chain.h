// The elementwise operations of a kernel, read off the plan.
#pragma once

#include "codegen/kernel/Epilogue.h"
#include "ir/plan/Plan.h"

namespace skip::kernel {

/// The elementwise operations after the roots, with the inputs that they read, in order.
struct Chain {
  Epilogue ops;
  llvm::SmallVector<mlir::BlockArgument, 4> operands, tensors; // all, and those of the result's shape
  bool isComplete = true; // says all that the kernel does: else the rest of this means nothing
};

/// The chain of the kernel. In a kernel without a root it starts from the first operation's first operand.
Chain chainOf(plan::KernelOp kernel);

} // namespace skip::kernel
