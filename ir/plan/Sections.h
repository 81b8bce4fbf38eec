// Sections: runs of steps that compute a few of a batch's images, all steps in turn, before they take the next images.
#pragma once

#include "ir/plan/Plan.h"

namespace skip::plan {

/// Bytes of one image's activation; 0 for parameters, whose sizes are all known.
int64_t activationBytes(mlir::Value value);

/// How many of `batch` images an operation would best compute at a time: as many as its activations, and the `windowBytes` that
/// its algorithm may need beside them (ScheduleModel), leave in `nearBytes`. A power of four, or `batch` itself.
int64_t preferredImages(mlir::Operation *op, int64_t batch, int64_t nearBytes, int64_t windowBytes);

/// Whether an operation of the kernel needs all images of the batch at once.
bool readsBatch(KernelOp kernel);

/// The steps [first, last] that run together, `images` images at a time.
struct Section {
  int64_t first, last, images;
};

/// The sections of a function whose kernels carry `images`, in order: neighbours with one number are in one section. A kernel
/// without it takes all `batch` images.
llvm::SmallVector<Section> sectionsOf(llvm::ArrayRef<KernelOp> kernels, int64_t batch);

} // namespace skip::plan
