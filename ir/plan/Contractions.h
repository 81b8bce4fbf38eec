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

/// The same of the kernel's result, by the algorithm of its main contraction, and by the precision in which the target
/// multiplies and stores; of what is multiplied the reference is to know.
double errorBoundOf(KernelOp kernel);

/// Whether tensor cores multiply what the operation reads, where a target's precision is theirs: of contractions but general
/// ones, which CUDA cores compute in f32 of what is stored.
bool isForTensorCores(mlir::Operation *op);

/// What a kernel's sums on tensor cores may lose beside what sums in f32 do, of the sums: each instruction cuts off addends
/// that are smaller than the largest, and the sum, both below 2^-23 of it (measured by others: Fasi et al., *Numerical behavior
/// of NVIDIA tensor cores*, 2021; NVIDIA states nothing). 0 for what is computed otherwise.
double truncationOf(KernelOp kernel);

} // namespace skip::plan
