// What a schedule's choice depends on, read off a kernel.
#pragma once

#include "ir/plan/Plan.h"
#include "ir/plan/Schedule.h"

#include <optional>

namespace skip::plan {

/// Whether the columns of the kernel's register tile are images: it is a contraction whose result is one pixel for each image,
/// without a halo (which such a kernel does not write).
bool imagesAreColumns(KernelOp kernel);

/// The shape of a contraction kernel whose layouts are assigned, for runs of up to `batch` images; nothing for other kernels.
/// With two roots it is the shape of the one with more multiply-adds. A Winograd convolution is a 1x1 whose columns are a group
/// of tiles, of stride 2 of four times the channels.
std::optional<ConvShape> convShapeOf(KernelOp kernel, int64_t batch);

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

/// Whether any of the kernel's schedules is Strassen's.
bool usesStrassen(KernelOp kernel);

/// How far the kernel's result may be from the reference (errorBound), by the algorithm of its main contraction.
double errorBoundOf(KernelOp kernel);

} // namespace skip::plan
