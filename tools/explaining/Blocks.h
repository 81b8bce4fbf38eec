// The blocks of a plan, and whether computing them depth-first would pay (ir/plan/DepthFirst.h).
#pragma once

#include "ir/plan/DepthFirst.h"
#include "ir/plan/Plan.h"
#include "tools/tuning/Peak.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>
#include <vector>

namespace skip::tool {

/// Steps of one path in the model, such as `layer1.0`.
struct BlockAccount {
  std::string block, why;
  int64_t images = 0; ///< at a time, of the step that takes most; all times and bytes are of so many
  plan::DepthFirst bands;
  double multiplyingSeconds = 0;
  double savedByImages = 0; ///< seconds of moving, since no more of the batch are computed at a time
};

/// `stepSeconds`: what each kernel's multiplications are predicted to take, in order; `nearBytes`: of a core's second-level
/// cache.
std::vector<BlockAccount> blocksOf(mlir::func::FuncOp variant, int64_t batch, llvm::ArrayRef<double> stepSeconds,
                                   double nearBytes, const Peak &peak);

/// `layer1.0` of `layer1.0.relu`; empty for a step that is in no block.
std::string blockOf(llvm::StringRef step);

/// Whether the step lies in the block, or in a part of it: `layer1.0.shortcut.pad_channels` in `layer1.0`.
bool isInBlock(llvm::StringRef step, llvm::StringRef block);

} // namespace skip::tool
