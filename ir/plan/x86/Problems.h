// Reads tuning problems off a graph.
#pragma once

#include "ir/plan/Plan.h"
#include "ir/plan/x86/FilterGradients.h"
#include "ir/plan/x86/Tuning.h"

#include <optional>

namespace skip::plan {

struct ContractionView;

/// Of activations that may live at a time: about the second-level caches of two cores and a share of the third.
inline constexpr int64_t kNearBytes = int64_t(4) << 20;

/// Of a window's positions along an axis: eight round several times worse than six, which training need not pay for. Errors of
/// six are far below the noise of a batch (docs/training.md).
inline constexpr int64_t kTrainedPoints = 6;

/// The problem of a convolution or linear layer that stands in no kernel yet, in a variant for up to `batch` images; nothing
/// for other operations, and for general convolutions, which have one way and one schedule. Its input counts as planar if it is
/// the caller's, of fewer than 16 channels.
std::optional<ConvProblem> problemOf(mlir::Operation *op, int64_t batch, Isa isa);

/// The problem of a contraction that stands in a kernel, for `images` images, whose layouts may not be assigned yet: its input
/// counts as planar if it has fewer than 16 channels.
ConvProblem problemOf(const ContractionView &view, int64_t images);

/// Bytes of one image's transformed windows where Winograd may compute the operation with stride 1: those of F(4 x 4, 3 x 3)
/// take 36 elements for every 16. Those of stride 2 are little larger than their input, and count nothing.
int64_t windowBytesOf(mlir::Operation *op);

/// What the way to compute the gradient of a 3x3 filter of stride 1 depends on; nothing for others.
std::optional<FilterGradientShape> filterGradientShape(graph::Conv2dGradFilterOp gradient, int64_t images);

/// Whether the problem's input counts as planar.
bool hasPlanarInput(mlir::Operation *op);

/// Whether the function trains the filter of the contraction.
bool isTrained(mlir::Operation *contraction);

/// Whether a contraction whose filter is trained, or is not, may be computed so: what is trained has at most six positions
/// along an axis of a window, no products of sums, whose channels would have to be balanced, and a filter that lies as its
/// gradient does.
bool mayCompute(bool isTrained, const ConvProblem &problem, const ConvChoice &choice);

/// The ISA as the runtime numbers it.
constexpr SkipIsa abiIsa(Isa isa) { return static_cast<SkipIsa>(isa); }

/// A Winograd algorithm as an attribute.
WinogradAttr winogradAttribute(mlir::MLIRContext *context, const Algorithm &algorithm);

/// A schedule as an attribute, and back.
X86ConvAttr scheduleAttribute(mlir::MLIRContext *context, const ConvSchedule &schedule);
ConvSchedule scheduleOf(X86ConvAttr attribute);

} // namespace skip::plan
