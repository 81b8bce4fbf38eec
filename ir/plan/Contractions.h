// The contractions of a kernel, as every target sees them.
#pragma once

#include "ir/plan/Plan.h"

#include <optional>

namespace skip::plan {

/// A root, its sizes, and the values of the region that it reads: its picture, before a prologue, and its filter.
struct ContractionView : graph::ContractionSizes {
  mlir::Operation *op;
  mlir::BlockArgument input;
  mlir::BlockArgument filter;
  mlir::Value bias;      // or null
  WinogradAttr winograd; // or null
};

/// The contractions (convolutions, linear layers) of a kernel, in order; empty for other kernels.
llvm::SmallVector<ContractionView, 2> contractionsOf(KernelOp kernel);

/// The one that the kernel's schedule is chosen for: of two the one with more multiply-adds.
std::optional<ContractionView> mainContractionOf(KernelOp kernel);

/// How far a result may be from the double-precision reference, relative to its largest value: of Winograd by the positions of
/// a tile's window along an axis, whose transforms multiply by ever larger and smaller numbers; with 0 points, of all else.
double errorBound(int64_t points);

/// The same of the kernel's result, by the algorithm of its main contraction.
double errorBoundOf(KernelOp kernel);

} // namespace skip::plan
