// What a kernel's operations ask of its operands' layouts.
#pragma once

#include "ir/plan/Plan.h"

namespace skip::plan {

/// Emits an error, and fails, where an operation of the kernel cannot read an input in the layout that it has, or write the
/// result in its, on the plan's target. Rules check-6 to check-8 of `plan-check`.
mlir::LogicalResult checkLayouts(KernelOp kernel, TargetInterface target);

/// The bytes that `images` images of a tensor take in `layout`, by the index functions that PlanAttrs.td documents: the last
/// element's end, halo included. Of transformed windows for the copies that a batch of `batch` images makes.
int64_t bytesNeeded(mlir::RankedTensorType type, LayoutAttr layout, int64_t images, int64_t batch);

/// Whether the operation needs all images of a batch at once (Fusible::readsBatch is what other passes ask).
bool sumsOverBatch(mlir::Operation *op);

/// From one image to the next, in bytes; 0 for transformed windows, whose groups hold parts of several images.
int64_t imageDistance(mlir::RankedTensorType type, LayoutAttr layout);

} // namespace skip::plan
