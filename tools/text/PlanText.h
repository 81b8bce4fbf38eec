// Parts of a plan in words.
#pragma once

#include "ir/plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace skip::tool {

/// `blocked+1`: kind and halo.
std::string layoutText(plan::LayoutAttr layout);

/// `workspace+4096 blocked+1`.
std::string placeText(plan::LayoutAttr layout, plan::SlotAttr slot);

/// What people call a step: the first convolution or linear layer in it, `layer1.0.conv1`, or else what it computes,
/// `max_pool`.
std::string stepText(plan::KernelOp kernel);

/// `conv2d add relu`: the operations of a step's region.
std::string operationsText(plan::KernelOp kernel);

/// A step's schedules as their targets write them, `2x1x14 | 4x1x6`.
std::string schedulesText(plan::KernelOp kernel);

/// Whether each of a step's schedules was measured; empty for steps that have no choice.
llvm::SmallVector<bool> measuredSchedules(plan::KernelOp kernel);

/// The same as text: `yes` or `no` for all ISAs alike, else each's, `no | yes`; empty for steps that
/// have no choice.
std::string tunedText(plan::KernelOp kernel);

/// Of training, the state that kernels know and the momentum behind it; else 0.
int64_t stateBytes(mlir::func::FuncOp variant);

/// All memory of a run at the variant's bound: workspace, weights, state, inputs and outputs.
int64_t peakBytes(mlir::func::FuncOp variant);

} // namespace skip::tool
